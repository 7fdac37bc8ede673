"""Anyscale instance types: the pod shapes that users ask for, cut from what a node really has to give.

A shape takes a whole node or an even part of it, so that parts fill the node without stranding a GPU.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import floor

from rayfleet.facts.catalogue import VmSize
from rayfleet.facts.reservations import allocatable_cpus, allocatable_mib
from rayfleet.model.node_pool import NodePool, Taint


@dataclass(frozen=True, slots=True)
class InstanceType:
    """One shape. Whole CPUs and GiB, as Anyscale wants them; ``pools`` are the pools whose nodes it fits."""

    cpus: int
    memory_gib: int
    gpus: int
    vm: VmSize
    whole_node: bool
    pools: tuple[NodePool, ...]

    @property
    def name(self) -> str:
        """``94CPU-827GB-8xA100-40G``: the manner of the chart's own names, in which Arm shows its architecture."""
        name = f"{self.cpus}CPU-{self.memory_gib}GB"
        name += "-arm64" if self.vm.architecture == "arm64" else ""
        return f"{name}-{self.gpus}x{self.vm.accelerator}" if self.gpus else name

    @property
    def resources(self) -> dict[str, object]:
        """The shape as the operator's instance type schema has it. Anyscale's ``GPU`` means NVIDIA's."""
        resources: dict[str, object] = {"CPU": self.cpus, "memory": f"{self.memory_gib}Gi"}
        if self.gpus:
            resources["GPU" if self.vm.gpu_vendor == "nvidia" else self.vm.gpu_resource] = self.gpus
            resources["accelerators"] = [self.vm.accelerator]
        return resources

    @property
    def tolerations(self) -> tuple[Taint, ...]:
        """Taints of the fleet's own on the pools it fits; the operator tolerates the published ones by itself."""
        return tuple(sorted({taint for pool in self.pools for taint in pool.own_taints}, key=str))


def instance_types(pools: Iterable[NodePool], mount_mib: int) -> list[InstanceType]:
    """The shapes that the Ray pools can run, largest last, each name once.

    ``mount_mib`` is the memory that a pod's blob mount takes beside the pod: BlobFuse2 runs outside its cgroup.
    """
    by_size: dict[VmSize, list[NodePool]] = {}
    for pool in pools:
        if pool.ray:
            by_size.setdefault(pool.vm, []).append(pool)
    shapes: dict[str, InstanceType] = {}
    for vm, same in by_size.items():
        room_mib = min(allocatable_mib(vm, pool.max_pods) for pool in same)
        for shape in _shapes(vm, room_mib, mount_mib, tuple(same)):
            known = shapes.get(shape.name)
            shapes[shape.name] = replace(known, pools=known.pools + shape.pools) if known else shape
    return sorted(shapes.values(), key=lambda shape: (shape.gpus > 0, shape.vm.accelerator, shape.gpus, shape.cpus))


def _shapes(vm: VmSize, room_mib: float, mount_mib: int, pools: tuple[NodePool, ...]) -> Iterator[InstanceType]:
    room_cpus = allocatable_cpus(vm)
    for parts in _parts(vm, floor(room_cpus)):
        cpus, memory_gib = floor(room_cpus / parts), floor((room_mib / parts - mount_mib) / 1024)
        if cpus >= 1 and memory_gib >= 1:
            yield InstanceType(cpus, memory_gib, vm.gpus // parts, vm, parts == 1, pools)


def _parts(vm: VmSize, cpus: int) -> list[int]:
    """Into how many equal pods a node is cut: by GPUs where it has them, else by halves down to 2 CPUs."""
    powers = [1 << exponent for exponent in range(8)]
    if vm.gpus:
        return [parts for parts in powers if vm.gpus % parts == 0]
    return [parts for parts in powers if parts == 1 or cpus // parts >= 2]
