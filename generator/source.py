"""A YAML file as written: its data and, when there is something to report, the place of every key and value.

The fast path drives PyYAML's C parser event by event, which is several times quicker than its constructors and
lets us be strict where YAML surprises: one document, no duplicate keys, no aliases (an alias of an alias of an alias
is how eight lines become a gigabyte), no tags, and the scalars of YAML 1.2 (``no`` is a string, ``010`` is not eight).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy, deepcopy
from typing import Any

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

from generator.diagnostics import Diagnostic, Invalid
from generator.places import MAX_BYTES

MAX_DEPTH = 32  # the deepest key of fleet.yaml is at 8

Path = Sequence[str | int]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,2})?")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


class Source:
    """One YAML file: ``file`` (the name to print), ``data`` (plain dicts, lists and scalars)."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._text = text
        self._root: yaml.Node | None = None
        self._pairs: dict[int, dict[str, tuple[yaml.Node, yaml.Node]]] = {}  # of each mapping node, by its identity
        self.data: dict[str, Any] = _construct(file, text)

    def corrected(self, values: Iterable[tuple[Path, Any]]) -> Source:
        """The same file as if each value stood at its path, or nothing where it is None: what is right about the rest
        can then be judged too. Positions stay those of the file.
        """
        rest = copy(self)
        rest.data = deepcopy(self.data)
        for (*parents, last), value in sorted(values, key=_deepest_last_first):
            holder: Any = rest.data
            for step in parents:
                holder = holder[step]
            if value is not None:
                holder[last] = value
            elif isinstance(holder, list):
                del holder[int(last)]
            else:
                holder.pop(last, None)
        return rest

    def diagnostic(self, path: Path, what: str, fix: str, *, key: bool = False) -> Diagnostic:
        """A finding about the value at ``path`` (or about its key); places what is absent at its nearest parent."""
        line, column = self._place(path, key)
        return Diagnostic(self.file, line, column, dotted(path), what, fix)

    def written(self, path: Path) -> str | None:
        """The text of the scalar at ``path`` as it stands in the file: ``1.40`` where the value is 1.4."""
        node = self._node(path)
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def _place(self, path: Path, key: bool) -> tuple[int, int]:
        mark = None
        for last, (key_node, node) in enumerate(self._nodes(path)):
            # A block collection begins on the line after its key; its key is what the reader looks for.
            block = isinstance(node, yaml.CollectionNode) and not node.flow_style
            at_key = key_node is not None and (block or (key and last == len(path)))
            mark = (key_node if at_key and key_node is not None else node).start_mark
        return (mark.line + 1, mark.column + 1) if mark else (0, 0)

    def _node(self, path: Path) -> yaml.Node | None:
        nodes = [node for _, node in self._nodes(path)]
        return nodes[-1] if len(nodes) == len(path) + 1 else None

    def _nodes(self, path: Path) -> Iterator[tuple[yaml.Node | None, yaml.Node]]:
        """The nodes on the way to ``path``, each with its key's; they end where the file does not go on."""
        if self._root is None:
            self._root = yaml.compose(self._text, Loader=_LOADER)
        node = self._root
        if node is None:
            return
        yield None, node
        for step in path:
            key_node = None
            if isinstance(node, yaml.MappingNode):
                if id(node) not in self._pairs:
                    self._pairs[id(node)] = {pair[0].value: pair for pair in node.value}
                if step not in self._pairs[id(node)]:
                    return
                key_node, node = self._pairs[id(node)][str(step)]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                return
            yield key_node, node


def read(file: str, content: bytes) -> Source:
    """``content`` as what stands in ``file``. Raises Invalid for all that isn't one plain YAML mapping."""
    if len(content) > MAX_BYTES:
        what = f"the file is larger than {MAX_BYTES // 2**20} MB, more than any fleet needs"
        raise Invalid([_at(file, 0, 0, what, "split the fleet, or look for what was pasted into the file")])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        what = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise Invalid([_at(file, line, column, what, "save the file as UTF-8")]) from None
    return Source(file, text)


def _deepest_last_first(correction: tuple[Path, Any]) -> tuple[int, list[int]]:
    """Later entries of a list go before earlier ones, so that no index shifts."""
    path, _ = correction
    return -len(path), [-step for step in path if isinstance(step, int)]


def dotted(path: Path) -> str:
    """``clusters.aks-eastus.zones[0]``: a path as people write it."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _at(file: str, line: int, column: int, what: str, fix: str) -> Diagnostic:
    return Diagnostic(file, line, column, "", what, fix)


def _construct(file: str, text: str) -> dict[str, Any]:
    found: list[Diagnostic] = []
    try:
        root = _build(file, yaml.parse(text, Loader=_LOADER), found)
    except yaml.MarkedYAMLError as error:
        # An open quote is found at the end of the file; where it opens is what helps.
        mark = error.context_mark if "quoted" in (error.context or "") else error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        found.append(_at(file, line, column, *_explain(error, text, line)))
        raise Invalid(found) from None
    except yaml.YAMLError as error:  # the reader's own: a control character
        line, column = _place_of_unprintable(text)
        what = f"not YAML: {str(error).splitlines()[0]}"
        found.append(_at(file, line, column, what, "remove the control character"))
        raise Invalid(found) from None
    if found:
        raise Invalid(found)
    if not isinstance(root, dict):
        what = "the file is empty" if root is None else "the file is not a mapping of keys to values"
        raise Invalid([_at(file, 1, 1, what, 'begin with "version: 1"; the README shows a whole fleet')])
    return root


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


def _build(file: str, events: Iterator[Any], found: list[Diagnostic]) -> Any:
    """The document's value. Iterative, so that depth is a number we choose and not the interpreter's stack."""
    scalars = dict(_WORDS)  # plain scalars repeat a lot: resolve each text once
    stack: list[tuple[Any, Any]] = []  # the open collections, each with the key that waits for its value
    root: Any = None
    container: Any = None  # the innermost open collection
    key: Any = None  # in a mapping, the key that waits for its value
    documents = 0
    for event in events:
        kind = event.__class__
        if kind is ScalarEvent:
            value: Any = event.value
            if event.tag is not None or event.anchor is not None:
                found += _refuse_marks(file, event)
            if container.__class__ is dict and key is None:
                if value in container:
                    found.append(_report(file, event, f'"{value}" stands twice in this mapping', "keep one of the two"))
                key = value
                continue
            if event.implicit[0]:
                try:
                    value = scalars[value]
                except KeyError:
                    value = scalars[value] = _resolve(value)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if event.tag is not None or event.anchor is not None:
                found += _refuse_marks(file, event)
            if container.__class__ is dict and key is None:
                found.append(_report(file, event, "a key must be plain text", "quote it, or remove the brackets"))
                raise Invalid(found)
            if len(stack) >= MAX_DEPTH:
                found.append(_report(file, event, f"nested deeper than {MAX_DEPTH} levels", "flatten the value"))
                raise Invalid(found)
            stack.append((container, key))
            container, key = {} if kind is MappingStartEvent else [], None
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            value = container
            container, key = stack.pop()
        elif kind is AliasEvent:
            what = f"the alias *{event.anchor} is not allowed"
            found.append(_report(file, event, what, _INSTEAD_OF_ANCHORS))
            value = None
            if container.__class__ is dict and key is None:
                key = f"*{event.anchor}"
                continue
        elif kind is DocumentStartEvent:
            documents += 1
            if documents == 2:
                found.append(_report(file, event, "a second document begins here", "keep one document a file"))
            continue
        else:
            continue
        if container.__class__ is dict:
            container.setdefault(key, value)
            key = None
        elif container.__class__ is list:
            container.append(value)
        elif documents == 1:
            root = value
    return root


def _refuse_marks(file: str, event: Any) -> Iterator[Diagnostic]:
    if event.tag is not None:
        yield _report(file, event, f"the tag {event.tag} is not allowed", "remove the tag")
    if event.anchor is not None:
        yield _report(file, event, f"the anchor &{event.anchor} is not allowed", _INSTEAD_OF_ANCHORS)


_INSTEAD_OF_ANCHORS = "write the value out, or give it once in defaults or regions"


def _resolve(text: str) -> Any:
    """The value of a plain scalar in YAML 1.2's core schema, without its octal and hexadecimal notations."""
    if text[0] in "-0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return float(text)
    return text


def _report(file: str, event: Any, what: str, fix: str) -> Diagnostic:
    return _at(file, event.start_mark.line + 1, event.start_mark.column + 1, what, fix)
