"""Text on a terminal: ours has colours, and that of files steers nothing."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from rayfleet.console import tables
from rayfleet.console.printing import Styled, echo, echo_stderr
from tests.testing.workspace import Workspace

EVIL = "\x1b]0;owned\x07\x1b[2J\x1b[8mhidden\x9b31m\r\u202e\u2066"
WRITTEN = r"\x1b]0;owned\x07\x1b[2J\x1b[8mhidden\x9b31m\r\u202e\u2066"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _show_on_terminal(monkeypatch: pytest.MonkeyPatch) -> _Terminal:
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = _Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


@pytest.mark.parametrize("say", [echo, echo_stderr])
def test_text_steers_no_terminal(monkeypatch: pytest.MonkeyPatch, say: Callable[..., None]) -> None:
    terminal = _show_on_terminal(monkeypatch)
    say(f"one\t{EVIL}\ntwo", "green")
    assert terminal.getvalue() == f"\x1b[32mone\t{WRITTEN}\ntwo\x1b[0m\n"


def test_styles_of_ours_are_kept_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _show_on_terminal(monkeypatch)
    echo(Styled("\x1b[1mbold\x1b[0m"))
    assert terminal.getvalue() == "\x1b[1mbold\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    echo(Styled("\x1b[1mbold\x1b[0m"))
    assert terminal.getvalue().endswith("\nbold\n")


def test_a_cell_of_a_table_steers_no_terminal() -> None:
    assert WRITTEN in tables.table(["name"], [[EVIL]], markdown=False)


# --- the files of a fleet ---------------------------------------------------------------------------------------------


def test_the_name_of_a_deleted_file(rendered: Workspace) -> None:
    rendered.write(rendered.read("rendered/README.md"), f"rendered/a\n{EVIL}")
    assert f"  - a\\n{WRITTEN}\n" in rendered.run("render").stdout


def test_the_content_and_the_name_of_a_stale_file(rendered: Workspace) -> None:
    rendered.write(f"{rendered.read('rendered/README.md')}{EVIL}\n", "rendered/a\nb.md")
    shown = rendered.run("render", "--check", code=1).stdout
    assert "--- rendered/a\\nb.md\n" in shown
    assert not [letter for letter in shown if not letter.isprintable() and letter != "\n"]
    assert r"\x1b[8mhidden\x9b31m" in shown


def test_the_notes_of_the_last_run(rendered: Workspace) -> None:
    rendered.run("render")
    file = ".rayfleet_cache/fingerprint"
    rendered.write(f"{rendered.read(file)}{EVIL}\n", file)
    said = rendered.run("render")
    assert said.stdout == "rendered is current\n"
    assert said.stderr.endswith(f"{WRITTEN}\n")
