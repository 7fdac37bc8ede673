"""Jinja that can only print safe scalars.

Every ``{{ }}`` in a YAML template prints a JSON scalar, and a JSON scalar is a YAML scalar: no value can leave its
place or change its type, and in rendered YAML a quoted value came from the fleet, a bare one from the template. In
Markdown it prints escaped text. Decisions belong to the model; templates have ``if``, ``for``, ``include`` and
``dictsort``.
"""

from __future__ import annotations

import json
import re
from functools import cache
from json.encoder import encode_basestring
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, Undefined, UndefinedError

from rayfleet.package_files import TEMPLATES

# JSON allows these in a string as they are; YAML would fold or refuse them.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#!~])")


class _Block(str):
    """YAML text that is printed as it is: what the ``block`` filter made of a whole value."""

    __slots__ = ()


def template(name: str) -> Template:
    """The template ``templates/<name>.j2``."""
    return _environment(name.endswith(".md")).get_template(f"{name}.j2")


@cache
def _environment(markdown: bool) -> Environment:
    # Nothing rendered is HTML; finalize is what escapes, for each kind of file its own way.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(TEMPLATES),
        finalize=text if markdown else scalar,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters = {"dictsort": environment.filters["dictsort"], "block": block}
    environment.tests = {}
    environment.globals = {}
    return environment


def scalar(value: Any) -> str:
    """``value`` as a JSON scalar that YAML reads as the same value. Raises TypeError for anything else."""
    kind = value.__class__
    if kind is str:
        return _quote(value)
    if kind is _Block:
        return str(value)
    if kind is bool or kind is int:
        return json.dumps(value)
    if kind is float:
        number = json.dumps(value, allow_nan=False)
        return number if "." in number else number.replace("e", ".0e")  # YAML 1.1 wants the point
    raise _type_fault(value)


def text(value: Any) -> str:
    """``value`` as Markdown text on one line: nothing in it is markup, a table cell or HTML."""
    if isinstance(value, str):
        return _MARKDOWN.sub(r"\\\1", " ".join(value.split())).replace("&", "&amp;")
    if isinstance(value, int | float):
        return str(value)
    raise _type_fault(value)


def _type_fault(value: Any) -> Exception:
    if isinstance(value, Undefined):
        return UndefinedError(value._undefined_message)
    return TypeError(f"a template may print a string, number or boolean, not {value!r}")


def block(value: Any, indent: int) -> _Block:
    """A map or list of the user's own as block YAML; every line begins with ``indent`` spaces."""
    return _Block("\n".join(" " * indent + line for line in _lines(value)))


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict) and value:
        rows: list[str] = []
        for key, child in value.items():
            rows += _entry(f"{_quote(key)}:", child)
        return rows
    if isinstance(value, list | tuple) and value:
        return [row for child in value for row in _entry("-", child)]
    return [_leaf(value)]


def _entry(head: str, child: Any) -> list[str]:
    if isinstance(child, dict | list | tuple) and child:
        return [head, *(f"  {line}" for line in _lines(child))]
    return [f"{head} {_leaf(child)}"]


def _leaf(value: Any) -> str:
    if value is None:
        return "null"
    return str(json.dumps(value)) if isinstance(value, dict | list | tuple) else scalar(value)


def _quote(value: str) -> str:
    quoted: str = encode_basestring(value)
    if quoted.isascii() and quoted.isprintable():
        return quoted
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
