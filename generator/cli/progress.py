"""How a deployment shows while it goes on: a live table on a terminal, elsewhere a line for each change."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import click

from generator.diagnostics import printable

if TYPE_CHECKING:
    from rich.table import Table

_HEAD = ("deployment", "state", "resources", "time", "")
_STYLES = {"succeeded": "green", "failed": "red", "skipped": "yellow", "waiting": "dim"}
_ENDS = {"succeeded", "failed", "skipped", "left running"}


class Row(NamedTuple):
    """A deployment: ``done`` of ``total`` resources; ``began`` and ``ended`` in seconds of the clock, None before."""

    state: str
    done: int
    total: int
    began: float | None = None
    ended: float | None = None
    note: str = ""


class Progress:
    """Takes in what happens, from any thread, and shows it on standard error."""

    def __init__(
        self, totals: Iterable[tuple[str, int]], live: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``totals``: the deployments, and how many resources each has."""
        self.rows = {name: Row("waiting", 0, total) for name, total in totals}
        self._live = live
        self._clock = clock
        self._lock = Lock()

    def showing(self) -> AbstractContextManager[object]:
        """Shows the table for as long as the context lasts; nothing where there is no terminal."""
        if not self._live:
            return nullcontext()
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True, markup=False, emoji=False, highlight=False)
        return Live(console=console, get_renderable=self._table, refresh_per_second=4, redirect_stdout=False)

    def update(self, name: str, state: str, done: int | None = None, note: str = "") -> None:
        """A deployment is in a state now, with so many of its resources done."""
        with self._lock:
            old, now = self.rows[name], self._clock()
            began = now if old.began is None and state != "waiting" else old.began
            ended = now if state in _ENDS else None
            row = Row(state, old.done if done is None else min(done, old.total), old.total, began, ended, note)
            self.rows[name] = row
            if not self._live and (old.state, old.note) != (row.state, row.note):
                click.echo(self._line(name, row), err=True)

    def _line(self, name: str, row: Row) -> str:
        spent = f" after {_spent(row, self._clock())}" if row.ended is not None and row.began != row.ended else ""
        return printable(f"{name}: {row.state}{spent}" + (f": {row.note}" if row.note else ""))

    def _table(self) -> Table:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(*_HEAD, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        with self._lock:
            for name, row in self.rows.items():
                count = f"{row.done}/{row.total}"
                state = Text(row.state, _STYLES.get(row.state, ""))
                table.add_row(printable(name), state, count, _spent(row, self._clock()), printable(row.note))
        return table


def on_terminal() -> bool:
    """Whether somebody looks on and can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _spent(row: Row, now: float) -> str:
    """``3:07``: minutes and seconds."""
    if row.began is None:
        return ""
    seconds = int((row.ended if row.ended is not None else now) - row.began)
    return f"{seconds // 60}:{seconds % 60:02}"
