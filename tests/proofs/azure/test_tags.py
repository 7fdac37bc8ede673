"""Tags: what most resources of the fleet say, all say that take tags."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet.facts.resource_types import RESOURCE_GROUP, TYPES
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, tree
from tests.testing.rendering import FLEETS

FLEET, NORTH = "every-choice", "azure/northeurope.json"
TAG = '"cost center": "no"'


def retagged(kind: str, name: str, *path: str | int, value: str | None = None) -> tuple[Edit, ...]:
    """The template with another tag, or without it, of one resource or of a pool inside it."""
    old = tree(FLEET)[NORTH].decode()
    document = json.loads(old)
    (row,) = [row for row in document["resources"] if row["type"].endswith(kind) and row["name"] == name]
    for step in path:
        row = row[step]
    if value is None:
        del row["tags"]
    else:
        row["tags"]["cost center"] = value
    return (Edit(NORTH, old, json.dumps(document, indent=2)),)


SYSTEM = next(row for row in json.loads(tree(FLEET)[NORTH])["resources"] if "agentPoolProfiles" in row["properties"])
POOL = SYSTEM["properties"]["agentPoolProfiles"][0]["name"]
BREAKS = (
    Break(
        "a resource with another tag",
        retagged("natGateways", "nginx-nat", value="yes"),
        "the NAT gateway nginx-nat has the tag cost center: yes; most of",
        ((NORTH, '"tags"'),),
        "warned",
        FLEET,
    ),
    Break(
        "a network without tags",
        retagged("virtualNetworks", "nginx-vnet"),
        "the network nginx-vnet lacks the tag cost center and 1 other; most of",
        ((NORTH, ""),),
        "warned",
        FLEET,
    ),
    Break(
        "a system pool without tags",
        retagged("managedClusters", "nginx", "properties", "agentPoolProfiles", 0),
        f"the node pool nginx/{POOL} lacks the tag cost center",
        ((NORTH, ""),),
        "warned",
        FLEET,
    ),
)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, FLEET)
    assert_seen(check(files, "arm", fleet=FLEET), files, "arm", case)


@pytest.mark.parametrize("fleet", ["reference", *FLEETS])
def test_whatever_takes_tags_has_those_of_the_fleet(fleet: str) -> None:
    """Pools inside a cluster too, and no resource has tags of which the table of types does not know."""
    known = {row.type: row.tags for row in TYPES}
    found = [row for path in tree(fleet) if path.startswith("azure/") for row in _resources(tree(fleet)[path])]
    takes = [row for row in found if known[row["type"]]]
    places = [*(_tags(row, known[row["type"]]) for row in takes), *(pool.get("tags") for pool in _pools(found))]
    own = next(row.get("tags") or {} for row in found if row["type"] == RESOURCE_GROUP)
    assert all((tags or {}).items() >= own.items() for tags in places)
    assert not [row["type"] for row in found if "tags" in row and not known[row["type"]]]


def _resources(content: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(content).get("resources", [])
    return found


def _pools(rows: list[dict[str, Any]]) -> list[dict[str, dict[str, str]]]:
    return [pool for row in rows for pool in row.get("properties", {}).get("agentPoolProfiles", ())]


def _tags(row: object, path: tuple[str, ...]) -> dict[str, str] | None:
    for step in path:
        row = row.get(step) if isinstance(row, dict) else None
    return row if isinstance(row, dict) else None
