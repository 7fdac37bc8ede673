"""The questions to Azure and Anyscale about what a plan of retirement still finds there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from threading import Event

from rayfleet.anyscale.command import Cli, CommandFault
from rayfleet.azure.client import Azure
from rayfleet.azure.deadline import answers_within
from rayfleet.azure.faults import Fault, Patience
from rayfleet.azure.resource_id import type_of
from rayfleet.azure.stacks import last_deployment
from rayfleet.diagnostics import Diagnostic, not_installed
from rayfleet.facts.advice import advice_for
from rayfleet.facts.resource_types import CLUSTER
from rayfleet.retire.commands import command, of_locks
from rayfleet.retire.delete import remaining_ids
from rayfleet.retire.disks import cluster_data
from rayfleet.retire.registration import clouds, unread_view, view
from rayfleet.retire.remains import Remains, RetireOverrides, data_loss, undeployed_steps
from rayfleet.retire.step import ANYSCALE, RetirementPlan, RetirementStep
from rayfleet.tree.deployment_steps import DeploymentStep

AGAIN = "run rayfleet retire --run again: what is gone counts as done"
WAIT = 30.0  # seconds, for all of Azure's answers, and for each of Anyscale's


def at_anyscale(plan: RetirementPlan, heard: Callable[[], int]) -> Remains:
    """The cloud resources of the plan. ``heard``: how many signals have come; KeyboardInterrupt at the first."""
    steps = {number: step for number, step in enumerate(plan.steps) if step.kind == ANYSCALE}
    try:
        read = clouds(Cli(reading=WAIT, heard=heard), plan)
        seen = {number: view(read, step, plan.registered) for number, step in steps.items()}
    except CommandFault as fault:
        seen = {number: unread_view(step, fault) for number, step in steps.items()}
    problems = list(dict.fromkeys(row.problem for row in seen.values() if row.problem))
    return Remains(
        states={number: row.state for number, row in seen.items()},
        there={number: [row.name] for number, row in seen.items() if row.state == "to do"},
        unseen=[row for row in problems if row.severity == "error"],
        blocked=[],
        notes=[row for row in problems if row.severity != "error"],
        proven=frozenset(number for number, row in seen.items() if row.state == "done" and row.proven),
    )


def at_azure(
    plan: RetirementPlan,
    principals: Callable[[RetirementStep], list[str]],
    overrides: RetireOverrides,
    client: Callable[[str, Patience], Azure],
) -> Remains:
    """All else of the plan. ``client`` makes a client for a subscription."""
    steps = {number: row for number, row in enumerate(plan.steps) if row.kind != ANYSCALE and not row.kept}
    found = Remains({}, {}, [], [], [])
    if not steps:
        return found
    stop, until = Event(), time.monotonic() + WAIT
    try:
        azure = client(next(iter(steps.values())).subscription, Patience(stop))
        there, faults = _ask_in_turn(
            until, {str(number): partial(remaining_ids, azure, row, principals(row)) for number, row in steps.items()}
        )
        for number, identifiers in there.items():
            found.states[int(number)] = "to do" if identifiers else "done"
            found.there[int(number)] = identifiers
        todo = [row for number, row in steps.items() if found.states.get(number) == "to do"]
        for rows, missing in (
            _undeployed_steps(azure, plan, todo, until, overrides),
            _data(azure, todo, until, overrides),
        ):
            faults |= missing
            for row in rows:
                (found.notes if row.severity == "warning" else found.blocked).append(row)
    except Fault as fault:
        faults = {"": fault}
    except ModuleNotFoundError as missing_library:
        return found._replace(unseen=[not_installed("Azure", missing_library)])
    finally:
        stop.set()
    said = {f"{fault.code}: {fault.message}": fault for fault in faults.values()}
    unseen = [Diagnostic("Azure", 0, 0, "", words, fix(fault, "")) for words, fault in said.items()]
    return found._replace(unseen=unseen)


def _ask_in_turn(
    until: float, asks: Mapping[str, Callable[[], list[str]]]
) -> tuple[dict[str, list[str]], dict[str, Fault]]:
    """The first one alone: threads that load the SDK by two of its ends at once wait for each other."""
    (first, ask), *others = asks.items()
    found, faults = answers_within(until, {first: ask})
    if found and others:
        more = answers_within(until, dict(others))
        found, faults = found | more[0], faults | more[1]
    return found, faults


def _undeployed_steps(
    azure: Azure, plan: RetirementPlan, todo: Iterable[RetirementStep], until: float, overrides: RetireOverrides
) -> tuple[list[Diagnostic], dict[str, Fault]]:
    """Deployments that have not put in place what serves the clusters that stay instead."""
    every = list(plan.deployments.values())
    wanted = {row.name: row for step in todo if step.stays for row in _deployments_of(plan, step) or every}
    asks = {name: partial(last_deployment, azure, row) for name, row in wanted.items()}
    states, faults = answers_within(until, asks) if asks else ({}, {})
    rows = undeployed_steps(states, wanted, overrides)
    return rows, {} if overrides.undeployed else faults


def _deployments_of(plan: RetirementPlan, step: RetirementStep) -> list[DeploymentStep]:
    """The deployment of what made it, where that is still rendered."""
    return [plan.deployments[step.file]] if step.file in plan.deployments else []


def _data(
    azure: Azure, todo: Iterable[RetirementStep], until: float, overrides: RetireOverrides
) -> tuple[list[Diagnostic], dict[str, Fault]]:
    clusters = {row.cluster: row for row in todo if row.kind == CLUSTER.lower()}
    asks = {name: partial(cluster_data, azure, row.id, row.api_version) for name, row in clusters.items()}
    found, faults = answers_within(until, asks) if asks else ({}, {})
    rows = [row for name, (group, data) in found.items() for row in data_loss(name, group, data, overrides)]
    return rows, {} if overrides.disk_loss else faults


def fix(fault: Fault, identifier: str) -> str:
    """The fix for a fault; ``identifier``: of what it is about."""
    said = f"{fault.code} {fault.message}".lower()
    if fault.code == "ScopeLocked":  # Azure docs, lock-resources
        where = f": {of_locks(identifier)}" if identifier else ""
        return f"somebody locked the scope that the message names, and knows why{where}; without the lock, {AGAIN}"
    # AKS docs, delete-node-pool, and its troubleshooting page on PodDrainFailure.
    if any(word in said for word in ("evict", "disruption budget", "poddrain")):
        by_force = command(type_of(identifier), identifier)
        against = f"; or delete it against the budgets: {by_force} --ignore-pdb" if "nodepool" in by_force else ""
        return f"end what runs there, then {AGAIN}{against}"
    if fault.needs_sign_in:
        return advice_for(fault.code, fault.message).fix
    return f"fix that; then {AGAIN}"
