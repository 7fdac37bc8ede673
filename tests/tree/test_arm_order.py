"""What waits for what: turns in a chain, and deployments that reach each other."""

from __future__ import annotations

import json

import pytest

from rayfleet.tree.arm_order import dependencies, earlier_deployments, unordered_pair
from tests.proofs.breaks.azure import EAST, template
from tests.testing.broken_trees import Edit, broken, rendered, tree


@pytest.mark.parametrize(
    ("waits", "found"),
    [
        ({}, None),
        ({"a": set()}, None),
        ({"c": {"a", "b"}, "a": set(), "b": {"a"}}, None),
        ({"a": set(), "b": {"elsewhere"}}, ("a", "b")),
        ({"a": set(), "b": {"a"}, "c": {"a"}}, ("b", "c")),
        ({"a": {"x", "y", "z"}, "b": {"a", "x", "y", "z"}}, None),
    ],
)
def test_unordered(waits: dict[str, set[str]], found: tuple[str, str] | None) -> None:
    assert unordered_pair(waits) == found


def test_what_a_resource_waits_for_is_followed_to_the_end() -> None:
    (resource,) = (
        row
        for row in rendered(tree()).of_type("Microsoft.ContainerService/managedClusters/agentPools")
        if row.written_name == "aks-eastus/t4"
    )
    found = {name.rpartition("/")[2] for name in dependencies(resource)}
    assert {"cpu", "a100", "aks-eastus", "aks-nodes", "aks-eastus-vnet", "aks-eastus-nat-ip-1"} <= found


def test_a_circle_ends() -> None:
    def circle(resources: list[dict[str, object]]) -> None:
        (pool,) = (row for row in resources if row["name"] == "aks-eastus/a100")
        pool["dependsOn"] = [
            "[resourceId('Microsoft.ContainerService/managedClusters/agentPools', 'aks-eastus', 't4')]"
        ]

    whole = rendered(broken((template(EAST, circle),)))
    (resource,) = (row for row in whole.resources.values() if row.written_name == "aks-eastus/t4")
    assert resource.id in dependencies(resource)


def test_deployments_are_followed_to_the_end() -> None:
    path = "azure/deployments.json"
    rows = json.loads(tree()[path])
    rows["deployments"][0]["dependsOn"] = ["aks-multi-region-westus2"]  # a circle, which must end too
    whole = rendered(broken((Edit(path, tree()[path].decode(), json.dumps(rows)),)))
    assert earlier_deployments(whole, "aks-multi-region-eastus") == {
        "aks-multi-region-shared", "aks-multi-region-resource-group", "aks-multi-region-westus2",
    }  # fmt: skip
    assert earlier_deployments(whole, "nobody") == set()
