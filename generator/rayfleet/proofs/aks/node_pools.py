"""Node pools as AKS accepts them: system and user, counts, spot, and one write at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfleet.diagnostics import many
from rayfleet.facts.azure_values import azure_values
from rayfleet.facts.labels import SPOT_PRIORITY
from rayfleet.facts.limits import is_spot_price
from rayfleet.facts.resource_names import NAME_RULES
from rayfleet.facts.resource_types import NODE_POOL
from rayfleet.proofs.azure.property_values import unknown
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.proofs.values import misfits
from rayfleet.scheduler.nodes import SPOT_TAINT
from rayfleet.tree import AksCluster, RenderedCluster, entries, get, text
from rayfleet.tree.arm_order import dependencies, unordered_pair
from rayfleet.tree.node_pool import Pool

# ARM schema, managedClusters_agentPools: what may be said of spot pools only.
_SPOT_ONLY = ("spotMaxPrice", "scaleSetEvictionPolicy")
_INLINE = ("properties", "agentPoolProfiles")


def judge(cluster: RenderedCluster, aks: AksCluster) -> Iterator[Finding]:
    """The pools of one cluster, each and together."""
    found = [*_inline_system_pool(aks), *_serial_writes(aks)]
    for pool in cluster.pools:
        found += _node_counts(cluster, pool)
        found += _spot(cluster, pool) if pool.spot else _regular_priority(cluster, pool)
    yield from found
    if cluster.pools and not any(row.outcome == "failed" for row in found):
        spot = sum(pool.spot for pool in cluster.pools)
        what = f"AKS gets its {many(len(cluster.pools), 'node pool')}, {spot} of them spot, one write at a time"
        yield proved("arm/pools-at-once", cluster.name, what, cluster.side(*_INLINE))


def _inline_system_pool(cluster: AksCluster) -> Iterator[Finding]:
    """A cluster is made with a system pool, and its own write adds none later (Azure/AKS#2495, Azure/bicep#9644)."""
    profiles = [row for row in entries(cluster.resource.data, *_INLINE) if isinstance(row, dict)]
    children = {row.name: row for row in cluster.children(NODE_POOL)}
    misnamed = any(unknown(NODE_POOL, row.get("mode"), "properties", "mode") for row in profiles)
    if not misnamed and not any(text(row, "mode") == "System" for row in profiles):
        what = "it is made without a system pool, which AKS refuses"
        yield failed("arm/no-system-pool", cluster.name, what, "put one into agentPoolProfiles", cluster.side(*_INLINE))
    rule = NAME_RULES[NODE_POOL]
    for pool in cluster.pools[: len(profiles)]:
        side = pool.side("name")
        if not pool.system and not unknown(NODE_POOL, pool.data.get("mode"), "properties", "mode"):
            what = f"its pool {pool.name} is a user pool inside the cluster, where AKS accepts no new ones later on"
            yield failed("arm/user-pool-inline", cluster.name, what, "make it a resource of its own", pool.side("mode"))
        if not rule.pattern.fullmatch(pool.name):
            yield failed(
                "arm/name-refused",
                cluster.name,
                f"Azure refuses {pool.name!r} as the name of a pool",
                f"use {rule.says}",
                side,
            )
        if pool.name in children:
            what = f"its pool {pool.name} stands inside the cluster and beside it: two writers of one pool"
            yield failed("arm/pool-twice", cluster.name, what, "remove one", side, children[pool.name].side("name"))


def _serial_writes(cluster: AksCluster) -> Iterator[Finding]:
    """AKS allows one write to a cluster at a time (AKS docs, manage-node-pools; ARM answers OperationNotAllowed)."""
    children = {row.id: row for row in cluster.children(NODE_POOL)}
    clash = unordered_pair({key: dependencies(row) for key, row in children.items()})
    if clash:
        first, second = (children[key] for key in clash)
        what = f"its pools {second.name} and {first.name} may be written at once, and AKS allows one write at a time"
        fix = f"let {second.name} depend on {first.name}"
        yield failed("arm/pools-at-once", cluster.name, what, fix, second.side("dependsOn"), first.side("name"))


# --- counts ---


def _node_counts(cluster: RenderedCluster, pool: Pool) -> Iterator[Finding]:
    counts: dict[str, Any] = {key: pool.data[key] for key in ("minCount", "maxCount", "count") if key in pool.data}
    wrong = {misfit.path[-1] for misfit in misfits({"properties": pool.data}, azure_values(NODE_POOL))}
    if wrong.intersection(counts) or None in counts.values():
        return  # arm/value and arm/null say so
    yield from _autoscaled_counts(cluster, pool, counts) if pool.autoscaled else _fixed_count(cluster, pool, counts)


def _autoscaled_counts(cluster: RenderedCluster, pool: Pool, counts: dict[str, Any]) -> Iterator[Finding]:
    for key in ("minCount", "maxCount"):
        if key not in counts:
            # AKS docs, cluster-autoscaler.
            what = f"its pool {pool.name} is autoscaled and has no {key}"
            yield failed("arm/bound-missing", cluster.name, what, f"write {key}", pool.side(key))
            return
    low, high = counts["minCount"], counts["maxCount"]
    if low > high:
        what = f"its pool {pool.name} has at least {low} nodes and at most {high}"
        yield failed(
            "arm/bounds-crossed",
            cluster.name,
            what,
            "let minCount be at most maxCount",
            pool.side("minCount"),
            pool.side("maxCount"),
        )
    elif not low <= counts.get("count", low) <= high:
        what = f"its pool {pool.name} starts with {counts['count']} nodes, and has {low} to {high}"
        yield failed(
            "arm/count-out-of-bounds", cluster.name, what, "start between minCount and maxCount", pool.side("count")
        )


def _fixed_count(cluster: RenderedCluster, pool: Pool, counts: dict[str, Any]) -> Iterator[Finding]:
    for key in ("minCount", "maxCount"):
        if key in counts:
            what = f"its pool {pool.name} has a {key}, and is not autoscaled"
            yield failed(
                "arm/bounds-without-autoscaler",
                cluster.name,
                what,
                "turn enableAutoScaling on, or leave it out",
                pool.side(key),
            )


# --- spot ---


def _spot(cluster: RenderedCluster, pool: Pool) -> Iterator[Finding]:
    """AKS docs, spot-node-pool, unless another source stands beside it."""

    def no(claim: str, what: str, fix: str, *path: str) -> Finding:
        return failed(claim, cluster.name, f"its spot pool {pool.name} {what}", fix, pool.side(*path))

    if pool.system:
        yield no("arm/spot-system-pool", "is a system pool, which AKS refuses", "make it a user pool", "mode")
    if "upgradeSettings" in pool.data:
        # hashicorp/terraform-provider-azurerm#19355.
        yield no(
            "arm/spot-surge", "has upgradeSettings: AKS refuses a surge there", "leave them out", "upgradeSettings"
        )
    if "type" not in pool.data:
        # Azure/bicep-types-az#2217: without it the preflight gives it a surge, and refuses that.
        yield no("arm/spot-kind", "does not say its type", "write type: VirtualMachineScaleSets", "type")
    if text(pool.data, "scaleSetEvictionPolicy") == "Deallocate":
        what = f"its spot pool {pool.name} deallocates nodes that are evicted: they go on using quota"
        yield warned("arm/spot-deallocates", cluster.name, what, "write Delete", pool.side("scaleSetEvictionPolicy"))
    price = get(pool.data, "spotMaxPrice", default=-1)
    if not _price(price):
        fix = "write -1, or a positive number with at most 5 decimals"
        yield no("arm/spot-price", f"has the price {price}", fix, "spotMaxPrice")
    # A PUT replaces all labels and taints, also those that AKS set (Azure/AKS#3152).
    if pool.labels.get(SPOT_PRIORITY) != "spot":
        what = f"lacks the label {SPOT_PRIORITY}=spot, which its write takes away"
        yield no("arm/spot-label", what, "say it in nodeLabels: pods select by it", "nodeLabels")
    if SPOT_TAINT not in pool.taints:
        what = f"lacks the taint {SPOT_TAINT}, which its write takes away"
        yield no("arm/spot-taint", what, "say it in nodeTaints: without it any pod may land there", "nodeTaints")


def _price(price: Any) -> bool:
    number = isinstance(price, int | float) and not isinstance(price, bool)
    return number and is_spot_price(price)


def _regular_priority(cluster: RenderedCluster, pool: Pool) -> Iterator[Finding]:
    for key in _SPOT_ONLY:
        if key in pool.data:
            what = f"its pool {pool.name} is not spot and has a {key}, which AKS refuses"
            fix = "leave it out, or write scaleSetPriority: Spot"
            yield failed("arm/spot-setting", cluster.name, what, fix, pool.side(key))
