"""The command line as its users meet it: help, the version, wrong usage."""

from __future__ import annotations

import os
import signal

import pytest

from rayfleet import __version__, fleet_files
from rayfleet.cli import entry
from tests.testing.workspace import Workspace


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(folder: Workspace, option: str) -> None:
    shown = folder.run(option).stdout
    assert "render " in shown and "validate " in shown
    for command, options in (
        ("render", ["--fleet", "--output", "--check", "--unbind", "--format"]),
        ("validate", ["--fleet", "--format"]),
    ):
        shown = folder.run(command, option).stdout
        assert [name for name in options if name not in shown] == []


def test_version(folder: Workspace) -> None:
    assert folder.run("--version").stdout == f"rayfleet, version {__version__}\n"


@pytest.mark.parametrize(
    ("word", "meant"), [("renderr", "render"), ("statsu", "status"), ("chek", "check"), ("xyzzy", "")]
)
def test_a_misspelt_command_is_guessed(folder: Workspace, word: str, meant: str) -> None:
    said = folder.run(word, code=2).stderr
    assert f"No such command '{word}'" in said
    assert ("did you mean" in said) == bool(meant) and meant in said


@pytest.mark.parametrize("command", ["render", "validate", "check", "capacity", "status"])
def test_a_fleet_that_is_not_there(folder: Workspace, command: str) -> None:
    result = folder.run(command, "-f", "nope.yaml", code=1)
    said = result.stderr + result.stdout
    assert "no such file" in said or "rendered: is not there" in said
    assert "make it readable" not in said


def test_the_fleet_of_a_folder_above_is_found(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    below = workspace.folder / "overlays" / "operator-availability"
    monkeypatch.chdir(below)
    assert workspace.run("validate").stdout.startswith("../../fleet.yaml is valid")
    workspace.run("render")
    assert (workspace.folder / "rendered" / "README.md").exists()
    assert "rendered" not in [path.name for path in below.iterdir()]


def test_the_search_ends_where_the_repository_does(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    below = workspace.folder / "another" / "folder"
    below.mkdir(parents=True)
    (below.parent / ".git").mkdir()
    monkeypatch.chdir(below)
    assert "fleet.yaml: no such file" in workspace.run("validate", code=1).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["paint"],
        ["render", "--paint"],
        ["render", "fleet.yaml"],
        ["render", "--format", "xml"],
        ["render", "-f"],
        ["validate", "--check"],
        ["render", "--unbind", "nowhere"],
    ],
)
def test_wrong_usage_exits_with_2_and_writes_nothing(workspace: Workspace, arguments: list[str]) -> None:
    before = workspace.files()
    result = workspace.run(*arguments, code=2)
    assert result.stdout == ""
    assert "Usage:" in result.stderr or "Error:" in result.stderr
    assert workspace.files() == before


@pytest.mark.parametrize("arguments", ["render", "render --check", "validate", "check", "capacity", "status", "bind"])
def test_an_interrupted_command_exits_with_130(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    monkeypatch.setattr(fleet_files, "locate", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    before = workspace.files()
    assert workspace.run(*arguments.split(), code=130).stderr == "\ninterrupted\n"
    assert workspace.files() == before


def test_a_signal_after_the_last_word(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "_code", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    assert workspace.run("validate", code=130).output == ""
