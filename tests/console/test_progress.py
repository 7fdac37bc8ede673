"""How what goes on shows, by a clock that is given."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from rayfleet.console.progress import Progress, on_terminal


def test_lines_say_what_changes_and_how_long_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    now = iter(range(0, 10_000, 65))
    progress = Progress([("east", 3)], live=False, clock=lambda: float(next(now)))
    rows = [("running", 0, ""), ("running", 2, ""), ("waiting", None, "Throttled\x1b"), ("running", 9, "")]
    for state, done, note in [*rows, ("failed", None, "")]:
        progress.update("east", state, done, note)
    assert capsys.readouterr().err == (
        "east: running\neast: waiting: Throttled\\x1b\neast: running\neast: failed after 4:20\n"
    )
    assert progress.rows["east"].done == 3


def shown(progress: Progress, room: int) -> list[str]:
    """The table without its head."""
    console = Console(file=io.StringIO(), width=70)
    console.print(progress.table(room))
    return [line.strip() for line in console.file.getvalue().splitlines()[2:]]  # type: ignore[attr-defined]


def test_where_there_is_no_room_what_goes_on_is_shown_first() -> None:
    progress = Progress([(f"region-{number}", 1) for number in range(9)], live=True, clock=lambda: 0.0)
    for number, state in enumerate(["succeeded"] * 4 + ["running", "failed", "running"]):
        progress.update(f"region-{number}", state, note="a note that is longer than what is left of the line beside it")
    lines = shown(progress, 4)
    assert [line.split()[:2] for line in lines[:3]] == [
        ["region-4", "running"],
        ["region-5", "failed"],
        ["region-6", "running"],
    ]
    assert [line.split() for line in lines[3:]] == [["and", "6", "others", "2", "waiting,", "4", "succeeded"]]
    assert len(shown(progress, 9)) == 9


def test_a_closed_stream_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert not on_terminal()
