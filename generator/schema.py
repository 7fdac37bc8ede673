"""JSON Schema: is the data of the right shape, what is wrong where it is not, and what fills in for what is left out.

A valid fleet pays for neither jsonschema's import nor its walk: a small checker, compiled from the same schema, says
yes or no, and jsonschema explains only a no. A test holds the two together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from generator.diagnostics import Diagnostic, did_you_mean
from generator.model.layers import Defaults, Whole
from generator.resources import SCHEMAS
from generator.source import Path, Source

Accepts = Callable[[Any], bool]

_TYPES: dict[str, Accepts] = {
    "object": lambda value: value.__class__ is dict,
    "array": lambda value: value.__class__ is list,
    "string": lambda value: value.__class__ is str,
    "integer": lambda value: value.__class__ is int,
    "number": lambda value: value.__class__ is int or value.__class__ is float,
    "boolean": lambda value: value.__class__ is bool,
    "null": lambda value: value is None,
}


class Violation(NamedTuple):
    """What is wrong, the path that it is wrong at, and a right value for it where the schema has an example."""

    path: Path
    diagnostic: Diagnostic
    stand_in: Any = None


def violations(source: Source, name: str) -> list[Violation]:
    """Every violation of ``schemas/<name>.schema.json``, each at its place."""
    if accepts(source, name):
        return []
    return _explain(source, load(name))


def accepts(source: Source, name: str) -> bool:
    """Whether the data is of the right shape."""
    return _checker(name)(source.data)


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
        child = _resolve(schema, child)
        if "default" in child:
            found[key] = Whole(child["default"]) if isinstance(child["default"], dict) else child["default"]
        elif nested := _gather(schema, child):
            found[key] = nested
    return found


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = schema
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


# --- the checker: yes or no -------------------------------------------------------------------------------------------


@cache
def _checker(name: str) -> Accepts:
    return _compile(load(name), load(name), {})


def _compile(schema: dict[str, Any], node: dict[str, Any], known: dict[str, Accepts]) -> Accepts:
    """One function for a schema node; functions of ``$ref`` targets are shared through ``known``."""
    tests: list[Accepts] = []
    if "$ref" in node:
        tests.append(_compile_reference(schema, node["$ref"], known))
    if "type" in node:
        tests.append(_any_of_types(node["type"]))
    if "const" in node:
        tests.append(_one_of([node["const"]]))
    if "enum" in node:
        tests.append(_one_of(node["enum"]))
    if "properties" in node or "additionalProperties" in node:
        tests.append(_object(schema, node, known))
    tests += [compiler(node[keyword], schema, known) for keyword, compiler in _KEYWORDS.items() if keyword in node]
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _compile_reference(schema: dict[str, Any], reference: str, known: dict[str, Accepts]) -> Accepts:
    if reference not in known:
        known[reference] = lambda value: known[reference](value)  # stands in while a recursive schema compiles
        known[reference] = _compile(schema, _resolve(schema, {"$ref": reference}), known)
    return known[reference]


def _any_of_types(names: str | list[str]) -> Accepts:
    if isinstance(names, str):
        return _TYPES[names]
    checks = [_TYPES[name] for name in names]
    return lambda value: any(check(value) for check in checks)


def _one_of(values: list[Any]) -> Accepts:
    # JSON keeps 1 and true apart, Python does not.
    kinds = [(value.__class__, value) for value in values]
    return lambda value: any(value.__class__ is kind and value == known for kind, known in kinds)


def _object(schema: Any, node: Any, known: Any) -> Accepts:
    named = {key: _compile(schema, child, known) for key, child in node.get("properties", {}).items()}
    others = node.get("additionalProperties", True)
    rest = _compile(schema, others, known) if isinstance(others, dict) else None

    def accepts(value: Any) -> bool:
        if value.__class__ is not dict:
            return True
        for key, child in value.items():
            check = named.get(key, rest)
            if check is None:
                if others is False:
                    return False
            elif not check(child):
                return False
        return True

    return accepts


def _names(pattern: Any, schema: Any, known: Any) -> Accepts:
    check = _compile(schema, pattern, known)
    return lambda value: value.__class__ is not dict or all(map(check, value))


def _items(children: Any, schema: Any, known: Any) -> Accepts:
    check = _compile(schema, children, known)
    return lambda value: value.__class__ is not list or all(map(check, value))


def _pattern(text: Any, schema: Any, known: Any) -> Accepts:
    matches = _matcher(text)
    return lambda value: value.__class__ is not str or matches(value)


@cache
def _matcher(pattern: str) -> Callable[[str], bool]:
    """JSON Schema's ``pattern``. Its ``$`` is the end of the text; Python's also matches before a last line break."""
    search = re.compile(re.sub(r"\$$", r"\\Z", pattern)).search
    return lambda text: search(text) is not None


def _required(names: Any, schema: Any, known: Any) -> Accepts:
    return lambda value: value.__class__ is not dict or all(name in value for name in names)


def _unique(wanted: Any, schema: Any, known: Any) -> Accepts:
    return lambda value: value.__class__ is not list or all(item not in value[:at] for at, item in enumerate(value))


def _sized(kind: type[str] | type[list[Any]] | type[dict[str, Any]], low: bool) -> Callable[[Any, Any, Any], Accepts]:
    def compile_size(limit: Any, schema: Any, known: Any) -> Accepts:
        if low:
            return lambda value: value.__class__ is not kind or len(value) >= limit
        return lambda value: value.__class__ is not kind or len(value) <= limit

    return compile_size


def _bounded(low: bool) -> Callable[[Any, Any, Any], Accepts]:
    def compile_bound(limit: Any, schema: Any, known: Any) -> Accepts:
        number = _TYPES["number"]
        if low:
            return lambda value: not number(value) or value >= limit
        return lambda value: not number(value) or value <= limit

    return compile_bound


_KEYWORDS: dict[str, Callable[[Any, Any, Any], Accepts]] = {
    "required": _required,
    "propertyNames": _names,
    "items": _items,
    "uniqueItems": _unique,
    "pattern": _pattern,
    "minimum": _bounded(low=True),
    "maximum": _bounded(low=False),
    "minLength": _sized(str, low=True),
    "maxLength": _sized(str, low=False),
    "minItems": _sized(list, low=True),
    "maxItems": _sized(list, low=False),
    "minProperties": _sized(dict, low=True),
    "maxProperties": _sized(dict, low=False),
}

#: Every keyword that the schemas may use; a test refuses any other, so that the checker cannot overlook one.
KEYWORDS = {*_KEYWORDS, "$ref", "type", "const", "enum", "properties", "additionalProperties"}
ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "examples"}


# --- jsonschema: what is wrong, and the fix ---------------------------------------------------------------------------


def _explain(source: Source, schema: dict[str, Any]) -> list[Violation]:
    from jsonschema import Draft202012Validator, ValidationError, validators  # 80 ms, for invalid files only

    def pattern(validator: Any, pattern: str, value: Any, node: Any) -> Iterator[ValidationError]:
        if isinstance(value, str) and not _matcher(pattern)(value):
            yield ValidationError(f"{value!r} does not match {pattern!r}")

    def one_of(validator: Any, choices: Any, value: Any, node: Any) -> Iterator[ValidationError]:
        if not _one_of(choices)(value):
            yield ValidationError(f"{value!r} is not one of {choices!r}")

    def const(validator: Any, choice: Any, value: Any, node: Any) -> Iterator[ValidationError]:
        yield from one_of(validator, [choice], value, node)

    # jsonschema takes 1.0 for an integer and equal to 1; we keep them apart.
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: _TYPES["integer"](value))
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
        absent = _resolve(schema, node["properties"][missing])
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
    return f"{_shown(name)} is not a name allowed here", _form(limit, node)


def _form(pattern: str, node: dict[str, Any]) -> str:
    """How a text must look: by example where the schema has one, else by its pattern."""
    examples = [_shown(example) for example in node.get("examples", [])]
    return f"write it like {' or '.join(examples)}" if examples else f"match {pattern}"


def _bad_value(value: Any, keyword: str, limit: Any, node: dict[str, Any], written: str | None) -> tuple[str, str]:
    shown = written if isinstance(value, int | float) and written else _shown(value)
    about = f" ({node['description']})" if "description" in node else ""
    if keyword == "type":
        wanted = " or ".join([limit] if isinstance(limit, str) else [name for name in limit if name != "null"])
        quote = f'; quote it: "{shown}"' if "string" in wanted and isinstance(value, int | float) else ""
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
    return "an entry stands twice", f"keep one of each{about}"  # uniqueItems: the last keyword we allow


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
