"""Every value that the API server and Flux take of a field, against one that they do not: one claim sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from rayfleet.facts.kubernetes_values import KUBERNETES_VALUES, VERSIONS
from rayfleet.facts.property_values import NumberRange, PropertyValues, Words
from rayfleet.proofs.values import misfits, places
from tests.testing.broken_trees import Edit, broken, check, tree
from tests.testing.rendering import FLEETS

Kind = tuple[str, str]
ROWS = [(kind, row) for kind, found in KUBERNETES_VALUES.items() for row in found]


def objects() -> Iterator[tuple[str, str, list[Any], Any]]:
    """Every object of every fleet, with the documents of its file."""
    for name in ("reference", *FLEETS):
        for path, content in tree(name).items():
            if path.startswith("clusters/") and path.endswith(".yaml"):
                documents = list(yaml.safe_load_all(content))
                for document in documents:
                    if isinstance(document, dict) and "apiVersion" in document:
                        yield name, path, documents, document


def kind_of(document: Any) -> Kind:
    return document["apiVersion"].rpartition("/")[0], document["kind"]


RENDERED = {
    (kind_of(document), row.path)
    for _, _, _, document in objects()
    for row in KUBERNETES_VALUES.get(kind_of(document), ())
    if any(places(document, row.path))
}
KINDS = sorted({kind_of(document) for _, _, _, document in objects()} - {("kustomize.config.k8s.io", "Kustomization")})


def changed(kind: Kind, path: tuple[str, ...], value: Any) -> tuple[str, dict[str, bytes]]:
    """The first fleet that has the field, with another value at its first place."""
    for name, file, documents, document in objects():
        found = next((at for at, _ in places(document, path)), None) if kind_of(document) == kind else None
        if found:
            part = document
            for step in found[:-1]:
                part = part[step]
            part[found[-1]] = value
            return name, {**tree(name), file: "\n---\n".join(json.dumps(row) for row in documents).encode()}
    raise AssertionError(f"no fleet has {path}")


def bad(row: PropertyValues) -> Any:
    return row.values.least - 1 if isinstance(row.values, NumberRange) else "No nonsense"


@pytest.mark.parametrize(
    ("kind", "row"),
    [each for each in ROWS if (each[0], each[1].path) in RENDERED],
    ids=lambda each: each.key if isinstance(each, PropertyValues) else each[1],
)
def test_a_value_that_is_not_taken_is_seen_once(kind: Kind, row: PropertyValues) -> None:
    name, files = changed(kind, row.path, bad(row))
    before = {(each.claim, each.what) for each in check(tree(name), fleet=name).of("failed")}
    failed = [each for each in check(files, fleet=name).of("failed") if (each.claim, each.what) not in before]
    assert {each.claim for each in failed} == {"flux/value"}
    assert f"has the {row.key} {bad(row)}, and " in failed[0].what and failed[0].what.endswith(row.values.says)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[1])
def test_an_api_version_that_is_not_there_is_seen_once(kind: Kind) -> None:
    version = f"{kind[0]}/v9".removeprefix("/")
    name, files = changed(kind, ("apiVersion",), version)
    before = {(each.claim, each.what) for each in check(tree(name), fleet=name).of("failed")}
    failed = [each for each in check(files, fleet=name).of("failed") if (each.claim, each.what) not in before]
    assert {each.claim for each in failed} == {"flux/api-version"}
    assert "is of v9, which " in failed[0].what and failed[0].fix.endswith(VERSIONS[kind[0]][0])


def test_what_is_rendered_has_no_other_values() -> None:
    for _, path, _, document in objects():
        assert not list(misfits(document, KUBERNETES_VALUES.get(kind_of(document), ()))), path


def test_every_kind_that_fleets_write_has_its_versions() -> None:
    assert {kind[0] for kind in KINDS} <= VERSIONS.keys()


@pytest.mark.parametrize(("kind", "row"), ROWS)
def test_a_row_says_what_it_takes(kind: Kind, row: PropertyValues) -> None:
    values = row.values
    assert not values.takes(None) and not values.takes(True) and not values.takes([]) and not values.takes(bad(row))
    if isinstance(values, Words):
        assert all(map(values.takes, values.words))


def test_what_is_left_to_fill_in_is_said_elsewhere() -> None:
    platform = "clusters/aks-eastus/flux/operators.yaml"
    files = broken((Edit(platform, " interval: 1h\n", " interval: ${interval}\n"),))
    assert "flux/value" not in {row.claim for row in check(files, "flux").of("failed")}
