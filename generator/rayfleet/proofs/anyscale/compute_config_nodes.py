"""The nodes of a compute config: workers within the pools that they find, beside a head that only coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.proofs.anyscale.compute_configs import ComputeConfigRow, PodGroup, groups, rows
from rayfleet.proofs.anyscale.ray_placement import Found, is_gpu
from rayfleet.proofs.finding import Finding, failed, warned
from rayfleet.scheduler.nodes import Node
from rayfleet.scheduler.room import Room, allocatable
from rayfleet.tree import RenderedCluster, Tree, get, mapping


class PodFit(NamedTuple):
    """Pods on nodes, by what each shape takes. Of a size that nobody knows, the benefit of the doubt: one pod fits."""

    takes: Mapping[str, Room]

    def times(self, shape: str, node: Node) -> int:
        """The number of pods of a shape that one node takes."""
        vm = node.pool.vm
        return 1 if vm is None else allocatable(vm, node.pool.max_pods).times(self.takes[shape])

    def times_beside(self, head: str, shape: str, node: Node) -> int:
        """The same where a head is there already."""
        vm = node.pool.vm
        return (
            0
            if vm is None
            else allocatable(vm, node.pool.max_pods).remainder(self.takes[head]).times(self.takes[shape])
        )


def claims(cluster: RenderedCluster, tree: Tree, found: Found, fit: PodFit) -> Iterator[Finding]:
    """Of the rows that name the cluster, where its shapes and their pools are known."""
    for row in rows(tree).get(cluster.name, []) if found else ():
        head, workers = None, []
        for group in groups(row):
            if group.who == "head":
                head = group
            else:
                workers.append(group)
        heads = found.get((head.shape, "ON_DEMAND"), []) if head else []
        if head:
            yield from _head(cluster.name, row, head, heads)
        for group in workers:
            yield from _workers(cluster.name, row, group, found, fit, head.shape if head else "", heads)


def _head(cluster: str, row: ComputeConfigRow, head: PodGroup, heads: list[Node]) -> Iterator[Finding]:
    config = f"the compute config of {row.accelerator}"
    if heads and all(map(is_gpu, heads)):
        pools = ", ".join(node.pool.name for node in heads)
        what = f"{config}: its head finds no pool without GPUs, and takes a node of {pools}"
        fix = "add a small on-demand pool for Ray without GPUs, of the same architecture"
        sides = (head.side.at("instance_type"), *(node.pool.side("vmSize") for node in heads))
        yield warned("placement/config-head-on-gpus", cluster, what, fix, *sides)
    resources = mapping(row.data, "head_node", "resources")
    if heads and (resources.get("CPU") != 0 or isinstance(resources["CPU"], bool)):
        what = f"{config}: its head offers its CPUs to work, which then starves what coordinates the Ray cluster"
        side = head.side.at("resources", "CPU") if "CPU" in resources else head.side.at("instance_type")
        yield warned("placement/config-head-works", cluster, what, "write resources: {CPU: 0, GPU: 0}", side)


def _workers(
    cluster: str, row: ComputeConfigRow, group: PodGroup, found: Found, fit: PodFit, head: str, heads: list[Node]
) -> Iterator[Finding]:
    least, most = _number(group, "min_nodes"), _number(group, "max_nodes")
    if most is None:
        return
    config = f"the compute config of {row.accelerator}"
    if least is not None and least > most:
        what = f"{config} asks for {least} workers at least and {most} at most"
        sides = (group.side.at("min_nodes"), group.side.at("max_nodes"))
        yield failed("placement/config-nodes", cluster, what, "lower min_nodes, or raise max_nodes", *sides)
    pools = {node.pool.name: node for market in group.markets for node in found.get((group.shape, market), [])}
    if not pools:
        return
    room = sum(node.pool.maximum * fit.times(group.shape, node) for node in pools.values())
    beside = ""
    if heads and all(node.pool.name in pools for node in heads):
        room -= min(fit.times(group.shape, node) - fit.times_beside(head, group.shape, node) for node in heads)
        beside = " beside the head" if room < most else ""
    if most > room:
        what = (
            f"{config} asks for up to {most} workers of {group.shape}, and {', '.join(pools)} can hold {room}{beside}"
        )
        fix = f"lower max_nodes to {room}, or let the pool grow"
        at = (group.side.at("max_nodes"), *(node.pool.side("maxCount") for node in pools.values()))
        yield failed("placement/config-nodes", cluster, what, fix, *at)


def _number(group: PodGroup, key: str) -> int | None:
    """A number of workers; None where none can be read."""
    written: Any = get(group.side.source.data, *group.side.path, key)
    return written if isinstance(written, int) and not isinstance(written, bool) else None
