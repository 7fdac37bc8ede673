"""What stands between the shell and the commands."""

from __future__ import annotations

from rayfleet import __version__
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
