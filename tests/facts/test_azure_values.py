"""Values that Azure takes: every row is of a property that is rendered, and fleet.yaml takes the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rayfleet.facts.azure_values import AZURE_VALUES, azure_values
from rayfleet.facts.change_classes import Steps, rows
from rayfleet.facts.property_values import EACH, Exactly, Form, NumberRange, PropertyValues, Words
from rayfleet.facts.resource_types import CLUSTER, LIFECYCLE_POLICY, MAINTENANCE_WINDOW, NAT_GATEWAY, NODE_POOL, NSG
from rayfleet.package_files import SCHEMAS
from rayfleet.proofs.values import misfits, places
from rayfleet.tree import entries
from tests.testing.broken_trees import tree
from tests.testing.rendering import FLEETS

SCHEMA = json.loads(Path(SCHEMAS, "fleet.schema.json").read_text())
ROWS = [(kind, row) for kind, found in AZURE_VALUES.items() for row in found]
IDS = [f"{kind.rpartition('/')[2]}-{row.key}" for kind, row in ROWS]
# The rules of a network security group are rendered inside it; read as resources of their own, too.
UNRENDERED = {f"{NSG}/securityRules"}


@cache
def resources() -> dict[str, list[Any]]:
    """Every resource of every fleet, by type; pools inside a cluster as node pools."""
    found: dict[str, list[Any]] = {}
    for name in ("reference", *FLEETS):
        for path, content in tree(name).items():
            document = json.loads(content) if path.startswith("azure/") else {}
            for resource in entries(document, "resources"):
                found.setdefault(resource["type"], []).append(resource)
                for profile in entries(resource, "properties", "agentPoolProfiles"):
                    found.setdefault(NODE_POOL, []).append({"properties": profile})
    return found


def enums(data: Any, key: str) -> Iterator[set[str]]:
    """Every list of words that the schema of fleet.yaml has for a key."""
    for row in data if isinstance(data, list) else data.values() if isinstance(data, dict) else ():
        yield from enums(row, key)
    if isinstance(data, dict) and isinstance(data.get(key), dict) and "enum" in data[key]:
        yield set(data[key]["enum"]) - {None}


def row_of(kind: str, path: str) -> PropertyValues:
    return next(row for row in azure_values(kind) if row.path == tuple(path.split("/")))


@pytest.mark.parametrize(("kind", "row"), ROWS, ids=IDS)
def test_every_row_is_of_a_property_that_some_fleet_writes(kind: str, row: PropertyValues) -> None:
    assert kind in UNRENDERED or any(any(places(data, row.path)) for data in resources()[kind])


def test_what_is_rendered_has_no_other_values() -> None:
    wrong = {
        (kind, misfit.row.key, str(misfit.written))
        for kind, found in resources().items()
        for data in found
        for misfit in misfits(data, azure_values(kind))
        if not str(misfit.written).startswith("[")
    }
    assert wrong == set()


@pytest.mark.parametrize(("kind", "row"), [each for each in ROWS if each[0] not in UNRENDERED])
def test_every_property_has_a_row_in_the_table_of_changes(kind: str, row: PropertyValues) -> None:
    whole: Steps = row.path[: row.path.index(EACH)] if EACH in row.path else row.path
    assert any(each.concerns(path) for each in rows(kind) for path in (whole, row.path))


@pytest.mark.parametrize(
    ("key", "kind", "path", "but"),
    [
        ("tier", CLUSTER, "sku/tier", set()),
        ("expander", CLUSTER, "properties/autoScalerProfile/expander", set()),
        ("channel", CLUSTER, "properties/autoUpgradeProfile/upgradeChannel", set()),
        ("nodeOsChannel", CLUSTER, "properties/autoUpgradeProfile/nodeOSUpgradeChannel", set()),
        ("osDiskType", NODE_POOL, "properties/osDiskType", set()),
        # Retired, and not tried with GPUs.
        ("osSku", NODE_POOL, "properties/osSKU", {"CBLMariner", "AzureContainerLinux"}),
        ("day", MAINTENANCE_WINDOW, "properties/maintenanceWindow/schedule/weekly/dayOfWeek", set()),
    ],
)
def test_fleet_yaml_takes_the_same_words(key: str, kind: str, path: str, but: set[str]) -> None:
    values = row_of(kind, path).values
    assert isinstance(values, Words)
    assert list(enums(SCHEMA, key)) == [set(values.words) - but]


@pytest.mark.parametrize(
    ("key", "kind", "path"),
    [
        ("durationHours", MAINTENANCE_WINDOW, "properties/maintenanceWindow/durationHours"),
        ("idleTimeoutMinutes", NAT_GATEWAY, "properties/idleTimeoutInMinutes"),
    ],
)
def test_fleet_yaml_takes_the_same_numbers(key: str, kind: str, path: str) -> None:
    found: list[Any] = []

    def walk(data: Any) -> None:
        for name, value in data.items() if isinstance(data, dict) else ():
            found.extend([value] if name == key and isinstance(value, dict) else [])
            walk(value)

    walk(SCHEMA)
    values = row_of(kind, path).values
    assert isinstance(values, NumberRange)
    assert [(each["minimum"], each["maximum"]) for each in found] == [(values.least, values.most)]


@pytest.mark.parametrize(("kind", "row"), ROWS, ids=IDS)
def test_a_row_says_what_it_takes(kind: str, row: PropertyValues) -> None:
    values = row.values
    if isinstance(values, Exactly):
        others = (None, [], not values.value, str(values.value).upper(), 1)
        assert values.takes(values.value) and not any(map(values.takes, others))
        return
    assert not values.takes(None) and not values.takes(True) and not values.takes([])
    if isinstance(values, Words):
        assert all(map(values.takes, values.words)) and not any(map(values.takes, values.refused))
        assert not values.takes("Nonsense") and all(
            why.startswith(("which ", "on which ", "whose ")) for why in values.refused.values()
        )
    elif isinstance(values, Form):
        assert not values.takes("Nonsense") and not values.takes("")
    else:
        assert values.takes(values.least) and not values.takes(values.least - 1)
        assert values.most is None or (values.takes(values.most) and not values.takes(values.most + 1))


def test_the_first_row_of_a_path_that_is_about_the_resource_counts() -> None:
    pool = {"properties": {"mode": "System", "maxPods": 9, "count": 0}}
    assert [misfit.row.where for misfit in misfits(pool, azure_values(NODE_POOL))] == [("mode", "System")] * 2
    assert list(misfits({"properties": {"mode": "User", "maxPods": 10, "count": 0}}, azure_values(NODE_POOL))) == []


def test_entries_of_lists_and_objects_are_judged_each() -> None:
    actions = {
        "tierToCool": {"daysAfterModificationGreaterThan": -1},
        "delete": {"daysAfterModificationGreaterThan": 1},
    }
    policy = {
        "properties": {"policy": {"rules": [{"type": "Other", "definition": {"actions": {"baseBlob": actions}}}]}}
    }
    at = ("properties", "policy", "rules", 0)
    assert [misfit.path for misfit in misfits(policy, azure_values(LIFECYCLE_POLICY))] == [
        (*at, "type"),
        (*at, "definition", "actions", "baseBlob", "tierToCool", "daysAfterModificationGreaterThan"),
    ]
