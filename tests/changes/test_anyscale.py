"""What Anyscale is told in two trees, and the table of what becomes of that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from rayfleet.changes.anyscale import anyscale_changes
from rayfleet.changes.change import Change
from rayfleet.changes.list_keys import named_entries
from rayfleet.facts.change_classes import CLOUD_RESOURCE, COMPUTE_CONFIG, ChangeRow, Steps, classes, rows
from rayfleet.package_files import SCHEMAS
from rayfleet.tree import Tree
from rayfleet.tree.files import Files
from tests.testing.broken_trees import rendered, tree
from tests.testing.rendering import FLEETS

TABLE = json.loads(Path(SCHEMAS, "anyscale-changes.json").read_text())
ROWS = [(kind, row) for kind, written in TABLE["types"].items() for row in written]
RESOURCE, CONFIG = "clusters/a/anyscale/cloud_resource.yaml", "anyscale/T4/compute_config.yaml"


def changed(before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    """The changes of documents."""
    old, new = (
        Tree(Files(folder, {path: json.dumps(data).encode() for path, data in files.items()}))
        for folder, files in (("HEAD:rendered", before), ("rendered", now))
    )
    return list(anyscale_changes(old, new))


def said(rows: list[Change]) -> list[tuple[str, str, str, str]]:
    return [(row.event, row.id, row.property, row.change_class) for row in rows]


def test_the_cloud_resource_of_a_cluster() -> None:
    before = {"name": "a", "networking_mode": "PUBLIC", "object_storage": {"bucket_name": "x"}}
    rows = changed(
        {RESOURCE: before}, {RESOURCE: {**before, "networking_mode": "PRIVATE", "object_storage": {"bucket_name": "y"}}}
    )
    assert said(rows) == [
        ("changed", "CloudResource//a", "networking_mode", "unclassified"),
        ("changed", "CloudResource//a", "object_storage.bucket_name", "data"),
    ]
    assert (rows[0].before, rows[0].after, rows[0].owner) == ("PUBLIC", "PRIVATE", "a")
    assert rows[0].new and rows[0].new.place[0] == f"rendered/{RESOURCE}"
    assert changed({RESOURCE: before}, {}) == changed({}, {RESOURCE: before}) == []
    assert said(changed({RESOURCE: before}, {RESOURCE: {**before, "name": "b"}}))[0][-1] == "refused"


def test_compute_configs() -> None:
    def config(*clusters: str, **more: Any) -> dict[str, Any]:
        return {"cloud": "c", "configs": [{"cloud_resource": name, **more} for name in clusters]}

    assert changed({CONFIG: config("a", "b")}, {CONFIG: config("b", "a")}) == []
    (row,) = changed({CONFIG: config("a", "b")}, {CONFIG: config("b", "a", "d")})
    assert said([row]) == [("changed", "ComputeConfig//T4", "configs.d", "in place")]
    assert row.new and row.new.path == ("configs", 2)
    assert said(changed({CONFIG: config("a", x=1)}, {CONFIG: config("a", x=2)})) == [
        ("changed", "ComputeConfig//T4", "configs.a.x", "in place")
    ]
    assert said(changed({CONFIG: config()}, {})) == [("gone", "ComputeConfig//T4", "", "ignored")]
    assert said(changed({}, {CONFIG: config()})) == [("made", "ComputeConfig//T4", "", "made")]


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_row_has_a_class_and_a_source_that_are_explained() -> None:
    legend = json.loads(Path(SCHEMAS, "azure-changes.json").read_text())["fields"]
    assert all(row.keys() <= {name for names in legend for name in names.split(", ")} for _, row in ROWS)
    assert {row["class"] for _, row in ROWS} == set(classes(CLOUD_RESOURCE))
    assert {source.split(" ")[0] for _, row in ROWS for source in row["source"].split("; ")} == set(TABLE["sources"])


def _leaves(value: Any, *path: str) -> Iterator[Steps]:
    if isinstance(value, list) and path and (named := named_entries(value, path)):
        value = named
    if isinstance(value, dict) and value:
        for key, row in value.items():
            yield from _leaves(row, *path, key)
    else:
        yield path


@cache
def _rendered() -> frozenset[tuple[str, Steps]]:
    """The kind and the path of every property of every test fleet."""
    found: set[tuple[str, Steps]] = set()
    for there in (rendered(tree(fleet), fleet) for fleet in ("reference", *FLEETS)):
        for config in there.compute_configs.values():
            found |= {(COMPUTE_CONFIG, path) for path in _leaves(config.data)}
        for resource in (row.cloud_resource for row in there.clusters()):
            found |= {(CLOUD_RESOURCE, path) for path in _leaves(resource.data)} if resource else set()
    return frozenset(found)


def test_every_property_that_is_rendered_has_a_row() -> None:
    assert len(_rendered()) > 20
    assert [(kind, path) for kind, path in _rendered() if not any(row.concerns(path) for row in rows(kind))] == []


def test_every_row_is_about_something_rendered_or_says_why_not() -> None:
    for kind, row in ROWS:
        for path in set(row["paths"]) - {"metadata.name"}:
            only = ChangeRow("in place", (tuple(path.split(".")),))
            there = any(
                known == kind and any(only.concerns(steps[:length]) for length in range(1, len(steps) + 1))
                for known, steps in _rendered()
            )
            assert there != ("unrendered" in row), (kind, path)
