"""A document as written: its data and, when there is something to report, the place of every key and value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from copy import copy, deepcopy
from typing import Any

import yaml

from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.fleet_files import MAX_BYTES
from rayfleet.source.parsing import INSTEAD_OF_ANCHORS, MAX_DEPTH_OF_MANIFESTS, at, compose, construct

Path = Sequence[str | int]


class Source:
    """One document: ``file`` (the name to print), ``data`` (plain dicts, lists and scalars)."""

    def __init__(self, file: str, text: str, data: dict[str, Any], number: int = 0) -> None:
        """``number`` counts the documents before it in ``text``."""
        self.file = file
        self.data = data
        self._text = text
        self._number = number
        self._root: yaml.Node | None = None
        self._pairs: dict[int, dict[str, tuple[yaml.Node, yaml.Node]]] = {}  # of each mapping node, by its identity

    def has(self, content: bytes) -> bool:
        """True where this is the text of a file."""
        return self._text.encode() == content

    def with_values(self, values: Iterable[tuple[Path, Any]]) -> Source:
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
        line, column = self.place(path, key=key)
        return Diagnostic(self.file, line, column, dotted_path(path), what, fix)

    def written(self, path: Path) -> str | None:
        """The text of the scalar at ``path`` as it stands in the file: ``1.40`` where the value is 1.4."""
        node = self._node(path)
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def place(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """Line and column of the value at ``path`` (or of its key), or of its nearest parent that is there."""
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
            self._root = compose(self._text, self._number)
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


def read(file: str, content: bytes, instead_of_anchors: str = INSTEAD_OF_ANCHORS) -> Source:
    """``content`` as what stands in ``file``. Raises Invalid for all that isn't one plain YAML mapping."""
    if len(content) > MAX_BYTES:
        what = f"the file is larger than {MAX_BYTES // 2**20} MB, more than any fleet needs"
        raise Invalid([at(file, 0, 0, what, "split the fleet, or look for what was pasted into the file")])
    text = _decode(file, content)
    documents = construct(file, text, instead=instead_of_anchors)
    if len(documents) > 1:
        line, column = documents[1].line, documents[1].column
        raise Invalid([at(file, line, column, "a second document begins here", "keep one document in a file")])
    root = documents[0].data if documents else None
    if not isinstance(root, dict):
        what = "the file is empty" if root is None else "the file is not a mapping of keys to values"
        raise Invalid([at(file, 1, 1, what, 'begin with "version: 1"; the README shows a whole fleet')])
    return Source(file, text, root)


def read_all(file: str, content: bytes) -> list[Source]:
    """Every document of a file of manifests but the empty ones. Raises Invalid for what is no plain YAML mapping."""
    text = _decode(file, content)
    documents = construct(file, text, MAX_DEPTH_OF_MANIFESTS)
    for document in documents:
        if document.data is not None and not isinstance(document.data, dict):
            what = "the document is not a mapping of keys to values"
            raise Invalid([at(file, document.line, document.column, what, "a manifest is a mapping")])
    return [Source(file, text, document.data, number) for number, document in enumerate(documents) if document.data]


def read_json(file: str, content: bytes) -> Source:
    """A JSON file. Raises Invalid for what is not one JSON object."""
    text = _decode(file, content)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        what = f"not JSON: {error.msg.lower()}"
        raise Invalid([at(file, error.lineno, error.colno, what, "correct it here or on the line above")]) from None
    except (RecursionError, ValueError):
        what = "not JSON that anyone would write: too deep, or a number of thousands of digits"
        raise Invalid([at(file, 1, 1, what, "render it again")]) from None
    if not isinstance(data, dict):
        raise Invalid([at(file, 1, 1, "the file is not a JSON object", "render it again")])
    return Source(file, text, data)


def _decode(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        what = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise Invalid([at(file, line, column, what, "save the file as UTF-8")]) from None


def _deepest_last_first(correction: tuple[Path, Any]) -> tuple[int, list[int]]:
    """Later entries of a list go before earlier ones, so that no index shifts."""
    path, _ = correction
    return -len(path), [-step for step in path if isinstance(step, int)]


def dotted_path(path: Path) -> str:
    """``clusters.aks-eastus.zones[0]``: a path as people write it."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
