"""A retirement that somebody confirms, declines or stops: real terminals, and real signals."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.anyscale.stand_in import StandIn
from tests.conftest import Workspace
from tests.rendering import SOURCE_ROOT
from tests.retire.running import AKS, CLOUD, KEPT, ORDER, Arm, data, go, ids, untouched

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


# --- a terminal -------------------------------------------------------------------------------------------------------


def on_terminal(fleet: Workspace, answers: bytes, *arguments: str) -> tuple[int, str]:
    """``rayfleet retire --run`` on a terminal of its own."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "rayfleet", "retire", "--run", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT), "NO_COLOR": "1"}
    process = subprocess.Popen(command, cwd=fleet.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, answers)
    shown = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:
            break
        if not read:
            break
        shown += read
    os.close(ours)
    return process.wait(), shown.decode()


def test_each_step_is_confirmed(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    code, shown = on_terminal(fleet, b"y\ny\nn\n")
    assert code == 1
    assert re.findall(r"delete (.*?)\?", shown) == [
        "Anyscale cloud resource aks-westus2",
        "Flux configuration rayfleet of aks-westus2",
        "Flux extension flux of aks-westus2",
    ]
    assert server.deleted == ORDER[:1]
    assert "stays, and all that comes after it; run rayfleet retire --run again" in shown


@pytest.mark.parametrize("answers", [b"\n", b"\x04"])
def test_nothing_is_deleted_without_a_yes(fleet: Workspace, server: Arm, stand_in: StandIn, answers: bytes) -> None:
    code, _ = on_terminal(fleet, answers)
    assert code in (1, 130) and untouched(server, stand_in)


# --- signals ----------------------------------------------------------------------------------------------------------


class Running:
    """``rayfleet retire --run --yes`` in a process of its own."""

    def __init__(self, fleet: Workspace, *arguments: str) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rayfleet", "retire", "--run", "--yes", *arguments],
            cwd=fleet.folder,
            env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
            stdout=pipe,
            stderr=pipe,
            text=True,
        )

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def says(self, line: str) -> None:
        """Waits for a line on standard error."""
        assert self.process.stderr and any(said == f"{line}\n" for said in self.process.stderr)

    def ended(self) -> tuple[str, str]:
        """What it printed; it was interrupted, and fell over nothing."""
        shown = self.process.communicate(timeout=30)
        assert self.process.returncode == 130
        assert "Traceback" not in shown[1]
        return shown


def held(server: Arm, method: str, path: str) -> tuple[threading.Event, threading.Event]:
    """Holds the first such request; what says that it came, and what lets it go."""
    came, go_on = threading.Event(), threading.Event()
    look = server.before

    def before(asked: str, where: str) -> None:
        look(asked, where)
        if asked == method and where.startswith(f"{path}?"):
            came.set()
            go_on.wait(20)

    server.before = before
    return came, go_on


@pytest.mark.parametrize(("number", "form"), [(signal.SIGINT, "text"), (signal.SIGTERM, "json")])
def test_interrupted_and_resumed(fleet: Workspace, server: Arm, number: int, form: str) -> None:
    """While Azure deletes the cluster, in its own time."""
    look = server.before
    came, go_on = held(server, "DELETE", AKS)
    running = Running(fleet, "--format", form)
    assert came.wait(30)
    running.send(number)
    out, said = running.ended()
    go_on.set()
    if form == "text":
        assert "Azure goes on with what it has in hand (again: at once)" in said
        assert "interrupted at cluster aks-westus2: what was begun goes on; run rayfleet retire --run again" in said
    else:
        found = json.loads(out)
        assert found["outcome"] == "interrupted" and len(ids(found, "done")) == 9
    server.before = look
    go(fleet)
    assert not set(ORDER) & set(server.documents)
    assert set(KEPT) <= set(server.documents)


def test_interrupted_while_looking(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    came, go_on = held(server, "GET", AKS)
    running = Running(fleet, "--format", "json")
    assert came.wait(30)
    running.send(signal.SIGTERM)
    found = json.loads(running.ended()[0])
    go_on.set()
    assert (found["outcome"], ids(found, "done")) == ("interrupted", [])
    assert untouched(server, stand_in)


def test_a_second_signal_has_its_json_too(fleet: Workspace, server: Arm) -> None:
    came, go_on = held(server, "DELETE", AKS)
    running = Running(fleet, "--format", "json")
    assert came.wait(30)
    running.send(signal.SIGINT)
    running.says("Azure goes on with what it has in hand (again: at once)")
    running.send(signal.SIGINT)
    assert json.loads(running.ended()[0])["outcome"] == "interrupted"
    go_on.set()


@BOTH
def test_interrupted_while_anyscale_is_read(
    fleet: Workspace, server: Arm, stand_in: StandIn, tmp_path: Path, number: int
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    stand_in.fail("cloud get", "blocks", str(path))
    running = Running(fleet)
    held_open = os.open(path, os.O_WRONLY)
    running.send(number)
    assert "interrupted; nothing was deleted" in running.ended()[1]
    with pytest.raises(BrokenPipeError):  # it was ended too
        os.write(held_open, b"x")
    os.close(held_open)
    assert untouched(server, stand_in)


@contextmanager
def removing(fleet: Workspace, stand_in: StandIn, tmp_path: Path, *arguments: str) -> Iterator[tuple[Running, int]]:
    """A retirement while Anyscale removes the cloud resource, which it does once the descriptor is closed."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    stand_in.fail("cloud resource delete", "blocks", str(path))
    running = Running(fleet, *arguments)
    yield running, os.open(path, os.O_WRONLY)  # returns once the stand-in is there


def test_interrupted_while_anyscale_removes(fleet: Workspace, server: Arm, stand_in: StandIn, tmp_path: Path) -> None:
    """What it has begun it ends, and that is told."""
    with removing(fleet, stand_in, tmp_path, "--format", "json") as (running, held_open):
        running.send(signal.SIGINT)
        running.says("waiting for what anyscale has begun (again: at once)")
        os.close(held_open)
        found = json.loads(running.ended()[0])
    assert found["outcome"] == "interrupted" and "aks-westus2" in ids(found, "done")
    assert stand_in.names(CLOUD) == ["aks-eastus"] and server.deleted == []


def test_a_failure_after_an_interruption(fleet: Workspace, server: Arm, stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.clouds = {CLOUD: stand_in.clouds[CLOUD][::-1]}  # the primary one, which is refused
    with removing(fleet, stand_in, tmp_path) as (running, held_open):
        running.send(signal.SIGTERM)
        running.says("waiting for what anyscale has begun (again: at once)")
        os.close(held_open)
        said = running.ended()[1]
    assert "is still there" in said and "interrupted after Anyscale cloud resource aks-westus2" in said


def test_anyscale_is_ended_by_the_second_signal(
    fleet: Workspace, server: Arm, stand_in: StandIn, tmp_path: Path
) -> None:
    with removing(fleet, stand_in, tmp_path) as (running, held_open):
        running.send(signal.SIGTERM)
        running.says("waiting for what anyscale has begun (again: at once)")
        running.send(signal.SIGTERM)
        assert "interrupted at Anyscale cloud resource aks-westus2: what was begun goes on" in running.ended()[1]
        os.close(held_open)
    assert stand_in.names(CLOUD) == ["aks-eastus", "aks-westus2"]
    assert data(fleet)["outcome"] == "planned"
