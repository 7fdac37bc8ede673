"""SIGINT and SIGTERM: whenever they come, ``rayfleet deploy`` ends with 130 and says what Azure has in hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.stand_ins.azure.arm_server import ArmServer, slow
from tests.testing.deploy_command import data, deploy, nothing_started
from tests.testing.processes import PIPES, Started, Terminal, own_environment
from tests.testing.reference_names import EAST, FIRST, NAMES, SHARED, WEST
from tests.testing.workspace import Workspace


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_azure_working_and_the_next_picks_it_up(
    fleet: Workspace, server: ArmServer, process: Started, number: signal.Signals
) -> None:
    for name in (EAST, WEST):
        server.deployments[name].polls = 10**9
    running = process("--yes", "--format", "json", **PIPES)
    both = lambda: all(server.deployments[name].seen > 3 for name in (EAST, WEST))  # noqa: E731
    seen = threading.Event()
    server.before = lambda method, path: seen.set() if both() else None
    seen.wait()
    running.send_signal(number)
    out, err = running.communicate()
    assert running.returncode == 130, err
    found = json.loads(out)
    assert found["outcome"] == "interrupted"
    assert [row["state"] for row in found["deployments"]] == ["succeeded", "succeeded", "left running", "left running"]
    assert "Azure continues with what it is doing" in err and not server.asked("POST", "/cancel")
    for name in (EAST, WEST):
        server.deployments[name].polls = server.deployments[name].seen + 9
    said = deploy(fleet)
    assert said.stderr.count(": picked up\n") == 2
    assert [server.deployments[name].starts for name in (EAST, WEST)] == [1, 1]
    assert [server.deployments[name].clashes for name in NAMES] == [0, 0, 0, 0]


def test_interrupted_before_anything_was_started(server: ArmServer, process: Started) -> None:
    server.polls_of_operations = 10**9
    seen = server.came("GET", "/operations/")
    running = process("--yes", **PIPES)
    seen.wait()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert running.returncode == 130 and "nothing was started" in err and "Traceback" not in err
    assert nothing_started(server)


# --- a second one -----------------------------------------------------------------------------------------------------


def test_interrupted_twice_it_ends_at_once(server: ArmServer, process: Started) -> None:
    server.script("GET", f"deployments/{EAST}", slow())
    seen = server.came("GET", f"deployments/{EAST}")
    running = process("--yes", "--format", "json", **PIPES)
    seen.wait()
    running.send_signal(signal.SIGINT)
    assert running.stderr and [running.stderr.readline(), running.stderr.readline()][1] == "stopping (again: at once)\n"
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()
    assert running.returncode == 130 and nothing_started(server)
    assert err.endswith("interrupted; nothing was started\n")
    found = json.loads(out)
    assert (found["outcome"], found["deployments"]) == ("interrupted", [])


@pytest.fixture
def stuck(server: ArmServer) -> threading.Event:
    """Is set once eastus is under way, of which no answer comes any more."""
    seen = threading.Event()
    server.deployments[EAST].polls = 10**9

    def look(method: str, path: str) -> None:
        if server.deployments[EAST].seen > 3 and method == "GET" and EAST in path:
            seen.set()
            server.over.wait()

    server.before = look
    return seen


def test_at_once_is_not_without_a_word(process: Started, stuck: threading.Event) -> None:
    running = process("--yes", "--format", "json", "--region", "eastus", **PIPES)
    stuck.wait()
    running.send_signal(signal.SIGTERM)
    assert running.stderr
    while "again: at once" not in running.stderr.readline():
        pass
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate()
    assert running.returncode == 130 and err.endswith(f"interrupted; Azure may go on with: {EAST}\n")
    found = json.loads(out)
    assert found["outcome"] == "interrupted"
    rows = {row["name"]: row["state"] for row in found["deployments"]}
    assert rows == {FIRST: "succeeded", SHARED: "succeeded", EAST: "left running"}


def test_at_once_gives_the_cursor_back(process: Started, stuck: threading.Event) -> None:
    terminal = Terminal(process, "--yes", "--region", "eastus")
    stuck.wait()
    terminal.process.send_signal(signal.SIGINT)
    terminal.until("again: at once")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    assert terminal.shown.rindex("\x1b[?25h") > terminal.shown.rindex("\x1b[?25l")
    assert f"Azure may go on with: {EAST}" in terminal.shown


# --- at every moment --------------------------------------------------------------------------------------------------


def then(number: signal.Signals, own: Callable[..., Any]) -> Callable[..., Any]:
    """The same, and then a signal comes; once, for a second one would end the tests."""
    rest = [number]

    def both(*arguments: Any, **named: Any) -> Any:
        found = own(*arguments, **named)
        if rest:
            os.kill(os.getpid(), rest.pop())
        return found

    return both


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "moment",
    [
        "rayfleet.tree.load.tree",
        "rayfleet.deploy.preflight.of_files",
        "rayfleet.deploy.preflight.parameters",
        "rayfleet.deploy.preflight.of_azure",
        "rayfleet.deploy.stack_changes.question",
        "rayfleet.tree.deployment_steps.steps",
        "rayfleet.deploy.whatif.lines",
    ],
)
def test_whenever_it_comes(
    fleet: Workspace, server: ArmServer, monkeypatch: pytest.MonkeyPatch, moment: str, number: signal.Signals
) -> None:
    module, _, name = moment.rpartition(".")
    own = getattr(__import__(module, fromlist=[name]), name)
    monkeypatch.setattr(moment, then(number, own))
    found = data(fleet, code=130)
    assert (found["outcome"], found["deployments"]) == ("interrupted", [])
    assert nothing_started(server)


def test_while_the_last_what_if_is_shown_nothing_is_asked_any_more(
    fleet: Workspace, server: ArmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rayfleet.deploy import whatif

    monkeypatch.setattr("rayfleet.deploy.whatif.lines", then(signal.SIGINT, whatif.lines))
    assert "interrupted; nothing was started\n" in deploy(fleet, "--what-if", code=130).stderr


def test_what_is_told_in_the_end_is_told_whole_and_once(
    fleet: Workspace, server: ArmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rayfleet.console import printing

    def late(value: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        printing.echo_json(value)

    monkeypatch.setattr("rayfleet.console.recorder.echo_json", late)
    assert data(fleet, "--what-if")["outcome"] == "planned"


def test_signals_are_as_they_were_afterwards(fleet: Workspace, server: ArmServer) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    deploy(fleet, "--what-if")
    deploy(fleet, "--region", "nowhere", code=2)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_python_shuts_down_the_exit_code_stands(fleet: Workspace, number: signal.Signals) -> None:
    late = f"atexit.register(lambda: os.kill(os.getpid(), {int(number)}))"  # the first one registered comes last
    script = f"import atexit, os, sys; {late}; from rayfleet.cli import main; sys.argv[0] = 'rayfleet'; main()"
    command = [sys.executable, "-c", script, "deploy", "--region", "nowhere", "--yes"]
    done = subprocess.run(command, env=own_environment(), check=False, capture_output=True)
    assert done.returncode == 2, done.stderr


def test_on_a_terminal_ctrl_c_is_no(server: ArmServer, process: Started) -> None:
    terminal = Terminal(process)
    terminal.until("[y/N]: ")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "interrupted; nothing was started" in terminal.shown and nothing_started(server)
