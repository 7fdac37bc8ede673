"""The text of bindings.yaml, and where each of its nodes, commas and comments stands in it.

Line breaks are YAML's: CR LF, LF, and CR alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, ScalarNode
from ruamel.yaml.tokens import FlowEntryToken, ScalarToken

_BREAK = re.compile(r"\r\n?|\n")
_COMMENT = re.compile(r"#[^\r\n]*")
_HEADER = re.compile(r"[|>]\S*[ \t]+(#[^\r\n]*)")  # of a block scalar


class UnsafeEdit(Exception):
    """The text is written in a way that cannot be edited safely."""


class Text:
    """A document as text. ``root`` is None where nothing but comments stands in it."""

    def __init__(self, text: str) -> None:
        """Raises UnsafeEdit where ruamel.yaml reads it otherwise than libyaml does."""
        self.text = text
        found = _BREAK.search(text)
        self.newline = found[0] if found else "\n"
        self._shift = int(text.startswith("\ufeff"))  # ruamel leaves the mark out, and counts from behind it
        try:
            self.root: Any = YAML(typ="safe", pure=True).compose(text[self._shift :])
        except YAMLError:
            raise UnsafeEdit from None

    def start(self, node: Any) -> int:
        """The beginning of a node."""
        return int(node.start_mark.index) + self._shift

    def end(self, node: Any) -> int:
        """The end of a node's text; the end mark of a block is where the next token begins."""
        if isinstance(node, CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(node, MappingNode) else last)
        end = int(node.end_mark.index) + self._shift
        if isinstance(node, ScalarNode) and str(node.style) in "|>":
            start = self.start(node)
            return start + len(self.text[start:end].rstrip())
        return end

    def of(self, node: Any) -> str:
        """A node as it is written."""
        return self.text[self.start(node) : self.end(node)]

    def line_of(self, at: int) -> int:
        """The beginning of the line with ``at``."""
        after = self.text.rfind("\n", 0, at) + 1
        return max(self.text.rfind("\r", after, at) + 1, after)

    def after_line(self, at: int) -> int:
        """The beginning of the line after the one with ``at``."""
        found = _BREAK.search(self.text, at)
        return found.end() if found else len(self.text)

    def comments(self, start: int, end: int) -> list[str]:
        """The comments that begin between two places."""
        if "#" not in self.text[start:end]:
            return []
        return [comment for at, comment in self._comments if start <= at < end]

    def comma(self, start: int, end: int) -> int | None:
        """The first comma between entries, from ``start`` on and before ``end``."""
        return next((at for at in self._commas if start <= at < end), None)

    @cached_property
    def _tokens(self) -> list[Any]:
        return list(YAML(typ="safe", pure=True).scan(self.text[self._shift :]))

    @cached_property
    def _commas(self) -> list[int]:
        return [self.start(token) for token in self._tokens if isinstance(token, FlowEntryToken)]

    @cached_property
    def _comments(self) -> list[tuple[int, str]]:
        return list(self._between_tokens())

    def _between_tokens(self) -> Iterator[tuple[int, str]]:
        at = 0
        for token in self._tokens:
            start, end = (int(mark.index) + self._shift for mark in (token.start_mark, token.end_mark))
            yield from ((found.start(), found[0]) for found in _COMMENT.finditer(self.text, at, max(start, at)))
            if isinstance(token, ScalarToken) and (found := _HEADER.match(self.text, start, end)):
                yield found.start(1), found[1]
            at = max(at, end)
