"""Rendered files may have been edited into anything: proofs find fault, and never fall over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.testing.broken_trees import check, tree

GARBAGE: list[Any] = [None, [], {}, "", "[", "[a(", 0, -1, 10**30, 1.5, True, "\x1b[31m", ["x"], {"a": None}, "a" * 300]
PATHS = sorted(tree())


@cache
def documents(path: str) -> tuple[Any, ...]:
    content = tree()[path]
    if path.endswith(".json"):
        return (json.loads(content),)
    return tuple(yaml.load_all(content, Loader=yaml.CSafeLoader)) if path.endswith(".yaml") else ()


def places(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield (*path, key)
        yield from places(value, (*path, key))


def put(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = put(copy[path[0]], path[1:], value)
    return copy


@cache
def targets() -> list[tuple[str, int, tuple[str | int, ...]]]:
    return [
        (path, number, place)
        for path in PATHS
        for number, document in enumerate(documents(path))
        for place in places(document)
    ]


@given(st.lists(st.tuples(st.sampled_from(targets()), st.sampled_from(GARBAGE)), min_size=1, max_size=12))
def test_no_value_brings_a_proof_down(edits: list[tuple[tuple[str, int, tuple[str | int, ...]], Any]]) -> None:
    changed: dict[str, list[Any]] = {}
    for (path, number, place), value in edits:
        changed.setdefault(path, list(documents(path)))
        try:
            changed[path][number] = put(changed[path][number], place, value)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            continue  # an earlier edit took what was there
    files = tree() | {path: "\n---\n".join(map(json.dumps, rows)).encode() for path, rows in changed.items()}
    check(files, base=tree())


@given(st.lists(st.sampled_from(PATHS), min_size=1, max_size=6), st.binary(max_size=40))
def test_no_file_brings_a_proof_down(paths: list[str], content: bytes) -> None:
    files = {path: whole for path, whole in tree().items() if path != "bindings.yaml"}
    for path in paths:
        if content:
            files[path] = content
        else:
            files.pop(path, None)
    files.pop("bindings.yaml", None)
    check(files, base=tree())


@pytest.mark.parametrize(
    "path",
    [
        "azure/deployments.json",
        "azure/eastus.json",
        "clusters/aks-eastus/platform/storageclass.yaml",
        "clusters/aks-eastus/operators/anyscale-operator/values.yaml",
        "clusters/aks-eastus/anyscale/cloud_resource.yaml",
    ],
)
def test_what_cannot_be_read_of_the_base_is_said(path: str) -> None:
    report = check(tree(), base={**tree(), path: b"{"})
    assert report.of("failed") == report.of("warned") == []
    (row,) = [row for row in report.of("unjudged") if row.claim == "files/base-unreadable"]
    assert [place.file for place in row.places] == [f"HEAD:rendered/{path}"]
    assert "was not judged" in row.what and "--base" in row.fix


def test_what_is_not_applied_may_be_garbage() -> None:
    """It is warned of once, as a file that nothing lists."""
    path = "clusters/aks-eastus/platform/draft.yaml"
    report = check({**tree(), path: b"{"}, base=tree())
    assert [row.claim for row in (*report.of("failed"), *report.of("warned"))] == ["flux/file-not-listed"]


@pytest.mark.parametrize("below", ["", "azure/"])
@pytest.mark.parametrize("proof", [(), ("placement",)])
@pytest.mark.parametrize("base", [None, tree()], ids=["without base", "with base"])
def test_of_a_tree_without_clusters_nothing_holds(below: str, proof: tuple[str, ...], base: dict[str, bytes]) -> None:
    report = check({path: content for path, content in tree().items() if not path.startswith(below)}, *proof, base=base)
    (row,) = (*report.of("failed"), *report.of("warned"))
    assert (row.claim, row.places[0].file) == ("files/no-clusters", "rendered")
