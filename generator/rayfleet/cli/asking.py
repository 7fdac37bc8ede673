"""Questions to Azure that have a time: who does not answer in it is not waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rayfleet.facts.resource_types import CLUSTER
from rayfleet.tree.place import get, text

if TYPE_CHECKING:
    from rayfleet.azure.client import Azure, Fault
    from rayfleet.status.next_step import Deployed
    from rayfleet.tree.deployment_steps import DeploymentScope, DeploymentStep

T = TypeVar("T")

_AT_ONCE = 8  # requests: connections are kept for 10 at most (urllib3), and it grumbles about more


def deployed(azure: Azure, step: DeploymentStep) -> Deployed:
    """A deployment, and whether it was of the template that is rendered. Raises Fault."""
    from rayfleet.azure.stacks import latest
    from rayfleet.status.next_step import Deployed

    state = latest(azure, step)
    if state is None:
        return Deployed("")
    current = state.template_hash == azure.template_hash(step) if state.succeeded and state.template_hash else None
    return Deployed(state.status, state.timestamp, current, state.outputs, state.stack)


class InAzure(NamedTuple):
    """An AKS cluster as Azure lists it; ``pools``: None where it does not say."""

    region: str
    pools: frozenset[str] | None


def clusters(azure: Azure, scope: DeploymentScope, version: str) -> dict[str, InAzure]:
    """The AKS clusters of a resource group. Raises Fault."""
    from rayfleet.azure.faults import Fault

    within = f"/subscriptions/{scope.subscription}/resourceGroups/{scope.resource_group}"
    try:
        rows = azure.pages(f"{within}/providers/{CLUSTER}", version)
    except Fault as fault:
        if fault.code == "ResourceGroupNotFound":
            return {}
        raise
    return {str(row["name"]): InAzure(text(row, "location"), _pools(row)) for row in rows if get(row, "name")}


def _pools(row: object) -> frozenset[str] | None:
    """By the names in its profiles (AKS REST reference, ManagedCluster)."""
    profiles = get(row, "properties", "agentPoolProfiles")
    return frozenset(text(each, "name") for each in profiles) if isinstance(profiles, list) else None


def within(until: float, asks: Mapping[str, Callable[[], T]]) -> tuple[dict[str, T], dict[str, Fault]]:
    """The answers that come until a time of the monotonic clock, and the faults of the others."""
    from rayfleet.azure.faults import Fault, Stopped

    futures: dict[str, Future[T]] = {name: Future() for name in asks}
    rest = iter(list(asks.items()))

    def work() -> None:
        for name, ask in rest:
            try:
                futures[name].set_result(ask())
            except Stopped:
                return
            except Exception as fault:  # a bug is raised again below
                futures[name].set_exception(fault)

    began = time.monotonic()
    for _ in range(min(_AT_ONCE, len(asks))):
        Thread(target=work, daemon=True).start()
    wait(futures.values(), timeout=max(0.0, until - began))
    late = Fault("NoAnswerInTime", f"no answer within {max(until - began, 0):.1f} s")
    answers: dict[str, T] = {}
    faults: dict[str, Fault] = {}
    for name, future in futures.items():
        try:
            if future.done():
                answers[name] = future.result()
            else:
                faults[name] = late
        except Fault as fault:
            faults[name] = fault
    return answers, faults
