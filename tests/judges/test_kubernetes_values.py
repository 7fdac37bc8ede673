"""Our table of values against the official custom resource definitions: every field of every fleet that they limit has
a row there, and every row agrees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rayfleet.facts.kubernetes_values import KUBERNETES_VALUES, VERSIONS
from rayfleet.facts.property_values import EACH, Form, NumberRange, PropertyValues, Words
from tests.testing.broken_trees import tree
from tests.testing.judges.kubernetes import official_crd_schemas
from tests.testing.rendering import FLEETS

SCHEMAS = official_crd_schemas()
FOLDERS = [SCHEMAS] if SCHEMAS else []
LIMITS = {"enum", "pattern", "minimum", "maximum"}
#: Rows that are no copy of the definition's limit, and limits that have no row, with the reason.
OTHERWISE = {
    "spec/listeners/*/protocol": "the protocols of the Gateway API, not any word",
    "spec/listeners/*/tls/certificateRefs/*/kind": "the form of any kind; what a Gateway takes, its own proof says",
    "spec/listeners/*/name": "the same form without the anchors",
    "spec/listeners/*/hostname": "the same form without the anchors",
    "spec/controllerName": "the same form without the anchors",
    **dict.fromkeys(
        (f"spec/parametersRef/{key}" for key in ("group", "kind", "namespace")),
        "the form of any name; whether there is such an object, the proof of the gateway says",
    ),
}
ROWS = [
    pytest.param(kind, version, row, id=f"{kind[1]}-{version}-{row.key}")
    for kind, rows in KUBERNETES_VALUES.items()
    for version in VERSIONS.get(kind[0], ())
    for row in rows
]


def definition(folder: Path, group: str, kind: str, version: str) -> dict[str, Any] | None:
    path = folder / f"{group}_{kind.lower()}_{version}.json"
    return dict(json.loads(path.read_bytes())) if path.exists() else None


def limit(schema: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any] | None:
    """The limits of the field at a path; None where there is no such field."""
    for step in path:
        below = schema.get("items") if step == EACH else schema.get("properties", {}).get(step)
        if below is None:
            return None
        schema = below
    return {key: value for key, value in schema.items() if key in LIMITS}


def agrees(row: PropertyValues, official: dict[str, Any]) -> bool:
    values = row.values
    if isinstance(values, Words):
        return set(official.get("enum", ())) == set(values.words) | set(values.refused)
    if isinstance(values, NumberRange):
        return (official.get("minimum"), official.get("maximum")) == (values.least, values.most)
    return bool(official.get("pattern") == f"^{values.pattern}$")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
@pytest.mark.parametrize(("kind", "version", "row"), ROWS)
def test_a_row_agrees_with_the_definition(
    folder: Path, kind: tuple[str, str], version: str, row: PropertyValues
) -> None:
    schema = definition(folder, *kind, version)
    if schema and "/".join(row.path) not in OTHERWISE:
        official = limit(schema, row.path)
        assert official is not None and agrees(row, official), (official, row.values)


def fields(schema: dict[str, Any], value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The fields of an object that its definition limits."""
    if LIMITS & schema.keys() and not isinstance(value, dict | list):
        yield path
    for key, below in value.items() if isinstance(value, dict) else ():
        yield from fields(schema.get("properties", {}).get(key, {}), below, (*path, key))
    for below in value if isinstance(value, list) else ():
        yield from fields(schema.get("items", {}), below, (*path, EACH))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_limit_on_what_is_rendered_has_a_row(folder: Path) -> None:
    seen, lacking = set(), set()
    for name in ("reference", *FLEETS):
        for path, content in tree(name).items():
            documents = yaml.safe_load_all(content) if path.startswith("clusters/") and path.endswith(".yaml") else ()
            for document in documents:
                group, _, version = str((document or {}).get("apiVersion", "")).rpartition("/")
                schema = definition(folder, group, str(document["kind"]), version) if group else None
                for field in fields(schema or {}, document):
                    rows = KUBERNETES_VALUES.get((group, document["kind"]), ())
                    seen.add("/".join(field))
                    if not any(row.path == field for row in rows):
                        lacking.add("/".join(field))
    assert lacking - OTHERWISE.keys() == set()
    assert len(seen) > 20 and seen >= OTHERWISE.keys()


def test_patterns_are_whole() -> None:
    forms = [row.values for rows in KUBERNETES_VALUES.values() for row in rows if isinstance(row.values, Form)]
    assert forms and not any(form.pattern.startswith("^") or form.pattern.endswith("$") for form in forms)
