"""Upgrades: a pool at its largest leaves room for the nodes that an upgrade adds."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.limits import NODES_A_POOL
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet
from rayfleet.source.origin import Origin


def judge(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Every finding. Clusters that share their pools and their upgrades are judged once."""
    judged: set[tuple[int, str]] = set()
    for cluster in fleet.clusters:
        same = (id(cluster.pools), cluster.infrastructure.upgrades.max_surge)
        if same not in judged:
            judged.add(same)
            yield from _pools(cluster, origin)


def _pools(cluster: Cluster, origin: Origin) -> Iterator[Diagnostic]:
    surge = cluster.infrastructure.upgrades.max_surge
    for pool in cluster.pools:
        more = ceil(pool.maximum * int(surge[:-1]) / 100) if surge.endswith("%") else int(surge)
        if not pool.spot and pool.maximum <= NODES_A_POOL < pool.maximum + more:
            what = (
                f"the pool may grow to {pool.maximum} nodes, and an upgrade adds {more}: AKS refuses to upgrade a pool "
                f"to more than {NODES_A_POOL}"
            )
            fix = "lower maxCount, make two pools of it, or use a smaller upgrades.maxSurge"
            key = "maxCount" if pool.autoscaled else "count"
            yield origin.at(cluster.name, ("nodePools", pool.name, key), what, fix).as_warning()
