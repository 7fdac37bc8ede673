"""The AKS clusters that Azure has."""

from __future__ import annotations

from typing import NamedTuple

from rayfleet.azure.client import Azure
from rayfleet.azure.faults import Fault
from rayfleet.facts.resource_types import CLUSTER
from rayfleet.tree.deployment_steps import DeploymentScope
from rayfleet.tree.place import get, text


class ListedCluster(NamedTuple):
    """An AKS cluster as Azure lists it; ``pools``: None where it does not say."""

    region: str
    pools: frozenset[str] | None


def clusters(azure: Azure, scope: DeploymentScope, version: str) -> dict[str, ListedCluster]:
    """The AKS clusters of a resource group. Raises Fault."""
    within = f"/subscriptions/{scope.subscription}/resourceGroups/{scope.resource_group}"
    try:
        rows = azure.pages(f"{within}/providers/{CLUSTER}", version)
    except Fault as fault:
        if fault.code == "ResourceGroupNotFound":
            return {}
        raise
    return {str(row["name"]): ListedCluster(text(row, "location"), _pools(row)) for row in rows if get(row, "name")}


def _pools(row: object) -> frozenset[str] | None:
    """By the names in its profiles (AKS REST reference, ManagedCluster)."""
    profiles = get(row, "properties", "agentPoolProfiles")
    return frozenset(text(each, "name") for each in profiles) if isinstance(profiles, list) else None
