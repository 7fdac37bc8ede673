"""YAML text to plain data.

Driving PyYAML's C parser event by event is several times quicker than its constructors, and
lets us be strict where YAML surprises: no duplicate keys, no aliases (an alias of an alias of an alias
is how eight lines become a gigabyte), no tags, and the scalars of YAML 1.2 (``no`` is a string, ``010`` is not eight).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from rayfleet.diagnostics import Diagnostic, Invalid

MAX_DEPTH = 32  # the deepest key of fleet.yaml is at 8
MAX_DEPTH_OF_MANIFESTS = 256  # the schema in a CustomResourceDefinition goes deep
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
INSTEAD_OF_ANCHORS = "write the value out"
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
# A fraction has as many digits as a double, and as many zeros before them as Python writes without an exponent.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.0{0,3}[0-9]{1,17})?([eE][-+]?[0-9]{1,2})?")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


def at(file: str, line: int, column: int, what: str, fix: str) -> Diagnostic:
    """A finding about a place in a file rather than about a value."""
    return Diagnostic(file, line, column, "", what, fix)


class Document(NamedTuple):
    """A document's value and where the document begins."""

    line: int
    column: int
    data: Any


def construct(file: str, text: str, depth: int = MAX_DEPTH, instead: str = INSTEAD_OF_ANCHORS) -> list[Document]:
    """The documents of a YAML text; ``instead`` says what to do without anchors. Raises Invalid."""
    found: list[Diagnostic] = []
    try:
        documents = _build(file, yaml.parse(text, Loader=LOADER), depth, instead, found)
    except yaml.MarkedYAMLError as error:
        # An open quote is found at the end of the file; where it opens is what helps.
        mark = error.context_mark if "quoted" in (error.context or "") else error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        found.append(at(file, line, column, *_explain(error, text, line)))
        raise Invalid(found) from None
    except yaml.YAMLError as error:  # the reader's own: a control character
        line, column = _place_of_unprintable(text)
        what = f"not YAML: {str(error).splitlines()[0]}"
        found.append(at(file, line, column, what, "remove the control character"))
        raise Invalid(found) from None
    if found:
        raise Invalid(found)
    return documents


def compose(text: str, number: int) -> yaml.Node | None:
    """The nodes of one document of a text that has been read, with their places; None where there are none to be had:
    JSON is YAML too, but for escapes of half a character.
    """
    try:
        return next(islice(yaml.compose_all(text, Loader=LOADER), number, None), None)
    except yaml.YAMLError:
        return None


def _explain(error: yaml.MarkedYAMLError, text: str, line: int) -> tuple[str, str]:
    lines = text.splitlines()
    if 0 < line <= len(lines) and "\t" in lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]:
        return "a tab indents this line, which YAML does not allow", "indent with spaces"
    problem = (error.problem or "not YAML").replace("\n", " ")
    context = f" ({error.context})" if error.context else ""
    return f"not YAML: {problem}{context}", "correct the indentation, quotes or brackets here or on the line above"


def _place_of_unprintable(text: str) -> tuple[int, int]:
    found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if not found:
        return 0, 0
    start = found.start()
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def _build(file: str, events: Iterator[Any], depth: int, instead: str, found: list[Diagnostic]) -> list[Document]:
    """The documents' values. Iterative, so that depth is a number we choose and not the interpreter's stack."""
    scalars = dict(_WORDS)  # plain scalars repeat a lot: resolve each text once
    stack: list[tuple[Any, Any]] = []  # the open collections, each with the key that waits for its value
    documents: list[Document] = []
    container: Any = None  # the innermost open collection
    key: Any = None  # in a mapping, the key that waits for its value
    for event in events:
        kind = event.__class__
        if kind is ScalarEvent:
            value: Any = event.value
            if event.tag is not None or event.anchor is not None:
                found += _refuse_marks(file, event, instead)
            if container.__class__ is dict and key is None:
                if value in container:
                    found.append(_report(file, event, f'"{value}" occurs twice in this mapping', "keep one of the two"))
                key = value
                continue
            if event.implicit[0]:
                try:
                    value = scalars[value]
                except KeyError:
                    value = scalars[value] = _resolve(value)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if event.tag is not None or event.anchor is not None:
                found += _refuse_marks(file, event, instead)
            if container.__class__ is dict and key is None:
                found.append(_report(file, event, "a key must be plain text", "quote it, or remove the brackets"))
                raise Invalid(found)
            if len(stack) >= depth:
                found.append(_report(file, event, f"nested deeper than {depth} levels", "flatten the value"))
                raise Invalid(found)
            stack.append((container, key))
            container, key = {} if kind is MappingStartEvent else [], None
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            value = container
            container, key = stack.pop()
        elif kind is AliasEvent:
            what = f"the alias *{event.anchor} is not allowed"
            found.append(_report(file, event, what, instead))
            value = None
            if container.__class__ is dict and key is None:
                key = f"*{event.anchor}"
                continue
        elif kind is DocumentStartEvent:
            documents.append(Document(event.start_mark.line + 1, event.start_mark.column + 1, None))
            continue
        else:
            continue
        if container.__class__ is dict:
            container.setdefault(key, value)
            key = None
        elif container.__class__ is list:
            container.append(value)
        else:
            documents[-1] = documents[-1]._replace(data=value)
    return documents


def _refuse_marks(file: str, event: Any, instead: str) -> Iterator[Diagnostic]:
    if event.tag is not None:
        yield _report(file, event, f"the tag {event.tag} is not allowed", "remove the tag")
    if event.anchor is not None:
        yield _report(file, event, f"the anchor &{event.anchor} is not allowed", instead)


def _resolve(text: str) -> Any:
    """The value of a plain scalar in YAML 1.2's core schema, without its octal and hexadecimal notations."""
    if text[0] in "-0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return float(text)
    return text


def _report(file: str, event: Any, what: str, fix: str) -> Diagnostic:
    return at(file, event.start_mark.line + 1, event.start_mark.column + 1, what, fix)
