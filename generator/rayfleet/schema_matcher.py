"""A fast matcher of JSON Schema: data has the shape or not, said in milliseconds for a thousand clusters.

A schema becomes one function that calls one function for each of its nodes. It takes the part of JSON Schema 2020-12
that our schemas use (``KEYWORDS``), and is strict where YAML is: 1.0 is no integer, and 1 is not true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

Accepts = Callable[[Any], bool]

TYPES: dict[str, Accepts] = {
    "object": lambda value: value.__class__ is dict,
    "array": lambda value: value.__class__ is list,
    "string": lambda value: value.__class__ is str,
    "integer": lambda value: value.__class__ is int,
    "number": lambda value: value.__class__ is int or value.__class__ is float,
    "boolean": lambda value: value.__class__ is bool,
    "null": lambda value: value is None,
}


def compile_schema(schema: dict[str, Any]) -> Accepts:
    """The function that accepts what ``schema`` describes."""
    return _compile(schema, schema, {})


def resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = schema
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _compile(schema: dict[str, Any], node: dict[str, Any], known: dict[str, Accepts]) -> Accepts:
    """One function for a schema node; functions of ``$ref`` targets are shared through ``known``."""
    tests: list[Accepts] = []
    if "$ref" in node:
        tests.append(_compile_reference(schema, node["$ref"], known))
    if "type" in node:
        tests.append(_any_of_types(node["type"]))
    if "const" in node:
        tests.append(one_of([node["const"]]))
    if "enum" in node:
        tests.append(one_of(node["enum"]))
    if "properties" in node or "additionalProperties" in node:
        tests.append(_object(schema, node, known))
    tests += [compiler(node[keyword], schema, known) for keyword, compiler in _KEYWORDS.items() if keyword in node]
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _compile_reference(schema: dict[str, Any], reference: str, known: dict[str, Accepts]) -> Accepts:
    if reference not in known:
        known[reference] = lambda value: known[reference](value)  # stands in while a recursive schema compiles
        known[reference] = _compile(schema, resolve(schema, {"$ref": reference}), known)
    return known[reference]


def _any_of_types(names: str | list[str]) -> Accepts:
    if isinstance(names, str):
        return TYPES[names]
    checks = [TYPES[name] for name in names]
    return lambda value: any(check(value) for check in checks)


def one_of(values: list[Any]) -> Accepts:
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


def _property_names(pattern: Any, schema: Any, known: Any) -> Accepts:
    check = _compile(schema, pattern, known)
    return lambda value: value.__class__ is not dict or all(map(check, value))


def _items(children: Any, schema: Any, known: Any) -> Accepts:
    check = _compile(schema, children, known)
    return lambda value: value.__class__ is not list or all(map(check, value))


def _pattern(text: Any, schema: Any, known: Any) -> Accepts:
    matches = matcher(text)
    return lambda value: value.__class__ is not str or matches(value)


@cache
def matcher(pattern: str) -> Callable[[str], bool]:
    """JSON Schema's ``pattern``. Its ``$`` is the end of the text; Python's also matches before a last line break."""
    search = re.compile(re.sub(r"\$$", r"\\Z", pattern)).search
    return lambda text: search(text) is not None


def _required_keys(names: Any, schema: Any, known: Any) -> Accepts:
    return lambda value: value.__class__ is not dict or all(name in value for name in names)


def _unique(wanted: Any, schema: Any, known: Any) -> Accepts:
    return lambda value: value.__class__ is not list or all(item not in value[:at] for at, item in enumerate(value))


def _size_matcher(
    kind: type[str] | type[list[Any]] | type[dict[str, Any]], low: bool
) -> Callable[[Any, Any, Any], Accepts]:
    def compile_size(limit: Any, schema: Any, known: Any) -> Accepts:
        if low:
            return lambda value: value.__class__ is not kind or len(value) >= limit
        return lambda value: value.__class__ is not kind or len(value) <= limit

    return compile_size


def _bound_matcher(low: bool) -> Callable[[Any, Any, Any], Accepts]:
    def compile_bound(limit: Any, schema: Any, known: Any) -> Accepts:
        number = TYPES["number"]
        if low:
            return lambda value: not number(value) or value >= limit
        return lambda value: not number(value) or value <= limit

    return compile_bound


_KEYWORDS: dict[str, Callable[[Any, Any, Any], Accepts]] = {
    "required": _required_keys,
    "propertyNames": _property_names,
    "items": _items,
    "uniqueItems": _unique,
    "pattern": _pattern,
    "minimum": _bound_matcher(low=True),
    "maximum": _bound_matcher(low=False),
    "minLength": _size_matcher(str, low=True),
    "maxLength": _size_matcher(str, low=False),
    "minItems": _size_matcher(list, low=True),
    "maxItems": _size_matcher(list, low=False),
    "minProperties": _size_matcher(dict, low=True),
    "maxProperties": _size_matcher(dict, low=False),
}

#: Every keyword that the schemas may use; a test refuses any other, so that the checker cannot overlook one.
KEYWORDS = {*_KEYWORDS, "$ref", "type", "const", "enum", "properties", "additionalProperties"}
#: ``rule`` is ours: a pattern in words.
ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "examples", "rule"}
