"""A registration that somebody confirms, declines or stops: real terminals, and real signals."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.testing.processes import PIPES, Started, Terminal
from tests.testing.reference_names import CLOUD, EAST_CLUSTER, WEST_CLUSTER
from tests.testing.workspace import Workspace


@pytest.mark.parametrize(("answer", "done"), [("y", [EAST_CLUSTER, WEST_CLUSTER]), ("n", None)])
@pytest.mark.usefixtures("rendered")
def test_somebody_to_ask(anyscale: StandIn, started: Started, answer: str, done: list[str] | None) -> None:
    terminal = Terminal(started, "register")
    terminal.type(f"{answer}\n")
    assert terminal.end() == (0 if done else 1)
    assert f"register {EAST_CLUSTER}, {WEST_CLUSTER} with the cloud {CLOUD}, which is made? [y/N]" in terminal.shown
    assert anyscale.clouds.get(CLOUD) is None if done is None else anyscale.names(CLOUD) == done


# --- interrupted ------------------------------------------------------------------------------------------------------


Register = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def register(rendered: Workspace, started: Started) -> Register:
    """Starts ``rayfleet register`` in a process of its own."""
    return lambda: started("register", "--yes", **PIPES)


@pytest.mark.parametrize(
    ("number", "how"), [(signal.SIGINT, "blocks"), (signal.SIGTERM, "blocks after"), (signal.SIGHUP, "blocks")]
)
def test_a_signal_lets_the_running_command_end(
    rendered: Workspace, anyscale: StandIn, register: Register, pipe: Path, how: str, number: signal.Signals
) -> None:
    anyscale.fail("cloud register", how, str(pipe))
    running = register()
    assert running.stderr
    with pipe.open("w"):  # opens as soon as the stand-in waits
        assert running.stderr.readline() == f"registering {EAST_CLUSTER} ...\n"
        running.send_signal(number)
        assert running.stderr.readline() == "\n"
        assert running.stderr.readline() == "interrupted: waiting for the command that runs (again: at once)\n"
    out, err = running.communicate()
    assert running.returncode == 130
    assert out.splitlines()[:2] == [
        f"+ {EAST_CLUSTER} is registered cldrsrc_eastus0example0000000000",
        f"- {WEST_CLUSTER} is not registered",
    ]
    assert f"{WEST_CLUSTER}: it was not tried\n    fix: run rayfleet register again" in err
    assert anyscale.names(CLOUD) == [EAST_CLUSTER]
    rendered.run("register", "--yes")
    assert anyscale.names(CLOUD) == [EAST_CLUSTER, WEST_CLUSTER]


def test_a_second_one_ends_it_and_what_is_known_is_told(anyscale: StandIn, register: Register, pipe: Path) -> None:
    anyscale.fail("cloud resource create", "blocks", str(pipe))
    running = register()
    assert running.stderr
    with pipe.open("w"):
        running.send_signal(signal.SIGINT)
        assert any(line.startswith("interrupted: ") for line in running.stderr)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate()
    assert running.returncode == 130
    assert out.splitlines()[:2] == [
        f"+ {EAST_CLUSTER} is registered cldrsrc_eastus0example0000000000",
        f"? {WEST_CLUSTER} is not known to be registered",
    ]
    assert f"{WEST_CLUSTER}: its registration was ended, and is not read back" in err
    assert "fix: run rayfleet register again" in err and "Traceback" not in err
    assert anyscale.names(CLOUD) == [EAST_CLUSTER]


def test_a_closed_terminal_that_is_to_be_ignored(anyscale: StandIn, register: Register, pipe: Path) -> None:
    """As ``nohup`` has it."""
    anyscale.fail("cloud register", "blocks", str(pipe))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which a child inherits
    try:
        running = register()
    finally:
        signal.signal(signal.SIGHUP, before)
    with pipe.open("w"):
        running.send_signal(signal.SIGHUP)
    running.communicate()
    assert running.returncode == 0
    assert anyscale.names(CLOUD) == [EAST_CLUSTER, WEST_CLUSTER]


@pytest.mark.usefixtures("rendered")
def test_a_report_that_nobody_takes(anyscale: StandIn, started: Started) -> None:
    with open("/dev/full", "w") as full:
        ran = started("register", "--yes", stdout=full, stderr=subprocess.PIPE)
    _, err = ran.communicate()
    assert ran.returncode == 1
    assert err.splitlines()[2].startswith("the result cannot be printed: no space left on device; run rayfleet")
    assert anyscale.names(CLOUD) == [EAST_CLUSTER, WEST_CLUSTER]


def test_a_signal_while_it_only_reads(anyscale: StandIn, register: Register, pipe: Path) -> None:
    anyscale.fail("cloud get", "blocks", str(pipe))
    running = register()
    with pipe.open("w"):
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate()
    assert (running.returncode, out, err) == (130, "", "\ninterrupted; nothing was registered\n")
    assert anyscale.changes == []
