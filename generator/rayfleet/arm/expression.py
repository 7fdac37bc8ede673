"""ARM template expressions, kept apart from text, and the one writer that turns a template into JSON.

Azure evaluates every string of the form ``[...]``. Only an Expression may have it: text that looks like one is
refused by the rules long before, and by the writer if it ever got here.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from math import isfinite
from typing import Any

from rayfleet.facts.resource_types import api_version

_quoted: Any = encode_basestring  # written in C; keeps letters beyond ASCII readable


class Expression(str):
    """An ARM expression without its brackets: ``reference(...)``, so that expressions nest."""

    __slots__ = ()


def literal(text: str) -> str:
    """A string inside an expression."""
    return "'" + text.replace("'", "''") + "'"


def resource_id(kind: str, *names: str) -> Expression:
    """The id of a resource of the deployment's own resource group."""
    return Expression(f"resourceId({', '.join(map(literal, (kind, *names)))})")


def extension_id(scope: Expression, kind: str, name: Expression | str) -> Expression:
    """The id of an extension resource, which lives at another resource's scope."""
    inner = name if isinstance(name, Expression) else literal(name)
    return Expression(f"extensionResourceId({scope}, {literal(kind)}, {inner})")


def reference(identifier: Expression, api_version: str, path: str) -> Expression:
    """A property that Azure knows when the resource is there. Makes no dependency by itself: say dependsOn."""
    return Expression(f"reference({identifier}, {literal(api_version)}).{path}")


def property_of(kind: str, identifier: Expression, path: str) -> Expression:
    """A property of a resource of a known type, read with the version that it is written with."""
    return reference(identifier, api_version(kind), path)


def guid(*parts: Expression | str) -> Expression:
    """A name that is the same at every deployment. Takes no reference(), which a name may not contain."""
    inner = (part if isinstance(part, Expression) else literal(part) for part in parts)
    return Expression(f"guid({', '.join(inner)})")


def parameter(name: str) -> Expression:
    """A template parameter's value."""
    return Expression(f"parameters({literal(name)})")


def to_json(value: Any) -> str:
    """``value`` as JSON, indented by two. Raises ValueError for null (ARM clears the property then) and ``[...]``."""
    return _write(value, "\n") + "\n"


def _write(value: Any, newline: str) -> str:
    kind = value.__class__
    if kind is str or kind is Expression:
        return _text(value)
    if kind is dict:
        if not value:
            return "{}"
        inner = newline + "  "
        rows = [f"{inner}{_text(key)}: {_write(child, inner)}" for key, child in value.items()]
        return "{" + ",".join(rows) + newline + "}"
    if kind is list or kind is tuple:
        if not value:
            return "[]"
        inner = newline + "  "
        return "[" + ",".join([inner + _write(child, inner) for child in value]) + newline + "]"
    if kind is bool:
        return "true" if value else "false"
    if kind is int or (kind is float and isfinite(value)):
        return repr(value)
    raise ValueError(f"{value!r} has no place in an ARM template")


def _text(value: str) -> str:
    """A string or a key; Azure evaluates both."""
    if value.__class__ is Expression:
        value = f"[{value}]"
    elif value[:1] == "[" and value[-1:] == "]":
        raise ValueError(f"Azure would evaluate {value!r}")
    quoted: str = _quoted(value)
    return quoted
