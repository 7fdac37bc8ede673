"""Tables for people: on a terminal as wide as it is, in a pipe a line for each row, or in Markdown."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rayfleet.console.outcomes import fold
from rayfleet.console.printing import Styled, terminal_width
from rayfleet.diagnostics import printable

# Characters; rich cuts what is wider.
_WIDEST = 1000
NO_STYLES: Mapping[str, str] = {}
_BLANKS = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$")  # at the end of a line, whatever is styled


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str] | None],
    markdown: bool,
    numbers: Collection[str] = (),
    styles: Mapping[str, str] = NO_STYLES,
) -> Styled:
    """A table; a None among the rows is a line between them, ``numbers`` are heads. ``styles``: of a cell, by how it
    begins. What is too wide for a terminal is folded; elsewhere a table is as wide as what is in it.
    """
    width = None if markdown else terminal_width()
    table = Table(box=box.MARKDOWN) if markdown else Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in head:
        table.add_column(name, no_wrap=width is None, justify="right" if name in numbers else "left", overflow="fold")
    for cells in rows:
        if cells is not None and markdown:
            table.add_row(*map(escape, cells))
        elif cells is not None:
            table.add_row(*(Text(printable(cell), _style(cell, styles)) for cell in cells))
        elif not markdown:
            table.add_section()
    # Neither the width nor the abilities of a terminal count: the bold is left out where it is not wanted.
    console = Console(
        width=width or _WIDEST, force_terminal=True, color_system=None if markdown else "standard",
        markup=False, emoji=False, highlight=False, file=io.StringIO(), _environ={},
    )  # fmt: skip
    with console.capture() as captured:
        console.print(table)
    return Styled("\n".join(_BLANKS.sub(r"\1", line) for line in captured.get().splitlines()).strip("\n"))


def lines(rows: Iterable[str], markdown: bool) -> str:
    """Remarks below a table, folded on a terminal."""
    if markdown:
        return "\n".join(f"- {escape(line)}" for line in rows)
    width = terminal_width()
    return "\n".join(folded for line in map(printable, rows) for folded in (fold(line, width) if width else [line]))


def _style(cell: str, styles: Mapping[str, str]) -> str:
    return next((style for beginning, style in styles.items() if cell.startswith(beginning)), "")


def escape(written: str) -> str:
    """Text of a file as Markdown that shows it and does nothing else."""
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", printable(written))
