"""A status that a signal ends."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.testing.processes import PIPES, Started
from tests.testing.workspace import Workspace


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(
    fleet: Workspace, stand_in: StandIn, started: Started, pipe: Path, number: signal.Signals
) -> None:
    stand_in.fail("cloud get", "blocks", str(pipe))
    running = started("status", **PIPES)
    with pipe.open("w"):  # opens as soon as the stand-in waits
        running.send_signal(number)
        assert running.communicate() == ("", "\ninterrupted\n")
    assert running.returncode == 130
