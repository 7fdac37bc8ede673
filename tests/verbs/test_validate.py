"""``rayfleet validate`` as its users run it."""

from __future__ import annotations

import json
import re

import pytest

from tests.testing.render_command import unchanged
from tests.testing.workspace import Workspace


def test_validate_says_what_it_saw_and_writes_nothing(workspace: Workspace) -> None:
    before = workspace.files()
    result = workspace.run("validate")
    assert (result.stdout, result.stderr) == ("fleet.yaml is valid: 2 clusters in 2 regions\n", "")
    assert json.loads(workspace.run("validate", "--format", "json").stdout) == []
    assert workspace.files() == before


def test_validate_prints_findings_for_machines(workspace: Workspace) -> None:
    workspace.edit("index: 1}", "index: 0}")
    result = workspace.run("validate", "--format", "json", code=1)
    (found,) = json.loads(result.stdout)
    assert (found["where"], found["severity"]) == ("clusters.aks-westus2.network.index", "error")
    assert found["file"] == "fleet.yaml"
    assert "aks-westus2:" in workspace.read().splitlines()[found["line"] - 1]
    assert result.stderr == ""


def test_a_warning_is_no_error(workspace: Workspace) -> None:
    workspace.edit("index: 1}}", "index: 1}, gateway: {kind: ingress-nginx}}")
    result = workspace.run("validate")
    assert result.stdout == "fleet.yaml is valid: 2 clusters in 2 regions\n"
    assert "warning: clusters.aks-westus2.gateway.kind: ingress-nginx was retired" in result.stderr
    (found,) = json.loads(workspace.run("validate", "--format", "json").stdout)
    assert found["severity"] == "warning"


def test_bindings_of_a_cluster_that_is_gone_are_a_warning(workspace: Workspace) -> None:
    workspace.edit("  aks-westus2: {region: westus2, network: {index: 1}}\n", "")
    result = workspace.run("validate")
    assert result.stdout == "fleet.yaml is valid: 1 cluster in 1 region\n"
    assert re.match(r"bindings.yaml:\d+:3: warning: clusters.aks-westus2: the fleet has no cluster", result.stderr)


@pytest.mark.parametrize("command", ["render", "validate"])
@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("absent.yaml", "no such file or directory"),
        (".", "is a directory"),
        ("absent/fleet.yaml", "no such file or directory"),
    ],
)
def test_a_fleet_that_cannot_be_read(folder: Workspace, command: str, file: str, reason: str) -> None:
    result = folder.run(command, "-f", file, code=1)
    assert result.stderr.startswith(f"{file}: {reason}\n")
    assert result.stderr.endswith("with -f\n1 error; nothing was changed\n")
    assert folder.files() == {}


def test_bindings_that_cannot_be_read(workspace: Workspace) -> None:
    (workspace.folder / "bindings.yaml").unlink()
    (workspace.folder / "bindings.yaml").mkdir()
    found = workspace.run("validate", code=1).stderr
    assert found.startswith("bindings.yaml: is a directory\n")
    assert "-f" not in found  # which names the fleet


def test_another_place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bindings, overlays and the output stand beside the fleet, wherever one is when one says so."""
    other = workspace.folder / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    result = workspace.run("render", "-f", "../fleet.yaml")
    assert result.stderr == ""
    assert "../rendered: " in result.stdout
    assert list(other.iterdir()) == []
    monkeypatch.chdir(workspace.folder)
    assert unchanged(workspace) == ""


def test_a_fleet_of_another_name_and_an_output_elsewhere(workspace: Workspace) -> None:
    (workspace.folder / "fleet.yaml").rename(workspace.folder / "test.yaml")
    workspace.run("render", "-f", "test.yaml", "-o", "out/put")
    assert (workspace.folder / "out/put/README.md").is_file()
    assert not (workspace.folder / "rendered").exists()
    assert workspace.run("render", "-f", "test.yaml", "-o", "out/put").stdout == "out/put is current\n"
    assert "created" in workspace.run("render", "-f", "test.yaml").stdout
