"""What Azure and Anyscale say of the fleet, within a time; who does not say it is no failure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from rayfleet.cli import asking
from rayfleet.cli.printing import not_installed

if TYPE_CHECKING:
    from rayfleet.anyscale.cloud import Cloud
    from rayfleet.azure.client import Azure, Fault
    from rayfleet.cli.asking import InAzure
    from rayfleet.status.next_step import Deployed
    from rayfleet.tree.deployment_steps import DeploymentStep


class NotSeen(NamedTuple):
    """A place that could not be looked at."""

    what: str
    why: str
    fix: str = ""


@dataclass
class FromAzure:
    """The deployments by name, and the clusters of the resource groups; None where nobody could see them."""

    states: dict[str, Deployed] = field(default_factory=dict)
    clusters: dict[str, InAzure] | None = None
    not_seen: list[NotSeen] = field(default_factory=list)


@dataclass
class FromAnyscale:
    """The cloud. ``asked``: it was seen, or seen not to be there."""

    asked: bool = False
    cloud: Cloud | None = None
    not_seen: list[NotSeen] = field(default_factory=list)


def azure(subscription: str, steps: Mapping[str, DeploymentStep], version: str, wait: float) -> FromAzure:
    """Every deployment once, and every resource group for its clusters. ``version``: the API's of clusters, empty where
    none is rendered; ``wait``: seconds for all of it.
    """
    found = FromAzure()
    if not steps:
        return found
    from rayfleet.azure.client import Azure
    from rayfleet.azure.faults import Fault, Patience

    stop, until = Event(), time.monotonic() + wait
    try:
        client = Azure(subscription, patience=Patience(stop), timeout=wait)
        states = {name: partial(asking.deployed, client, step) for name, step in steps.items()}
        found.states, faults = asking.within(until, states)
        if found.states and version:
            # Afterwards: threads that load the SDK by two of its ends at once wait for each other.
            found.clusters, more = _clusters(client, steps, version, until)
            faults.update(more)
    except Fault as fault:
        faults = {"Azure": fault}
    except ModuleNotFoundError as missing:
        lacking = not_installed("Azure", missing)
        found.not_seen.append(NotSeen(lacking.file, lacking.what, lacking.fix))
        return found
    finally:
        stop.set()
    found.not_seen += _told(faults, bool(found.states))
    return found


def anyscale(name: str, wait: float) -> FromAnyscale:
    """A cloud, once. ``wait``: seconds."""
    from rayfleet.anyscale import cloud
    from rayfleet.anyscale.command import Cli, CommandFault

    try:
        return FromAnyscale(asked=True, cloud=cloud.get(Cli(reading=wait), name))
    except CommandFault as fault:
        return FromAnyscale(not_seen=[NotSeen("Anyscale", fault.what, fault.fix)])


def _clusters(
    client: Azure, steps: Mapping[str, DeploymentStep], version: str, until: float
) -> tuple[dict[str, InAzure] | None, dict[str, Fault]]:
    """None where a resource group could not be seen: half of them would look as if the others had none."""
    scopes = {step.scope for step in steps.values() if step.scope.resource_group}
    asks = {f"clusters in {scope.resource_group}": partial(asking.clusters, client, scope) for scope in scopes}
    found, faults = asking.within(until, {name: partial(ask, version) for name, ask in asks.items()})
    if faults:
        return None, faults
    return {name: row for rows in found.values() for name, row in rows.items()}, faults


def _told(faults: Mapping[str, Fault], some: bool) -> list[NotSeen]:
    """Each reason once."""
    from rayfleet.facts.advice import about

    rows = []
    for words, fault in {f"{fault.code}: {fault.message}": fault for fault in faults.values()}.items():
        names = [name for name in faults if f"{faults[name].code}: {faults[name].message}" == words]
        told = fault.code == "NotSignedIn" or fault.status in (401, 403)
        fix = about(fault.code, fault.message).fix if told else "look again later; --offline does without"
        rows.append(NotSeen(", ".join(names) if some else "Azure", words, fix))
    return rows
