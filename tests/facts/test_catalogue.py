"""Every VM size of the catalogue: pods of its shapes find its nodes, and its nodes take them, as the files say it.

Judged from what is rendered: the node pools of the ARM templates on one side, the operator's and the device plugin's
values on the other, and between them what the Anyscale chart adds by itself.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import pytest
import yaml

from rayfleet.diagnostics import Invalid
from rayfleet.facts.catalogue import Catalogue, VmSize
from tests.testing import rendering
from tests.testing.smallest_fleet import Data, build, rendered, smallest, with_pools

CATALOGUE = Catalogue({})
# After what AKS, DaemonSets and the volume's cache take, no Ray pod fits.
TOO_SMALL = {"Standard_F2s_v2"}
SIZES = sorted(set(CATALOGUE.vm_size_names) - TOO_SMALL)

# Kubernetes: a label's value, which names of instance types become as well.
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


class Toleration(NamedTuple):
    """An empty effect tolerates every one; a value of None stands for the operator Exists."""

    key: str
    value: str | None
    effect: str = ""

    def tolerates(self, taint: str) -> bool:
        """``taint`` is ``key=value:effect``."""
        pair, effect = taint.rsplit(":", 1)
        key, value = pair.split("=", 1)
        return self.key == key and self.value in (None, value) and self.effect in ("", effect)


# What the chart (anyscale-operator 1.8.0 on Azure) adds to pods: to all, by market type, to those with GPUs.
EVERY_POD = Toleration("node.anyscale.com/capacity-type", "ON_DEMAND", "NoSchedule")
SPOT_PODS = (
    Toleration("node.anyscale.com/capacity-type", "SPOT", "NoSchedule"),
    Toleration("kubernetes.azure.com/scalesetpriority", "spot", "NoSchedule"),
)
GPU_PODS = Toleration("node.anyscale.com/accelerator-type", "GPU", "NoSchedule")
SPOT_SELECTOR = {"kubernetes.azure.com/scalesetpriority": "spot"}


class Pod(NamedTuple):
    """What a Ray pod of an instance type asks of its node."""

    name: str
    resources: Data
    selector: Data
    tolerations: list[Toleration]

    def fits(self, node: Node) -> bool:
        """Labels and taints; not room."""
        selected = self.selector.items() <= node.labels.items()
        return selected and all(any(own.tolerates(taint) for own in self.tolerations) for taint in node.taints)


class Node(NamedTuple):
    """A node of a rendered pool, with the labels that its VM size brings."""

    vm: VmSize
    labels: Data
    taints: list[str]


class Cluster(NamedTuple):
    """One cluster's rendered files, read."""

    pools: dict[str, Data]
    operator: Data
    device_plugin: Data | None
    catalogue: Catalogue

    def node(self, pool: str) -> Node:
        """A node of the pool."""
        properties = self.pools[pool]
        vm = self.catalogue.vm_size(properties["vmSize"])
        assert vm
        labels = properties["nodeLabels"] | {"kubernetes.io/arch": vm.architecture}
        return Node(vm, labels, properties["nodeTaints"])

    def pods(self, *, spot: bool) -> list[Pod]:
        """A pod of each instance type, as the operator would make it for a market type."""
        workloads = self.operator["workloads"]
        (patch,) = self.operator["patches"][0]["patch"]
        pinned = {patch["path"].removeprefix("/spec/nodeSelector/").replace("~1", "/"): patch["value"]}
        pods = []
        for name, shape in workloads["instanceTypes"]["additional"].items():
            selector, tolerations = dict(pinned), [EVERY_POD, *_tolerations(shape)]
            if spot:
                selector |= SPOT_SELECTOR
                tolerations += SPOT_PODS
            for accelerator in shape["resources"].get("accelerators", []):
                section = workloads["accelerator"]
                selector[section["customNodeSelectorKey"]] = section["nodeSelectors"]["azure"][accelerator]
                tolerations += [GPU_PODS, *_tolerations({"tolerations": section["tolerations"]["additional"]})]
            if "cpuArchitecture" in shape:
                selector["kubernetes.io/arch"] = shape["cpuArchitecture"]
            pods.append(Pod(name, shape["resources"], selector | shape.get("nodeSelector", {}), tolerations))
        return pods


def _tolerations(section: Data) -> list[Toleration]:
    rows = section.get("tolerations", [])
    assert all((row["operator"] == "Equal") == ("value" in row) for row in rows)
    return [Toleration(row["key"], row.get("value"), row.get("effect", "")) for row in rows]


def _load(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _read(files: dict[str, str], catalogue: Catalogue = CATALOGUE) -> dict[str, Cluster]:
    pools: dict[str, dict[str, Data]] = {}
    for path, text in files.items():
        for resource in json.loads(text).get("resources", []) if path.startswith("azure/") else []:
            if resource["type"].endswith("/agentPools"):
                cluster, pool = resource["name"].split("/")
                pools.setdefault(cluster, {})[pool] = resource["properties"]
    found = {}
    for name in pools:
        operators = f"clusters/{name}/operators"
        plugin = files.get(f"{operators}/nvidia-device-plugin/values.yaml")
        operator = _load(files[f"{operators}/anyscale-operator/values.yaml"])
        found[name] = Cluster(pools[name], operator, _load(plugin) if plugin else None, catalogue)
    return found


@pytest.fixture(scope="module")
def clusters() -> dict[str, Cluster]:
    """For each size a cluster with a pool of it on demand and a spot pool, by the size."""
    data = smallest(nodePools={"sys": {"mode": "system", "vmSize": "Standard_D8ds_v5", "count": 3}})
    data["azure"]["network"]["vnetPrefix"] = 24
    names = {f"size-{number}": size for number, size in enumerate(SIZES)}
    data["clusters"] = {
        name: {
            "region": "eastus",
            "network": {"index": index},
            "nodePools": {
                "demand": {"vmSize": size, "maxCount": 3},
                "spot": {"vmSize": size, "maxCount": 3, "capacityType": "spot"},
            },
        }
        for index, (name, size) in enumerate(names.items())
    }
    compiled = rendering.from_text(json.dumps(data), bound=True)
    wanted = re.compile(r"azure/eastus.*\.json|.*/(anyscale-operator|nvidia-device-plugin)/values\.yaml")
    files = {path: content.decode() for path, content in compiled.rendered() if wanted.fullmatch(path)}
    return {names[name]: cluster for name, cluster in _read(files).items()}


@pytest.mark.parametrize("size", SIZES)
def test_pods_of_every_shape_find_the_pool(size: str, clusters: dict[str, Cluster]) -> None:
    """The closure: selectors are labels of the pool, and every taint of the pool is tolerated."""
    cluster = clusters[size]
    assert cluster.pods(spot=False)
    for pod in cluster.pods(spot=False):
        assert pod.fits(cluster.node("demand")), pod
        assert not pod.fits(cluster.node("spot")), "a pod that asked for on-demand lands on spot"
    for pod in cluster.pods(spot=True):
        assert pod.fits(cluster.node("spot")), pod
        assert not pod.fits(cluster.node("demand")), "a pod that asked for spot pays for on-demand"


@pytest.mark.parametrize("size", SIZES)
def test_the_device_plugin_runs_on_every_nvidia_node(size: str, clusters: dict[str, Cluster]) -> None:
    cluster = clusters[size]
    vm = cluster.node("demand").vm
    assert (cluster.device_plugin is not None) == (vm.gpu_vendor == "nvidia")
    if cluster.device_plugin is None:
        return
    tolerations = _tolerations(cluster.device_plugin)
    affinity = cluster.device_plugin["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    ((term,),) = ([row["matchExpressions"] for row in affinity["nodeSelectorTerms"]],)
    (rule,) = term
    for pool in ("demand", "spot"):
        node = cluster.node(pool)
        assert rule["operator"] == "In" and node.labels[rule["key"]] in rule["values"]
        assert node.taints and all(any(own.tolerates(taint) for own in tolerations) for taint in node.taints)


@pytest.mark.parametrize("size", SIZES)
def test_gpus_are_kept_for_pods_that_ask_for_them(size: str, clusters: dict[str, Cluster]) -> None:
    cluster = clusters[size]
    vm = cluster.node("demand").vm
    expected = ["node.anyscale.com/accelerator-type=GPU:NoSchedule", f"{vm.gpu_vendor}.com/gpu=present:NoSchedule"]
    plain = [EVERY_POD, *SPOT_PODS]
    for pool in ("demand", "spot"):
        taints = cluster.node(pool).taints
        kept = [taint for taint in taints if not any(own.tolerates(taint) for own in plain)]
        assert kept == (expected if vm.gpus else [])


@pytest.mark.parametrize("size", SIZES)
def test_names_are_label_values(size: str, clusters: dict[str, Cluster]) -> None:
    cluster = clusters[size]
    names = {pod.name for pod in cluster.pods(spot=False)}
    for pool in cluster.pools.values():
        names |= set(pool["nodeLabels"].values()) | {taint.split("=")[1].split(":")[0] for taint in pool["nodeTaints"]}
    if accelerator := cluster.node("demand").vm.accelerator:
        assert accelerator in names
    assert {name for name in names if not LABEL_VALUE.fullmatch(name)} == set()


@pytest.mark.parametrize("size", SIZES)
def test_shapes_fill_the_node_and_no_more(size: str, clusters: dict[str, Cluster]) -> None:
    cluster = clusters[size]
    vm = cluster.node("demand").vm
    gpu = "GPU" if vm.gpu_vendor == "nvidia" else f"{vm.gpu_vendor}.com/gpu"
    shapes = sorted((pod.resources for pod in cluster.pods(spot=False)), key=lambda shape: -shape["CPU"])
    for number, shape in enumerate(shapes):
        parts = vm.gpus // shape[gpu] if vm.gpus else 2**number
        memory_gib = int(shape["memory"].removesuffix("Gi"))
        assert shape["CPU"] * parts < vm.vcpus
        # Each pod's mount caches 2 GiB beside the pod.
        assert (memory_gib + 2) * parts < vm.memory_gib
        assert shape.get(gpu, 0) * parts == vm.gpus
        assert shape.get("accelerators", []) == ([vm.accelerator] if vm.gpus else [])
        assert set(shape) == {"CPU", "memory"} | ({gpu, "accelerators"} if vm.gpus else set())
    whole = shapes[0]
    if vm.gpus:
        halves = [vm.gpus // parts for parts in (1, 2, 4, 8) if vm.gpus % parts == 0]
        assert [shape[gpu] for shape in shapes] == halves
    assert whole["CPU"] >= 0.9 * vm.vcpus - 1
    assert int(whole["memory"].removesuffix("Gi")) >= 0.75 * vm.memory_gib - 6


@pytest.mark.parametrize("size", SIZES)
def test_arm_is_said(size: str, clusters: dict[str, Cluster]) -> None:
    """The operator takes a pod without a word for amd64."""
    shapes = clusters[size].operator["workloads"]["instanceTypes"]["additional"].values()
    said = {shape.get("cpuArchitecture") for shape in shapes}
    vm = CATALOGUE.vm_size(size)
    assert vm and said == ({"arm64"} if vm.architecture == "arm64" else {None})


@pytest.mark.parametrize("size", sorted(TOO_SMALL))
def test_a_size_without_room_for_a_pod_is_refused(size: str) -> None:
    with pytest.raises(Invalid, match=f"{size} has no room for a Ray pod"):
        build(with_pools(small={"vmSize": size, "maxCount": 1}))


# --- several sizes in one cluster -------------------------------------------------------------------------------------


def test_each_pod_lands_on_its_own_accelerator_and_architecture() -> None:
    sizes = {
        "t4": "Standard_NC16as_T4_v3",
        "a40": "Standard_ND96asr_v4",
        "a80": "Standard_ND96amsr_A100_v4",
        "mi": "Standard_ND96isr_MI300X_v5",
        "gb": "Standard_ND128isr_NDR_GB200_v6",
    }
    pools = {name: {"vmSize": size, "maxCount": 2} for name, size in sizes.items()}
    (cluster,) = _read(rendered(with_pools(**pools))).values()
    landed = {}
    for pod in cluster.pods(spot=False):
        landed[pod.name] = {pool for pool in cluster.pools if pod.fits(cluster.node(pool))}
        for pool in landed[pod.name]:
            assert pod.resources.get("accelerators", [""]) == [cluster.node(pool).vm.accelerator]
    assert all(len(pools) == 1 for pools in landed.values()), landed
    assert set().union(*landed.values()) == {"cpu", *sizes}


def test_taints_of_the_fleet_are_tolerated_by_the_shapes_of_their_pools() -> None:
    taints = ["team=vision:NoSchedule", "example.com/slow=:NoExecute"]
    files = rendered(with_pools(own={"vmSize": "Standard_NC40ads_H100_v5", "maxCount": 2, "taints": taints}))
    (cluster,) = _read(files).values()
    (pod,) = [pod for pod in cluster.pods(spot=False) if "H100" in pod.name]
    assert set(taints) < set(cluster.node("own").taints)
    assert pod.fits(cluster.node("own"))
    (other, *_) = [pod for pod in cluster.pods(spot=False) if "H100" not in pod.name]
    assert not pod.fits(cluster.node("cpu")) and other.fits(cluster.node("cpu"))
    assert cluster.device_plugin
    tolerations = _tolerations(cluster.device_plugin)
    assert all(any(own.tolerates(taint) for own in tolerations) for taint in cluster.node("own").taints)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Standard_D16as_v5", "Standard_D16s_v6"),
        ("Standard_ND96is_MI300X_v5", "Standard_ND96isr_MI300X_v5"),
    ],
)
def test_two_sizes_of_the_same_shape_go_together(one: str, other: str) -> None:
    """Pools of both are valid, and every pool's own taint is tolerated by some shape that fits it."""
    pools = {
        "one": {"vmSize": one, "maxCount": 2, "taints": ["pool=one:NoSchedule"]},
        "other": {"vmSize": other, "maxCount": 2, "taints": ["pool=other:NoSchedule"]},
    }
    (cluster,) = _read(rendered(with_pools(**pools))).values()
    for pool in pools:
        assert any(pod.fits(cluster.node(pool)) for pod in cluster.pods(spot=False)), pool


def test_sizes_that_differ_only_by_architecture_have_shapes_of_their_own() -> None:
    data = with_pools(arm={"vmSize": "Standard_Arm", "maxCount": 2})
    data["vmSizes"] = {"Standard_Arm": {"vcpus": 16, "memoryGib": 64, "family": "arm", "architecture": "arm64"}}
    own = Catalogue(data["vmSizes"])
    (cluster,) = _read(rendered(data), own).values()
    landed = {
        pool: [pod for pod in cluster.pods(spot=False) if pod.fits(cluster.node(pool))] for pool in ("cpu", "arm")
    }
    assert landed["cpu"] and landed["arm"]
    assert not {pod.name for pod in landed["cpu"]} & {pod.name for pod in landed["arm"]}


# --- the catalogue's own figures (facts: Azure 3.3, GPU SKUs; 3.4, CPU SKUs) ------------------------------------------


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_gib", "gpus", "accelerator", "gpu_memory_gib", "vendor", "architecture", "family"),
    [
        ("NC16as_T4_v3", 16, 110, 1, "T4", 16, "nvidia", "amd64", "Standard NCASv3_T4 Family"),
        ("NC64as_T4_v3", 64, 440, 4, "T4", 16, "nvidia", "amd64", "Standard NCASv3_T4 Family"),
        ("NC24ads_A100_v4", 24, 220, 1, "A100-80G", 80, "nvidia", "amd64", "StandardNCADSA100v4Family"),
        ("ND96asr_v4", 96, 900, 8, "A100-40G", 40, "nvidia", "amd64", "Standard NDASv4_A100 Family"),
        # Documented as 1900 GiB; Azure's own API says 1800, and a shape must fit.
        ("ND96amsr_A100_v4", 96, 1800, 8, "A100-80G", 80, "nvidia", "amd64", "standard NDAMSv4_A100Family"),
        ("NC40ads_H100_v5", 40, 320, 1, "H100-NVL", 94, "nvidia", "amd64", "StandardNCadsH100v5Family"),
        ("ND96isr_H100_v5", 96, 1900, 8, "H100", 80, "nvidia", "amd64", "standardNDSH100v5Family"),
        ("ND96isr_H200_v5", 96, 1850, 8, "H200", 141, "nvidia", "amd64", "standardNDISRH200V5Family"),
        ("ND96isr_MI300X_v5", 96, 1850, 8, "MI300X", 192, "amd", "amd64", "standardNDISv5MI300XFamily"),
        # Documented as 900 GiB; the API says 864.
        ("ND128isr_NDR_GB200_v6", 128, 864, 4, "GB200", 192, "nvidia", "arm64", "standardNDISRGB200V6NDRFamily"),
        ("D16ds_v5", 16, 64, 0, "", 0, "", "amd64", "standardDDSv5Family"),
        ("E8as_v5", 8, 64, 0, "", 0, "", "amd64", "standardEASv5Family"),
    ],
)  # fmt: skip
def test_figures(
    name: str, vcpus: int, memory_gib: float, gpus: int, accelerator: str, gpu_memory_gib: float, vendor: str,
    architecture: str, family: str,
) -> None:  # fmt: skip
    vm = CATALOGUE.vm_size(f"Standard_{name}")
    assert vm
    assert (vm.vcpus, vm.memory_gib, vm.architecture, vm.family) == (vcpus, memory_gib, architecture, family)
    assert (vm.gpus, vm.accelerator, vm.gpu_memory_gib, vm.gpu_vendor) == (gpus, accelerator, gpu_memory_gib, vendor)


def test_one_accelerator_is_one_gpu() -> None:
    """Its name is all that a user, a label and a selector say of it: vendor and memory must follow from it."""
    meaning: dict[str, set[tuple[str, float]]] = {}
    for name in CATALOGUE.vm_size_names:
        vm = CATALOGUE.vm_size(name)
        assert vm and (vm.gpus > 0) == bool(vm.accelerator) == bool(vm.gpu_vendor) == (vm.gpu_memory_gib > 0)
        if vm.gpus:
            meaning.setdefault(vm.accelerator, set()).add((vm.gpu_vendor, vm.gpu_memory_gib))
    assert len(meaning) >= 15
    assert {accelerator: gpus for accelerator, gpus in meaning.items() if len(gpus) > 1} == {}


def test_a_fleet_adds_sizes_and_overrides_them() -> None:
    catalogue = Catalogue(
        {
            "Standard_New": {"vcpus": 4, "memoryGib": 16, "family": "new"},
            "Standard_D16ds_v5": {"vcpus": 16, "memoryGib": 60, "family": "own"},
        }
    )
    assert catalogue.vm_size("Standard_New") == VmSize("Standard_New", 4, 16, "new")
    assert catalogue.vm_size("Standard_D16ds_v5") == VmSize("Standard_D16ds_v5", 16, 60, "own")
    assert catalogue.vm_size("Standard_None") is None
    assert CATALOGUE.vm_size("Standard_New") is None
    assert {"Standard_New", *CATALOGUE.vm_size_names} == set(catalogue.vm_size_names)


def test_regions() -> None:
    assert (CATALOGUE.zones("eastus"), CATALOGUE.zones("westus"), CATALOGUE.zones("nowhere")) == ((1, 2, 3), (), ())
    assert {"eastus", "westus2", "westus"} < set(CATALOGUE.region_names)
    assert (CATALOGUE.federates("eastus"), CATALOGUE.federates("malaysiasouth")) == (True, False)
