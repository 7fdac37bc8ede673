"""Values that Azure takes: of properties that are rendered, and those that fleet.yaml takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rayfleet.facts.change_classes import Steps, rows
from rayfleet.facts.property_values import NUMBERS, WORDS
from rayfleet.facts.resource_types import CLUSTER, NODE_POOL
from rayfleet.package_files import SCHEMAS

SCHEMA = json.loads(Path(SCHEMAS, "fleet.schema.json").read_text())


def enums(data: Any, key: str) -> list[set[str]]:
    """Every list of words that the schema of fleet.yaml has for a key."""
    if isinstance(data, list):
        return [found for row in data for found in enums(row, key)]
    if not isinstance(data, dict):
        return []
    own = [set(data[key]["enum"]) - {None}] if isinstance(data.get(key), dict) and "enum" in data[key] else []
    return own + [found for row in data.values() for found in enums(row, key)]


@pytest.mark.parametrize(
    ("kind", "path"), [(kind, path) for table in (WORDS, NUMBERS) for kind in table for path in table[kind]]
)
def test_every_property_has_a_row_in_the_table_of_changes(kind: str, path: Steps) -> None:
    assert any(row.about(path) for row in rows(kind))


@pytest.mark.parametrize(
    ("key", "kind", "path"),
    [
        ("tier", CLUSTER, ("sku", "tier")),
        ("expander", CLUSTER, ("properties", "autoScalerProfile", "expander")),
        ("osDiskType", NODE_POOL, ("properties", "osDiskType")),
    ],
)
def test_fleet_yaml_takes_the_same_words(key: str, kind: str, path: Steps) -> None:
    assert enums(SCHEMA, key) == [set(WORDS[kind][path])]


def test_ranges_have_room() -> None:
    assert all(row.least < row.most and row.unit for of in NUMBERS.values() for row in of.values())
