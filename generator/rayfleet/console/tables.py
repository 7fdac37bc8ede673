"""Tables for people: the same on a terminal and in a pipe, or in Markdown."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from rayfleet.console.printing import Styled
from rayfleet.diagnostics import printable

# Characters; rich cuts what is wider.
_WIDEST = 1000
_BLANKS = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$")  # at the end of a line, whatever is styled


def table(
    head: Sequence[str], rows: Iterable[Sequence[str] | None], markdown: bool, numbers: Collection[str] = ()
) -> Styled:
    """A table as wide as what is in it; a None among the rows is a line between them, ``numbers`` are heads."""
    table = Table(box=box.MARKDOWN) if markdown else Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in head:
        table.add_column(name, no_wrap=True, justify="right" if name in numbers else "left")
    for cells in rows:
        if cells is not None:
            table.add_row(*map(escape if markdown else printable, cells))
        elif not markdown:
            table.add_section()
    # Neither the width nor the abilities of a terminal count: the bold is left out where it is not wanted.
    console = Console(
        width=_WIDEST, force_terminal=True, color_system=None if markdown else "standard",
        markup=False, emoji=False, highlight=False, file=io.StringIO(), _environ={},
    )  # fmt: skip
    with console.capture() as captured:
        console.print(table)
    return Styled("\n".join(_BLANKS.sub(r"\1", line) for line in captured.get().splitlines()).strip("\n"))


def escape(written: str) -> str:
    """Text of a file as Markdown that shows it and does nothing else."""
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", printable(written))
