"""What the scheduler goes by, rule by rule: selectors, affinity, tolerations and requests as rayfleet reads them."""

from __future__ import annotations

import itertools
from math import inf
from typing import Any

from rayfleet.facts.catalogue import Catalogue
from rayfleet.scheduler.fits import obstacles, pod_of
from rayfleet.scheduler.nodes import Node, node_of
from rayfleet.scheduler.pods import requests
from rayfleet.scheduler.room import Room
from rayfleet.tree.node_pool import arm_pool
from tests.testing.control_plane.scheduling import Pair, Scheduler, nodes_of, spec_of_manifest

SIZE = "Standard_D16ds_v5"
POOLS: tuple[dict[str, Any], ...] = (
    {},
    {"nodeLabels": {"team": "ml", "rank": "3"}},
    {"nodeLabels": {"team": "web", "rank": "0"}},
    {"nodeLabels": {"team": "", "rank": "many"}},
    {"nodeTaints": ["team=ml:NoSchedule"]},
    {"nodeTaints": ["team=ml:NoExecute", "other=:NoSchedule"]},
    {"nodeTaints": ["team=ml:PreferNoSchedule"]},
    {"scaleSetPriority": "Spot"},
    {"availabilityZones": ["1", "2"]},
    {"vmSize": "Standard_NC16as_T4_v3", "nodeTaints": ["nvidia.com/gpu=present:NoSchedule"]},
)
EXPRESSIONS: tuple[dict[str, Any], ...] = (
    {"key": "team", "operator": "In", "values": ["ml", ""]},
    {"key": "team", "operator": "NotIn", "values": ["ml"]},
    {"key": "team", "operator": "Exists"},
    {"key": "team", "operator": "DoesNotExist"},
    {"key": "rank", "operator": "Gt", "values": ["2"]},
    {"key": "rank", "operator": "Gt", "values": ["3"]},
    {"key": "rank", "operator": "Lt", "values": ["3"]},
    {"key": "rank", "operator": "Gt", "values": ["many"]},
    {"key": "rank", "operator": "Gt", "values": ["1", "2"]},
    {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eastus-2", "0"]},
    {"key": "kubernetes.azure.com/mode", "operator": "In", "values": ["user"]},
    {"key": "kubernetes.azure.com/scalesetpriority", "operator": "In", "values": ["spot"]},
)
TOLERATIONS: tuple[list[dict[str, Any]], ...] = (
    [{"operator": "Exists"}],
    [{"key": "team", "operator": "Exists"}],
    [{"key": "team", "value": "ml"}],
    [{"key": "team", "value": "ml", "effect": "NoSchedule"}],
    [{"key": "team", "operator": "Equal", "value": "web"}],
    [{"key": "team", "operator": "Exists", "effect": "NoExecute"}, {"key": "other"}],
    [{"key": "team", "operator": "Exists", "value": "ml"}],
    [{"operator": "Exists", "effect": "NoSchedule"}],
    [{"key": "kubernetes.azure.com/scalesetpriority", "operator": "Equal", "value": "spot", "effect": "NoSchedule"}],
    [{"value": "ml"}],
)
# Beside each other, and before each other; sidecars; limits that are requests; a device, which is one of the latter.
CONTAINERS: tuple[dict[str, Any], ...] = (
    {"containers": [{"requests": {"cpu": 1, "memory": "1Gi"}}, {"requests": {"cpu": "500m", "memory": "512Mi"}}]},
    {"containers": [{"limits": {"cpu": 2, "memory": "1G"}}]},
    {"containers": [{"limits": {"cpu": 2}, "requests": {"cpu": 1}}]},
    {"containers": [{"requests": {"cpu": 1}}], "initContainers": [{"requests": {"cpu": 3, "memory": "20Gi"}}]},
    {"containers": [{"requests": {"cpu": 2}}], "initContainers": [{"requests": {"cpu": 1}}, {"requests": {"cpu": 1}}]},
    {"containers": [{"requests": {"cpu": 1}}], "initContainers": [{"requests": {"cpu": 3}, "sidecar": True}]},
    {
        "containers": [{"requests": {"cpu": 1}}],
        "initContainers": [{"requests": {"cpu": 2}, "sidecar": True}, {"requests": {"cpu": 4}}],
    },
    {
        "containers": [{"requests": {"cpu": 1}}],
        "initContainers": [{"requests": {"cpu": 4}}, {"requests": {"cpu": 2}, "sidecar": True}],
    },
    {"containers": [{"limits": {"nvidia.com/gpu": 1}}, {"limits": {"nvidia.com/gpu": 1}}]},
    {"containers": [{"limits": {"nvidia.com/gpu": 1}}], "initContainers": [{"limits": {"nvidia.com/gpu": 2}}]},
)
NODE = Room(16.0, 65536.0, {"nvidia.com/gpu": 4.0})


def node(properties: dict[str, Any]) -> Node:
    data = {"vmSize": SIZE, "mode": "User", "count": 1, **properties}
    return node_of(arm_pool("pool", data, lambda *_: None, Catalogue({})), "eastus", False)


def pod(**spec: Any) -> dict[str, Any]:
    return {"containers": [{"name": "own"}], **spec}


def affine(*terms: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [{"matchExpressions": expressions} for expressions in terms]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": rows}}
    return pod(affinity={"nodeAffinity": required}, tolerations=[{"operator": "Exists"}])


def test_the_scheduler_and_rayfleet_know_the_same_rules(scheduler: Scheduler) -> None:
    specs = [
        pod(),
        pod(nodeSelector={"team": "ml"}),
        pod(nodeSelector={"team": ""}),
        pod(nodeSelector={"agentpool": "pool"}),
        pod(containers=[{"name": "own", "resources": {"limits": {"nvidia.com/gpu": 1}}}]),
        *(affine([row]) for row in EXPRESSIONS),
        affine([EXPRESSIONS[0], EXPRESSIONS[4]]),
        affine([EXPRESSIONS[3]], [EXPRESSIONS[4]]),
        affine(),
        affine([]),
        affine([], [EXPRESSIONS[2]]),
        *(pod(tolerations=rows) for rows in TOLERATIONS),
    ]
    pairs = list(itertools.product(specs, map(node, POOLS)))
    real = scheduler.takes(Pair(spec_of_manifest(spec), nodes_of(each.pool, "eastus")) for spec, each in pairs)
    ours = [not obstacles(pod_of(spec, requests(spec).devices), each) for spec, each in pairs]
    told = [f"{spec} on {each.pool.data}: {taken}" for (spec, each), taken in zip(pairs, real, strict=True)]
    assert [row for row, taken, us in zip(told, real, ours, strict=True) if taken != us] == []
    assert sum(real) > 50 and len(real) - sum(real) > 50


def test_the_scheduler_and_rayfleet_count_the_same_requests(scheduler: Scheduler) -> None:
    resources = {"cpu": "16", "memory": "64Gi", "nvidia.com/gpu": "4", "pods": "100"}
    nodes = ({"labels": {}, "taints": [], "resources": resources},)
    specs = [
        {
            key: [container(row, f"{key.lower()}-{number}") for number, row in enumerate(rows)]
            for key, rows in case.items()
        }
        for case in CONTAINERS
    ]
    times = [NODE.times(requests(spec)) for spec in specs]
    assert all(0 < count < inf for count in times)
    assert scheduler.takes(Pair(spec_of_manifest(spec), nodes, 20) for spec in specs) == times


def container(row: dict[str, Any], name: str) -> dict[str, Any]:
    found = {"name": name, "resources": {key: row[key] for key in ("limits", "requests") if key in row}}
    return {**found, "restartPolicy": "Always"} if "sidecar" in row else found
