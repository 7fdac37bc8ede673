"""Our table of values against the official ARM schemas: every property of every fleet that they limit has a row there,
and the row agrees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rayfleet.facts.azure_values import azure_values
from rayfleet.facts.property_values import NumberRange, PropertyValues, Words
from rayfleet.facts.resource_names import NAME_RULES
from rayfleet.facts.resource_types import CLUSTER, MAINTENANCE_WINDOW, NODE_POOL, STORAGE_ACCOUNT
from tests.testing.broken_trees import tree
from tests.testing.judges import arm_schema
from tests.testing.judges.arm_resources import Json, resources
from tests.testing.rendering import FLEETS

SCHEMAS = arm_schema.available()
LIMITS = ("enum", "minimum", "maximum", "pattern", "maxLength", "minLength")
INLINE = "properties/agentPoolProfiles/*/"
ADDRESSES = "read as an address or a range by the proof of networks"
#: Limits of the schemas that have no row, with the reason.
WITHOUT_ROW = {
    (CLUSTER, "properties/networkProfile/dnsServiceIP"): ADDRESSES,
    (CLUSTER, "properties/networkProfile/podCidr"): ADDRESSES,
    (CLUSTER, "properties/networkProfile/serviceCidr"): ADDRESSES,
}
#: Rows that are no copy of the schema's limit, with the reason.
OTHERWISE = {
    (MAINTENANCE_WINDOW, "properties/maintenanceWindow/startTime"): "a time of a day, not any four digits",
    (MAINTENANCE_WINDOW, "properties/maintenanceWindow/utcOffset"): "an offset that there is, not any four digits",
    (STORAGE_ACCOUNT, "properties/networkAcls/bypass"): "several of the words, joined by commas",
}
Limit = tuple[str, str, str]


def limits(value: Any, schema: Json, base: str, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every value below one that the schema limits: its path, and how."""
    schema, base = resolved(schema, base)
    for branch in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if not branch.get("$ref", "").endswith("definitions/expression"):
            yield from limits(value, branch, base, path)
    limit = {key: schema[key] for key in LIMITS if key in schema}
    if limit and not isinstance(value, dict | list):
        yield path, limit
    others = schema.get("additionalProperties")
    for key, below in value.items() if isinstance(value, dict) else ():
        if key in schema.get("properties", {}):
            yield from limits(below, schema["properties"][key], base, f"{path}/{key}".strip("/"))
        elif isinstance(others, dict):
            yield from limits(below, others, base, f"{path}/*".strip("/"))
    for below in value if isinstance(value, list) and isinstance(schema.get("items"), dict) else ():
        yield from limits(below, schema["items"], base, f"{path}/*")


def resolved(schema: Json, base: str) -> tuple[Json, str]:
    while "$ref" in schema:
        address, _, pointer = schema["$ref"].partition("#")
        base = address or base
        schema = document(base)
        for step in pointer.strip("/").split("/"):
            schema = schema[step]
    return schema, base


@cache
def document(address: str) -> Json:
    assert SCHEMAS
    return dict(json.loads((SCHEMAS / address.partition("/schemas/")[2]).read_bytes()))


def found(root: Path) -> dict[Limit, Json]:
    """What the schemas limit of all that fleets render, by type, path and the limit as text."""
    rows: dict[Limit, Json] = {}
    for name in ("reference", *FLEETS):
        for path, content in tree(name).items():
            template = json.loads(content) if path.startswith("azure/") else {}
            for one in resources(template)[0] if "$schema" in template else ():
                judge = arm_schema._validator(root, one.type, str(one.body["apiVersion"]), one.scope)
                assert judge is not None
                for at, limit in limits(one.body, judge.schema, ""):
                    inside = one.type == CLUSTER and at.startswith(INLINE)
                    kind, at = (NODE_POOL, f"properties/{at.removeprefix(INLINE)}") if inside else (one.type, at)
                    rows[kind, at, json.dumps(limit, sort_keys=True)] = limit
    return rows


def row_of(kind: str, path: str) -> PropertyValues | None:
    steps = path.split("/")
    for row in azure_values(kind):
        pairs = zip(row.path, steps, strict=False)
        if len(row.path) == len(steps) and row.where is None and all(own in ("*", step) for own, step in pairs):
            return row
    return None


def agrees(row: PropertyValues, limit: Json) -> bool:
    values = row.values
    if isinstance(values, Words):
        return set(values.words) | set(values.refused) == set(limit.get("enum", ()))
    if isinstance(values, NumberRange):
        return (values.least, values.most) == (limit.get("minimum"), limit.get("maximum"))
    return bool(values.pattern == limit.get("pattern"))


def is_name(kind: str, path: str) -> bool:
    """Names have their rules in another place."""
    return (path == "name" and kind in NAME_RULES) or (kind == NODE_POOL and path == "properties/name")


@pytest.mark.parametrize("schemas", [SCHEMAS] if SCHEMAS else [], ids=lambda folder: folder.name)
def test_every_limit_of_the_official_schemas_has_a_row_that_agrees(schemas: Path) -> None:
    rows = found(schemas)
    judged = {key: limit for key, limit in rows.items() if key[1] not in ("type", "apiVersion")}
    assert len(judged) > 60
    wrong = []
    for (kind, path, text), limit in judged.items():
        row = row_of(kind, path)
        if (kind, path) in WITHOUT_ROW or (kind, path) in OTHERWISE or is_name(kind, path):
            continue
        if row is None or not agrees(row, limit):
            wrong.append(f"{kind} {path}: {text}, and the table has {row and row.values}")
    assert wrong == []
    there = {key[:2] for key in judged}
    assert there >= WITHOUT_ROW.keys() | OTHERWISE.keys(), "a reason for what is not limited"
    assert all(row_of(*key) is None for key in WITHOUT_ROW) and all(row_of(*key) for key in OTHERWISE)
