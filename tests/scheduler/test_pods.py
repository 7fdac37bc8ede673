"""Pods: what they take of a node, and where rendered files define them."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.scheduler.pods import of_controllers, of_manifests, requests
from rayfleet.scheduler.room import Room
from tests.testing.broken_trees import Edit, broken, rendered, tree


def _container(cpu: Any = None, memory: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": "a", "resources": {"requests": {"cpu": cpu, "memory": memory}}, **more}


@pytest.mark.parametrize(
    ("spec", "room"),
    [
        ({"containers": [_container(1, "1Gi"), _container("500m", "512Mi")]}, Room(1.5, 1536)),
        ({"containers": [{"name": "a", "resources": {"limits": {"cpu": 2, "memory": "1Gi"}}}]}, Room(2, 1024)),
        (
            {"containers": [{"name": "a", "resources": {"limits": {"cpu": 2}, "requests": {"cpu": 1}}}]},
            Room(1, 0),
        ),
        ({"containers": [_container(1, "1Gi")], "initContainers": [_container(3, "512Mi")]}, Room(3, 1024)),
        ({"containers": [_container(1)], "initContainers": [_container(3, restartPolicy="Always")]}, Room(4, 0)),
        ({"containers": [_container(2)], "initContainers": [_container(1), _container(1)]}, Room(2, 0)),
        # One that comes after a sidecar runs beside it.
        (
            {"containers": [_container(1)], "initContainers": [_container(2, restartPolicy="Always"), _container(4)]},
            Room(6, 0),
        ),
        (
            {"containers": [_container(1)], "initContainers": [_container(4), _container(2, restartPolicy="Always")]},
            Room(4, 0),
        ),
        ({"containers": [_container("many", "1GB"), None]}, Room(0, 0)),
        ({}, Room(0, 0)),
    ],
)
def test_requests(spec: dict[str, Any], room: Room) -> None:
    assert requests(spec) == room._replace(devices={})


def test_devices_add_up_and_the_largest_counts() -> None:
    gpu = {"name": "a", "resources": {"limits": {"nvidia.com/gpu": 1, "example.com/nic": 0}}}
    first = {"name": "a", "resources": {"limits": {"nvidia.com/gpu": 4, "example.com/disk": 2}}}
    found = requests({"containers": [gpu, gpu], "initContainers": [first]})
    assert found.devices == {"nvidia.com/gpu": 4.0, "example.com/disk": 2.0}
    assert requests({"containers": [gpu, gpu]}).devices == {"nvidia.com/gpu": 2.0}


WORKLOADS = "clusters/aks-eastus/workloads/kustomization.yaml"
MORE = "clusters/aks-eastus/workloads/more.yaml"


def _manifest(text: str) -> list[tuple[str, tuple[str | int, ...]]]:
    listed = '  - "gateway.yaml"\n'
    files = broken((Edit(WORKLOADS, listed, f'{listed}  - "more.yaml"\n'), Edit(MORE, "", text)))
    (cluster, *_) = rendered(files).clusters()
    return [(row.name, tuple(row.side.path)) for row in of_manifests(cluster)]


def test_pods_are_found_in_any_kind() -> None:
    assert _manifest("{kind: Pod, metadata: {name: a}, spec: {containers: [{name: b}]}}") == [("Pod a", ("spec",))]
    groups = "[{template: {spec: {containers: [{name: b}]}}}, {template: {spec: {containers: [{name: b}]}}}]"
    assert _manifest(f"{{kind: RayCluster, metadata: {{name: a}}, spec: {{workerGroupSpecs: {groups}}}}}") == [
        ("RayCluster a", ("spec", "workerGroupSpecs", index, "template", "spec")) for index in (0, 1)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{kind: HelmRelease, metadata: {name: a}, spec: {values: {containers: [{name: b}]}}}",
        "{kind: ConfigMap, metadata: {name: a}, data: {containers: [{name: b}]}}",
        "{kind: Other, metadata: {name: a}, spec: {containers: [b]}}",
        "{kind: Other, metadata: {name: a}, spec: {containers: {name: b}}}",
    ],
)
def test_what_is_no_pod(text: str) -> None:
    assert _manifest(text) == []


def test_controllers_of_charts_take_what_their_charts_say() -> None:
    clusters = {cluster.name: cluster for cluster in rendered(tree("every-choice"), "every-choice").clusters()}
    found = {row.name: row.takes for row, _ in of_controllers(clusters["envoy"])}
    assert found == {
        "Anyscale's operator": Room(1.1, 1024),
        "Envoy Gateway": Room(0, 0),
        "Envoy Gateway's certificate job": Room(0, 0),
    }
