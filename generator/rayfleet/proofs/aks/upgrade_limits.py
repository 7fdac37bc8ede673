"""Upgrades that AKS does not start: with more nodes than it takes, or longer than it lets one last."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import many
from rayfleet.facts.limits import MOST_UPGRADE_BATCHES, NODES_A_CLUSTER, NODES_A_POOL
from rayfleet.proofs.finding import Finding, proved, warned
from rayfleet.tree import AksCluster, text
from rayfleet.tree.node_pool import Pool

# Channels that upgrade nodes (AKS docs, auto-upgrade-cluster and auto-upgrade-node-os-image).
_OF_CLUSTER = ("rapid", "stable", "patch", "node-image")
_OF_NODES = ("NodeImage", "SecurityPatch")


def judge(cluster: AksCluster) -> Iterator[Finding]:
    """One cluster. Spot pools have no surge."""
    found = [*_cluster_size(cluster)]
    automatic = _upgrades_itself(cluster)
    pools = [pool for pool in cluster.pools if not pool.spot]
    for pool in pools:
        found += _pool_size(cluster, pool)
        found += _batches(cluster, pool) if automatic else ()
    yield from found
    if pools and not found:
        what = f"AKS upgrades {many(len(pools), 'node pool')} of it at their largest, surge included"
        yield proved("arm/surge-over-limit", cluster.name, what, cluster.side("properties", "agentPoolProfiles"))


def _pool_size(cluster: AksCluster, pool: Pool) -> Iterator[Finding]:
    """A scale set has at most that many nodes, those of an upgrade included (AKS docs, upgrade-aks-node-pools-rolling,
    2026-08-21)."""
    if pool.maximum <= NODES_A_POOL < pool.maximum + pool.surge:
        what = (
            f"its pool {pool.name} may grow to {pool.maximum} nodes, and an upgrade adds {pool.surge}: AKS refuses to "
            f"upgrade a pool to more than {NODES_A_POOL}"
        )
        fix = f"lower its maximum to {_largest(pool)}, or make two pools of it"
        side = pool.side("maxCount" if pool.autoscaled else "count")
        yield warned("arm/surge-over-limit", cluster.name, what, fix, side, pool.side("upgradeSettings", "maxSurge"))


def _largest(pool: Pool) -> int:
    """The most nodes that leave room for their surge."""
    return next((nodes for nodes in range(NODES_A_POOL, 0, -1) if nodes + pool.surge_at(nodes) <= NODES_A_POOL), 1)


def _cluster_size(cluster: AksCluster) -> Iterator[Finding]:
    """AKS docs, best-practices-performance-scale-large, 2026-08-21: at the limit of nodes, upgrades are blocked."""
    nodes = sum(pool.maximum for pool in cluster.pools)
    if nodes == NODES_A_CLUSTER:
        what = f"its pools may grow to {nodes} nodes, with which AKS upgrades no cluster"
        fix = "lower the pools' maximum: AKS advises fewer than 3000 nodes while it upgrades"
        yield warned("arm/surge-over-limit", cluster.name, what, fix, cluster.side("properties", "agentPoolProfiles"))


def _batches(cluster: AksCluster, pool: Pool) -> Iterator[Finding]:
    batches = -(-pool.maximum // pool.upgraded_at_once)
    if batches > MOST_UPGRADE_BATCHES:
        what = (
            f"its pool {pool.name} may grow to {pool.maximum} nodes, and upgrades {pool.upgraded_at_once} at a time: "
            "AKS starts no automatic upgrade that it estimates at more than 24 hours"
        )
        yield warned(
            "arm/upgrade-too-long",
            cluster.name,
            what,
            "write a share of the nodes as upgrades.maxSurge, such as 10%",
            pool.side("upgradeSettings", "maxSurge"),
            pool.side("maxCount" if pool.autoscaled else "count"),
        )


def _upgrades_itself(cluster: AksCluster) -> bool:
    profile = ("autoUpgradeProfile",)
    return (
        text(cluster.resource.properties, *profile, "upgradeChannel") in _OF_CLUSTER
        or text(cluster.resource.properties, *profile, "nodeOSUpgradeChannel") in _OF_NODES
    )
