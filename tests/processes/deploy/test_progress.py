"""How a deployment shows while it goes on."""

from __future__ import annotations

import os
import subprocess

from tests.stand_ins.azure.arm_server import ArmServer
from tests.testing.processes import Started, Terminal
from tests.testing.reference_names import EAST, NAMES


def test_a_dumb_terminal_gets_lines(server: ArmServer, process: Started) -> None:
    terminal = Terminal(process, "--yes", TERM="dumb")
    assert terminal.end() == 0
    assert f"{EAST}: running\r\n" in terminal.shown and "\x1b[?25l" not in terminal.shown


def test_who_does_not_listen_stops_nothing(server: ArmServer, process: Started) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    running = process("--yes", "--format", "json", stdout=subprocess.PIPE, stderr=writes)
    os.close(writes)
    out, _ = running.communicate()
    assert running.returncode == 0 and '"outcome": "succeeded"' in out
    assert {server.deployments[name].state for name in NAMES} == {"Succeeded"}


def test_nor_does_one_who_reads_the_first_lines(server: ArmServer, process: Started) -> None:
    reads, writes = os.pipe()
    running = process("--yes", stdout=writes, stderr=writes)
    os.close(writes)
    said = b""
    while f"{EAST}: running".encode() not in said:
        more = os.read(reads, 100)
        assert more, said
        said += more
    os.close(reads)
    assert running.wait() == 0
    assert {server.deployments[name].state for name in NAMES} == {"Succeeded"}
