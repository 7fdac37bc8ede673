"""A secret that a terminal asks for."""

from __future__ import annotations

from tests.testing.deploy_command import KEY
from tests.testing.processes import Started, Terminal
from tests.testing.workspace import Workspace


def test_a_secret_is_asked_for_unseen(private: Workspace, process: Started) -> None:
    private.write(KEY, "../flux.key")
    terminal = Terminal(process, "--what-if")
    terminal.until("gitSshPrivateKey (hidden; @FILE for a file's content): ")
    terminal.type("@../flux.key\n")
    assert terminal.end() == 0
    assert "flux.key" not in terminal.shown
