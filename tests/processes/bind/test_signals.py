"""A bind that a signal ends."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import ArmServer
from tests.testing.processes import PIPES, Started
from tests.testing.workspace import Workspace


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_it_asks(
    workspace: Workspace, arm: ArmServer, anyscale: StandIn, started: Started, pipe: Path, number: signal.Signals
) -> None:
    workspace.run("render")
    anyscale.fail("cloud get", "blocks", str(pipe))
    before = workspace.files()
    running = started("bind", **PIPES)
    with pipe.open("w"):  # opens as soon as the stand-in waits
        running.send_signal(number)
        out, err = running.communicate()
    assert (running.returncode, out, err) == (130, "", "\ninterrupted; nothing was changed\n")
    assert workspace.files() == before
