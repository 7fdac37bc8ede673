"""Every value that Azure accepts of a property, against one that it does not: one claim sees it, in its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet.facts.azure_values import AZURE_VALUES
from rayfleet.facts.property_values import EACH, Exactly, NumberRange, PropertyValues, Words
from rayfleet.facts.resource_types import CLUSTER, NODE_POOL
from rayfleet.proofs.values import places
from rayfleet.tree import entries
from tests.testing.broken_trees import check, tree
from tests.testing.rendering import FLEETS

ROWS = [(kind, row) for kind, found in AZURE_VALUES.items() for row in found if "securityRules" not in kind]
IDS = [f"{kind.rpartition('/')[2]}-{row.key}{'-of-system' if row.where else ''}" for kind, row in ROWS]
# The edits are of the template alone, and the record of the cluster says what it was.
BESIDE = {"arm/record-differs"}


def bad(row: PropertyValues) -> Any:
    if isinstance(row.values, Exactly) and isinstance(row.values.value, bool):
        return not row.values.value
    return row.values.least - 1 if isinstance(row.values, NumberRange) else "Nonsense"


def broken(kind: str, row: PropertyValues, value: Any) -> tuple[str, dict[str, bytes]]:
    """The first fleet that has the property, with another value at its first place."""
    for name in ("reference", *FLEETS):
        for path, content in tree(name).items():
            document = json.loads(content) if path.startswith("azure/") else {}
            for resource in entries(document, "resources"):
                if resource["type"] == kind and put(resource, row, value):
                    return name, {**tree(name), path: json.dumps(document, indent=2).encode()}
                for profile in entries(resource, "properties", "agentPoolProfiles") if kind == NODE_POOL else ():
                    if put({"properties": profile}, row, value):
                        return name, {**tree(name), path: json.dumps(document, indent=2).encode()}
    raise AssertionError(f"no fleet has {row.key}")


def of_system(data: Any) -> bool:
    return isinstance(data, dict) and data.get("mode") == "System"


def put(data: Any, row: PropertyValues, value: Any) -> bool:
    path = next((path for path, _ in places(data, row.path)), None)
    for step in path[:-1] if path else ():
        data = data[step]
    if path is None or (row.where and data.get(row.where[0]) != row.where[1]):
        return False
    if of_system(data) and not row.where and any(row.path == each.path and each.where for _, each in ROWS):
        return False  # which has a row of its own
    data[path[-1]] = value
    return True


@pytest.mark.parametrize(("kind", "row"), ROWS, ids=IDS)
def test_a_value_that_azure_does_not_take_is_seen_once(kind: str, row: PropertyValues) -> None:
    name, files = broken(kind, row, bad(row))
    before = {(each.claim, each.what) for each in check(tree(name), fleet=name).of("failed")}
    report = check(files, fleet=name)
    failed = [each for each in report.of("failed") if (each.claim, each.what) not in before]
    assert {each.claim for each in failed} - BESIDE == {"arm/value"}
    (found,) = [each for each in failed if each.claim == "arm/value"]
    shown = str(bad(row)).lower() if isinstance(bad(row), bool) else str(bad(row))
    assert f"{row.key} {shown}" in found.what and row.values.says in found.what
    key = next(step for step in reversed(row.path) if step != EACH)
    line = files[found.places[0].file.removeprefix("rendered/")].decode().splitlines()[found.places[0].line - 1]
    assert shown in line or key in line


@pytest.mark.parametrize(
    ("kind", "row", "word"),
    [(kind, row, word) for kind, row in ROWS if isinstance(row.values, Words) for word in row.values.refused],
)
def test_a_word_that_no_fleet_may_have_is_seen_with_the_reason(kind: str, row: PropertyValues, word: str) -> None:
    name, files = broken(kind, row, word)
    found = [each.what for each in check(files, "arm", fleet=name).of("failed") if each.claim == "arm/value"]
    assert isinstance(row.values, Words)
    assert len(found) == 1 and found[0].endswith(f"{row.key} {word}, {row.values.refused[word]}")


def test_an_expression_is_no_value_yet() -> None:
    row = next(row for row in AZURE_VALUES[CLUSTER] if row.key == "sku.tier")
    name, files = broken(CLUSTER, row, "[parameters('tier')]")
    assert "arm/value" not in {each.claim for each in check(files, "arm", fleet=name).of("failed")}
