"""The command line as its users meet it: help, the version, wrong usage."""

from __future__ import annotations

import pytest

from rayfleet import __version__
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
