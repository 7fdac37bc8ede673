"""The progress of a deployment: a live table on a terminal, elsewhere a line for each change."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from rayfleet.console.printing import echo_stderr
from rayfleet.diagnostics import many, printable

_HEAD = ("deployment", "state", "resources", "time", "")
_STYLES = {"succeeded": "green", "failed": "red", "skipped": "yellow", "waiting": "dim"}
_ENDS = {"succeeded", "failed", "skipped", "left running", "gone"}
# Where there is no room for all rows, those that are looked for come first.
_FIRST = ("failed", "left running", "picked up", "running", "waiting", "skipped", "succeeded")
_HEAD_LINES = 2


class ProgressRow(NamedTuple):
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
        """``totals``: the deployments, and how many resources each has; ``live``: as a table, not as lines."""
        self.rows = {name: ProgressRow("waiting", 0, total) for name, total in totals}
        self.live = live
        self._clock = clock
        self._lock = Lock()

    def live_table(self) -> AbstractContextManager[object]:
        """Shows the table for as long as the context lasts; nothing where there is no terminal."""
        if not self.live:
            return nullcontext()
        console = _console()
        return Live(
            console=console,
            get_renderable=lambda: self.table(console.size.height - _HEAD_LINES),
            refresh_per_second=4,
            redirect_stdout=False,
        )

    def update(self, name: str, state: str, done: int | None = None, note: str = "") -> None:
        """A deployment is in a state now, with so many of its resources done."""
        with self._lock:
            old, now = self.rows[name], self._clock()
            began = now if old.began is None and state != "waiting" else old.began
            ended = now if state in _ENDS else None
            row = ProgressRow(state, old.done if done is None else min(done, old.total), old.total, began, ended, note)
            self.rows[name] = row
            if not self.live and (old.state, old.note) != (row.state, row.note):
                echo_stderr(self._line(name, row))

    def _line(self, name: str, row: ProgressRow) -> str:
        spent = (
            f" after {_elapsed_time(row, self._clock())}" if row.ended is not None and row.began != row.ended else ""
        )
        return printable(f"{name}: {row.state}{spent}" + (f": {row.note}" if row.note else ""))

    def table(self, room: int) -> Table:
        """The table in so many rows, of one line each."""
        columns = [Column(head, no_wrap=bool(head)) for head in _HEAD]
        table = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        with self._lock:
            shown, others = self._rows_that_fit(max(room, 2))
            for name in shown:
                row = self.rows[name]
                count = f"{row.done}/{row.total}"
                state = Text(row.state, _STYLES.get(row.state, ""))
                table.add_row(printable(name), state, count, _elapsed_time(row, self._clock()), _on_one_line(row.note))
        if others:
            count = f"and {many(len(others), 'other')}"
            table.add_row(count, "", "", "", _on_one_line(", ".join(_state_counts(others))))
        return table

    def _rows_that_fit(self, room: int) -> tuple[list[str], list[str]]:
        """The deployments that there is room for, in their order, and the states of the others."""
        if len(self.rows) <= room:
            return list(self.rows), []
        by_need = sorted(self.rows, key=lambda name: _FIRST.index(self.rows[name].state))
        first, rest = by_need[: room - 1], by_need[room - 1 :]
        return [name for name in self.rows if name in first], [self.rows[name].state for name in rest]


def _state_counts(states: list[str]) -> Iterator[str]:
    yield from (f"{states.count(state)} {state}" for state in _FIRST if state in states)


def _on_one_line(note: str) -> Text:
    return Text(printable(note), no_wrap=True, overflow="ellipsis")


def on_terminal() -> bool:
    """True where somebody looks on and can answer. Either stream may be closed."""
    return bool(sys.stdin and sys.stderr and sys.stdin.isatty() and sys.stderr.isatty())


def can_draw() -> bool:
    """True where somebody looks on at a terminal on which a table can be drawn over itself."""
    return on_terminal() and not _console().is_dumb_terminal


def _console() -> Console:
    return Console(stderr=True, markup=False, emoji=False, highlight=False)


def _elapsed_time(row: ProgressRow, now: float) -> str:
    """The time that a deployment has taken; empty before."""
    return "" if row.began is None else clock((row.ended if row.ended is not None else now) - row.began)


def clock(seconds: float) -> str:
    """``3:07``: minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
