"""What stands between the shell and the commands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from rayfleet import __version__
from tests.testing.processes import own_environment
from tests.testing.rendering import ROOT
from tests.testing.workspace import Workspace


def test_as_a_program(workspace: Workspace) -> None:
    """What stands between the shell and the commands; the commands themselves run in this process."""
    assert workspace.spawn("--version").stdout == f"rayfleet, version {__version__}\n"
    assert workspace.spawn("validate").stdout == "fleet.yaml is valid: 2 clusters in 2 regions\n"
    workspace.edit("index: 1}", "index: 0}")
    assert workspace.spawn("validate", code=1).stderr.endswith("1 error; nothing was changed\n")
    assert workspace.spawn("render", "--paint", code=2).stderr.startswith("Usage: rayfleet render")
    completion = workspace.spawn(_RAYFLEET_COMPLETE="zsh_source").stdout
    assert completion.startswith("#compdef rayfleet")


# Sends a signal as the program looks for a module. The program is started as the installed script starts it.
_SIGNAL_AT_IMPORT = """
import importlib, os, signal, sys, tomllib

project, module_name, number, *arguments = sys.argv[1:]

class Hook:
    def find_spec(self, name, path, target=None):
        if name == module_name:
            os.kill(os.getpid(), int(number))

with open(project, "rb") as stream:
    module, _, function = tomllib.load(stream)["project"]["scripts"]["rayfleet"].partition(":")
sys.argv = ["rayfleet", *arguments]
sys.meta_path.insert(0, Hook())
getattr(importlib.import_module(module), function)()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["rayfleet.cli", "click", "rayfleet.cli.render", "rayfleet.fingerprint"])
def test_a_signal_while_python_imports_ends_it_in_silence(
    workspace: Workspace, module: str, number: signal.Signals
) -> None:
    script = [sys.executable, "-c", _SIGNAL_AT_IMPORT, str(ROOT / "pyproject.toml"), module, str(int(number)), "render"]
    done = subprocess.run(script, env=own_environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert not (workspace.folder / "rendered").exists()


def test_a_signal_that_is_ignored_stays_ignored(workspace: Workspace) -> None:
    """As for what a shell's script starts in the background."""
    ignore = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import rayfleet.__main__ as program; "
    script = [sys.executable, "-c", f"{ignore}print(signal.getsignal(signal.SIGINT))"]
    done = subprocess.run(script, env=own_environment(), capture_output=True, text=True, check=True)
    assert done.stdout == f"{signal.SIG_IGN!s}\n"


@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"], ["--version"], ["deploy", "--help"], ["render"], ["render", "--check"], ["validate"], ["check"],
        ["check", "--list"], ["capacity"], ["status", "--offline"], ["bind", "--check"], ["register", "--print"],
        ["retire", "--offline"], ["capacity", "--format", "json"], ["validate", "--format", "json"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_full_disk_under_the_output_is_told(committed: Workspace, arguments: list[str], buffered: bool) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "rayfleet", *arguments],
            env=own_environment({"PYTHONUNBUFFERED": "" if buffered else "1"}),
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.endswith("the output cannot be written: no space left on device\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--list"]], ids=" ".join)
def test_a_reader_that_went_away_wants_no_word(workspace: Workspace, arguments: list[str]) -> None:
    nobody, pipe = os.pipe()
    os.close(nobody)
    with os.fdopen(pipe, "wb") as unread:
        command = [sys.executable, "-m", "rayfleet", *arguments]
        done = subprocess.run(command, env=own_environment(), stdout=unread, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
