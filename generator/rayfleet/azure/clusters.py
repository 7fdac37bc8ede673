"""The AKS clusters that Azure has."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import NamedTuple

from rayfleet.azure.client import Azure
from rayfleet.azure.faults import Fault
from rayfleet.facts.change_directions import minors_between
from rayfleet.facts.resource_types import CLUSTER
from rayfleet.tree.deployment_steps import DeploymentScope
from rayfleet.tree.place import entries, get, text


class ListedCluster(NamedTuple):
    """An AKS cluster as Azure lists it; ``pools``: None where it does not say. ``version`` is the Kubernetes of its
    control plane, and ``pool_versions`` those of its pools' nodes, where it says them.
    """

    region: str
    pools: frozenset[str] | None
    version: str = ""
    pool_versions: Mapping[str, str] = {}

    @property
    def behind(self) -> tuple[str, ...]:
        """The pools whose nodes have an older minor than the control plane, in the order of their names."""
        return tuple(sorted(name for name, own in self.pool_versions.items() if minors_between(own, self.version)))


def clusters(azure: Azure, scope: DeploymentScope, version: str) -> dict[str, ListedCluster]:
    """The AKS clusters of a resource group. Raises Fault."""
    within = f"/subscriptions/{scope.subscription}/resourceGroups/{scope.resource_group}"
    try:
        rows = azure.pages(f"{within}/providers/{CLUSTER}", version)
    except Fault as fault:
        if fault.code == "ResourceGroupNotFound":
            return {}
        raise
    return {str(row["name"]): _listed_cluster(row) for row in rows if get(row, "name")}


def upgrade_command(scope: DeploymentScope, cluster: str, pool: str, version: str) -> str:
    """The command that upgrades the nodes of a pool."""
    group = shlex.quote(scope.resource_group)
    return (
        f"az aks nodepool upgrade --subscription {scope.subscription} --resource-group {group} --cluster-name "
        f"{shlex.quote(cluster)} --name {shlex.quote(pool)} --kubernetes-version {shlex.quote(version)}"
    )


def _listed_cluster(row: object) -> ListedCluster:
    """``current...`` is what there is, and the other what was asked for, a minor maybe (AKS REST reference)."""
    properties = get(row, "properties")
    versions = {
        text(pool, "name"): text(pool, "currentOrchestratorVersion") or text(pool, "orchestratorVersion")
        for pool in entries(properties, "agentPoolProfiles")
    }
    version = text(properties, "currentKubernetesVersion") or text(properties, "kubernetesVersion")
    said = {name: own for name, own in versions.items() if name and own}
    return ListedCluster(text(row, "location"), _pools(row), version, said)


def _pools(row: object) -> frozenset[str] | None:
    """By the names in its profiles (AKS REST reference, ManagedCluster)."""
    profiles = get(row, "properties", "agentPoolProfiles")
    return frozenset(text(each, "name") for each in profiles) if isinstance(profiles, list) else None
