"""Upgrades: a Kubernetes version that exists, and pools with room for the nodes that an upgrade adds."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.change_directions import minors_between
from rayfleet.facts.limits import NODES_A_POOL
from rayfleet.facts.versions import table
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet
from rayfleet.source import Path
from rayfleet.source.origin import Origin

# AKS brings a minor every four months (AKS docs, supported-kubernetes-versions), and a table that is older than half a
# year is told to be.
_MINORS_AHEAD = 2


def judge(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Every finding. Clusters that share their pools and their upgrades are judged once."""
    judged: set[tuple[int, str]] = set()
    places: set[Path] = set()
    for cluster in fleet.clusters:
        same = (id(cluster.pools), cluster.infrastructure.upgrades.max_surge)
        if same not in judged:
            judged.add(same)
            yield from _pools(cluster, origin)
        version = origin.path(cluster.name, ("kubernetesVersion",))
        if version not in places:
            places.add(version)
            yield from _version(cluster, origin)


def _version(cluster: Cluster, origin: Origin) -> Iterator[Diagnostic]:
    """The table is dated: the next minors may be there by now, and those after them cannot be."""
    version, known = cluster.infrastructure.kubernetes_version, table()
    newest = ".".join(map(str, known.newest_minor))
    ahead = minors_between(newest, version)
    if ahead:
        what = f"AKS {version} is not known: the table of {known.date} ends at {newest}"
        fix = f"use {newest}, or take a newer rayfleet"
        found = origin.at(cluster.name, ("kubernetesVersion",), what, fix)
        yield found if ahead > _MINORS_AHEAD else found.as_warning()


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
