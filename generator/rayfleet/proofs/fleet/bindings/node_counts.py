"""Node pools that exist, as bindings.yaml lists them: no deployment touches the node count of those that scale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rayfleet.changes.azure import azure_changes
from rayfleet.changes.change import Change
from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.tree import RenderedCluster, Side, get
from rayfleet.tree.bindings import Late, own_output
from rayfleet.tree.node_pool import Pool

_COUNT = ("properties", "count")


def judge(cluster: RenderedCluster, bound: Late | None, evidence: Evidence) -> Iterator[Finding]:
    """Each pool that scales has a count exactly while it is new, and none is new twice."""
    if bound is None or bound.sound:
        known = bound.pools if bound else []
        scaled = [pool for pool in cluster.pools if pool.autoscaled]
        yield from _initial_counts(cluster, scaled, known, [bound.side] if bound else [])
        yield from _removed_pools(cluster, bound)
    yield from _output_pools(cluster)
    if evidence.base and evidence.had(cluster.template):
        yield from _pools_new_again(cluster, azure_changes(evidence.base, evidence.tree), bound)


def _pools_new_again(cluster: RenderedCluster, changes: Iterable[Change], bound: Late | None) -> Iterator[Finding]:
    """Pools that scale, and had no count in the base commit: somebody took them out of nodePools."""
    counted = {row.id: row for row in changes if row.event == "changed" and row.path == _COUNT and row.before is None}
    names = {key.rpartition("/")[2]: row for key, row in counted.items() if row.owner == cluster.name}
    bound_pools = bound.pools if bound else []
    again = [pool for pool in cluster.pools if pool.autoscaled and pool.name in names.keys() - bound_pools]
    if again:
        lost = (
            "they were bound in the base commit and are not"
            if again[1:]
            else "it was bound in the base commit and is not"
        )
        what = f"{_pool_list(again)}: {lost}, so that the next deployment sets a running pool to the count of a new one"
        fix = "list it in nodePools again, and render; where Azure has no such pool any more, accept the finding"
        sides = [side for pool in again for side in (names[pool.name].new, names[pool.name].old) if side]
        where = [bound.side] if bound else []
        yield failed("bindings/pool-unbound", cluster.name, what, fix, *sides, *where)


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
            fix = f"put it back into fleet.yaml; or see rayfleet retire --cluster {cluster.name}, then rayfleet bind"
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
