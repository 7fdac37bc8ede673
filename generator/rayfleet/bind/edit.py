"""bindings.yaml edited as a person would: what changes is replaced where it stands, what is new is added in its place.

ruamel.yaml says where every value begins and ends; the text around stays as it is, byte for byte, and every comment
too. Its own round trip does not keep that promise (0.19: a comment above ``---`` goes, one above a key stays behind
when the key before grows, and indentation becomes the same everywhere).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from rayfleet.bind.changes import BindingChange
from rayfleet.bind.file import NONE, parse
from rayfleet.bind.yaml_text import Text, UnsafeEdit
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.facts.identifiers import UUID
from rayfleet.facts.late_values import NODE_POOLS, kinds

_NEW = """\
# Values that Azure and Anyscale hand out when the fleet is deployed. Ids, no secrets; committed.
# rayfleet bind writes them.
"""
_EMPTY = ("version: 1", "clusters: {}")
_PLAIN = re.compile(rf"[A-Za-z][A-Za-z0-9_.-]*|{UUID}")
# What YAML 1.1 or 1.2 takes for something else than text.
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_COLON = re.compile(r"\s*:")


class _Edit(NamedTuple):
    """``text[start:end]`` becomes ``new``."""

    start: int
    end: int
    new: str


def edit(file: str, content: bytes | None, changes: Iterable[BindingChange]) -> bytes:
    """``content``, of the schema's shape or without anything bound, with the changes; a new file where there is none.
    Raises Invalid where the file is written in a way that cannot be edited safely.
    """
    rows = list(changes)
    before = parse(file, content)
    meant = _merge(before.data if before else NONE, rows)
    try:
        after = _apply((_NEW.encode() if content is None else content).decode(), rows).encode()
        source = parse(file, after)
        if source is None or _sort_pools(source.data) != _sort_pools(meant):
            raise UnsafeEdit
    except (UnsafeEdit, Invalid):  # what is wrong with our own edit is no mistake of the file's
        what = "the file is written in a way that cannot be edited safely"
        raise Invalid([Diagnostic(file, 0, 0, "", what, "write it as rayfleet does, or edit it by hand")]) from None
    return after


def _apply(text: str, changes: list[BindingChange]) -> str:
    """Raises UnsafeEdit."""
    whole = Text(text)
    for prepare in (_top_keys, _fill_empty_maps):
        if edits := list(prepare(whole)):
            whole = Text(_splice(whole, edits))
    return _splice(whole, _edits(whole, changes))


def _splice(text: Text, edits: Iterable[_Edit]) -> str:
    """Raises UnsafeEdit where a comment would go."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):  # stable: of two at one place the first first
        if edit.start < at or any(comment not in edit.new for comment in text.comments(edit.start, edit.end)):
            raise UnsafeEdit
        parts += [text.text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*parts, text.text[at:]])


# --- where nothing is bound ---


def _top_keys(text: Text) -> Iterable[_Edit]:
    """The keys that every bindings.yaml has, where it is empty but for comments."""
    if isinstance(text.root, MappingNode) and text.root.value:
        return
    if text.root is not None:
        yield _Edit(text.start(text.root), text.end(text.root), "")
    end = len(text.text)
    yield _Edit(end, end, _lines(text, end, _EMPTY))


def _fill_empty_maps(text: Text) -> Iterable[_Edit]:
    """Braces where the clusters, or the bindings of one, are null."""
    key, clusters = _pairs(text.root)["clusters"]
    for name, node in [(key, clusters), *_pairs(clusters).values()]:
        if isinstance(node, MappingNode):
            continue
        if text.of(node):
            yield _Edit(text.start(node), text.end(node), "{}")
        elif colon := _COLON.match(text.text, text.end(name)):
            yield _Edit(colon.end(), colon.end(), " {}")
        else:
            raise UnsafeEdit


# --- what changes ---


def _edits(text: Text, changes: list[BindingChange]) -> Iterable[_Edit]:
    key, clusters = _pairs(text.root)["clusters"]
    known = _pairs(clusters)
    by_cluster: dict[str, dict[str, BindingChange]] = {}
    for row in changes:
        by_cluster.setdefault(row.cluster, {})[row.kind] = row
    for cluster, rows in by_cluster.items():
        if cluster not in known:
            continue
        name, node = known[cluster]
        there = _pairs(node)
        for kind, row in rows.items():
            if kind in there:
                yield from _replace(text, there[kind][1], row)
        entries = [(kind, rows[kind]) for kind in kinds() if kind in rows and kind not in there]
        yield from _add(text, name, node, entries, clusters.flow_style)
    fresh = [(cluster, rows) for cluster, rows in by_cluster.items() if cluster not in known]
    yield from _add(text, key, clusters, fresh, text.root.flow_style)


def _replace(text: Text, binding: Any, change: BindingChange) -> Iterable[_Edit]:
    there = _pairs(binding)
    if change.old != change.new:
        node = there["value"][1]
        if not isinstance(node, SequenceNode):
            yield _scalar(text, node, str(change.new))
        elif not node.flow_style:
            yield from _lines_of_pools(text, node, change)
        elif text.comments(text.start(node), text.end(node)):
            yield from _entries_of_pools(text, node, change)
        else:
            yield _Edit(text.start(node), text.end(node), _list(change.new))
    if change.old_producer != change.producer:
        yield _scalar(text, there["producer"][1], change.producer)


def _scalar(text: Text, node: ScalarNode, value: str) -> _Edit:
    start, end = text.start(node), text.end(node)
    quotes = {"'": f"'{value}'", '"': json.dumps(value)}
    new = quotes.get(str(node.style), _quote_if_needed(value))
    return _Edit(start, end, " ".join([new, *text.comments(start, end)]))


def _lines_of_pools(text: Text, node: SequenceNode, change: BindingChange) -> Iterable[_Edit]:
    """Of a block list, lines go and come. The comment beside a pool that goes stays where it is."""
    first = text.line_of(text.start(node.value[0]))
    lead = text.text[first : text.start(node.value[0])]
    for child in node.value:
        if child.value in change.lost:
            start, end = text.line_of(text.start(child)), text.after_line(text.end(child))
            indent = " " * (text.start(child) - start - 2)
            comments = [f"{indent}{comment}" for comment in text.comments(text.end(child), end)]
            yield _Edit(start, end, _lines(text, start, comments))
    for pool in change.gained:
        before = [child for child in node.value if child.value < pool and child.value not in change.lost]
        at = text.after_line(text.end(before[-1])) if before else first
        yield _Edit(at, at, _lines(text, at, [f"{lead}{_quote_if_needed(pool)}"]))


def _entries_of_pools(text: Text, node: SequenceNode, change: BindingChange) -> Iterable[_Edit]:
    """Of a flow list with comments in it, entries go and come; YAML allows a comma after the last one."""
    kept = [child for child in node.value if child.value not in change.lost]
    for pool in change.gained:
        after = [child for child in kept if child.value > pool]
        if kept and not after:
            yield _Edit(text.end(kept[-1]), text.end(kept[-1]), f", {_quote_if_needed(pool)}")
        else:
            at = text.start(after[0]) if after else text.start(node) + 1
            yield _Edit(at, at, f"{_quote_if_needed(pool)}, ")
    for child in node.value:
        if child.value in change.lost:
            yield _Edit(text.start(child), text.end(child), "")
            comma = text.comma(text.end(child), text.end(node))
            if comma is not None:
                yield _Edit(comma, comma + 1 + (text.text[comma + 1] == " "), "")


def _add(text: Text, key: Any, node: MappingNode, entries: list[tuple[str, Any]], in_flow: bool) -> Iterable[_Edit]:
    """New entries of a mapping, each after those that come before it. ``in_flow``: the mapping is inside braces."""
    start, end = text.start(node), text.end(node)
    if not entries:
        return
    if node.value:
        yield from _insert_between(text, node, entries)
    elif in_flow or text.comments(start, end):  # a block cannot stand inside braces
        written = ", ".join(_flow(*entry) for entry in entries)
        yield _Edit(start + 1, start + 1, written)
    else:
        at = text.after_line(end)
        yield _Edit(start - (text.text[start - 1] == " "), end, "")
        indent = key.start_mark.column + 2
        yield _Edit(at, at, _lines(text, at, [line for row in entries for line in _block(*row, indent, 2)]))


def _insert_between(text: Text, node: MappingNode, entries: list[tuple[str, Any]]) -> Iterable[_Edit]:
    """Entries that come between those that are there."""
    first = node.value[0][0]
    for name, value in entries:
        before = [child for known, child in node.value if _rank(known.value) <= _rank(name)]
        if node.flow_style:
            at = text.end(before[-1]) if before else text.start(first)
            yield _Edit(at, at, f", {_flow(name, value)}" if before else f"{_flow(name, value)}, ")
        else:
            column = first.start_mark.column
            at = text.after_line(text.end(before[-1])) if before else text.start(first) - column
            lines = _block(name, value, column, _step(node, column))
            yield _Edit(at, at, _lines(text, at, lines))


def _rank(name: str) -> int:
    """Bindings have an order; clusters come one after the other."""
    return kinds().index(name) if name in kinds() else 0


def _step(node: MappingNode, column: int) -> int:
    """By how much the entries of a mapping's entries are indented."""
    for _, child in node.value:
        if isinstance(child, MappingNode) and child.value and not child.flow_style:
            return max(int(child.value[0][0].start_mark.column) - column, 1)
    return 2


def _lines(text: Text, at: int, lines: Iterable[str]) -> str:
    """Whole lines to put at the beginning of a line, or behind a last line that has no end."""
    rows = [f"{line}{text.newline}" for line in lines]
    open_end = rows and at > 0 and text.text[at - 1] not in "\r\n"
    return (text.newline if open_end else "") + "".join(rows)


def _block(name: str, value: Any, indent: int, step: int) -> list[str]:
    if isinstance(value, BindingChange):
        return [f"{' ' * indent}{_flow(name, value)}"]
    rows = [line for kind in kinds() if kind in value for line in _block(kind, value[kind], indent + step, step)]
    return [f"{' ' * indent}{_quote_if_needed(name)}:", *rows]


def _flow(name: str, value: BindingChange | Mapping[str, BindingChange]) -> str:
    if isinstance(value, BindingChange):
        new = _list(value.new) if isinstance(value.new, list) else _quote_if_needed(value.new)
        return f"{_quote_if_needed(name)}: {{value: {new}, producer: {_quote_if_needed(value.producer)}}}"
    return f"{_quote_if_needed(name)}: {{{', '.join(_flow(kind, value[kind]) for kind in kinds() if kind in value)}}}"


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(_quote_if_needed, names))}]"


def _quote_if_needed(value: str) -> str:
    return value if _PLAIN.fullmatch(value) and value not in _WORDS else json.dumps(value)


def _pairs(node: Any) -> dict[str, tuple[Any, Any]]:
    """Keys and values of a mapping, none of null."""
    return {key.value: (key, value) for key, value in node.value} if isinstance(node, MappingNode) else {}


def _sort_pools(data: dict[str, Any]) -> dict[str, Any]:
    """The data with pools in order: that of the file is nothing."""

    def value(kind: str, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "value": sorted(row["value"], key=str)} if kind == NODE_POOLS else row

    clusters = data["clusters"].items()
    return {**data, "clusters": {name: {kind: value(kind, rows[kind]) for kind in rows} for name, rows in clusters}}


def _merge(data: dict[str, Any], changes: list[BindingChange]) -> dict[str, Any]:
    clusters = {name: dict(bound) for name, bound in data["clusters"].items()}
    for row in changes:
        clusters.setdefault(row.cluster, {})[row.kind] = {"value": row.new, "producer": row.producer}
    return {**data, "clusters": clusters}
