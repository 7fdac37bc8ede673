"""The answers of Azure and Anyscale about the fleet, within a time; who gives none is no failure."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from threading import Event
from typing import NamedTuple

from rayfleet.anyscale import cloud
from rayfleet.anyscale.cloud import Cloud
from rayfleet.anyscale.command import Cli, CommandFault
from rayfleet.azure import stacks
from rayfleet.azure.client import Azure
from rayfleet.azure.clusters import ListedCluster, clusters
from rayfleet.azure.deadline import answers_within
from rayfleet.azure.faults import Fault, Patience
from rayfleet.azure.stacks import LastDeployment
from rayfleet.diagnostics import not_installed
from rayfleet.facts.advice import advice_for
from rayfleet.status.blind_spot import BlindSpot
from rayfleet.tree.deployment_steps import DeploymentStep


class FromAzure(NamedTuple):
    """The deployments by name, and the clusters of the resource groups; None where nobody could see them."""

    states: Mapping[str, LastDeployment] = {}
    clusters: Mapping[str, ListedCluster] | None = None
    blind: Sequence[BlindSpot] = ()


class FromAnyscale(NamedTuple):
    """The cloud. ``asked``: it was seen, or seen not to be there."""

    asked: bool = False
    cloud: Cloud | None = None
    blind: Sequence[BlindSpot] = ()


def from_azure(subscription: str, steps: Mapping[str, DeploymentStep], version: str, wait: float) -> FromAzure:
    """Every deployment once, and every resource group for its clusters. ``version``: the API's of clusters, empty where
    none is rendered; ``wait``: seconds for all of it.
    """
    if not steps:
        return FromAzure()
    stop, until = Event(), time.monotonic() + wait
    states: dict[str, LastDeployment] = {}
    listed = None
    try:
        client = Azure(subscription, patience=Patience(stop), timeout=wait)
        asks = {name: partial(stacks.last_deployment, client, step) for name, step in steps.items()}
        states, faults = answers_within(until, asks)
        if states and version:
            # Afterwards: threads that load the SDK by two of its ends at once wait for each other.
            listed, more = _clusters(client, steps, version, until)
            faults.update(more)
    except Fault as fault:
        faults = {"Azure": fault}
    except ModuleNotFoundError as missing:
        lacking = not_installed("Azure", missing)
        return FromAzure(blind=[BlindSpot(lacking.file, lacking.what, lacking.fix)])
    finally:
        stop.set()
    return FromAzure(states, listed, _blind(faults, bool(states)))


def from_anyscale(name: str, wait: float) -> FromAnyscale:
    """A cloud, once. ``wait``: seconds."""
    try:
        return FromAnyscale(asked=True, cloud=cloud.get(Cli(reading=wait), name))
    except CommandFault as fault:
        return FromAnyscale(blind=[BlindSpot("Anyscale", fault.what, fault.fix)])


def _clusters(
    client: Azure, steps: Mapping[str, DeploymentStep], version: str, until: float
) -> tuple[dict[str, ListedCluster] | None, dict[str, Fault]]:
    """None where a resource group could not be seen: half of them would look as if the others had none."""
    scopes = {step.scope for step in steps.values() if step.scope.resource_group}
    asks = {f"clusters in {scope.resource_group}": partial(clusters, client, scope, version) for scope in scopes}
    found, faults = answers_within(until, asks)
    if faults:
        return None, faults
    return {name: row for rows in found.values() for name, row in rows.items()}, faults


def _blind(faults: Mapping[str, Fault], some: bool) -> list[BlindSpot]:
    """Each reason once."""
    rows = []
    for words, fault in {f"{fault.code}: {fault.message}": fault for fault in faults.values()}.items():
        names = [name for name in faults if f"{faults[name].code}: {faults[name].message}" == words]
        known = fault.needs_sign_in
        fix = advice_for(fault.code, fault.message).fix if known else "try again later, or use --offline"
        rows.append(BlindSpot(", ".join(names) if some else "Azure", words, fix))
    return rows
