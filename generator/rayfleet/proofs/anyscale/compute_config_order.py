"""The clusters of compute configs: each that has the accelerator once, in the fleet's order, which Anyscale keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rayfleet.facts.late_values import CLOUD_RESOURCE_ID
from rayfleet.fleet_files import compute_config_file
from rayfleet.proofs.anyscale.ray_placement import Found, is_ray
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.scheduler.nodes import Node
from rayfleet.source import Source
from rayfleet.tree import RenderedCluster, Side, Tree, entries, get, text

# The strategies that Anyscale knows (docs.anyscale.com/clouds/multi-cloud); without one it takes the second.
_IN_ORDER, _BY_SCORE = "input_order", "availability"
# Its units (docs.anyscale.com/configuration/compute/advanced).
_TIME = re.compile(r"[0-9]+[smh]")
_AGAIN = "run rayfleet render"


def claims(tree: Tree) -> Iterator[Finding]:
    """Of each compute config as a whole."""
    for accelerator, source in tree.compute_configs.items():
        names = [text(row, "cloud_resource") for row in entries(source.data, "configs")]
        found = [*_duplicates(accelerator, source, names), *_strategy(accelerator, source, names)]
        if get(source.data, "flags", "cloud_resource_strategy") == _IN_ORDER:
            found += _order(accelerator, source, names, tree)
        yield from found
        if not found and names:
            what = f"the compute config of {accelerator} names {', '.join(names)}, each once and in the fleet's order"
            yield proved("placement/config-order", "", what, Side(source, ("configs",)))


def _duplicates(accelerator: str, source: Source, names: list[str]) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if name and name in names[:index]:
            what = f"the compute config of {accelerator} names {name} twice, and Anyscale takes a cloud resource once"
            sides = (Side(source, ("configs", at, "cloud_resource")) for at in (index, names.index(name)))
            yield failed("placement/config-cluster-twice", "", what, "keep one of the two", *sides)


def _strategy(accelerator: str, source: Source, names: list[str]) -> Iterator[Finding]:
    config = f"the compute config of {accelerator}"
    side = Side(source, ("flags", "cloud_resource_strategy"))
    written = get(source.data, *side.path)
    if len(names) > 1 and written not in (_IN_ORDER, _BY_SCORE):
        says = "says no cloud_resource_strategy" if written is None else f"has the strategy {written}"
        what = f"{config} {says}: Anyscale goes by its score of past launches, not by the order"
        yield warned("placement/config-strategy", "", what, f"write {_IN_ORDER} or {_BY_SCORE}", side)
    side = Side(source, ("flags", "cloud_resource_starting_timeout"))
    time = get(source.data, *side.path)
    if time is not None and not (isinstance(time, str) and _TIME.fullmatch(time)):
        what = f"{config} lets a cluster start for {time}, and Anyscale takes a number with s, m or h"
        yield warned("placement/config-strategy", "", what, "write it as in 15m", side)


def _order(accelerator: str, source: Source, names: list[str], tree: Tree) -> Iterator[Finding]:
    """The order of the fleet is in the records of its clusters."""
    places = [(tree.records[name].order, name) for name in names if name in tree.records and tree.records[name].order]
    for (before, first), (after, second) in pairwise(places):
        if after < before:
            what = f"the compute config of {accelerator} tries {first} before {second}, against the fleet's order"
            side = Side(source, ("configs", names.index(first), "cloud_resource"))
            sides = (tree.records[name].side("order") for name in (first, second))
            yield failed("placement/config-order", "", what, _AGAIN, side, *sides)


def missing(cluster: RenderedCluster, tree: Tree, nodes: list[Node], found: Found) -> Iterator[Finding]:
    """Accelerators that a cluster has, which Anyscale knows, and that no work is sent to."""
    late = cluster.late_side(CLOUD_RESOURCE_ID)
    if late is None or cluster.cloud_resource is None:
        return
    reached = {node.pool.name for held in found.values() for node in held}
    having: dict[str, list[Node]] = {}
    for node in nodes:
        if is_ray(node) and node.pool.name in reached and node.pool.vm and node.pool.vm.accelerator:
            having.setdefault(node.pool.vm.accelerator, []).append(node)
    for accelerator, same in having.items():
        path = compute_config_file(accelerator)
        source = tree.compute_configs.get(accelerator)
        if source is None and path in tree.files.content:
            continue  # that it cannot be read is told by itself
        configs = entries(source.data if source else None, "configs")
        if cluster.name in (text(row, "cloud_resource") for row in configs) or not _has_room(nodes, same):
            continue
        lacks = f"the compute config of {accelerator} does not name it" if source else f"there is no {path}"
        what = f"it has {accelerator} in {', '.join(node.pool.name for node in same)}, and {lacks}: no job tries it"
        sides = [Side(source, ("configs",))] if source else []
        yield failed(
            "placement/config-cluster-missing", cluster.name, what, _AGAIN, *sides, same[0].pool.side("vmSize"), late
        )


def _has_room(nodes: list[Node], same: list[Node]) -> bool:
    """True where a node is left for workers, also if heads, which are of their architecture, find no other pool."""
    kinds = {node.pool.vm.architecture for node in same if node.pool.vm}
    heads = (node for node in nodes if is_ray(node) and not node.pool.spot and node not in same)
    other = any(node.pool.vm is None or node.pool.vm.architecture in kinds for node in heads)
    return sum(node.pool.maximum for node in same) > (0 if other else 1)
