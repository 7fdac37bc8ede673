"""ARM deployments: which template goes where, with what, and after what.

A region's clusters share templates, as many as one may hold. Which one a cluster is in follows from the cluster alone,
its ``network.index`` and its size, so that adding, removing or changing another never moves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rayfleet.facts.limits import MAX_RESOURCES
from rayfleet.model.cluster import Cluster

# 16 clusters of at most 50 resources share a template; a larger cluster has one of its own.
CLUSTERS_A_TEMPLATE = 16
SHARED_RESOURCES = MAX_RESOURCES // CLUSTERS_A_TEMPLATE
# Resources of every cluster: network 4, identities and roles 4, cluster and maintenance 3, Flux 2.
RESOURCES_A_CLUSTER = 13


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of a deployment: a resource group, or without one the subscription."""

    subscription_id: str
    resource_group: str | None


@dataclass(frozen=True, slots=True)
class Deployment:
    """One ARM deployment. ``template`` is its file without ``.json``; ``location`` is set for subscription scope."""

    name: str
    template: str
    scope: Scope
    location: str
    clusters: tuple[Cluster, ...] = ()
    depends_on: tuple[str, ...] = ()


def resource_count(cluster: Cluster) -> int:
    """ARM resources of one cluster."""
    own = len(cluster.child_pools) + len(cluster.ray.service_accounts) + len(cluster.nat_public_ips)
    git = 2 if cluster.delivery.gitops.signs_in else 0
    return RESOURCES_A_CLUSTER + own + git + (not cluster.volume.static)


def regional_templates(clusters: Iterable[Cluster]) -> dict[str, tuple[Cluster, ...]]:
    """Clusters by the name of their template: ``eastus``, ``eastus-2`` ..., ``eastus-<cluster>``, in that order."""
    found: dict[tuple[str, int, str], list[Cluster]] = {}
    for cluster in clusters:
        number = cluster.network.index // CLUSTERS_A_TEMPLATE + 1
        alone = resource_count(cluster) > SHARED_RESOURCES
        key = (cluster.region, 0, cluster.name) if alone else (cluster.region, number, "")
        found.setdefault(key, []).append(cluster)
    return {_template(*key): tuple(found[key]) for key in sorted(found)}


def _template(region: str, number: int, cluster: str) -> str:
    if cluster:
        return f"{region}-{cluster}"
    return region if number == 1 else f"{region}-{number}"
