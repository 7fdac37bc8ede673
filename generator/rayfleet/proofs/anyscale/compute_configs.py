"""Compute configs against the clusters that they name: shapes that are there, on market types that find a pool."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.fleet_files import cloud_resource_file
from rayfleet.proofs.anyscale.ray_placement import Found
from rayfleet.proofs.finding import Finding, failed, pending, proved
from rayfleet.scheduler.anyscale_pods import MARKETS
from rayfleet.tree import RenderedCluster, Side, Tree, entries, get, text
from rayfleet.tree.helm_release import Release
from rayfleet.tree.memo import once

# The market types of a worker group, and those that its pods may have; a head, and workers that say none, have the
# first (Anyscale docs, reference: compute config API).
_MARKET_TYPES = {"ON_DEMAND": ("ON_DEMAND",), "SPOT": ("SPOT",), "PREFER_SPOT": ("SPOT", "ON_DEMAND")}


class ComputeConfigRow(NamedTuple):
    """The part of an accelerator's compute config that is about one cloud resource."""

    accelerator: str
    data: Any
    side: Side


class PodGroup(NamedTuple):
    """Pods of one instance type: the head, or workers."""

    who: str
    shape: str
    market: str
    side: Side

    @property
    def markets(self) -> tuple[str, ...]:
        """The market types that its pods may have; none where Anyscale does not know what is written."""
        return _MARKET_TYPES.get(self.market, ())


@once
def rows(tree: Tree) -> Mapping[str, list[ComputeConfigRow]]:
    """The rows of all compute configs, by the name of their cloud resource."""
    found: dict[str, list[ComputeConfigRow]] = {}
    for accelerator, source in tree.compute_configs.items():
        for index, data in enumerate(entries(source.data, "configs")):
            side = Side(source, ("configs", index))
            found.setdefault(text(data, "cloud_resource"), []).append(ComputeConfigRow(accelerator, data, side))
    return found


def claims(cluster: RenderedCluster, tree: Tree, shapes: Container[str] | None, found: Found) -> Iterator[Finding]:
    """Of the rows that name the cluster; ``shapes`` are the names of those that it has, None where that
    cannot be told.
    """
    named = rows(tree).get(cluster.name, [])
    resource = cluster.cloud_resource if named else None
    name = text(resource.data, "name") if resource else cluster.name
    for row in named:
        if resource and name != cluster.name:
            what = f"the compute config of {row.accelerator} names it, and its cloud resource is called {name}"
            sides = (row.side.at("cloud_resource"), Side(resource, ("name",)))
            yield failed("placement/cloud-resource-name", cluster.name, what, "use the same name", *sides)
        elif shapes is None or cluster.operator is None:
            yield pending(
                "placement/config-shape",
                cluster.name,
                f"the compute config of {row.accelerator} waits for its operator",
                row.side,
            )
        else:
            yield from _row(cluster.name, cluster.operator, row, shapes, found)


def unknown_rows(tree: Tree) -> Iterator[Finding]:
    """Rows for cloud resources that no cluster has."""
    for name, named in rows(tree).items():
        if cloud_resource_file(name) in tree.files.content:
            continue
        for row in named:
            what = f"the compute config of {row.accelerator} names {name or 'no cloud resource'}, which is not rendered"
            yield failed(
                "placement/no-cloud-resource",
                "",
                what,
                "name a cluster that Anyscale knows",
                row.side.at("cloud_resource"),
            )


def _row(
    cluster: str, operator: Release, row: ComputeConfigRow, shapes: Container[str], found: Found
) -> Iterator[Finding]:
    config = f"the compute config of {row.accelerator}"
    for group in groups(row):
        markets = _MARKET_TYPES.get(group.market)
        here = operator.side("workloads", "instanceTypes", "additional", group.shape)
        missing = next((market for market in markets or () if not found.get((group.shape, market))), None)
        if markets is None:
            what = f"{config} asks for {group.market} {group.who}, which Anyscale does not know"
            yield failed(
                "placement/market-type", cluster, what, f"use {', '.join(_MARKET_TYPES)}", group.side.at("market_type")
            )
        elif group.shape not in shapes:
            asks = f"asks for {group.shape}, which the cluster does not have"
            what = f"{config} {asks if group.shape else 'names no instance type for its ' + group.who}"
            yield failed(
                "placement/config-shape",
                cluster,
                what,
                "use a shape of the cluster's values",
                group.side.at("instance_type"),
                here,
            )
        elif not any((group.shape, market) in found for market in MARKETS):
            continue  # whatever shape finds no pool is told of once
        elif missing:
            small = (group.shape, missing) in found
            why = "which is too large for every pool that takes it" if small else "which no pool takes"
            what = f"{config} asks for {group.shape} {MARKETS[missing]}, {why}"
            key = "market_type" if group.who == "workers" else "instance_type"
            yield failed(
                "placement/config-no-pool",
                cluster,
                what,
                "ask for the shape and market type of a pool",
                group.side.at(key),
                here,
            )
        else:
            pools = {node.pool.name: node for market in markets for node in found[group.shape, market]}
            finds = "finds" if group.who == "head" else "find"
            what = f"{config}: its {group.who} of {group.shape} {finds} {', '.join(pools)}"
            yield proved(
                "placement/config-no-pool", cluster, what, group.side, *(node.pool.side() for node in pools.values())
            )


def groups(row: ComputeConfigRow) -> Iterator[PodGroup]:
    """The head and the workers of a row."""
    head = get(row.data, "head_node")
    if isinstance(head, dict):
        yield PodGroup("head", text(head, "instance_type"), "ON_DEMAND", row.side.at("head_node"))
    for index, group in enumerate(entries(row.data, "worker_nodes")):
        market = get(group, "market_type", default="ON_DEMAND")
        side = row.side.at("worker_nodes", index)
        yield PodGroup("workers", text(group, "instance_type"), str(market), side)
