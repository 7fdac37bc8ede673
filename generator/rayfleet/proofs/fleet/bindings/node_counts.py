"""Node pools that exist, as bindings.yaml lists them: no deployment touches the node count of those that scale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.tree import RenderedCluster, Side, get
from rayfleet.tree.bindings import Late, own_output
from rayfleet.tree.node_pool import Pool


def judge(cluster: RenderedCluster, bound: Late | None) -> Iterator[Finding]:
    """Each pool that scales has a count exactly while it is new."""
    if bound is None or bound.sound:
        known = bound.pools if bound else []
        scaled = [pool for pool in cluster.pools if pool.autoscaled]
        yield from _initial_counts(cluster, scaled, known, [bound.side] if bound else [])
        yield from _removed_pools(cluster, bound)
    yield from _output_pools(cluster)


def _initial_counts(
    cluster: RenderedCluster, scaled: list[Pool], known: list[str], where: list[Side]
) -> Iterator[Finding]:
    """A deployment sets the ``count`` that it is given, and without one a new pool starts with ARM's 1 (ARM schema,
    Microsoft.ContainerService.Aks.json; Azure/AKS#1627).
    """
    old = [pool for pool in scaled if pool.name in known]
    new = [pool for pool in scaled if pool.name not in known]
    reset = [pool for pool in old if get(pool.data, "count") is not None]
    unsaid = [pool for pool in new if get(pool.data, "count") is None]
    if reset:
        what = (
            f"{_pool_list(reset)}: already there and scaling, but rendered with a count, which a deployment sets it to"
        )
        sides = [pool.side("count") for pool in reset]
        fix = "render again: without a count Azure keeps its own"
        yield failed("bindings/count-reset", cluster.name, what, fix, sides[0], *where, *sides[1:])
    if unsaid:
        what = f"{_pool_list(unsaid)}: not bound, and without a count, so that a new one would start with ARM's 1 node"
        sides = [pool.side() for pool in unsaid]
        fix = "if Azure has it, list it in nodePools; if not, render again"
        yield failed("bindings/count-unsaid", cluster.name, what, fix, sides[0], *where, *sides[1:])
    if scaled and not reset and not unsaid:
        parts = [f"{_pool_list(old)}: already there, and the count is left to the autoscaler"] if old else []
        parts += [f"{_pool_list(new)}: new, with a count to start with"] if new else []
        yield proved(
            "bindings/count-reset", cluster.name, "; ".join(parts), scaled[0].side("enableAutoScaling"), *where
        )


def _pool_list(pools: list[Pool]) -> str:
    names = ", ".join(pool.name for pool in pools)
    return f"pool{'s' if pools[1:] else ''} {names}"


def _removed_pools(cluster: RenderedCluster, bound: Late | None) -> Iterator[Finding]:
    """Deployments are incremental: they leave in Azure what templates no longer have."""
    has = {pool.name for pool in cluster.pools}
    for index, name in enumerate(bound.pools if bound else ()):
        if bound and name not in has:
            what = f"pool {name} is bound, and no longer in ARM: Azure keeps it, and you pay for it"
            fix = f"drain and delete it (az aks nodepool delete --name {name}), then take it out of nodePools"
            side = cluster.side("properties", "agentPoolProfiles")
            yield warned("bindings/pool-gone", cluster.name, what, fix, bound.side.at(index), side)


def _output_pools(cluster: RenderedCluster) -> Iterator[Finding]:
    """The output lists the pools that the template has: one that it leaves out would be bound as new for ever."""
    found = own_output(cluster, "nodePools")
    if found is None:
        return
    has = {pool.name: pool for pool in cluster.pools}
    listed = _names(found.value)
    for name in sorted(has.keys() - listed):
        what = f"its output nodePools leaves out pool {name}, which would be taken for new at every deployment"
        yield failed("bindings/pool-not-in-output", cluster.name, what, f"list {name}", found.side, has[name].side())
    for name in sorted(listed - has.keys()):
        what = f"its output nodePools lists pool {name}, which the template does not make"
        side = cluster.side("properties", "agentPoolProfiles")
        yield failed("bindings/output-pool-gone", cluster.name, what, f"take {name} out", found.side, side)


def _names(value: Any) -> set[str]:
    return {name for name in value if isinstance(name, str)} if isinstance(value, list) else set()
