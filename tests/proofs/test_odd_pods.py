"""Rendered files may be edited into anything: placement and shape say what they can, and never break."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.source import read, read_json
from tests.testing.broken_trees import check, tree
from tests.testing.extent import sampled, some
from tests.testing.garbage import garbled, paths

JUNK: tuple[Any, ...] = (None, [], 7, {"x": [None]}, "", True, [{"a": 1}, "b"], -1.5, "[odd", {})
FILES = {
    "accelerators": (
        "azure/eastus.json",
        "clusters/zoo/operators/anyscale-operator/values.yaml",
        "clusters/zoo/operators/nvidia-device-plugin/values.yaml",
        "clusters/zoo/anyscale/cloud_resource.yaml",
        "clusters/zoo/platform/persistentvolume.yaml",
        "clusters/zoo/platform/persistentvolumeclaim.yaml",
        "clusters/zoo/platform/storageclass.yaml",
        "clusters/zoo/operators/anyscale-operator/helmrelease.yaml",
        "anyscale/A100-80G/compute_config.yaml",
    ),
    "every-choice": (
        "clusters/envoy/operators/envoy-gateway/values.yaml",
        "clusters/nginx/operators/ingress-nginx/values.yaml",
        "clusters/nginx/platform/storageclass.yaml",
    ),
}
POOLS, CSI = ("agentPoolProfiles",), ("storageProfile",)
PODS = """kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      nodeSelector: {a: b}
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{key: a, operator: In, values: [b]}]
      tolerations: [{key: a, operator: Equal, value: b, effect: NoSchedule}]
      initContainers: [{name: a, restartPolicy: Always, resources: {requests: {cpu: 1}}}]
      containers: [{name: a, resources: {requests: {memory: 1Gi}, limits: {nvidia.com/gpu: 1}}}]
"""


def _told(path: tuple[Any, ...], data: Any) -> bool:
    """Of many alike, a few: in ARM a pool and the cluster's own, in values three shapes."""
    if path[:1] == ("resources",) and len(path) > 2:
        resource = data["resources"][path[1]]
        name = resource["name"] if "managedClusters" in resource["type"] else ""
        return name == "zoo/mi300x" or (name == "zoo" and path[3:4] in ((), POOLS, CSI))
    few = ("3CPU-11GB", "31CPU-196GB-arm64-1xGB200", "11CPU-211GB-1xMI300X")
    return path[:3] != ("workloads", "instanceTypes", "additional") or len(path) < 4 or path[3] in few


@sampled
@pytest.mark.parametrize(("fleet", "path"), [(fleet, path) for fleet, paths in FILES.items() for path in paths])
def test_any_value_may_be_anything(fleet: str, path: str) -> None:
    files = tree(fleet)
    content = files[path]
    data = read_json(path, content).data if path.endswith(".json") else read(path, content).data
    places = [place for place in paths(data) if _told(place, data)]
    assert places
    for index, place in enumerate(some(places, 10)):
        report = check(
            {**files, path: garbled(data, place, JUNK[index % len(JUNK)])}, "placement", "shape", fleet=fleet
        )
        assert set(report.sections) == {"files", "placement", "shape"}


@sampled
def test_any_value_of_a_pod_may_be_anything() -> None:
    folder = "clusters/aks-eastus/workloads"
    listed = tree()[f"{folder}/kustomization.yaml"].replace(b"resources:\n", b'resources:\n  - "more.yaml"\n')
    data = read("more.yaml", PODS.encode()).data
    for index, place in enumerate(some(paths(data), 10)):
        odd = garbled(data, place, JUNK[index % len(JUNK)])
        more = {f"{folder}/kustomization.yaml": listed, f"{folder}/more.yaml": odd}
        assert check({**tree(), **more}, "placement", "shape").count("proved")
