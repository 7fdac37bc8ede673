"""Scheduling: whether a pod's selector, affinity and tolerations accept a pool, and the smallest reason why not."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.facts.catalogue import Catalogue
from rayfleet.scheduler.fits import needs_unknown_label, obstacles, pod_of, start_obstacle, tolerates
from rayfleet.scheduler.nodes import Node, may_be_empty, node_of
from rayfleet.source import Source
from rayfleet.tree import Side
from rayfleet.tree.node_pool import NodeTaint, arm_pool

CATALOGUE = Catalogue({})
SOURCE = Source("eastus.json", "{}", {})


def _node(name: str = "cpu", region: str = "eastus", discovered: bool = False, **data: Any) -> Node:
    """A pool of two nodes, with what is said otherwise."""
    whole = {"mode": "User", "vmSize": "Standard_D16ds_v5", "count": 2, **data}
    return node_of(arm_pool(name, whole, lambda *path: Side(SOURCE, path), CATALOGUE), region, discovered)


def _spot(**data: Any) -> Node:
    return _node(scaleSetPriority="Spot", nodeTaints=["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"], **data)


def _why(spec: dict[str, Any], node: Node, *devices: str) -> list[str]:
    return [why.what for why in obstacles(pod_of(spec, devices), node)]


def _affinity(*terms: Any) -> dict[str, Any]:
    required = {"nodeSelectorTerms": list(terms)}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def _term(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


# --- labels ---


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("team", "ml"),
        ("kubernetes.io/os", "linux"),
        ("beta.kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
        ("node.kubernetes.io/instance-type", "Standard_D16ds_v5"),
        ("topology.kubernetes.io/region", "eastus"),
        ("topology.kubernetes.io/zone", "eastus-1"),
        ("topology.kubernetes.io/zone", "eastus-3"),
        ("agentpool", "cpu"),
        ("kubernetes.azure.com/agentpool", "cpu"),
        ("kubernetes.azure.com/mode", "user"),
        ("kubernetes.azure.com/priority", "regular"),
        ("kubernetes.azure.com/os-sku", "Ubuntu"),
    ],
)
def test_labels_of_the_template_and_of_aks(key: str, value: str) -> None:
    node = _node(nodeLabels={"team": "ml"}, availabilityZones=["1", "3"])
    assert _why({"nodeSelector": {key: value}}, node) == []


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("team", "web", "it wants team=web, and the pool has ml"),
        ("disktype", "ssd", "it wants disktype=ssd, which the pool does not have"),
        ("kubernetes.io/arch", "arm64", "it wants kubernetes.io/arch=arm64, and the pool has amd64"),
        (
            "topology.kubernetes.io/zone",
            "eastus-2",
            "it wants topology.kubernetes.io/zone=eastus-2, and the pool has eastus-1 or eastus-3",
        ),
        ("kubernetes.azure.com/mode", "system", "it wants kubernetes.azure.com/mode=system, and the pool has user"),
    ],
)
def test_a_label_that_is_another_is_said(key: str, value: str, says: str) -> None:
    node = _node(nodeLabels={"team": "ml"}, availabilityZones=["1", "3"])
    assert _why({"nodeSelector": {key: value}}, node) == [says]


def test_a_pool_without_zones_is_in_zone_0() -> None:
    assert _why({"nodeSelector": {"topology.kubernetes.io/zone": "0"}}, _node()) == []


def test_windows_and_system_and_arm_pools_say_so() -> None:
    wanted = {"kubernetes.io/os": "windows", "kubernetes.azure.com/mode": "system", "kubernetes.io/arch": "arm64"}
    node = _node(osType="Windows", mode="System", vmSize="Standard_ND128isr_NDR_GB200_v6")
    assert _why({"nodeSelector": wanted}, node) == []


def test_spot_and_gpu_pools_have_the_labels_of_aks() -> None:
    wanted = {"kubernetes.azure.com/scalesetpriority": "spot", "kubernetes.azure.com/priority": "spot"}
    tolerant = {"tolerations": [{"operator": "Exists"}]}
    assert _why({"nodeSelector": wanted, **tolerant}, _spot()) == []
    assert len(_why({"nodeSelector": wanted}, _node())) == 2
    nvidia = {"nodeSelector": {"kubernetes.azure.com/accelerator": "nvidia"}}
    assert _why(nvidia, _node(vmSize="Standard_NC4as_T4_v3")) == []
    assert len(_why(nvidia, _node(vmSize="Standard_ND96isr_MI300X_v5"))) == 1


def test_of_a_size_that_nobody_knows_nothing_is_held_against_the_pod() -> None:
    node = _node(vmSize="Standard_Secret")
    assert _why({"nodeSelector": {"kubernetes.io/arch": "arm64"}}, node, "nvidia.com/gpu") == []


# --- affinity ---


@pytest.mark.parametrize(
    ("term", "accepted"),
    [
        (_term("team", "In", "ml", "web"), True),
        (_term("team", "In", "web"), False),
        (_term("none", "In", "x"), False),
        (_term("team", "NotIn", "web"), True),
        (_term("team", "NotIn", "ml"), False),
        (_term("none", "NotIn", "x"), True),
        (_term("team", "Exists"), True),
        (_term("none", "Exists"), False),
        (_term("none", "DoesNotExist"), True),
        (_term("team", "DoesNotExist"), False),
        (_term("size", "Gt", "7"), True),
        (_term("size", "Gt", "8"), False),
        (_term("size", "Lt", "9"), True),
        (_term("size", "Lt", "8"), False),
        (_term("team", "Gt", "1"), False),
        (_term("size", "Gt", "many"), False),
        (_term("size", "Gt", "1", "2"), False),
        (_term("none", "Gt", "1"), False),
        (_term("team", "Near", "ml"), False),
        (_term("kubernetes.io/hostname", "In", "any"), True),
        (_term("kubernetes.io/hostname", "NotIn", "any"), True),
        (_term("kubernetes.io/hostname", "Exists"), True),
        (_term("kubernetes.io/hostname", "DoesNotExist"), False),
        (_term("kubernetes.azure.com/sku-cpu", "Gt", "4"), True),
        ({}, False),
        ({"matchExpressions": []}, False),
        ({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["one"]}]}, False),
        (None, False),
    ],
)
def test_operators(term: Any, accepted: bool) -> None:
    node = _node(nodeLabels={"team": "ml", "size": "8"})
    assert (_why(_affinity(term), node) == []) == accepted


def _all(*keys: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": "Exists"} for key in keys]}


def test_one_term_of_several_is_enough_and_all_of_its_expressions_are_needed() -> None:
    node = _node(nodeLabels={"team": "ml"})
    assert _why(_affinity(_all("team", "x")), node) == ["it wants x Exists, which the pool does not have"]
    assert _why(_affinity(_all("team", "x"), _all("team")), node) == []
    nearest = ["it wants z Exists, which the pool does not have"]
    assert _why(_affinity(_all("x", "y"), _all("team", "z")), node) == nearest


def test_required_affinity_without_terms_matches_nothing() -> None:
    assert _why(_affinity(), _node()) == ["its affinity has no term, which matches no node"]


def test_preferred_affinity_keeps_nobody_off() -> None:
    preferred = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": _term("x", "Exists")}]}
    assert _why({"affinity": {"nodeAffinity": preferred}}, _node()) == []


# --- taints ---

TAINT = NodeTaint("team", "ml", "NoSchedule")


@pytest.mark.parametrize(
    ("toleration", "accepted"),
    [
        ({"key": "team", "value": "ml", "effect": "NoSchedule"}, True),
        ({"key": "team", "operator": "Equal", "value": "ml"}, True),
        ({"key": "team", "value": "web"}, False),
        ({"key": "team"}, False),
        ({"key": "other", "value": "ml"}, False),
        ({"key": "team", "value": "ml", "effect": "NoExecute"}, False),
        ({"key": "team", "operator": "Exists"}, True),
        ({"key": "team", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"operator": "Exists"}, True),
        ({"operator": "Exists", "effect": "NoSchedule"}, True),
        ({"operator": "Equal"}, False),
        ({"key": "team", "operator": "Near", "value": "ml"}, False),
        (None, False),
        ("team", False),
    ],
)
def test_tolerations(toleration: Any, accepted: bool) -> None:
    assert tolerates(pod_of({"tolerations": [toleration]}), TAINT) == accepted


@pytest.mark.parametrize(
    ("toleration", "says"),
    [
        (
            {"key": "team", "operator": "Exists", "value": "ml"},
            "Kubernetes refuses its toleration of team: Exists takes no value",
        ),
        (
            {"operator": "Exists", "value": "ml"},
            "Kubernetes refuses its toleration of everything: Exists takes no value",
        ),
        ({"value": "ml"}, "Kubernetes refuses a toleration of it: without a key, its operator must be Exists"),
        ({"operator": "Equal"}, "Kubernetes refuses a toleration of it: without a key, its operator must be Exists"),
    ],
)
def test_a_toleration_that_kubernetes_refuses_keeps_the_pod_off_every_pool(toleration: Any, says: str) -> None:
    (why,) = obstacles(pod_of({"tolerations": [{"operator": "Exists"}, toleration]}), _node())
    assert (why.what, why.fix("cpu")) == (says, "write the toleration as Kubernetes takes it")


def test_a_value_of_yaml_is_the_text_that_kubernetes_has() -> None:
    pod = pod_of({"tolerations": [{"key": "CriticalAddonsOnly", "value": True}]})
    assert tolerates(pod, NodeTaint("CriticalAddonsOnly", "true", "NoSchedule"))
    assert _why({"nodeSelector": {"gpus": 8}}, _node(nodeLabels={"gpus": "8"})) == []


@pytest.mark.parametrize(("effect", "off"), [("NoSchedule", 1), ("NoExecute", 1), ("PreferNoSchedule", 0)])
def test_effects(effect: str, off: int) -> None:
    assert len(_why({}, _node(nodeTaints=[f"team=ml:{effect}"]))) == off


def test_the_spot_taint_is_there_whether_said_or_not() -> None:
    said = "it does not tolerate kubernetes.azure.com/scalesetpriority=spot:NoSchedule"
    assert _why({}, _spot()) == _why({}, _node(scaleSetPriority="Spot")) == [said]


def test_only_hard_taints_close_a_pool() -> None:
    assert _node().open
    assert _node(nodeTaints=["team=ml:PreferNoSchedule"]).open
    assert not _node(nodeTaints=["team=ml:NoExecute"]).open
    assert not _spot().open


# --- devices and nodes ---


def test_gpus_must_be_of_the_vendor() -> None:
    t4, amd = _node(vmSize="Standard_NC4as_T4_v3"), _node(vmSize="Standard_ND96isr_MI300X_v5")
    assert _why({}, t4, "nvidia.com/gpu") == []
    assert _why({}, amd, "nvidia.com/gpu") == ["it asks for nvidia.com/gpu, which the pool does not have"]
    assert _why({}, _node(), "amd.com/gpu") == ["it asks for amd.com/gpu, which the pool does not have"]
    assert _why({}, _node(), "example.com/nic") == []


def test_pods_that_ask_for_a_device_tolerate_the_taint_of_its_name() -> None:
    node = _node(vmSize="Standard_NC4as_T4_v3", nodeTaints=["nvidia.com/gpu=present:NoSchedule"])
    assert _why({}, node, "nvidia.com/gpu") == []
    assert _why({}, node) == ["it does not tolerate nvidia.com/gpu=present:NoSchedule"]


@pytest.mark.parametrize(
    "counts",
    [{"count": 0}, {"enableAutoScaling": True, "minCount": 0, "maxCount": 0}],
)
def test_a_pool_that_never_has_a_node_takes_nobody(counts: dict[str, Any]) -> None:
    assert _why({}, _node(**counts)) == ["the pool never has a node"]


def test_every_reason_is_given() -> None:
    node = _node(nodeLabels={"team": "ml"}, nodeTaints=["a=b:NoSchedule", "c=d:NoExecute"])
    assert len(_why({"nodeSelector": {"team": "web", "x": "y"}}, node, "nvidia.com/gpu")) == 5


# --- from zero ---

AUTOSCALED = {"enableAutoScaling": True, "minCount": 0, "maxCount": 3}


@pytest.mark.parametrize(
    "key",
    ["team", "kubernetes.io/os", "kubernetes.io/arch", "node.kubernetes.io/instance-type", "agentpool",
     "kubernetes.azure.com/agentpool", "topology.kubernetes.io/region", "topology.kubernetes.io/zone",
     "kubernetes.azure.com/accelerator", "kubernetes.azure.com/scalesetpriority"],
)  # fmt: skip
def test_what_the_autoscaler_knows_of_a_pool_without_nodes(key: str) -> None:
    node = _spot(**AUTOSCALED, vmSize="Standard_NC4as_T4_v3", nodeLabels={"team": "ml"})
    pod = pod_of(_affinity(_term(key, "Exists")))
    assert start_obstacle(pod, node) is None


@pytest.mark.parametrize("key", ["kubernetes.azure.com/mode", "kubernetes.azure.com/priority", "nvidia.com/gpu.memory"])
def test_what_only_running_nodes_have(key: str) -> None:
    spec = {**_affinity(_term(key, "Exists")), "tolerations": [{"operator": "Exists"}]}
    node = _spot(**AUTOSCALED, vmSize="Standard_NC4as_T4_v3", discovered=True)
    assert _why(spec, node) == []
    why = start_obstacle(pod_of(spec), node)
    assert why and key in why.what
    running = _spot(enableAutoScaling=True, minCount=1, maxCount=3, vmSize="Standard_NC4as_T4_v3", discovered=True)
    assert start_obstacle(pod_of(spec), running) is None


def test_only_autoscaled_pools_are_ever_empty() -> None:
    assert may_be_empty(_node(**AUTOSCALED).pool)
    assert not may_be_empty(_node(enableAutoScaling=True, minCount=1, maxCount=3).pool)
    assert not may_be_empty(_node(count=0).pool)


def test_discovered_labels_are_guessed_and_no_others() -> None:
    node = _node(vmSize="Standard_NC4as_T4_v3", discovered=True, nodeLabels={"nvidia.com/gpu.count": "1"})
    assert needs_unknown_label(pod_of({"nodeSelector": {"nvidia.com/gpu.memory": "16"}}), node)
    assert not needs_unknown_label(pod_of({"nodeSelector": {"nvidia.com/gpu.count": "1"}}), node)
    assert _why({"nodeSelector": {"nvidia.com/gpu.memory": "16"}}, _node(discovered=True)) != []


# --- remedies ---


def test_each_reason_has_a_remedy() -> None:
    node = _node(nodeTaints=["a=b:NoSchedule"])
    label, taint, device = obstacles(pod_of({"nodeSelector": {"x": "y"}}, ["nvidia.com/gpu"]), node)
    assert label.fix("cpu") == "give cpu the label in nodeLabels, or ask for one that it has"
    assert taint.fix("cpu") == "tolerate it, or take it from cpu"
    assert device.fix("cpu") == "add a pool that has it, or do not ask for it"
    assert (label.place, taint.place, device.place) == (("nodeLabels", "x"), ("nodeTaints", 0), ("vmSize",))
