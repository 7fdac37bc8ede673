"""Compute configs: shapes that clusters have, on market types that find a pool."""

from __future__ import annotations

import json

import pytest

from rayfleet.facts.catalogue import Catalogue
from rayfleet.proofs import Evidence, prove
from rayfleet.source import read
from rayfleet.tree import Tree
from rayfleet.tree.files import Files
from tests.testing.broken_trees import TODAY, Break, Edit, assert_seen, broken, check, failures, tree
from tests.testing.rendering import bindings, from_text
from tests.testing.smallest_fleet import smallest

T4 = "anyscale/T4/compute_config.yaml"
VALUES = "clusters/aks-eastus/operators/anyscale-operator/values.yaml"
RESOURCE = "clusters/aks-eastus/anyscale/cloud_resource.yaml"
L4 = "anyscale/L4/compute_config.yaml"
WEST = '  - cloud_resource: "aks-westus2"\n'


def _east(old: str, new: str) -> Edit:
    """Changes what the config says of aks-eastus, which comes first."""
    whole = tree()[T4].decode()
    first, _, rest = whole.partition(WEST)
    assert first.count(old) == 1
    return Edit(T4, whole, f"{first.replace(old, new)}{WEST}{rest}")


def _swapped() -> str:
    """The config of T4 with its two clusters the other way round."""
    head, first, rest = tree()[T4].decode().partition('  - cloud_resource: "aks-eastus"\n')
    east, _, west = rest.partition(WEST)
    return f"{head}{WEST}{west}{first}{east}"


BREAKS = (
    Break(
        "a shape that the cluster does not have",
        (_east("15CPU-96GB-1xT4", "16CPU-96GB-1xT4"),),
        "aks-eastus: the compute config of T4 asks for 16CPU-96GB-1xT4, which the cluster does not have",
        ((T4, "16CPU-96GB-1xT4"), (VALUES, "additional")),
    ),
    Break(
        "no shape",
        (_east('        instance_type: "15CPU-96GB-1xT4"\n', ""),),
        "the compute config of T4 names no instance type for its workers",
        ((T4, 'name: "T4"'), (VALUES, "additional")),
    ),
    Break(
        "a market type without a pool",
        (_east('"SPOT"', '"ON_DEMAND"'),),
        "the compute config of T4 asks for 15CPU-96GB-1xT4 on demand, which no pool takes",
        ((T4, "ON_DEMAND"), (VALUES, '"15CPU-96GB-1xT4"')),
    ),
    Break(
        "no market type is on demand",
        (_east('        market_type: "SPOT"\n', ""),),
        "the compute config of T4 asks for 15CPU-96GB-1xT4 on demand, which no pool takes",
        ((T4, 'name: "T4"'), (VALUES, '"15CPU-96GB-1xT4"')),
    ),
    Break(
        "nowhere to fall back to",
        (_east('"SPOT"', '"PREFER_SPOT"'),),
        "the compute config of T4 asks for 15CPU-96GB-1xT4 on demand, which no pool takes",
        ((T4, "PREFER_SPOT"), (VALUES, '"15CPU-96GB-1xT4"')),
    ),
    Break(
        "a market type that nobody knows",
        (_east('"SPOT"', '"CHEAP"'),),
        "the compute config of T4 asks for CHEAP workers, which Anyscale does not know",
        ((T4, "CHEAP"),),
    ),
    Break(
        "a head of a shape that is on spot only",
        (_east("7CPU-25GB", "94CPU-827GB-8xA100-40G"),),
        "the compute config of T4 asks for 94CPU-827GB-8xA100-40G on demand, which no pool takes",
        ((T4, "94CPU-827GB-8xA100-40G"), (VALUES, '"94CPU-827GB-8xA100-40G"')),
    ),
    Break(
        "a head too large for its pool",
        (Edit(L4, "7CPU-26GB", "7CPU-57GB"),),
        "the compute config of L4 asks for 7CPU-57GB on demand, which is too large for every pool that takes it",
        ((L4, "7CPU-57GB"), ("clusters/envoy/operators/anyscale-operator/values.yaml", '"7CPU-57GB"')),
        fleet="every-choice",
    ),
    Break(
        "a cloud resource that is not rendered",
        (_east("aks-eastus", "aks-nowhere"),),
        "the compute config of T4 names aks-nowhere, which is not rendered",
        ((T4, "aks-nowhere"),),
    ),
    Break(
        "no cloud resource",
        (_east('cloud_resource: "aks-eastus"', "cloud_resource: null"),),
        "the compute config of T4 names no cloud resource, which is not rendered",
        ((T4, "cloud_resource"),),
    ),
    Break(
        "a cloud resource of another name",
        (Edit(RESOURCE, 'name: "aks-eastus"', 'name: "aks-other"'),),
        "the compute config of T4 names it, and its cloud resource is called aks-other",
        ((T4, "aks-eastus"), (RESOURCE, "aks-other")),
    ),
)


ORDER = (
    Break(
        "a cluster twice",
        (Edit(T4, WEST, WEST.replace("aks-westus2", "aks-eastus")),),
        "the compute config of T4 names aks-eastus twice, and Anyscale takes a cloud resource once",
        ((T4, "aks-eastus"), (T4, "aks-eastus")),
    ),
    Break(
        "a cluster that no job tries",
        (Edit(T4, tree()[T4].decode(), tree()[T4].decode().partition(WEST)[0]),),
        "aks-westus2: it has T4 in t4, and the compute config of T4 does not name it: no job tries it",
        ((T4, "configs:"), ("azure/westus2.json", "Standard_NC16as_T4_v3"), ("bindings.yaml", "cloudResourceId")),
    ),
    Break(
        "the order of the fleet the other way round",
        (Edit(T4, tree()[T4].decode(), _swapped()),),
        "the compute config of T4 tries aks-westus2 before aks-eastus, against the fleet's order",
        (
            (T4, "aks-westus2"),
            ("clusters/aks-westus2/cluster.json", '"order"'),
            ("clusters/aks-eastus/cluster.json", '"order"'),
        ),
    ),
    Break(
        "no strategy",
        (Edit(T4, '  "cloud_resource_strategy": "input_order"\n', ""),),
        "the compute config of T4 says no cloud_resource_strategy: Anyscale goes by its score of past launches",
        ((T4, "flags"),),
        outcome="warned",
    ),
    Break(
        "a strategy that nobody knows",
        (Edit(T4, '"input_order"', '"round_robin"'),),
        "the compute config of T4 has the strategy round_robin",
        ((T4, "round_robin"),),
        outcome="warned",
    ),
    Break(
        "a time without a unit",
        (Edit(T4, '"15m"', '"15"'),),
        "the compute config of T4 lets a cluster start for 15, and Anyscale takes a number with s, m or h",
        ((T4, "starting_timeout"),),
        outcome="warned",
    ),
)
NODES = (
    Break(
        "more workers than the pool has nodes",
        (_east("max_nodes: 3", "max_nodes: 4"),),
        "the compute config of T4 asks for up to 4 workers of 15CPU-96GB-1xT4, and t4 can hold 3",
        ((T4, "max_nodes: 4"), ("azure/eastus.json", '"maxCount": 3')),
    ),
    Break(
        "more workers at least than at most",
        (_east("min_nodes: 0", "min_nodes: 4"),),
        "the compute config of T4 asks for 4 workers at least and 3 at most",
        ((T4, "min_nodes: 4"), (T4, "max_nodes: 3")),
    ),
    Break(
        "no node left for the head",
        (Edit(T4, tree("token")[T4].decode(), tree("token")[T4].decode().replace("max_nodes: 3", "max_nodes: 4", 1)),),
        "asks for up to 4 workers of 3CPU-20GB-1xT4, and t4 can hold 3 beside the head",
        ((T4, "max_nodes: 4"), ("azure/westus3.json", '"maxCount": 4')),
        fleet="token",
    ),
    Break(
        "a head that offers its CPUs",
        (_east("        CPU: 0\n        GPU: 0\n", "        CPU: 7\n        GPU: 0\n"),),
        "the compute config of T4: its head offers its CPUs to work",
        ((T4, "CPU: 7"),),
        outcome="warned",
    ),
    Break(
        "a head whose CPUs nobody takes away",
        (_east("      resources:\n        CPU: 0\n        GPU: 0\n", ""),),
        "the compute config of T4: its head offers its CPUs to work",
        ((T4, "instance_type"),),
        outcome="warned",
    ),
)


@pytest.mark.parametrize("case", (*ORDER, *NODES), ids=lambda case: case.name)
def test_break_of_order_and_nodes_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "placement", fleet=case.fleet), files, "placement", case)


def test_a_head_on_gpus_is_told_with_its_pool() -> None:
    warned = [row.what for row in check(tree("token"), "placement", fleet="token").of("warned")]
    assert warned == ["the compute config of T4: its head finds no pool without GPUs, and takes a node of t4"]


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "placement", fleet=case.fleet), files, "placement", case)


def test_witnesses_name_the_pools_of_head_and_workers() -> None:
    found = {row.what for row in check(tree(), "placement").of("proved")}
    assert "the compute config of T4: its head of 7CPU-25GB finds cpu" in found
    assert "the compute config of T4: its workers of 15CPU-96GB-1xT4 find t4" in found


def test_spot_first_finds_both() -> None:
    found = {row.what for row in check(tree("accelerators"), "placement", fleet="accelerators").of("proved")}
    assert "the compute config of A100-80G: its workers of 23CPU-198GB-1xA100-80G find a100spot, a100" in found


def test_a_config_without_a_head_has_none() -> None:
    files = broken((_east('    head_node:\n      instance_type: "7CPU-25GB"\n', "    other:\n      x: 1\n"),))
    report = check(files, "placement")
    assert failures(report) == []
    assert sum("its head" in row.what for row in report.of("proved")) == 3


def test_a_shape_that_finds_no_pool_is_told_of_once() -> None:
    files = broken((Edit("azure/eastus.json", '"rayfleet.dev/accelerator": "T4"', '"rayfleet.dev/accelerator": "L4"'),))
    assert not any("compute config" in row.what for row in failures(check(files, "placement")))


def test_a_head_of_another_architecture_leaves_no_node_for_workers() -> None:
    """The only on-demand node of its own architecture is the worker's: no config is rendered, and none is missed."""
    size = {
        "vcpus": 37, "memoryGib": 121, "ephemeralOsDiskGib": 64, "encryptionAtHost": True, "architecture": "arm64",
        "family": "own", "gpus": 8, "accelerator": "Own", "gpuMemoryGib": 80, "gpuVendor": "nvidia",
    }  # fmt: skip
    gpus = {"vmSize": "Standard_OWN16_v1", "count": 1, "osDiskType": "Managed"}
    pools = {
        "sys": {"mode": "system", "vmSize": "Standard_D8ds_v5", "count": 3},
        "head": {"vmSize": "Standard_D16ds_v5", "maxCount": 5},
        "gpu": gpus,
    }
    data = smallest(nodePools=pools) | {"vmSizes": {"Standard_OWN16_v1": size}}
    files = dict(from_text(json.dumps(data), bound=True).rendered())
    late = bindings(from_text(json.dumps(data)))
    sizes = Catalogue(data["vmSizes"])
    report = prove(Evidence(Tree(Files("rendered", files), read("bindings.yaml", late), sizes), TODAY), ["placement"])
    assert not any(path.startswith("anyscale/") for path in files)
    assert [row.what for row in report.of("failed")] == []
