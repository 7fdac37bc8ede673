"""``rayfleet deploy`` on a terminal."""

from __future__ import annotations

import re

import click

from tests.conftest import Workspace
from tests.deploy.arm_server import ArmServer, operation
from tests.deploying.process import Terminal
from tests.deploying.running import EAST, SUB, nothing_started


def test_on_a_terminal_it_asks_and_shows_a_table(fleet: Workspace, server: ArmServer) -> None:
    server.deployments[EAST].operations = [operation("x", "Microsoft.Network/natGateways")]
    terminal = Terminal(fleet)
    terminal.until(f"Start 4 deployments in subscription {SUB}? [y/N]: ")
    assert nothing_started(server)
    terminal.answer("y")
    assert terminal.end() == 0
    shown = click.unstyle(terminal.shown)
    assert re.search(rf"{EAST} +succeeded +19/19 +0:0\d", shown)
    assert "next: rayfleet bind" in shown


def test_on_a_terminal_no_is_no(fleet: Workspace, server: ArmServer) -> None:
    terminal = Terminal(fleet)
    terminal.until("[y/N]: ")
    terminal.answer("n")
    assert terminal.end() == 1
    assert "nothing was started" in terminal.shown and nothing_started(server)
