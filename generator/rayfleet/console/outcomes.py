"""A report on a terminal: folded to its width, with a colour for each outcome. In a pipe it stays as it is."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from rayfleet.console.printing import COLORS, Styled, echo, terminal_width
from rayfleet.diagnostics import printable_lines

_STYLES = {
    "failed": "red", "warned": "yellow", "unjudged": "yellow", "pending": "cyan", "noted": "cyan", "accepted": "cyan",
    "proved": "green",
}  # fmt: skip
_OUTCOMES = "|".join(_STYLES)
_SECTION = re.compile(rf"(?P<before>\w+ +)(?P<outcome>{_OUTCOMES})(?P<after>  +(?P<title>.*))")
_HEADING = re.compile(rf"(?P<before>)(?P<outcome>{_OUTCOMES})(?P<after>:.*)")
_INDENT = "    "


def echo_report(text: str) -> None:
    """Text with outcomes; its last line says whether it is good."""
    width = terminal_width()
    echo(text if width is None else Styled(_on_terminal(text, width)), end="")


def _on_terminal(text: str, width: int) -> str:
    *lines, last = printable_lines(text).rstrip("\n").split("\n")
    verdict = "red" if re.search(r"\d+ claims? failed(?! and)", last) else "yellow" if ";" in last else "green"
    shown = [folded for line in lines for folded in _color(list(fold(line, width)))]
    return "\n".join([*shown, *(_paint(line, verdict) for line in fold(last, width))]) + "\n"


def _color(lines: list[str]) -> list[str]:
    found = _SECTION.fullmatch(lines[0]) or _HEADING.fullmatch(lines[0])
    if not found:
        return lines
    painted = _paint(found["outcome"], _STYLES[found["outcome"]])
    return [f"{found['before']}{painted}{found['after']}", *lines[1:]]


def fold(line: str, width: int) -> Iterator[str]:
    """A line in as many as it takes; those that follow are indented. A path or an id is never cut."""
    section = _SECTION.fullmatch(line)
    indent = " " * section.start("title") if section else line[: len(line) - len(line.lstrip())] + _INDENT
    yield from textwrap.wrap(
        line, max(width, 40), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) or [""]


def _paint(text: str, color: str) -> str:
    return f"\x1b[{COLORS[color]}m{text}\x1b[0m"
