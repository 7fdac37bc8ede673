"""Placement of Ray pods: every shape finds pools, and only pools meant for it; every Ray pool is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from rayfleet.facts.labels import ARCHITECTURE, CAPACITY_TYPE
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.scheduler.anyscale_pods import MARKETS, Ask, OperatorPods, Shape
from rayfleet.scheduler.fits import Obstacle, Pod, needs_unknown_label, obstacles, start_obstacle
from rayfleet.scheduler.nodes import Node
from rayfleet.tree import Side
from rayfleet.tree.helm_release import Release

# Accelerators with a name that does not tell their memory (Ray, python/ray/util/accelerators/accelerators.py).
_GENERIC = {"A100-40G": "A100", "A100-80G": "A100"}

#: Whether a node of the pool is large enough for a shape.
Holds = Callable[[Shape, Node], bool]
#: The pools of shapes, by name and market type; none where those that take the shape are too small.
Found = dict[tuple[str, str], list[Node]]


class Attempt(NamedTuple):
    """A pod against a pool: what keeps it off."""

    ask: Ask
    market: str
    node: Node
    why: tuple[Obstacle, ...]

    @property
    def pod(self) -> Pod:
        return self.ask.pods[self.market]


def is_ray(node: Node) -> bool:
    """True where the pool is for Ray pods."""
    return CAPACITY_TYPE in node.pool.labels


def is_gpu(node: Node) -> bool:
    """True where its nodes have GPUs."""
    return node.pool.vm is not None and node.pool.vm.gpus > 0


def attempts(asked: OperatorPods, nodes: list[Node]) -> list[Attempt]:
    """Every pod against every pool."""
    return [
        Attempt(ask, market, node, obstacles(pod, node))
        for ask in asked.asks
        for market, pod in ask.pods.items()
        for node in nodes
    ]


def matching_pools(tried: Iterable[Attempt], holds: Holds) -> Found:
    """The pools that take shapes, and hold them."""
    found: Found = {}
    for row in tried:
        for shape in row.ask.shapes if not row.why else ():
            nodes = found.setdefault((shape.name, row.market), [])
            if row.node not in nodes and holds(shape, row.node):
                nodes.append(row.node)
    return found


def claims(
    cluster: str, release: Release, asked: OperatorPods, tried: list[Attempt], found: Found
) -> Iterator[Finding]:
    """All of them; ``cluster`` is the subject."""
    if not asked.shapes:
        what = "its values have no shape: nothing can be asked of it"
        fix = "add instance types, or let the chart's own stand"
        yield failed("placement/no-shape", cluster, what, fix, release.side("workloads", "instanceTypes"))
    for path, what in asked.refused:
        yield failed("placement/no-list", cluster, what, "write a list", release.side(*path))
    for path, what in asked.ignored:
        yield warned(
            "placement/value-ignored", cluster, what, "change the value where the chart has it", release.side(*path)
        )
    for path, what in asked.unread:
        yield noted("placement/patch-not-followed", cluster, f"a patch was not followed: {what}", release.side(*path))
    blamed: set[str] = set()
    for ask in asked.asks:
        own = [row for row in tried if row.ask is ask]
        if all(row.why for row in own):
            nearest = _nearest_attempt(own)
            if nearest and _offers(nearest.node, ask):
                blamed.add(nearest.node.pool.name)
            yield _no_pool(cluster, release, ask, nearest)
        else:
            yield from _placements(cluster, release, ask, found)
            yield from _wrong_pools(cluster, release, ask, own)
            yield from _pools_without_nodes(cluster, release, own)
    yield from _market_gaps(cluster, release, asked, tried)
    yield from _unreached_pools(cluster, release, tried, blamed)


# --- every shape finds a pool ---


def _placements(cluster: str, release: Release, ask: Ask, found: Found) -> Iterator[Finding]:
    for market, words in MARKETS.items():
        for shape in ask.shapes:
            nodes = found.get((shape.name, market))
            if nodes:
                what = f"{shape.name} {words} finds {_pool_names(nodes)}"
                yield proved(
                    "placement/no-pool", cluster, what, release.side(*shape.path), *(node.pool.side() for node in nodes)
                )


def _no_pool(cluster: str, release: Release, ask: Ask, nearest: Attempt | None) -> Finding:
    what = f"{_shape_names(ask.shapes)} {_verb(ask.shapes)} no pool"
    side = release.side(*ask.shapes[0].path)
    if nearest is None:
        return failed("placement/no-pool", cluster, f"{what}: there is none", "give the cluster a pool", side)
    why = nearest.why[0]
    what = f"{what}: nearest is {nearest.node.pool.name}, {MARKETS[nearest.market]}: {why.what}"
    sides = (side, nearest.node.pool.side(*why.place), *_origin(release, nearest, why))
    return failed("placement/no-pool", cluster, what, why.fix(nearest.node.pool.name), *sides)


def _nearest_attempt(own: Iterable[Attempt]) -> Attempt | None:
    """The attempt that fails by least; among pools that offer what is asked for, where there are any."""
    return min(own, key=_distance, default=None)


def _distance(row: Attempt) -> tuple[bool, bool, int]:
    return not _offers(row.node, row.ask), not _is_on_market(row.node, row.market), len(row.why)


def _origin(release: Release, tried: Attempt, why: Obstacle) -> Iterator[Side]:
    """The place in the values that makes the pod look for a label."""
    origin = tried.ask.origins[tried.market].get(why.label)
    if origin:
        yield release.side(*origin)


def _market_gaps(cluster: str, release: Release, asks: OperatorPods, tried: list[Attempt]) -> Iterator[Finding]:
    """Market types on which shapes find nothing: a choice, where no pool offers it or its pools are for others."""
    gaps: dict[tuple[str, str, str], list[Attempt]] = {}
    reached = {row.node.pool.name for row in tried if not row.why}
    for ask in asks.asks:
        own = [row for row in tried if row.ask is ask]
        for market in MARKETS if not all(row.why for row in own) else ():
            rows = [row for row in own if row.market == market]
            if rows and all(row.why for row in rows):
                offer = _nearest_attempt(
                    row for row in rows if _offers(row.node, ask) and _is_on_market(row.node, market)
                )
                row, name = offer or rows[0], offer.node.pool.name if offer else ""
                if not name or name in reached:  # what nothing reaches is told of once
                    gaps.setdefault((ask.accelerator, market, name), []).append(row)
    for (accelerator, market, pool), rows in gaps.items():
        shapes = [shape for row in rows for shape in row.ask.shapes]
        side = release.side(*shapes[0].path)
        if pool:
            what = f"{_shape_names(shapes)} cannot use {pool} {MARKETS[market]}: {rows[0].why[0].what}"
            yield noted("placement/cannot-use-pool", cluster, what, side, rows[0].node.pool.side(*rows[0].why[0].place))
        else:
            asked_for = accelerator or ", ".join(sorted(rows[0].pod.devices))
            lacking = f"no pool has {asked_for}" if asked_for else "Ray has no pool without GPUs"
            runs = f"{_shape_names(shapes)} {'runs' if len(shapes) == 1 else 'run'}"
            what = f"{lacking} {MARKETS[market]}: {runs} {MARKETS[_other_market(market)]} only"
            yield noted("placement/one-market", cluster, what, side)


# --- and only pools meant for it ---


def _wrong_pools(cluster: str, release: Release, ask: Ask, own: list[Attempt]) -> Iterator[Finding]:
    seen = set()
    for row in own:
        wrong = None if row.why or needs_unknown_label(row.pod, row.node) else _mismatch(row.node, ask, row.market)
        if wrong and row.node.pool.name not in seen:
            seen.add(row.node.pool.name)
            what, fix, place = wrong
            said = f"{_shape_names(ask.shapes)} may land on {row.node.pool.name}, {what}"
            yield failed(
                "placement/wrong-pool", cluster, said, fix, release.side(*ask.shapes[0].path), row.node.pool.side(place)
            )


def _mismatch(node: Node, ask: Ask, market: str) -> tuple[str, str, str] | None:
    """The reason why a pool that takes the shape is not meant for it, the fix, and the key of the pool that says so."""
    pool, vm = node.pool, node.pool.vm
    pin = "pin Ray pods to the label of Ray pools with a patch of their nodeSelector, or taint the pool"
    if pool.system:
        return "a system pool: nothing keeps them apart", pin, "nodeTaints"
    if not is_ray(node):
        return "which is not for Ray: nothing keeps them apart", pin, "nodeLabels"
    if not ask.gpu and is_gpu(node):
        return "and leave its GPUs idle", "taint the pool, as every pool with GPUs is", "nodeTaints"
    if vm and not _offers(node, ask):
        has = f"which has {vm.accelerator or 'no GPUs'}, not {ask.accelerator or 'what they ask for'}"
        return has, "give each accelerator a label value of its own, and its pods the selector", "nodeLabels"
    if vm and {shape.architecture for shape in ask.shapes} != {vm.architecture}:
        image = ask.shapes[0].architecture
        fix = f"say cpuArchitecture: {vm.architecture}, or select {ARCHITECTURE}: {image}"
        return f"which is {vm.architecture}, with an image for {image}", fix, "vmSize"
    if not _is_on_market(node, market):
        return (
            f"which is not {MARKETS[market]}, as asked for",
            "keep the chart's patches for market types",
            "nodeTaints",
        )
    return None


def _offers(node: Node, ask: Ask) -> bool:
    """True where the pool is of the kind that the shapes ask for."""
    vm = node.pool.vm
    if not ask.gpu or vm is None:
        return is_ray(node) and is_gpu(node) == ask.gpu
    if not ask.accelerator:
        return vm.gpus > 0 and vm.gpu_resource in ask.pods["SPOT"].devices
    return vm.gpus > 0 and ask.accelerator in (vm.accelerator, _GENERIC.get(vm.accelerator))


def _is_on_market(node: Node, market: str) -> bool:
    return node.pool.spot == (market == "SPOT")


def _other_market(market: str) -> str:
    return next(other for other in MARKETS if other != market)


# --- from zero ---


def _pools_without_nodes(cluster: str, release: Release, own: list[Attempt]) -> Iterator[Finding]:
    seen = set()
    for row in own:
        why = start_obstacle(row.pod, row.node) if not row.why and _offers(row.node, row.ask) else None
        name = row.node.pool.name
        if why and name not in seen:
            seen.add(name)
            what = f"{_shape_names(row.ask.shapes)} cannot start {name} from zero nodes: {why.what} until it has a node"
            fix = f"put the label into nodeLabels of {name}, or select by one that is there"
            sides = (release.side(*row.ask.shapes[0].path), row.node.pool.side(*why.place))
            yield failed("placement/from-zero", cluster, what, fix, *sides, *_origin(release, row, why))


# --- every Ray pool is found ---


def _unreached_pools(cluster: str, release: Release, tried: list[Attempt], blamed: set[str]) -> Iterator[Finding]:
    by_pool: dict[str, list[Attempt]] = {}
    for row in tried:
        if is_ray(row.node):
            by_pool.setdefault(row.node.pool.name, []).append(row)
    for name, rows in by_pool.items():
        if name in blamed or not all(row.why for row in rows):
            continue
        nearest = min(rows, key=_distance)
        why = nearest.why[0]
        what = f"no shape reaches {name}: nearest is {nearest.ask.shapes[0].name} {MARKETS[nearest.market]}: {why.what}"
        sides = (nearest.node.pool.side(*why.place), release.side(*nearest.ask.shapes[0].path))
        yield failed("placement/pool-unreached", cluster, what, f"make a shape for {name}, or remove the pool", *sides)


# --- words ---


def _shape_names(shapes: Iterable[Shape]) -> str:
    """``3CPU-11GB and 2 more``."""
    names = list(dict.fromkeys(shape.name for shape in shapes))
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _verb(shapes: tuple[Shape, ...]) -> str:
    return "finds" if len(shapes) == 1 else "find"


def _pool_names(nodes: Iterable[Node]) -> str:
    return ", ".join(node.pool.name for node in nodes)
