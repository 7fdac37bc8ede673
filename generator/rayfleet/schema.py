"""The schemas of fleet.yaml and bindings.yaml: what is wrong with a file's shape, and what fills what it leaves out.

A valid fleet pays for neither jsonschema's import nor its walk: ``shape`` says yes or no, and jsonschema explains only
a no. A test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from rayfleet import schema_matcher
from rayfleet.diagnostics import Diagnostic, did_you_mean
from rayfleet.model.settings import Defaults, Whole
from rayfleet.package_files import SCHEMAS
from rayfleet.source import Path, Source


class Violation(NamedTuple):
    """A mistake, its path, and a right value for it where the schema has an example."""

    path: Path
    diagnostic: Diagnostic
    stand_in: Any = None


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
    return [found for error in validator.iter_errors(source.data) for found in _diagnose(source, schema, error)]


def _diagnose(source: Source, schema: dict[str, Any], error: Any) -> list[Violation]:
    """One of jsonschema's errors: a closed object names each unknown key, a missing key its parent."""

    def at(path: Path, what: str, fix: str, *, key: bool = False) -> Violation:
        return Violation(path, source.diagnostic(path, what, fix, key=key))

    path, node, value = list(error.absolute_path), error.schema, error.instance
    keyword, limit = error.validator, error.validator_value
    if keyword == "additionalProperties":
        known = list(node.get("properties", {}))
        unknown = [key for key in value if key not in known]
        return [at([*path, key], *_unknown_key(key, known), key=True) for key in unknown]
    if keyword == "required":
        missing = error.message.split("'")[1]
        absent = schema_matcher.resolve(schema, node["properties"][missing])
        fix = f'add "{missing}". {absent.get("description", "")}'.strip()
        diagnostic = source.diagnostic(path, f'"{missing}" is missing', fix, key=True)
        return [Violation([*path, missing], diagnostic, _example(absent))]
    if error.parent is None and "propertyNames" in error.absolute_schema_path:
        return [at([*path, value], *_bad_name(value, keyword, limit, node), key=True)]
    written = source.written(path)
    return [at(path, *_bad_value(value, keyword, limit, node, written))._replace(stand_in=_example(node))]


def _example(node: dict[str, Any]) -> Any:
    return next(iter(node.get("examples", [])), None)


def _unknown_key(key: str, known: list[str]) -> tuple[str, str]:
    guess = did_you_mean(key, known)
    return f'unknown key "{key}"{guess}', f"use one of: {', '.join(known)}"


def _bad_name(name: str, keyword: str, limit: Any, node: dict[str, Any]) -> tuple[str, str]:
    if keyword == "maxLength":
        return f'the name "{name}" has {len(name)} characters', f"use at most {limit}"
    return f"{_value_text(name)} is not a name allowed here", _form(limit, node)


def _form(pattern: str, node: dict[str, Any]) -> str:
    """The advice on a text's form: by example where the schema has one, else by its pattern."""
    examples = [_value_text(example) for example in node.get("examples", [])]
    return f"write it like {' or '.join(examples)}" if examples else f"match {pattern}"


def _bad_value(value: Any, keyword: str, limit: Any, node: dict[str, Any], written: str | None) -> tuple[str, str]:
    shown = written if isinstance(value, int | float) and written else _value_text(value)
    about = f" ({node['description']})" if "description" in node else ""
    if keyword == "type":
        wanted = " or ".join([limit] if isinstance(limit, str) else [name for name in limit if name != "null"])
        quote = f'; quote it: "{shown}"' if "string" in wanted and isinstance(value, int | float) else ""
        if wanted == "boolean":
            return f"{shown} is neither true nor false", f"write true or false{about}"
        return f"{shown} is not of type {wanted}", f"give a value of type {wanted}{quote}{about}"
    if keyword == "enum":
        choices = [str(choice) for choice in limit if choice is not None]
        guess = did_you_mean(value, choices) if isinstance(value, str) else ""
        return f"{shown} is not one of the choices{guess}", f"use one of: {', '.join(choices)}{about}"
    if keyword == "const":
        return f"{shown} is not {limit}", f"write {limit}"
    if keyword == "pattern":
        return f"{shown} does not have the right form", f"{_form(limit, node)}{about}"
    if keyword in ("minimum", "maximum"):
        bound = "least" if keyword == "minimum" else "most"
        return f"{shown} is out of range", f"use at {bound} {limit}{about}"
    if keyword in ("minLength", "maxLength"):
        bound = "least" if keyword == "minLength" else "most"
        return f"{shown} has {len(value)} characters", f"use at {bound} {limit}{about}"
    if keyword in ("minItems", "maxItems", "minProperties", "maxProperties"):
        bound = "least" if keyword.startswith("min") else "most"
        return f"it has {len(value)} entries", f"give at {bound} {limit}{about}"
    return "an entry is listed twice", f"keep one of each{about}"  # uniqueItems: the last keyword we allow


def _value_text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
