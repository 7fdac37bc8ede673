"""Shape: what every pod asks for fits the nodes that take it, after AKS's reservations, and strands no GPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rayfleet.facts.labels import GPU_RESOURCES, NVIDIA_GPU
from rayfleet.facts.quantity import quantity
from rayfleet.proofs.finding import Finding, failed, noted, pending, proved, warned
from rayfleet.proofs.kubernetes.placement import nodes_of, operator_pods_of
from rayfleet.proofs.run import Run
from rayfleet.scheduler.anyscale_pods import MARKETS, OperatorPods, Shape
from rayfleet.scheduler.fits import obstacles
from rayfleet.scheduler.nodes import Node
from rayfleet.scheduler.pods import of_controllers, of_manifests
from rayfleet.scheduler.room import Mount, Room, allocatable, mount, shape_room
from rayfleet.tree import RenderedCluster, Side
from rayfleet.tree.helm_release import Release


class _NodeFit(NamedTuple):
    """A pool that takes a pod: what a node of it has, and how often the pod fits one."""

    node: Node
    room: Room
    times: int

    @property
    def name(self) -> str:
        return self.node.pool.name

    @property
    def side(self) -> Side:
        return self.node.pool.side("vmSize")


class _Subject(NamedTuple):
    """A shape of a cluster, what its pods take of a node, and the pools that take them by market type."""

    cluster: str
    release: Release
    shape: Shape
    beside: Mount | None
    takes: Room
    fits: dict[str, list[_NodeFit]]

    @property
    def pools(self) -> list[_NodeFit]:
        """The pools that take it on any market type, each once."""
        return list({fit.name: fit for fits in self.fits.values() for fit in fits}.values())

    def side(self, *path: str) -> Side:
        """The place of a value of the shape."""
        return self.release.side(*self.shape.path, *path)


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """The shapes of one cluster, and the pods of its manifests."""
    nodes = nodes_of(cluster)
    yield from _unknown_sizes(cluster, nodes)
    yield from _other_pods(cluster, nodes)
    ours, operator = operator_pods_of(cluster), cluster.operator
    if ours is None or operator is None:
        yield pending("shape/too-large", cluster.name, "whether shapes fit waits for the operator's values")
        return
    beside = mount(cluster)
    if beside and beside.mib is None:
        what = "the blob mount sets no bound to its block cache: what it takes beside each pod was not counted"
        yield noted("shape/mount-uncounted", cluster.name, what, beside.side)
    judged = []
    for shape in ours.shapes:
        subject = _subject(cluster.name, operator, ours, shape, beside, nodes)
        wrong = list(_malformed_quantities(subject))
        yield from wrong
        if not wrong and subject.pools:
            judged.append(subject)
            yield from _fits(subject)
    yield from _market_differences(judged)
    yield from _idle_pools(judged)


def _subject(
    cluster: str, release: Release, ours: OperatorPods, shape: Shape, beside: Mount | None, nodes: list[Node]
) -> _Subject:
    wants = shape_room(shape, beside)
    fits: dict[str, dict[str, _NodeFit]] = {market: {} for market in MARKETS}
    for ask in ours.asks:
        for market, pod in ask.pods.items() if shape in ask.shapes else ():
            for node in nodes:
                if node.pool.vm and node.pool.name not in fits[market] and not obstacles(pod, node):
                    room = allocatable(node.pool.vm, node.pool.max_pods)
                    fits[market][node.pool.name] = _NodeFit(node, room, room.times(wants))
    return _Subject(
        cluster, release, shape, beside, wants, {market: list(row.values()) for market, row in fits.items()}
    )


# --- what a shape asks for ---


def _malformed_quantities(subject: _Subject) -> Iterator[Finding]:
    """Quantities that Kubernetes or the operator cannot take: CPUs are whole (anyscale-operator 1.8.0, values.yaml),
    and so are devices (Kubernetes docs, extended resources).
    """
    cluster, shape, resources = subject.cluster, subject.shape, subject.shape.resources
    cpus, memory = quantity(resources.get("CPU")), quantity(resources.get("memory"))
    if cpus is None or cpus < 1 or cpus % 1:
        what = f"{shape.name} asks for {_value_text(resources.get('CPU'))} CPUs, and the operator takes whole ones"
        yield failed(
            "shape/malformed", cluster, what, "ask for 1 or more, as a whole number", subject.side("resources", "CPU")
        )
    if memory is None or memory < 1:
        what = f"{shape.name} asks for {_value_text(resources.get('memory'))} of memory, which Kubernetes cannot read"
        yield failed("shape/malformed", cluster, what, "write it as 8Gi", subject.side("resources", "memory"))
    for name, written in shape.devices.items():
        count = quantity(written)
        if count is None or count < 0 or count % 1:
            what = f"{shape.name} asks for {_value_text(written)} of {name}, and devices are whole"
            yield failed(
                "shape/malformed", cluster, what, "ask for a whole number", subject.side("resources", _key(shape, name))
            )
    gpus = sum(quantity(count) or 0 for name, count in shape.devices.items() if name in GPU_RESOURCES)
    if shape.accelerators and not gpus:
        what = f"{shape.name} names {shape.accelerators[0]} and asks for no GPU"
        yield failed(
            "shape/accelerator-without-gpu",
            cluster,
            what,
            "ask for GPUs, or name no accelerator",
            subject.side("resources", "accelerators"),
        )
    if gpus and not shape.accelerators:
        what = f"{shape.name} asks for GPUs and names no accelerator, by which its pods tolerate pools with GPUs"
        yield failed("shape/gpu-without-accelerator", cluster, what, "name the accelerator", subject.side("resources"))


def _key(shape: Shape, name: str) -> str:
    """A resource as the shape writes it."""
    return "GPU" if name == NVIDIA_GPU and "GPU" in shape.resources else name


# --- whether it fits ---


def _fits(subject: _Subject) -> Iterator[Finding]:
    """A witness, or the GPUs that are left over on a node full of the shape, or what the largest node lacks."""
    held = [fit for fit in subject.pools if fit.times]
    if not held:
        yield _no_room(subject)
        return
    said = []
    for fit in held:
        left = {name: fit.room.devices[name] - count * fit.times for name, count in subject.takes.devices.items()}
        for name, count in left.items():
            if count:
                strands = f"strands {count:g} of {fit.room.devices[name]:g} GPUs"
                what = f"{subject.shape.name} fits {fit.name} {_times(fit.times)}, and {strands}"
                fix = "ask for a number of GPUs that divides a node's, and for their part of its CPUs and memory"
                yield warned("shape/stranded", subject.cluster, what, fix, subject.side("resources"), fit.side)
        stranded = "".join(f": {count:g} of {fit.room.devices[name]:g} GPUs stranded" for name, count in left.items())
        said.append(f"{fit.name} {_times(fit.times)}{stranded}")
    what = f"{subject.shape.name} fits {', '.join(said)}"
    yield proved("shape/too-large", subject.cluster, what, subject.side(), *(fit.side for fit in held))


def _no_room(subject: _Subject) -> Finding:
    fit = _largest(subject.pools, subject.takes)
    name, has, wants = fit.room.short_of(subject.takes)
    sides = [subject.side("resources", _key(subject.shape, name)), fit.side]
    if name == "memory" and subject.beside and subject.beside.mib:
        sides.append(subject.beside.side)
        name = "memory with its blob mount"
    what = f"{subject.shape.name} fits no pool that takes it: {_shortage_text(fit.name, name, has, wants)}"
    return failed("shape/too-large", subject.cluster, what, "ask for less, or use a larger size", *sides)


def _market_differences(subjects: list[_Subject]) -> Iterator[Finding]:
    """Shapes that fit pools of one market type, and on the other only find pools that are too small for them."""
    found: dict[tuple[str, str], list[_Subject]] = {}
    for subject in subjects:
        for market, fits in subject.fits.items():
            if fits and not any(fit.times for fit in fits) and any(fit.times for fit in subject.pools):
                found.setdefault((market, _largest(fits, subject.takes).name), []).append(subject)
    for (market, name), rows in found.items():
        first = rows[0]
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        what = f"{first.shape.name}{more} {MARKETS[market]} would need a larger pool than {name}"
        sides = [fit.side for fit in first.fits[market] if fit.name == name]
        yield noted("shape/needs-larger-pool", first.cluster, what, first.side(), *sides)


def _idle_pools(subjects: list[_Subject]) -> Iterator[Finding]:
    """Pools whose nodes no shape fits that they take, though other pools hold each."""
    taken: dict[str, list[tuple[_Subject, _NodeFit]]] = {}
    for subject in subjects:
        for fit in subject.pools:
            taken.setdefault(fit.name, []).append((subject, fit))
    for name, rows in taken.items():
        if any(fit.times or not any(other.times for other in subject.pools) for subject, fit in rows):
            continue
        subject, fit = max(rows, key=lambda row: row[1].room.share(row[0].takes))
        lacks = _shortage_text(name, *fit.room.short_of(subject.takes))
        what = f"no shape fits {name}: nearest is {subject.shape.name}: {lacks}"
        yield failed(
            "shape/pool-too-small", subject.cluster, what, "make a shape for its nodes", fit.side, subject.side()
        )


def _largest(fits: list[_NodeFit], wants: Room) -> _NodeFit:
    """The pool that comes nearest to holding what is wanted."""
    return max(fits, key=lambda fit: fit.room.share(wants))


# --- other pods ---


def _other_pods(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """Requests of controllers, and of the pods in manifests."""
    for row in (*(row for row, _ in of_controllers(cluster)), *of_manifests(cluster)):
        takers = [node for node in nodes if not obstacles(row.pod, node)]
        rooms = [(node, allocatable(node.pool.vm, node.pool.max_pods)) for node in takers if node.pool.vm]
        fits = [_NodeFit(node, room, room.times(row.takes)) for node, room in rooms]
        if not fits or not any((row.takes.cpus, row.takes.mib, row.takes.devices)):
            continue
        held = [fit for fit in fits if fit.times]
        if held:
            what = f"{row.name} fits {', '.join(fit.name for fit in held)}"
            yield proved("shape/pod-too-large", cluster.name, what, row.side, *(fit.side for fit in held))
            continue
        fit = _largest(fits, row.takes)
        what = f"{row.name} fits no pool that takes it: {_shortage_text(fit.name, *fit.room.short_of(row.takes))}"
        yield failed(
            "shape/pod-too-large", cluster.name, what, "ask for less, or use a larger size", row.side, fit.side
        )


def _unknown_sizes(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    for node in nodes:
        if node.pool.vm is None:
            size = node.pool.vm_size or "(none)"
            what = f"the catalogue has no VM size {size}, which {node.pool.name} is of: what fits it was not checked"
            yield warned(
                "shape/unknown-size", cluster.name, what, "add it to vmSizes of fleet.yaml", node.pool.side("vmSize")
            )


# --- words ---


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _shortage_text(pool: str, name: str, has: float, wants: float) -> str:
    """``it takes 96 CPUs, and a node of cpu has 15.2``."""
    if name.startswith("memory"):
        return f"it takes {wants / 1024:.1f} GiB of {name}, and a node of {pool} has {has / 1024:.1f}"
    what = "CPUs" if name == "CPU" else f"of {name}"
    return f"it takes {wants:.4g} {what}, and a node of {pool} has {has:.4g}"


def _value_text(value: object) -> str:
    return "none" if value is None else str(value)
