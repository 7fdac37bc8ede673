"""Shape: CPUs, memory and GPUs against what a node has to give, and the GPUs that are left over."""

from __future__ import annotations

import pytest

from tests.testing import rendering
from tests.testing.broken_trees import BINDINGS, Break, Edit, assert_seen, broken, check, failures, tree

EAST = "azure/eastus.json"
VALUES = "clusters/aks-eastus/operators/anyscale-operator/values.yaml"
VOLUME = "clusters/aks-eastus/platform/persistentvolume.yaml"
WORKLOADS = "clusters/aks-eastus/workloads/kustomization.yaml"
MORE = "clusters/aks-eastus/workloads/more.yaml"
ENVOY_VALUES = "clusters/envoy/operators/anyscale-operator/values.yaml"
SWEDEN = "azure/swedencentral.json"

A100 = '"GPU": 8\n          "accelerators":\n            - "A100-40G"\n'
CPU_POOL = """"vmSize": "Standard_D16ds_v5",
        "enableAutoScaling": true,
        "minCount": 3,
        "maxCount": 6,
        "osType": "Linux",
        "osSKU": "Ubuntu",
        "osDiskType": "Ephemeral",
        "osDiskSizeGB": 128,
        "maxPods": 110"""
OPERATOR = "operator:\n  replicas"
HALF = """          "CPU": 47
          "memory": "412Gi"
          "GPU": 4
"""
QUARTER = """          "CPU": 23
          "memory": "205Gi"
          "GPU": 2
"""
HEAD_SHAPES = """      "3CPU-12GB":
        resources:
          "CPU": 3
          "memory": "12Gi"
""", """      "7CPU-26GB":
        resources:
          "CPU": 7
          "memory": "26Gi"
"""  # fmt: skip
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: anyscale-operator}
spec:
  template:
    spec:
      initContainers:
        - name: copy
          resources: {requests: {cpu: 1, memory: 1Gi}}
        - name: proxy
          restartPolicy: Always
          resources: {requests: {memory: 2Gi}}
      containers:
        - name: web
          resources: {limits: {cpu: CPUS, memory: MEMORY}}
"""


def _manifest(cpus: str, memory: str) -> tuple[Edit, ...]:
    listed = '  - "gateway.yaml"\n'
    text = DEPLOYMENT.replace("CPUS", cpus).replace("MEMORY", memory)
    return (Edit(WORKLOADS, listed, f'{listed}  - "more.yaml"\n'), Edit(MORE, "", text))


BREAKS = (
    Break(
        "more CPUs than a node has for pods",
        (Edit(VALUES, '"CPU": 94', '"CPU": 96'),),
        "94CPU-827GB-8xA100-40G fits no pool that takes it: it takes 96 CPUs, and a node of a100 has 94.44",
        ((VALUES, '"CPU": 96'), (EAST, "Standard_ND96asr_v4")),
    ),
    Break(
        "more memory than a node has for pods beside the blob mount",
        (Edit(VALUES, '"memory": "827Gi"', '"memory": "830Gi"'),),
        "fits no pool that takes it: it takes 832.0 GiB of memory with its blob mount, and a node of a100 has 829.2",
        ((VALUES, "830Gi"), (EAST, "Standard_ND96asr_v4"), (VOLUME, "mountOptions")),
    ),
    Break(
        "a cache of the blob mount that a node has no memory for",
        (Edit(VOLUME, "--block-cache-pool-size=2048", "--block-cache-pool-size=65536"),),
        "94CPU-827GB-8xA100-40G fits no pool that takes it: it takes 891.0 GiB of memory with its blob mount",
        ((VALUES, "827Gi"), (EAST, "Standard_ND96asr_v4"), (VOLUME, "mountOptions")),
    ),
    Break(
        "more GPUs than a node has",
        (Edit(VALUES, A100, A100.replace("8", "16", 1)),),
        "fits no pool that takes it: it takes 16 of nvidia.com/gpu, and a node of a100 has 8",
        ((VALUES, '"GPU": 16'), (EAST, "Standard_ND96asr_v4")),
    ),
    Break(
        "a smaller size under the shape",
        (Edit(EAST, "Standard_D16ds_v5", "Standard_D8ds_v5"),),
        "15CPU-53GB fits no pool that takes it: it takes 55.0 GiB of memory with its blob mount, "
        "and a node of cpu has 26.3",
        ((VALUES, "53Gi"), (EAST, "Standard_D8ds_v5"), (VOLUME, "mountOptions")),
    ),
    Break(
        "more pods to a node, for each of which AKS keeps memory",
        (Edit(EAST, CPU_POOL, CPU_POOL.replace("110", "250")),),
        "15CPU-53GB fits no pool that takes it: it takes 55.0 GiB of memory with its blob mount, "
        "and a node of cpu has 53.2",
        ((VALUES, "53Gi"), (EAST, "Standard_D16ds_v5"), (VOLUME, "mountOptions")),
    ),
    Break(
        "GPUs in a number that does not divide a node's",
        (Edit(VALUES, HALF, HALF.replace('"GPU": 4', '"GPU": 3')),),
        "47CPU-412GB-4xA100-40G fits a100 twice, and strands 2 of 8 GPUs",
        ((VALUES, "resources"), (EAST, "Standard_ND96asr_v4")),
        "warned",
    ),
    Break(
        "more CPUs than its part of the GPUs",
        (Edit(VALUES, QUARTER, QUARTER.replace("23", "47")),),
        "23CPU-205GB-2xA100-40G fits a100 twice, and strands 4 of 8 GPUs",
        ((VALUES, "resources"), (EAST, "Standard_ND96asr_v4")),
        "warned",
    ),
    Break(
        "half a CPU",
        (Edit(VALUES, '"CPU": 7\n', '"CPU": 2500m\n'),),
        "7CPU-25GB asks for 2500m CPUs, and the operator takes whole ones",
        ((VALUES, "2500m"),),
    ),
    Break(
        "no CPUs",
        (Edit(VALUES, '          "CPU": 7\n', ""),),
        "7CPU-25GB asks for none CPUs, and the operator takes whole ones",
        ((VALUES, "resources"),),
    ),
    Break(
        "memory that Kubernetes cannot read",
        (Edit(VALUES, '"memory": "25Gi"', '"memory": "25GB"'),),
        "7CPU-25GB asks for 25GB of memory, which Kubernetes cannot read",
        ((VALUES, "25GB"),),
    ),
    Break(
        "half a GPU",
        (Edit(VALUES, A100, A100.replace("8", "0.5", 1)),),
        "94CPU-827GB-8xA100-40G asks for 0.5 of nvidia.com/gpu, and devices are whole",
        ((VALUES, "0.5"),),
    ),
    Break(
        "part of another device",
        (Edit(VALUES, '"CPU": 7\n', '"CPU": 7\n          "example.com/nic": 1.5\n'),),
        "7CPU-25GB asks for 1.5 of example.com/nic, and devices are whole",
        ((VALUES, "example.com/nic"),),
    ),
    Break(
        "an accelerator and no GPU",
        (Edit(VALUES, A100, A100.replace("8", "0", 1)),),
        "94CPU-827GB-8xA100-40G names A100-40G and asks for no GPU",
        ((VALUES, "accelerators"),),
    ),
    Break(
        "GPUs and no accelerator",
        (Edit(VALUES, A100, '"GPU": 8\n'),),
        "94CPU-827GB-8xA100-40G asks for GPUs and names no accelerator",
        ((VALUES, "resources"),),
    ),
    Break(
        "a pool that no shape fits",
        tuple(Edit(ENVOY_VALUES, row, "") for row in HEAD_SHAPES),
        "envoy: no shape fits head: nearest is 3CPU-28GB: it takes 28.2 GiB of memory, and a node of head has 26.3",
        ((SWEDEN, "Standard_D8ds_v5"), (ENVOY_VALUES, '"3CPU-28GB"')),
        fleet="every-choice",
    ),
    Break(
        "a size that nobody knows",
        (Edit(EAST, "Standard_D16ds_v5", "Standard_D16ds_v99"),),
        "the catalogue has no VM size Standard_D16ds_v99, which cpu is of: what fits it was not checked",
        ((EAST, "Standard_D16ds_v99"),),
        "warned",
    ),
    Break(
        "a cache without a bound",
        (Edit(VOLUME, '    - "--block-cache-pool-size=2048"\n', ""),),
        "the blob mount sets no bound to its block cache: what it takes beside each pod was not counted",
        ((VOLUME, "mountOptions"),),
        "noted",
    ),
    Break(
        "a Deployment that fits no node",
        _manifest("8", "1Gi"),
        "Deployment web fits no pool that takes it: it takes 8 CPUs, and a node of sys has 7.32",
        ((MORE, "spec:"), (EAST, "Standard_D8ds_v5")),
    ),
    Break(
        "a Deployment whose sidecar is too much",
        _manifest("1", "25Gi"),
        "Deployment web fits no pool that takes it: it takes 27.0 GiB of memory, and a node of sys has 26.3",
        ((MORE, "spec:"), (EAST, "Standard_D8ds_v5")),
    ),
    Break(
        "an operator that asks for more than its pool has",
        (
            Edit(
                VALUES, "operator:\n  replicas", "operator:\n  container: {resources: {requests: {cpu: 8}}}\n  replicas"
            ),
        ),
        "Anyscale's operator fits no pool that takes it: it takes 8.1 CPUs, and a node of sys has 7.32",
        ((VALUES, "operator:"), (EAST, "Standard_D8ds_v5")),
    ),
)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "shape", fleet=case.fleet), files, "shape", case)


def test_witnesses_count_shapes_and_stranded_gpus() -> None:
    found = [row for row in check(tree(), "shape").of("proved") if row.subject == "aks-eastus"]
    said = {row.what: [place.file.removeprefix("rendered/") for place in row.places] for row in found}
    assert said["94CPU-827GB-8xA100-40G fits a100 once: 0 of 8 GPUs stranded"] == [VALUES, EAST]
    assert said["11CPU-101GB-1xA100-40G fits a100 8 times: 0 of 8 GPUs stranded"] == [VALUES, EAST]
    assert said["7CPU-25GB fits cpu twice"] == [VALUES, EAST]
    assert said["Anyscale's operator fits sys"] == [VALUES, EAST]


def test_a_deployment_that_fits_is_a_witness() -> None:
    found = check(broken(_manifest("7", "23Gi")), "shape")
    assert failures(found) == []
    assert "Deployment web fits sys" in {row.what for row in found.of("proved")}


def test_whole_cpus_may_be_written_in_thousandths() -> None:
    files = broken((Edit(VALUES, '"CPU": 7\n', '"CPU": 7000m\n'),))
    report = check(files, "shape")
    assert failures(report) == []
    assert "7CPU-25GB fits cpu twice" in {row.what for row in report.of("proved")}


def test_one_cpu_is_enough() -> None:
    assert failures(check(broken((Edit(VALUES, '"CPU": 7\n', '"CPU": 1\n'),)), "shape")) == []


def test_a_pool_that_is_too_small_on_one_market_type_is_noted_once() -> None:
    found = check(tree("every-choice"), "shape", fleet="every-choice").of("noted")
    (row,) = found
    assert row.subject == "nginx and 1 more"
    assert row.what == "3CPU-28GB and 2 more on demand would need a larger pool than head"


def test_a_volume_over_nfs_takes_no_memory() -> None:
    edits = (
        Edit(VOLUME, "--block-cache-pool-size=2048", "--block-cache-pool-size=65536"),
        Edit(VOLUME, "protocol: fuse2", "protocol: nfs"),
    )
    assert failures(check(broken(edits), "shape")) == []


@pytest.mark.parametrize("fleet", rendering.FLEETS)
@pytest.mark.parametrize("bound", [True, False])
def test_good_trees_raise_no_alarm(fleet: str, bound: bool) -> None:
    files = tree(fleet) if bound else dict(rendering.compiled(fleet, bound=False).rendered())
    report = check(files, "shape", fleet=fleet)
    assert failures(report) == report.of("warned") == []
    assert bool(report.of("pending")) == (not bound)


def test_it_waits_for_the_operator() -> None:
    files = {path: content for path, content in tree().items() if path != BINDINGS and "operators/anyscale" not in path}
    assert {row.what for row in check(files, "shape").of("pending")} == {
        "whether shapes fit waits for the operator's values"
    }
