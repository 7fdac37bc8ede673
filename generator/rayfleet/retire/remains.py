"""The remains of a plan of retirement in Azure and Anyscale, and how they change the plan; nobody is asked here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rayfleet.azure.stacks import LastDeployment
from rayfleet.diagnostics import Diagnostic, in_order
from rayfleet.retire.commands import of_named, of_roles
from rayfleet.retire.step import ANYSCALE, RetirementPlan
from rayfleet.tree.deployment_steps import DeploymentStep

_SHOWN = 10


class RetireOverrides(NamedTuple):
    """The checks that a user overrides, by name."""

    dirty: bool
    undeployed: bool
    disk_loss: bool


class Remains(NamedTuple):
    """By the numbers of steps their ``states``, and the ids or names that are still ``there``; ``unseen``: what could
    not be seen; ``blocked``: what speaks against the plan; ``notes``: what was overridden, or is of no weight;
    ``proven``: the cloud resources that are known not to be there.
    """

    states: dict[int, str]
    there: dict[int, list[str]]
    unseen: list[Diagnostic]
    blocked: list[Diagnostic]
    notes: list[Diagnostic]
    proven: frozenset[int] = frozenset()


def with_remains(plan: RetirementPlan, states: Sequence[str], remains: Remains) -> tuple[RetirementPlan, list[str]]:
    """A plan and the states of its steps, with what is still there in them."""
    steps, now = list(plan.steps), list(states)
    for number, state in remains.states.items():
        now[number] = state
        step, there = steps[number], remains.there.get(number, [])
        if step.role and there:
            steps[number] = step._replace(id=there[0], command=of_roles(there))
        elif there and step.cloud:
            steps[number] = step._replace(id=there[0], command=of_named(step.cloud, there[0]))
    blocked = plan.blocked
    if any(_is_unregistered(plan, number, remains) for number in remains.states):
        blocked = [row for row in blocked if row is not plan.primary]
    return plan._replace(steps=steps, blocked=blocked), now


def _is_unregistered(plan: RetirementPlan, number: int, remains: Remains) -> bool:
    """True where the primary cluster's cloud resource is known not to be there, or no cluster's ever was."""
    step, primary = plan.steps[number], plan.primary
    if step.kind != ANYSCALE or primary is None or step.cluster != primary.where:
        return False
    never = not step.bound and not plan.registered
    return number in remains.proven or (never and remains.states[number] == "done")


def blocked_plan(plan: RetirementPlan, rows: Sequence[Remains], must: bool) -> tuple[RetirementPlan, list[Diagnostic]]:
    """A plan with all that blocks it, and what else is to be said. What cannot be seen blocks it where it ``must`` be
    seen.
    """
    unseen = [row for remains in rows for row in remains.unseen]
    blocked = [*plan.blocked, *(row for remains in rows for row in remains.blocked), *(unseen if must else [])]
    notes = [row for remains in rows for row in remains.notes]
    notes += [] if must else [row.as_warning() for row in unseen]
    return plan._replace(blocked=in_order(blocked)), notes


def undeployed_steps(
    states: Mapping[str, LastDeployment], steps: Mapping[str, DeploymentStep], overrides: RetireOverrides
) -> list[Diagnostic]:
    """Deployments that have not put in place what serves the clusters that stay instead."""
    rows = []
    for name, state in states.items():
        if not state.succeeded or state.current is not True:
            fix = "run rayfleet deploy first, which creates what replaces it; or take it down anyway with "
            what = f"it {_stands(state)}, and clusters that stay may still use what is deleted"
            row = Diagnostic(*steps[name].side.place, name, what, f"{fix}--allow-undeployed")
            rows.append(row.as_warning() if overrides.undeployed else row)
    return rows


def _stands(state: LastDeployment) -> str:
    if not state.status:
        return "was never deployed"
    return "was deployed with another template" if state.succeeded else f"is {state.status}"


def data_loss(cluster: str, group: str, data: list[str], overrides: RetireOverrides) -> Iterator[Diagnostic]:
    """Objections about data that goes with a cluster."""
    fix = "copy what you want to keep to another resource group; then delete the rest with --allow-disk-loss"
    rows = data[:_SHOWN] + ([f"{len(data) - _SHOWN} more like these"] if len(data) > _SHOWN else [])
    for what in rows:
        row = Diagnostic("Azure", 0, 0, cluster, f"{what} is in {group}, which goes with the cluster", fix)
        yield row.as_warning() if overrides.disk_loss else row
