"""``rayfleet render --check``: what is stale is shown, and nothing is written."""

from __future__ import annotations

import json

import pytest

from rayfleet import fingerprint
from tests.testing.render_command import MARK, facts
from tests.testing.workspace import Workspace


def test_check_is_content_with_a_current_tree(rendered: Workspace) -> None:
    before = rendered.files()
    result = rendered.run("render", "--check")
    assert (result.stdout, result.stderr) == ("rendered is current\n", "")
    found = json.loads(rendered.run("render", "--check", "--format", "json").stdout)
    assert found == {"created": [], "updated": [], "deleted": []}
    assert rendered.files() == before


def test_check_shows_what_is_stale_and_writes_nothing(rendered: Workspace) -> None:
    (rendered.folder / "rendered/README.md").unlink()
    rendered.write(MARK, "rendered/clusters/gone/old.yaml")
    rendered.edit("branch: main", "branch: live")
    before = rendered.files()
    result = rendered.run("render", "--check", code=1)
    diff = result.stdout.splitlines()
    assert [line for line in diff if line.startswith(("---", "+++"))] == [
        "--- rendered/azure/eastus.json",
        "+++ rendered/azure/eastus.json",
        "--- rendered/azure/westus2.json",
        "+++ rendered/azure/westus2.json",
        "--- /dev/null",
        "+++ rendered/README.md",
        "--- rendered/clusters/gone/old.yaml",
        "+++ /dev/null",
    ]
    assert [line.strip(" -+,") for line in diff if "branch" in line and line[0] in "-+"] == [
        '"branch": "main"',
        '"branch": "live"',
    ] * 2
    assert "-" + MARK.strip() in diff
    assert facts(result.stderr) == ["rendered is stale in 4 files"]
    assert json.loads(rendered.run("render", "--check", "--format", "json", code=1).stdout) == {
        "created": ["README.md"],
        "updated": ["azure/eastus.json", "azure/westus2.json"],
        "deleted": ["clusters/gone/old.yaml"],
    }
    assert rendered.files() == before


def test_check_before_the_first_render(workspace: Workspace) -> None:
    before = workspace.files()
    assert "stale in " in workspace.run("render", "--check", code=1).stderr
    assert workspace.files() == before


def test_check_takes_nobodys_word(rendered: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a gate: it looks itself, whatever a fingerprint says."""
    rendered.write(MARK, "rendered/azure/eastus.json")
    monkeypatch.setattr(fingerprint, "recall", lambda *arguments: "")
    assert rendered.run("render").stdout == "rendered is current\n"
    assert "eastus.json" in rendered.run("render", "--check", code=1).stdout


def test_check_of_an_invalid_fleet(rendered: Workspace) -> None:
    rendered.edit("index: 1}", "index: 0}")
    assert rendered.run("render", "--check", code=1).stderr.endswith("1 error; nothing was changed\n")
