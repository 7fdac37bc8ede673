"""bindings.yaml edited as a person would: what changes is replaced where it stands, what is new is added in its place.

ruamel.yaml says where every value begins and ends; the text around stays as it is, byte for byte. Its own round trip
does not keep that promise (0.19: a comment above ``---`` goes, one above a key stays behind when the key before grows,
and indentation becomes the same everywhere).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, ScalarNode, SequenceNode

from generator.diagnostics import Diagnostic, Invalid
from generator.late.changes import Change
from generator.late.wanted import ORDER
from generator.source import read

_NEW = """\
# Values that Azure and Anyscale hand out when the fleet is deployed. Ids, no secrets; committed.
# rayfleet bind writes them.
version: 1
clusters: {}
"""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What YAML 1.1 or 1.2 takes for something else than text.
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


class _Edit(NamedTuple):
    """``text[start:end]`` becomes ``new``."""

    start: int
    end: int
    new: str


def edited(file: str, content: bytes | None, changes: Iterable[Change]) -> bytes:
    """``content``, of the schema's shape, with the changes; a new file where there is none. Raises Invalid where the
    file is written in a way that cannot be edited safely.
    """
    rows = list(changes)
    if content is None:
        content = _NEW.encode()
    text = content.decode()
    after = _spliced(text, _edits(_Text(text), rows)).encode()
    if _said(read(file, after).data) != _said(_with(read(file, content).data, rows)):
        what = "the file is written in a way that cannot be edited safely"
        raise Invalid([Diagnostic(file, 0, 0, "", what, "write it as rayfleet does, or edit it by hand")])
    return after


class _Text:
    """A document and its nodes, by their place in the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        mark = text.startswith("\ufeff")  # ruamel leaves it out, and counts from behind it
        self.root: Any = YAML(typ="safe", pure=True).compose(text[1:] if mark else text)
        self._shift = int(mark)

    def start(self, node: Any) -> int:
        return int(node.start_mark.index) + self._shift

    def end(self, node: Any) -> int:
        """Where the text of a node ends; a block collection's end mark is where the next token begins."""
        if isinstance(node, CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(node, MappingNode) else last)
        return int(node.end_mark.index) + self._shift

    def line_of(self, at: int) -> int:
        """Where the line with ``at`` begins."""
        return self.text.rfind("\n", 0, at) + 1

    def after_line(self, at: int) -> int:
        """Where the line after the one with ``at`` begins."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1


def _spliced(text: str, edits: Iterable[_Edit]) -> str:
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):  # stable: of two at one place the first first
        parts += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*parts, text[at:]])


def _edits(text: _Text, changes: list[Change]) -> Iterable[_Edit]:
    key, clusters = _pairs(text.root)["clusters"]
    known = _pairs(clusters)
    fresh: list[tuple[str, Any]] = []
    for cluster, rows in groupby(changes, key=lambda change: change.cluster):
        if cluster not in known:
            fresh.append((cluster, {row.kind: row for row in rows}))
            continue
        node = known[cluster][1]
        there = _pairs(node)
        new: dict[str, Change] = {}
        for row in rows:
            if row.kind in there:
                yield from _replaced(text, there[row.kind][1], row)
            else:
                new[row.kind] = row
        entries = [(kind, new[kind]) for kind in ORDER if kind in new]
        yield from _added(text, known[cluster][0], node, entries, clusters.flow_style)
    yield from _added(text, key, clusters, fresh, text.root.flow_style)


def _replaced(text: _Text, binding: Any, change: Change) -> Iterable[_Edit]:
    there = _pairs(binding)
    if change.old != change.new:
        node = there["value"][1]
        if isinstance(node, SequenceNode):
            yield from _pools(text, node, change)
        else:
            yield _scalar(text, node, str(change.new))
    if change.old_producer != change.producer:
        yield _scalar(text, there["producer"][1], change.producer)


def _scalar(text: _Text, node: ScalarNode, value: str) -> _Edit:
    quotes = {"'": f"'{value}'", '"': json.dumps(value)}
    return _Edit(text.start(node), text.end(node), quotes.get(str(node.style), _plain(value)))


def _pools(text: _Text, node: SequenceNode, change: Change) -> Iterable[_Edit]:
    """A flow list is written anew; of a block list, lines go and come, so that comments beside the others stay."""
    if node.flow_style:
        yield _Edit(text.start(node), text.end(node), _list(change.new))
        return
    first = text.line_of(text.start(node.value[0]))
    lead = text.text[first : text.start(node.value[0])]
    for child in node.value:
        if child.value in change.lost:
            yield _Edit(text.line_of(text.start(child)), text.after_line(text.end(child)), "")
    for pool in change.gained:
        before = [child for child in node.value if child.value < pool and child.value not in change.lost]
        at = text.after_line(text.end(before[-1])) if before else first
        yield _Edit(at, at, _lines(text, at, [f"{lead}{_plain(pool)}"]))


def _added(text: _Text, key: Any, node: MappingNode, entries: list[tuple[str, Any]], in_flow: bool) -> Iterable[_Edit]:
    """New entries of a mapping, each after those that come before it. ``in_flow``: the mapping is inside braces."""
    if not entries:
        return
    if not node.value:  # {}
        if in_flow:
            written = ", ".join(_flow(*entry) for entry in entries)
            yield _Edit(text.start(node), text.end(node), f"{{{written}}}")
            return
        at = text.after_line(text.end(node))
        start = text.start(node)
        yield _Edit(start - (text.text[start - 1] == " "), text.end(node), "")
        indent = key.start_mark.column + 2
        yield _Edit(at, at, _lines(text, at, [line for entry in entries for line in _block(*entry, indent, 2)]))
        return
    for name, value in entries:
        before = [child for known, child in node.value if _rank(known.value) <= _rank(name)]
        if node.flow_style:
            at = text.end(before[-1]) if before else text.start(node.value[0][0])
            yield _Edit(at, at, f", {_flow(name, value)}" if before else f"{_flow(name, value)}, ")
        else:
            first = node.value[0][0]
            column = first.start_mark.column
            at = text.after_line(text.end(before[-1])) if before else text.start(first) - column
            yield _Edit(at, at, _lines(text, at, _block(name, value, column, _step(node, column))))


def _rank(name: str) -> int:
    """Bindings have an order; clusters come one after the other."""
    return ORDER.index(name) if name in ORDER else 0


def _step(node: MappingNode, column: int) -> int:
    """By how much the entries of a mapping's entries are indented."""
    for _, child in node.value:
        if isinstance(child, MappingNode) and child.value and not child.flow_style:
            return max(int(child.value[0][0].start_mark.column) - column, 1)
    return 2


def _lines(text: _Text, at: int, lines: list[str]) -> str:
    """Whole lines to put at the beginning of a line, or behind a last line that has no end."""
    open_end = at > 0 and text.text[at - 1] != "\n"
    return (text.newline if open_end else "") + "".join(f"{line}{text.newline}" for line in lines)


def _block(name: str, value: Any, indent: int, step: int) -> list[str]:
    if isinstance(value, Change):
        return [f"{' ' * indent}{_flow(name, value)}"]
    rows = [line for kind in ORDER if kind in value for line in _block(kind, value[kind], indent + step, step)]
    return [f"{' ' * indent}{_plain(name)}:", *rows]


def _flow(name: str, value: Change | Mapping[str, Change]) -> str:
    if isinstance(value, Change):
        new = _list(value.new) if isinstance(value.new, list) else _plain(value.new)
        return f"{_plain(name)}: {{value: {new}, producer: {_plain(value.producer)}}}"
    return f"{_plain(name)}: {{{', '.join(_flow(kind, value[kind]) for kind in ORDER if kind in value)}}}"


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(_plain, names))}]"


def _plain(value: str) -> str:
    return value if _PLAIN.fullmatch(value) and value not in _WORDS else json.dumps(value)


def _pairs(node: MappingNode) -> dict[str, tuple[Any, Any]]:
    return {key.value: (key, value) for key, value in node.value}


def _said(data: dict[str, Any]) -> dict[str, Any]:
    """What a file says: the order of pools is nothing."""

    def value(kind: str, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "value": sorted(row["value"], key=str)} if kind == "nodePools" else row

    clusters = data["clusters"].items()
    return {**data, "clusters": {name: {kind: value(kind, rows[kind]) for kind in rows} for name, rows in clusters}}


def _with(data: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    clusters = {name: dict(bound) for name, bound in data["clusters"].items()}
    for row in changes:
        clusters.setdefault(row.cluster, {})[row.kind] = {"value": row.new, "producer": row.producer}
    return {**data, "clusters": clusters}
