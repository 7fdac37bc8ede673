"""Fallback of demand for GPUs: the pools that still take it when others are gone, and the quota that would let them
grow."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rayfleet.capacity.demand import Growth, SpareQuota, gpus, spare_quota
from rayfleet.capacity.quota import Quota
from rayfleet.tree import Tree, entries, text


class Stop(NamedTuple):
    """A region that work tries, in GPUs: what its pools may grow to, what work takes of it, and by how much quota would
    let those pools grow further; None where quota.yaml does not say.
    """

    region: str
    has: int
    takes: int
    room: int | None


class Fallback(NamedTuple):
    """Demand for an accelerator in GPUs, and the regions that it tries, in order."""

    accelerator: str
    demand: int
    stops: tuple[Stop, ...]

    @property
    def fits(self) -> int:
        return sum(stop.takes for stop in self.stops)

    @property
    def short(self) -> int:
        return self.demand - self.fits

    @property
    def room(self) -> int | None:
        """GPUs by which quota would let all of the regions grow."""
        known = [stop.room for stop in self.stops if stop.room is not None]
        return sum(known) if known else None


def fit(demand: Mapping[str, int], remaining: Iterable[Growth], tree: Tree, quota: Quota | None) -> list[Fallback]:
    """The part of each accelerator's demand that fits. Demand is taken to be divisible: many jobs, not one."""
    remaining = list(remaining)
    spare = spare_quota(remaining, quota) if quota else {}
    return [_fit(name, wanted, _stops(tree, name, remaining), spare) for name, wanted in demand.items()]


def _stops(tree: Tree, accelerator: str, remaining: list[Growth]) -> dict[str, list[Growth]]:
    """The pools that have an accelerator, by region: first the regions of its compute config, as work tries them, then
    others in the order of deployments.
    """
    having: dict[str, list[Growth]] = {}
    for row in remaining:
        if row.accelerator == accelerator:
            having.setdefault(row.home.region, []).append(row)
    regions = {row.cluster: region for region, rows in having.items() for row in rows}
    config = tree.compute_configs.get(accelerator)
    tried = [regions.get(text(row, "cloud_resource")) for row in entries(config.data if config else None, "configs")]
    return {region: having[region] for region in [*filter(None, tried), *having]}


def _fit(accelerator: str, demand: int, regions: Mapping[str, list[Growth]], spare: SpareQuota) -> Fallback:
    stops: list[Stop] = []
    rest = demand
    for region, having in regions.items():
        has = gpus(having)[accelerator]
        stops.append(Stop(region, has, min(rest, has), _room(having, spare)))
        rest -= min(rest, has)
    return Fallback(accelerator, demand, tuple(stops))


# --- room to grow ---


def _room(having: list[Growth], spare: SpareQuota) -> int | None:
    """GPUs by which quota would let pools of a region grow if no others did: those with the most GPUs a vCPU first."""
    known = [row for row in having if (row.home, row.limits[0]) in spare]
    if not known:
        return None
    rest, found = dict(spare), 0
    for row in sorted(known, key=lambda row: -row.vm.gpus / row.vm.vcpus):
        limits = [(row.home, limit) for limit in row.limits if (row.home, limit) in rest]
        more = _nodes_within(row, min(rest[limit] for limit in limits))
        for limit in limits:
            rest[limit] -= _cost(row, more)
        found += more * row.vm.gpus
    return found


def _nodes_within(row: Growth, vcpus: int) -> int:
    """The number of nodes that a pool can have more with so many vCPUs."""
    nodes = range(1, vcpus // row.vm.vcpus + 1)
    return bisect_right(nodes, vcpus, key=lambda more: _cost(row, more))


def _cost(row: Growth, more: int) -> int:
    """vCPUs that nodes beyond the maximum need, with what upgrades need for them."""
    return (more + row.pool.surge_at(row.most + more) - row.surge) * row.vm.vcpus
