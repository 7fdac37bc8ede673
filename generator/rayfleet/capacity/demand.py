"""The node pools in figures: what they may grow to, and what that needs of Azure's quotas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from rayfleet.capacity.quota import SPOT, TOTAL, Limit, Quota, family
from rayfleet.facts.catalogue import VmSize
from rayfleet.tree import AksCluster, RenderedCluster, Tree
from rayfleet.tree.node_pool import Pool

#: What stands where an accelerator would, for pools without GPUs.
CPU = "CPU"
#: What stands where a region would, for clusters without a location.
NOWHERE = "no region"
# No count is more; what a hand may have written can then be added up and printed.
_MOST_NODES = 10**9


class Home(NamedTuple):
    """The place where quotas hold: a region of a subscription."""

    subscription: str
    region: str


class Growth(NamedTuple):
    """A node pool. ``least`` and ``most`` are nodes, ``surge`` those that an upgrade adds at most."""

    home: Home
    cluster: str
    pool: Pool
    vm: VmSize
    least: int
    most: int
    surge: int

    @property
    def accelerator(self) -> str:
        return (self.vm.accelerator or self.vm.name) if self.vm.gpus else CPU

    @property
    def capacity_type(self) -> Literal["on-demand", "spot"]:
        return "spot" if self.pool.spot else "on-demand"

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits that its vCPUs count against."""
        return (SPOT,) if self.pool.spot else (family(self.vm.family), TOTAL)

    @property
    def most_vcpus(self) -> int:
        return self.most * self.vm.vcpus


class UnknownPool(NamedTuple):
    """A node pool whose VM size nobody knows."""

    home: Home
    cluster: str
    pool: Pool


class Pools(NamedTuple):
    """Every node pool of a fleet and every cluster, in the order of its deployments."""

    counted: tuple[Growth, ...]
    uncounted: tuple[UnknownPool, ...]
    clusters: Mapping[Home, list[AksCluster]]


class QuotaNeed(NamedTuple):
    """The vCPUs that pools need of one limit: at their minimum, at their maximum, and for upgrades beside that.

    The nodes that an upgrade adds take quota too (AKS docs, quotas-skus-regions). ``name`` is the family's own, or the
    kind of the limit; ``largest`` is the pool that takes most.
    """

    name: str
    least: int
    most: int
    upgrades: int
    largest: Growth

    @property
    def whole(self) -> int:
        return self.most + self.upgrades


#: vCPUs that limits leave.
SpareQuota = Mapping[tuple[Home, Limit], int]


class CapacityRow(NamedTuple):
    """Pools of one accelerator and capacity type in a region; of all, where those are empty. Pairs are what they are at
    their minimum and at their maximum; ``limits`` are those that they count against.
    """

    region: str
    accelerator: str
    capacity_type: str
    clusters: int
    pools: int
    nodes: tuple[int, int]
    gpus: tuple[int, int]
    vcpus: tuple[int, int]
    limits: frozenset[tuple[Home, Limit]]

    def spare(self, spare_quota: SpareQuota) -> int | None:
        """vCPUs that the tightest of its limits leaves; None where no limit is known."""
        return min((spare_quota[limit] for limit in self.limits if limit in spare_quota), default=None)


def pools(tree: Tree) -> Pools:
    """Every node pool that ARM has. Of clusters nothing else is read."""
    counted: list[Growth] = []
    uncounted: list[UnknownPool] = []
    clusters: dict[Home, list[AksCluster]] = {}
    common = next((row.scope.subscription for row in tree.deployments if row.scope.subscription), "")
    for cluster in tree.unread_clusters():
        home = _home(cluster, common)
        if cluster.aks:
            clusters.setdefault(home, []).append(cluster.aks)
        for pool in cluster.pools:
            if pool.vm is None:
                uncounted.append(UnknownPool(home, cluster.name, pool))
                continue
            least = nodes(pool.minimum)
            most = max(least, nodes(pool.maximum))
            counted.append(Growth(home, cluster.name, pool, pool.vm, least, most, pool.surge_at(most)))
    return Pools(tuple(counted), tuple(uncounted), clusters)


def nodes(count: int) -> int:
    """A count of nodes as it can be added up."""
    return min(max(count, 0), _MOST_NODES)


def _home(cluster: RenderedCluster, common: str) -> Home:
    """Azure accepts ``East US`` for ``eastus``. A template that nothing deploys is taken to go where others do."""
    return Home((cluster.subscription or common).lower(), "".join(cluster.region.split()).lower() or NOWHERE)


def needs(counted: Iterable[Growth]) -> dict[Home, dict[Limit, QuotaNeed]]:
    """The need of the pools, by region and limit."""
    found: dict[Home, dict[Limit, QuotaNeed]] = {}
    for row in counted:
        limits = found.setdefault(row.home, {})
        for limit in row.limits:
            name = row.vm.family if limit.kind == "families" else limit.kind
            known = limits.get(limit) or QuotaNeed(name, 0, 0, 0, row)
            limits[limit] = QuotaNeed(
                known.name,
                known.least + row.least * row.vm.vcpus,
                known.most + row.most_vcpus,
                known.upgrades + row.surge * row.vm.vcpus,
                row if row.most_vcpus > known.largest.most_vcpus else known.largest,
            )
    return {home: dict(sorted(limits.items())) for home, limits in found.items()}


def spare_quota(counted: Iterable[Growth], quota: Quota) -> SpareQuota:
    """The vCPUs that each limit leaves beyond the pools' maximum and upgrades. Limits that quota.yaml does not give are
    left out."""
    return {
        (home, limit): given.vcpus - need.whole
        for home, limits in needs(counted).items()
        for limit, need in limits.items()
        if (given := quota.limits(home.region).get(limit))
    }


def by_region(counted: Iterable[Growth]) -> list[CapacityRow]:
    """A row for each region, accelerator and capacity type: regions in the order of deployments."""
    groups: dict[tuple[str, str, str], list[Growth]] = {}
    for row in counted:
        groups.setdefault((row.home.region, row.accelerator, row.capacity_type), []).append(row)
    regions = {region: at for at, region in enumerate(dict.fromkeys(region for region, _, _ in groups))}
    ordered = sorted(groups, key=lambda key: (regions[key[0]], key[1] == CPU, *key[1:]))
    return [_row(*key, groups[key]) for key in ordered]


def by_accelerator(counted: Iterable[Growth]) -> list[CapacityRow]:
    """A row for each accelerator."""
    groups: dict[str, list[Growth]] = {}
    for row in counted:
        groups.setdefault(row.accelerator, []).append(row)
    ordered = sorted(groups, key=lambda accelerator: (accelerator == CPU, accelerator))
    return [_row("", accelerator, "", groups[accelerator]) for accelerator in ordered]


def _row(region: str, accelerator: str, capacity_type: str, rows: list[Growth]) -> CapacityRow:
    return CapacityRow(
        region,
        accelerator,
        capacity_type,
        clusters=len({(row.home, row.cluster) for row in rows}),
        pools=len(rows),
        nodes=(sum(row.least for row in rows), sum(row.most for row in rows)),
        gpus=(sum(row.least * row.vm.gpus for row in rows), sum(row.most * row.vm.gpus for row in rows)),
        vcpus=(sum(row.least * row.vm.vcpus for row in rows), sum(row.most_vcpus for row in rows)),
        limits=frozenset((row.home, limit) for row in rows for limit in row.limits),
    )


def gpus(counted: Iterable[Growth]) -> Mapping[str, int]:
    """GPUs by accelerator that the pools may grow to."""
    return {row.accelerator: row.gpus[1] for row in by_accelerator(counted) if row.accelerator != CPU}
