"""Compute configs: shapes that clusters have, on market types that find a pool."""

from __future__ import annotations

import pytest

from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, tree

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
