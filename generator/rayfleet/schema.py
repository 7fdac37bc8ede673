"""The schemas of fleet.yaml and bindings.yaml: what is wrong with a file's shape, and what fills what it leaves out.

A valid fleet pays for neither jsonschema's import nor its walk: ``shape`` says yes or no, and jsonschema explains only
a no. A test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from rayfleet import schema_matcher, schema_messages
from rayfleet.diagnostics import Diagnostic, nearest
from rayfleet.model.settings import Defaults, Whole
from rayfleet.package_files import SCHEMAS
from rayfleet.source import Path, Source


class Violation(NamedTuple):
    """A mistake, its path, and a right value for it where the schema has an example. ``meant``: the key for which an
    unknown one with the ``value`` stands, as far as can be guessed.
    """

    path: Path
    diagnostic: Diagnostic
    stand_in: Any = None
    meant: str = ""
    value: Any = None


def violations(source: Source, name: str) -> list[Violation]:
    """Every violation of ``schemas/<name>.schema.json``, each at its place."""
    if accepts(source, name):
        return []
    return _explain(source, load(name))


def accepts(source: Source, name: str) -> bool:
    """True where the data has the shape of the schema."""
    return _matcher(name)(source.data)


@cache
def _matcher(name: str) -> schema_matcher.Accepts:
    return schema_matcher.compile_schema(load(name))


@cache
def load(name: str) -> dict[str, Any]:
    """The schema as data."""
    with open(f"{SCHEMAS}/{name}.schema.json", "rb") as stream:
        schema: dict[str, Any] = json.load(stream)
    return schema


@cache
def defaults() -> Defaults:
    """The defaults of fleet.yaml; nested ones are gathered, so that one section can be filled from one dict."""
    schema = load("fleet")
    return Defaults(
        root=_gather(schema, schema),
        settings=_gather(schema, schema["$defs"]["settings"]),
        node_pool=_gather(schema, schema["$defs"]["nodePool"]),
    )


def _gather(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for key, child in node.get("properties", {}).items():
        child = schema_matcher.resolve(schema, child)
        if "default" in child:
            found[key] = Whole(child["default"]) if isinstance(child["default"], dict) else child["default"]
        elif nested := _gather(schema, child):
            found[key] = nested
    return found


def _explain(source: Source, schema: dict[str, Any]) -> list[Violation]:
    from jsonschema import Draft202012Validator, ValidationError, validators  # 80 ms, for invalid files only

    def pattern(validator: Any, pattern: str, value: Any, node: Any) -> Iterator[ValidationError]:
        if isinstance(value, str) and not schema_matcher.matcher(pattern)(value):
            yield ValidationError(f"{value!r} does not match {pattern!r}")

    def one_of(validator: Any, choices: Any, value: Any, node: Any) -> Iterator[ValidationError]:
        if not schema_matcher.one_of(choices)(value):
            yield ValidationError(f"{value!r} is not one of {choices!r}")

    def const(validator: Any, choice: Any, value: Any, node: Any) -> Iterator[ValidationError]:
        yield from one_of(validator, [choice], value, node)

    # jsonschema takes 1.0 for an integer and equal to 1; we keep them apart.
    types = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: schema_matcher.TYPES["integer"](value)
    )
    extend: Any = validators.extend
    strict = {"pattern": pattern, "enum": one_of, "const": const}
    validator = extend(Draft202012Validator, strict, type_checker=types)(schema)
    found = [row for error in validator.iter_errors(source.data) for row in _diagnose(source, schema, error)]
    return _without_twins(found)


def _without_twins(found: list[Violation]) -> list[Violation]:
    """A required key that is only misspelt is one mistake: its value is there, under the other name."""
    misspelt = {(*row.path[:-1], row.meant): row for row in found if row.meant}
    rows = []
    for row in found:
        twin = misspelt.get(tuple(row.path))
        rows.append(twin._replace(path=row.path, stand_in=twin.value) if twin else row)
    return rows


def _diagnose(source: Source, schema: dict[str, Any], error: Any) -> list[Violation]:
    """One of jsonschema's errors: a closed object names each unknown key, a missing key its parent."""

    def at(path: Path, what: str, fix: str, *, key: bool = False) -> Violation:
        return Violation(path, source.diagnostic(path, what, fix, key=key))

    path, node, value = list(error.absolute_path), error.schema, error.instance
    keyword, limit = error.validator, error.validator_value
    if keyword == "additionalProperties":
        known = list(node.get("properties", {}))
        unknown = [key for key in value if key not in known]
        return [
            at([*path, key], *schema_messages.unknown_key(key, known), key=True)._replace(
                meant=nearest(key, known), value=value[key]
            )
            for key in unknown
        ]
    if keyword == "required":
        missing = error.message.split("'")[1]
        absent = schema_matcher.resolve(schema, node["properties"][missing])
        fix = f'add "{missing}". {absent.get("description", "")}'.strip()
        diagnostic = source.diagnostic(path, f'"{missing}" is missing', fix, key=True)
        return [Violation([*path, missing], diagnostic, _example(absent))]
    if error.parent is None and "propertyNames" in error.absolute_schema_path:
        return [at([*path, value], *schema_messages.bad_name(value, keyword, limit, node), key=True)]
    written = source.written(path)
    return [
        at(path, *schema_messages.bad_value(value, keyword, limit, node, written))._replace(stand_in=_example(node))
    ]


def _example(node: dict[str, Any]) -> Any:
    return next(iter(node.get("examples", [])), None)
