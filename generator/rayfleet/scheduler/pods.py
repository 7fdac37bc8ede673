"""Pods that rendered files define: in manifests, and in the values of the charts that are rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.facts import charts
from rayfleet.facts.charts.chart import DevicePlugin
from rayfleet.facts.quantity import MIB, quantity
from rayfleet.scheduler.fits import Pod, pod_of
from rayfleet.scheduler.helm_values import coalesce
from rayfleet.scheduler.room import Room
from rayfleet.source import Path
from rayfleet.tree import RenderedCluster, Side, entries, get, mapping, text
from rayfleet.tree.helm_release import Release
from rayfleet.tree.layer import Manifest
from rayfleet.tree.memo import once

# What a chart's values say of a pod, in a pod's own words.
_WORDS = ("nodeSelector", "affinity", "tolerations")
# Manifests in which the key means something else.
_PODLESS = ("ConfigMap", "CustomResourceDefinition", "HelmRelease", "Kustomization", "Secret")


class DefinedPod(NamedTuple):
    """A pod that rendered files define. ``everywhere``: one for each node, of a DaemonSet."""

    name: str
    pod: Pod
    takes: Room
    side: Side
    everywhere: bool = False


class WrittenPod(NamedTuple):
    """The ``spec`` of a pod as a manifest has it, at ``path``."""

    manifest: Manifest
    path: Path
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.manifest.kind} {self.manifest.name}"

    @property
    def labels(self) -> dict[str, Any]:
        """The labels of the pod itself, which stand beside its spec."""
        return mapping(self.manifest.data, *self.path[:-1], "metadata", "labels")

    def side(self, *path: str | int) -> Side:
        """A value of the pod's spec, where it was written."""
        return self.manifest.side(*self.path, *path)


@once
def written_pods(cluster: RenderedCluster) -> tuple[WrittenPod, ...]:
    """The pods of its manifests: whatever has containers, in whatever kind."""
    return tuple(
        WrittenPod(manifest, path, spec)
        for manifest in cluster.manifests
        if manifest.kind not in _PODLESS
        for path, spec in _specs(manifest.data, ())
    )


@once
def of_manifests(cluster: RenderedCluster) -> tuple[DefinedPod, ...]:
    """The pods of its manifests as the scheduler sees them."""
    found = []
    for row in written_pods(cluster):
        takes = requests(row.spec)
        everywhere = row.manifest.kind == "DaemonSet"
        found.append(DefinedPod(row.name, pod_of(row.spec, takes.devices), takes, row.side(), everywhere))
    return (*found, *_made_by_charts(cluster))


def _made_by_charts(cluster: RenderedCluster) -> Iterator[DefinedPod]:
    """The pods that the controllers of charts make by manifests of their own kinds."""
    for row in (row for chart in charts.TABLE for row in chart.manifest_pods):
        for manifest in cluster.of_kind(row.kind, row.group):
            pod = pod_of(coalesce(mapping(manifest.data, *row.path), {}))
            container = coalesce(mapping(manifest.data, *row.container), {"resources": {"requests": row.requests}})
            yield DefinedPod(row.name, pod, _room(container), manifest.side(*row.path))


def _specs(data: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Path, dict[str, Any]]]:
    if isinstance(data, dict):
        if any(isinstance(row, dict) and "name" in row for row in entries(data, "containers")):
            yield path, data
            return
        for key, value in data.items():
            if isinstance(value, dict | list):
                yield from _specs(value, (*path, key))
    else:
        for index, value in enumerate(data):
            if isinstance(value, dict | list):
                yield from _specs(value, (*path, index))


def of_controllers(cluster: RenderedCluster) -> Iterator[tuple[DefinedPod, Release]]:
    """The controllers of its releases, with their jobs."""
    for chart in charts.TABLE:
        release = cluster.releases.get(chart.name)
        for row in chart.pods if release else ():
            values = mapping(release.values, *row.path) if release else {}
            if release and get(values, "enabled") is not False:
                pod, takes = pod_of(_pod_values(values, row.beneath)), _requests_of(values, row.containers)
                yield DefinedPod(row.name, pod, takes, release.side(*row.path)), release


def of_device_plugin(release: Release, plugin: DevicePlugin) -> Pod:
    """The pod of a device plugin."""
    return pod_of(_pod_values(mapping(release.values, *plugin.pod.path), plugin.pod.beneath))


def _pod_values(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return coalesce({word: values[word] for word in _WORDS if word in values}, defaults)


def _requests_of(values: Mapping[str, Any], containers: Mapping[str, Any]) -> Room:
    own = coalesce(values, containers)
    return _sum(_room(own.get(name)) for name in containers)


# --- requests ---


def requests(spec: Mapping[str, Any]) -> Room:
    """The requests of a pod: its containers and sidecars together, or the largest of what runs before them, each beside
    the sidecars that stand before it (Kubernetes docs, sidecar-containers: resource sharing within containers)."""
    sidecars, before = Room(0, 0), list[Room]()
    for row in entries(spec, "initContainers"):
        if text(row, "restartPolicy") == "Always":
            sidecars = _sum((sidecars, _room(row)))
        else:
            before.append(_sum((sidecars, _room(row))))
    together = _sum((sidecars, *map(_room, entries(spec, "containers"))))
    return Room(
        max([together.cpus, *(row.cpus for row in before)]),
        max([together.mib, *(row.mib for row in before)]),
        _most([together, *before]),
    )


def _room(container: Any) -> Room:
    """A container's requests; its limits where it says none."""
    limits, wanted = mapping(container, "resources", "limits"), mapping(container, "resources", "requests")
    asked = {**limits, **wanted}
    devices = {str(key): quantity(value) or 0.0 for key, value in asked.items() if "/" in str(key)}
    taken = {key: count for key, count in devices.items() if count > 0}
    return Room(quantity(asked.get("cpu")) or 0.0, (quantity(asked.get("memory")) or 0.0) / MIB, taken)


def _sum(rooms: Iterable[Room]) -> Room:
    cpus, mib, devices = 0.0, 0.0, dict[str, float]()
    for room in rooms:
        cpus, mib = cpus + room.cpus, mib + room.mib
        for name, count in room.devices.items():
            devices[name] = devices.get(name, 0.0) + count
    return Room(cpus, mib, devices)


def _most(rooms: list[Room]) -> dict[str, float]:
    names = {name for room in rooms for name in room.devices}
    return {name: max(room.devices.get(name, 0.0) for room in rooms) for name in sorted(names)}
