"""The table of what a change does: whole, sourced, right by direction, and with a row for all that is rendered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rayfleet.facts import resource_types as types
from rayfleet.facts.change_classes import ChangeRow, Steps, classes, classify, differences, rows
from rayfleet.facts.change_directions import STEPS, older
from rayfleet.package_files import SCHEMAS
from tests.testing.rendering import FLEETS, compiled, reference

TABLE = json.loads(Path(SCHEMAS, "azure-changes.json").read_text())
ROWS = [(kind, row) for kind, written in TABLE["types"].items() for row in written]


# --- the table itself -------------------------------------------------------------------------------------------------


def test_every_row_says_all_that_the_legend_asks_for() -> None:
    legend = {name for names in TABLE["fields"] for name in names.split(", ")}
    assert len(ROWS) > 150
    for kind, row in ROWS:
        assert row.keys() <= legend, (kind, row)
        assert row["class"] in classes() and row["paths"] and row["source"], (kind, row)
        assert row.get("step", "down") in STEPS, (kind, row)


def test_every_class_is_some_rows() -> None:
    assert {row["class"] for _, row in ROWS} | {"re-created"} == set(classes())


def test_every_source_is_one_of_those_named() -> None:
    marks = {source.split(" ", 1)[0] for _, row in ROWS for source in row["source"].split("; ")}
    assert marks == set(TABLE["sources"])


def test_the_types_are_those_that_are_written() -> None:
    assert set(TABLE["types"]) == {"*", *(row.type for row in types.TYPES)}


def test_no_row_stands_behind_one_that_fits_always() -> None:
    always = {"class", "paths", "says", "fix", "source", "unrendered", "with", "scales"}
    for kind in TABLE["types"]:
        closed: set[str] = set()
        for row in TABLE["types"][kind]:
            assert not closed & set(row["paths"]), (kind, row)
            closed |= set(row["paths"]) if row.keys() <= always else set()


# --- what is rendered -------------------------------------------------------------------------------------------------

# Of the template, and not of the resource; or what makes it another resource.
_NOT_PROPERTIES = {"type", "apiVersion", "name", "dependsOn", "metadata"}


def _leaves(value: Any, *path: str) -> Iterator[Steps]:
    if isinstance(value, dict) and value:
        for key, row in value.items():
            yield from _leaves(row, *path, key)
    elif value != {} or path != ("properties",):
        yield path


def _resources() -> Iterator[dict[str, Any]]:
    fleets = [reference(), *(compiled(name, bound) for name in FLEETS for bound in (False, True))]
    for fleet in fleets:
        for path, content in fleet.rendered():
            if path.startswith("azure/") and not path.endswith("deployments.json"):
                yield from json.loads(content)["resources"]


@cache
def _rendered() -> frozenset[tuple[str, Steps]]:
    """The type and the path of every property of every test fleet."""
    found: set[tuple[str, Steps]] = set()
    for row in _resources():
        for key in row.keys() - _NOT_PROPERTIES:
            found |= {(row["type"], path) for path in _leaves(row[key], key)}
        for pool in row["properties"].get("agentPoolProfiles", ()):
            found |= {(types.NODE_POOL, path) for key in pool if key != "name" for path in
                      _leaves(pool[key], "properties", key)}  # fmt: skip
    return frozenset(found)


def _about(kind: str, path: Steps) -> list[ChangeRow]:
    return [row for row in rows(kind) if row.concerns(path)]


def test_every_property_that_is_rendered_has_a_row() -> None:
    assert len(_rendered()) > 150
    assert [(kind, ".".join(path)) for kind, path in sorted(_rendered()) if not _about(kind, path)] == []


def test_every_row_is_about_something_rendered_or_says_why_not() -> None:
    for kind, row in ROWS:
        kinds = [kind] if kind != "*" else [known.type for known in types.TYPES]
        for path in row["paths"]:
            only = ChangeRow("in place", (tuple(path.split(".")),))
            there = any(
                known in kinds and any(only.concerns(steps[:length]) for length in range(1, len(steps) + 1))
                for known, steps in _rendered()
            )
            assert there != ("unrendered" in row), (kind, path)


def test_every_type_that_is_rendered_is_written_with_the_version_of_the_table() -> None:
    found = {(row["type"], row["apiVersion"]) for row in _resources()}
    assert found == {(row.type, row.api_version) for row in types.TYPES}


# --- by direction -----------------------------------------------------------------------------------------------------

LRS, ZRS, GRS = "Standard_LRS", "Standard_ZRS", "Standard_GRS"
NETWORK = "properties.networkProfile"
CSI = "properties.storageProfile.blobCSIDriver.enabled"


def policy(days: int, prefix: str = "ray/", action: str = "delete") -> list[Any]:
    actions = {"baseBlob": {action: {"daysAfterModificationGreaterThan": days}}}
    return [{"enabled": True, "definition": {"filters": {"prefixMatch": [prefix]}, "actions": actions}}]


@pytest.mark.parametrize(
    ("kind", "path", "before", "after", "expected"),
    [
        (types.VNET, "location", "eastus", "westus2", "refused"),
        (types.VNET, "tags.team", "a", None, "in place"),
        (types.CLUSTER, "properties.kubernetesVersion", "1.36", "1.37", "in place"),
        (types.CLUSTER, "properties.kubernetesVersion", "1.36", "1.36.2", "in place"),
        (types.CLUSTER, "properties.kubernetesVersion", "1.35", "1.37", "refused"),
        (types.CLUSTER, "properties.kubernetesVersion", "1.35.4", "1.37.1", "refused"),
        (types.CLUSTER, "properties.kubernetesVersion", "1.33", "1.37", "refused"),
        (types.CLUSTER, "properties.kubernetesVersion", "1.37", "1.36", "refused"),
        (types.CLUSTER, "properties.kubernetesVersion", "1.36", None, "in place"),
        (types.NODE_POOL, "properties.orchestratorVersion", "1.36", "1.37", "rolling nodes"),
        (types.NODE_POOL, "properties.orchestratorVersion", "1.37", "1.36", "refused"),
        (types.CLUSTER, f"{NETWORK}.networkDataplane", "azure", "cilium", "rolling all nodes"),
        (types.CLUSTER, f"{NETWORK}.networkDataplane", "cilium", "azure", "unclassified"),
        (types.CLUSTER, f"{NETWORK}.networkPolicy", "none", "calico", "rolling all nodes"),
        (types.CLUSTER, f"{NETWORK}.networkPolicy", "calico", "azure", "unclassified"),
        (types.CLUSTER, f"{NETWORK}.networkPolicy", "cilium", "calico", "new cluster"),
        (types.CLUSTER, f"{NETWORK}.networkPluginMode", None, "overlay", "rolling all nodes"),
        (types.CLUSTER, f"{NETWORK}.networkPluginMode", "overlay", None, "new cluster"),
        (types.CLUSTER, f"{NETWORK}.podCidr", "100.64.0.0/11", "100.64.0.0/10", "in place"),
        (types.CLUSTER, f"{NETWORK}.podCidr", "100.64.0.0/10", "100.64.0.0/11", "new cluster"),
        (types.CLUSTER, f"{NETWORK}.outboundType", "loadBalancer", "userAssignedNATGateway", "in place"),
        (types.CLUSTER, f"{NETWORK}.outboundType", "userAssignedNATGateway", "block", "refused"),
        (types.CLUSTER, CSI, True, False, "data"),
        (types.CLUSTER, CSI, False, True, "in place"),
        (types.CLUSTER, "properties.oidcIssuerProfile.enabled", True, False, "refused"),
        (types.CLUSTER, "properties.oidcIssuerProfile.enabled", False, True, "in place"),
        (types.CLUSTER, "properties.aadProfile", {"managed": True}, None, "refused"),
        (types.CLUSTER, "properties.aadProfile.adminGroupObjectIDs", ["a"], None, "in place"),
        (types.CLUSTER, "properties.autoUpgradeProfile.nodeOSUpgradeChannel", "NodeImage", "None", "in place"),
        (types.CLUSTER, "properties.autoUpgradeProfile.nodeOSUpgradeChannel", "NodeImage", "Unmanaged",
         "rolling all nodes"),
        (types.CLUSTER, "properties.agentPoolProfiles", None, {"name": "sys2"}, "refused"),
        (types.CLUSTER, "properties.agentPoolProfiles", {"name": "sys"}, None, "ignored"),
        (types.CLUSTER, "properties.somethingNew", 1, 2, "unclassified"),
        (types.NODE_POOL, "properties.osSKU", "Ubuntu", "AzureLinux", "rolling nodes"),
        (types.NODE_POOL, "properties.osSKU", "Ubuntu", "Windows2022", "new pool"),
        (types.NODE_POOL, "properties.count", 3, 5, "in place"),
        (types.NODE_POOL, "properties.count", 3, None, "in place"),
        (types.STORAGE_ACCOUNT, "sku.name", LRS, GRS, "in place"),
        (types.STORAGE_ACCOUNT, "sku.name", ZRS, LRS, "refused"),
        (types.STORAGE_ACCOUNT, "sku.name", LRS, "Premium_LRS", "refused"),
        (types.STORAGE_ACCOUNT, "kind", "Storage", "StorageV2", "in place"),
        (types.STORAGE_ACCOUNT, "kind", "StorageV2", "Storage", "refused"),
        (types.BLOB_SERVICE, "properties.deleteRetentionPolicy.days", 7, 1, "data"),
        (types.BLOB_SERVICE, "properties.deleteRetentionPolicy.days", 1, 7, "in place"),
        (types.BLOB_SERVICE, "properties.lastAccessTimeTrackingPolicy.enable", True, False, "unclassified"),
        (types.LIFECYCLE_POLICY, "properties.policy.rules", policy(30), policy(7), "data"),
        (types.LIFECYCLE_POLICY, "properties.policy.rules", policy(30), policy(60), "in place"),
        (types.LIFECYCLE_POLICY, "properties.policy.rules", policy(30), policy(30, ""), "data"),
        (types.LIFECYCLE_POLICY, "properties.policy.rules", policy(30), policy(30, "ray/old/"), "in place"),
        (types.LIFECYCLE_POLICY, "properties.policy.rules", policy(30, action="tierToCool"), [], "in place"),
        (types.LIFECYCLE_POLICY, "properties.policy.rules", 1, 2, "data"),
        (types.EXTENSION, "properties.configurationSettings.a", "1", "2", "rolling pods"),
        (types.EXTENSION, "properties.configurationSettings.a", "1", None, "unclassified"),
        (types.FLUX_CONFIGURATION, "properties.kustomizations.flux.path", "a", "b", "data"),
        (types.FLUX_CONFIGURATION, "properties.kustomizations.flux", {"path": "a"}, None, "data"),
        ("Microsoft.Unknown/types", "properties.x", 1, 2, "unclassified"),
    ],
)  # fmt: skip
def test_class(kind: str, path: str, before: Any, after: Any, expected: str) -> None:
    for written in (kind, kind.lower()):
        (found,) = classify(written, tuple(path.split(".")), before, after)
        assert found.row.change_class == expected
        assert found.row.sentence


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [("1.33", "1.35", "unclassified"), ("1.33", "1.37", "refused"), ("1.33", "1.34", "in place")],
)
def test_long_term_support_may_skip_minors(before: str, after: str, expected: str) -> None:
    """As far as nodes, which stay behind, may be."""
    cluster = {"properties": {"supportPlan": "AKSLongTermSupport"}}
    (found,) = classify(types.CLUSTER, ("properties", "kubernetesVersion"), before, after, cluster)
    assert found.row.change_class == expected


def test_a_count_beside_the_autoscaler_is_nobodys() -> None:
    for autoscaled, expected in ((True, "unclassified"), (False, "in place")):
        resource = {"properties": {"enableAutoScaling": autoscaled}}
        (found,) = classify(types.NODE_POOL, ("properties", "count"), None, 3, resource)
        assert found.row.change_class == expected


def test_what_goes_with_another_is_not_told_again() -> None:
    spot = {"properties": {"scaleSetPriority": "Spot", "spotMaxPrice": -1, "scaleSetEvictionPolicy": "Delete"}}
    assert [row.path[-1] for row in differences(types.NODE_POOL, {"properties": {}}, spot)] == ["scaleSetPriority"]
    dearer = {"properties": {**spot["properties"], "spotMaxPrice": 1}}
    assert [row.path[-1] for row in differences(types.NODE_POOL, spot, dearer)] == ["spotMaxPrice"]


def test_differences_are_of_properties_alone() -> None:
    before = {"type": "a", "apiVersion": "1", "dependsOn": [], "properties": {"x": {}, "same": [1]}}
    after = {"type": "a", "apiVersion": "2", "dependsOn": ["b"], "properties": {"same": [1]}}
    assert differences(types.VNET, before, after) == []
    assert differences(types.VNET, after, before) == []


@pytest.mark.parametrize("garbage", [None, 1, "x", [], [1], {"a": 1}, [{"definition": 1}], [{"definition": {"a": []}}]])
def test_anything_can_be_compared(garbage: Any) -> None:
    for kind, row in ROWS:
        for path in row["paths"]:
            for other in (None, "1", 2, [], {"b": 2}, [{"enabled": True}]):
                assert all(found.row.change_class in classes() for found in classify(kind, (path,), garbage, other))
                assert all(step(garbage, other) in (True, False) for step in STEPS.values())


@pytest.mark.parametrize(
    ("version", "than", "is_older"),
    [
        ("1.35", "1.36", True),
        ("1.9", "1.36", True),
        ("1.36.1", "1.36.2", True),
        ("1.36", "1.36.2", False),
        ("1.36.2", "1.36", False),
        ("2.0", "1.36", False),
        ("", "1.36", False),
        ("1.35", "newest", False),
    ],
)
def test_older(version: str, than: str, is_older: bool) -> None:
    assert older(version, than) is is_older


# --- what the sources tell, line by line in changes.txt ---------------------------------------------------------------

# Where people say a property without the word that ARM has before it.
_BESIDE_PROPERTIES = {"location", "tags", "sku", "identity", "kind", "zones"}
_TYPES = {row.type.rpartition("/")[2]: row.type for row in types.TYPES}


class _Told(NamedTuple):
    """A line of changes.txt."""

    kind: str
    path: tuple[str, ...]
    before: Any
    after: Any
    change_class: str


def _changes_told() -> Iterator[_Told]:
    for line in (Path(__file__).parent / "changes.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            kind, path, before, after, change_class = line.split(" | ")
            steps = tuple(path.split("."))
            if kind in _TYPES and (steps[0] not in _BESIDE_PROPERTIES or (kind, path) in _OF_POOLS):
                steps = ("properties", *steps)
            yield _Told(_TYPES.get(kind, kind), steps, _value(before), _value(after), change_class)


_OF_POOLS = {("agentPools", "tags.a")}


def _value(text: str) -> Any:
    """JSON; and what is none, or a version, is text."""
    if text in ("null", "true", "false") or text[:1] in "[{" or text.lstrip("-").isdecimal():
        return json.loads(text)
    return text


@pytest.mark.parametrize(
    "row", tuple(_changes_told()), ids=lambda row: f"{row.kind.rpartition('/')[2]} {'.'.join(row.path)}"
)
def test_a_change_has_its_class(row: _Told) -> None:
    (found,) = classify(row.kind, row.path, row.before, row.after)
    assert found.row.change_class == row.change_class
    assert found.row.sentence


def test_every_type_of_azure_that_is_written_is_told_of() -> None:
    told = {row.kind for row in _changes_told()}
    apart = {types.RESOURCE_GROUP, types.LIFECYCLE_POLICY}  # of a location alone; of rules, in test_change_classes.py
    assert {row.type for row in types.TYPES} - told == apart
