"""A retirement that somebody confirms, declines or stops: real terminals, and real signals."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.testing.processes import PIPES, Started, Terminal
from tests.testing.reference_names import CLOUD
from tests.testing.retire_command import AKS, KEPT, ORDER, Arm, data, go, ids, untouched
from tests.testing.workspace import Workspace

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


# --- a terminal -------------------------------------------------------------------------------------------------------


def on_terminal(started: Started, answers: str) -> tuple[int, str]:
    """``rayfleet retire --run`` on a terminal of its own."""
    terminal = Terminal(started, "retire", "--run", NO_COLOR="1")
    terminal.type(answers)
    return terminal.end(), terminal.shown


@pytest.mark.usefixtures("fleet")
def test_each_step_is_confirmed(server: Arm, started: Started) -> None:
    code, shown = on_terminal(started, "y\ny\nn\n")
    assert code == 1
    assert re.findall(r"delete (.*?)\?", shown) == [
        "Anyscale cloud resource aks-westus2",
        "Flux configuration rayfleet of aks-westus2",
        "Flux extension flux of aks-westus2",
    ]
    assert server.deleted == ORDER[:1]
    assert "stays, and all that comes after it; run rayfleet retire --run again" in shown


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("answers", ["\n", "\x04"])
def test_nothing_is_deleted_without_a_yes(server: Arm, stand_in: StandIn, started: Started, answers: str) -> None:
    code, _ = on_terminal(started, answers)
    assert code in (1, 130) and untouched(server, stand_in)


# --- signals ----------------------------------------------------------------------------------------------------------


class Running:
    """``rayfleet retire --run --yes`` in a process of its own."""

    def __init__(self, started: Started, *arguments: str) -> None:
        self.process = started("retire", "--run", "--yes", *arguments, **PIPES)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def says(self, line: str) -> None:
        """Waits for a line on standard error."""
        assert self.process.stderr and any(said == f"{line}\n" for said in self.process.stderr)

    def ended(self) -> tuple[str, str]:
        """What it printed; it was interrupted, and fell over nothing."""
        shown = self.process.communicate()
        assert self.process.returncode == 130
        assert "Traceback" not in shown[1]
        return shown


@pytest.mark.parametrize(("number", "form"), [(signal.SIGINT, "text"), (signal.SIGTERM, "json")])
def test_interrupted_and_resumed(fleet: Workspace, server: Arm, started: Started, number: int, form: str) -> None:
    """While Azure deletes the cluster, in its own time."""
    held = server.hold("DELETE", f"^{AKS}[?]")
    running = Running(started, "--format", form)
    held.came.wait()
    running.send(number)
    out, said = running.ended()
    held.go_on.set()
    if form == "text":
        assert "Azure continues with what it is doing (again: at once)" in said
        assert "interrupted at cluster aks-westus2: what was started continues; run rayfleet retire --run again" in said
    else:
        found = json.loads(out)
        assert found["outcome"] == "interrupted" and len(ids(found, "done")) == 9
    go(fleet)
    assert not set(ORDER) & set(server.documents)
    assert set(KEPT) <= set(server.documents)


@pytest.mark.usefixtures("fleet")
def test_interrupted_while_looking(server: Arm, stand_in: StandIn, started: Started) -> None:
    held = server.hold("GET", f"^{AKS}[?]")
    running = Running(started, "--format", "json")
    held.came.wait()
    running.send(signal.SIGTERM)
    found = json.loads(running.ended()[0])
    held.go_on.set()
    assert (found["outcome"], ids(found, "done")) == ("interrupted", [])
    assert untouched(server, stand_in)


@pytest.mark.usefixtures("fleet")
def test_a_second_signal_has_its_json_too(server: Arm, started: Started) -> None:
    held = server.hold("DELETE", f"^{AKS}[?]")
    running = Running(started, "--format", "json")
    held.came.wait()
    running.send(signal.SIGINT)
    running.says("Azure continues with what it is doing (again: at once)")
    running.send(signal.SIGINT)
    assert json.loads(running.ended()[0])["outcome"] == "interrupted"
    held.go_on.set()


@BOTH
@pytest.mark.usefixtures("fleet")
def test_interrupted_while_anyscale_is_read(
    server: Arm, stand_in: StandIn, started: Started, pipe: Path, number: int
) -> None:
    stand_in.fail("cloud get", "blocks", str(pipe))
    running = Running(started)
    held_open = os.open(pipe, os.O_WRONLY)
    running.send(number)
    assert "interrupted; nothing was deleted" in running.ended()[1]
    with pytest.raises(BrokenPipeError):  # it was ended too
        os.write(held_open, b"x")
    os.close(held_open)
    assert untouched(server, stand_in)


Removing = Callable[..., tuple[Running, int]]


@pytest.fixture
def removing(fleet: Workspace, stand_in: StandIn, started: Started, pipe: Path) -> Removing:
    """Begins a retirement; returns while Anyscale removes the cloud resource, which it does once the descriptor is
    closed.
    """

    def begin(*arguments: str) -> tuple[Running, int]:
        stand_in.fail("cloud resource delete", "blocks", str(pipe))
        running = Running(started, *arguments)
        return running, os.open(pipe, os.O_WRONLY)  # once the stand-in is there

    return begin


def test_interrupted_while_anyscale_removes(server: Arm, stand_in: StandIn, removing: Removing) -> None:
    """What it has begun it ends, and that is told."""
    running, held_open = removing("--format", "json")
    running.send(signal.SIGINT)
    running.says("waiting for the anyscale command that is running (again: at once)")
    os.close(held_open)
    found = json.loads(running.ended()[0])
    assert found["outcome"] == "interrupted" and "aks-westus2" in ids(found, "done")
    assert stand_in.names(CLOUD) == ["aks-eastus"] and server.deleted == []


def test_a_failure_after_an_interruption(stand_in: StandIn, removing: Removing) -> None:
    stand_in.clouds = {CLOUD: stand_in.clouds[CLOUD][::-1]}  # the primary one, which is refused
    running, held_open = removing()
    running.send(signal.SIGTERM)
    running.says("waiting for the anyscale command that is running (again: at once)")
    os.close(held_open)
    said = running.ended()[1]
    assert "is still there" in said and "interrupted after Anyscale cloud resource aks-westus2" in said


def test_anyscale_is_ended_by_the_second_signal(fleet: Workspace, stand_in: StandIn, removing: Removing) -> None:
    running, held_open = removing()
    running.send(signal.SIGTERM)
    running.says("waiting for the anyscale command that is running (again: at once)")
    running.send(signal.SIGTERM)
    assert "interrupted at Anyscale cloud resource aks-westus2: what was started continues" in running.ended()[1]
    os.close(held_open)
    assert stand_in.names(CLOUD) == ["aks-eastus", "aks-westus2"]
    assert data(fleet)["outcome"] == "planned"
