"""ARM deployments: which template goes where, with what, and after what.

A region's clusters share one template until there are more than a template may hold. Which template a cluster is in
follows from its own ``network.index`` alone, so that adding, removing or changing another cluster never moves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from generator.model.cluster import Cluster

# 16 clusters leave each 50 of the 800 resources that a template may hold (ARM limits, facts of 2026-11).
CLUSTERS_A_TEMPLATE = 16
MAX_RESOURCES = 800


@dataclass(frozen=True, slots=True)
class Scope:
    """What a deployment deploys into; without a resource group, the subscription."""

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


def regional_templates(clusters: Iterable[Cluster]) -> dict[str, tuple[Cluster, ...]]:
    """Clusters by the name of their template: ``eastus``, ``eastus-2`` ..., in order of region and number."""
    found: dict[tuple[str, int], list[Cluster]] = {}
    for cluster in clusters:
        found.setdefault((cluster.region, cluster.network.index // CLUSTERS_A_TEMPLATE), []).append(cluster)
    return {
        region if number == 0 else f"{region}-{number + 1}": tuple(found[region, number])
        for region, number in sorted(found)
    }
