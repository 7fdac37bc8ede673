"""``rayfleet deploy`` on a terminal."""

from __future__ import annotations

import re

import click

from tests.stand_ins.azure.arm_server import ArmServer, operation
from tests.testing.deploy_command import nothing_started
from tests.testing.processes import Started, Terminal
from tests.testing.reference_names import EAST, SUB


def test_on_a_terminal_it_asks_and_shows_a_table(server: ArmServer, process: Started) -> None:
    server.deployments[EAST].operations = [operation("x", "Microsoft.Network/natGateways")]
    terminal = Terminal(process)
    terminal.until(f"Start 4 deployments in subscription {SUB}? [y/N]: ")
    assert nothing_started(server)
    terminal.type("y\n")
    assert terminal.end() == 0
    shown = click.unstyle(terminal.shown)
    assert re.search(rf"{EAST} +succeeded +19/19 +\d+:\d\d", shown)
    assert "next: rayfleet bind" in shown


def test_on_a_terminal_no_is_no(server: ArmServer, process: Started) -> None:
    terminal = Terminal(process)
    terminal.until("[y/N]: ")
    terminal.type("n\n")
    assert terminal.end() == 1
    assert "nothing was started" in terminal.shown and nothing_started(server)
