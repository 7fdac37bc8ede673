"""Room of nodes and pods: the node's resources after AKS and the pods of every node took theirs, and the requests of
pods."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from math import floor
from typing import NamedTuple

from rayfleet.facts.blobfuse import BLOCK_CACHE, DRIVER, FILE_CACHE_PROCESS_MIB, POOL_SIZE
from rayfleet.facts.catalogue import VmSize
from rayfleet.facts.labels import GPU_RESOURCES
from rayfleet.facts.quantity import MIB, quantity
from rayfleet.facts.reservations import allocatable_cpus, allocatable_mib
from rayfleet.scheduler.anyscale_pods import Shape
from rayfleet.tree import RenderedCluster, Side, entries, get, mapping, text
from rayfleet.tree.layer import Manifest

_POOL_SIZE = re.compile(rf"{POOL_SIZE}(?:=|\s+)([0-9]{{1,9}})")
_ROUNDING = 1e-9


class Room(NamedTuple):
    """CPUs, memory in MiB and devices by resource: what a node gives, or what a pod takes."""

    cpus: float
    mib: float
    devices: Mapping[str, float] = {}

    def times(self, pod: Room) -> int:
        """The number of such pods that fit."""
        return floor(self.share(pod) + _ROUNDING)

    def remainder(self, pod: Room) -> Room:
        """The room that is left beside a pod."""
        devices = {name: has - pod.devices.get(name, 0) for name, has in self.devices.items()}
        return Room(self.cpus - pod.cpus, self.mib - pod.mib, devices)

    def share(self, pod: Room) -> float:
        """The same, before whole pods are counted."""
        return min(ratio for _, ratio in self._ratios(pod))

    def short_of(self, pod: Room) -> tuple[str, float, float]:
        """The resource that one pod is most short of, how much of it the node has, and how much the pod takes."""
        name, _ = min(self._ratios(pod), key=lambda row: row[1])
        if name in ("CPU", "memory"):
            return (name, self.cpus, pod.cpus) if name == "CPU" else (name, self.mib, pod.mib)
        return name, self.devices.get(name, 0), pod.devices[name]

    def _ratios(self, pod: Room) -> list[tuple[str, float]]:
        rows = [("CPU", self.cpus, pod.cpus), ("memory", self.mib, pod.mib)]
        rows += [(name, self.devices.get(name, 0), count) for name, count in pod.devices.items()]
        # A pod that asks for nothing fits any number of times; 1,000 is more than a node takes.
        return [(name, max(has, 0) / asked if asked > 0 else 1000.0) for name, has, asked in rows]


@lru_cache(maxsize=1024)
def allocatable(vm: VmSize, max_pods: int) -> Room:
    """The room of a node for pods of ours."""
    devices = {vm.gpu_resource: float(vm.gpus)} if vm.gpus else {}
    return Room(allocatable_cpus(vm), allocatable_mib(vm, max_pods), devices)


def shape_room(shape: Shape, beside: Mount | None) -> Room:
    """The room that a pod of a shape takes, its blob mount included. What cannot be read counts as nothing."""
    devices = {name: quantity(count) or 0.0 for name, count in shape.devices.items() if name in GPU_RESOURCES}
    mib = (quantity(shape.resources.get("memory")) or 0.0) / MIB + ((beside.mib or 0) if beside else 0)
    cpus = quantity(shape.resources.get("CPU")) or 0.0
    return Room(cpus, mib, {name: count for name, count in devices.items() if count})


# --- the blob mount beside each pod ---


class Mount(NamedTuple):
    """Memory in MiB that a mount takes outside its pod, None where its options set no bound; ``side`` has them."""

    mib: int | None
    side: Side


def mount(cluster: RenderedCluster) -> Mount | None:
    """The volume that Anyscale mounts into every Ray pod: BlobFuse2 runs a process for each, outside the pod's cgroup
    (blob-csi-driver, pkg/blob/nodeserver.go; kubernetes-sigs/blob-csi-driver issue 1847).
    """
    resource = cluster.cloud_resource
    claim = text(resource.data, "file_storage", "persistent_volume_claim") if resource else ""
    volume = _volume(cluster, claim) if claim else None
    if volume is None:
        return None
    manifest, path = volume
    options = " ".join(row for row in entries(manifest.data, *path) if isinstance(row, str))
    return Mount(_mount_mib(options), manifest.side(*path))


class _Kind(NamedTuple):
    """The paths, in one kind of manifest, of the driver, the protocol and the mount options."""

    kind: str
    driver: tuple[str, ...]
    protocol: tuple[str, ...]
    options: tuple[str, ...]


_VOLUME = _Kind(
    "PersistentVolume",
    ("spec", "csi", "driver"),
    ("spec", "csi", "volumeAttributes", "protocol"),
    ("spec", "mountOptions"),
)
_CLASS = _Kind("StorageClass", ("provisioner",), ("parameters", "protocol"), ("mountOptions",))


def _volume(cluster: RenderedCluster, claim: str) -> tuple[Manifest, tuple[str, ...]] | None:
    """The manifest with the mount options of a claim, and their path: its volume, or else its class. None where no
    BlobFuse2 mounts it."""
    claims = (row for row in cluster.of_kind("PersistentVolumeClaim") if row.name == claim)
    spec = next((mapping(row.data, "spec") for row in claims), {})
    name = text(spec, "volumeName")
    kind, name = (_VOLUME, name) if name else (_CLASS, text(spec, "storageClassName"))
    for row in cluster.of_kind(kind.kind):
        blob = get(row.data, *kind.driver) == DRIVER and get(row.data, *kind.protocol) != "nfs"
        if row.name == name and blob:
            return row, kind.options
    return None


def _mount_mib(options: str) -> int | None:
    if BLOCK_CACHE not in options.split():
        return FILE_CACHE_PROCESS_MIB
    size = _POOL_SIZE.search(options)
    return int(size[1]) if size else None
