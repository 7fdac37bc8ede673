"""What is in the output and not ours is left alone, and what stands in the way is refused."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.testing.render_command import MARK
from tests.testing.workspace import Workspace


def test_a_file_of_others_is_left_alone_and_named(rendered: Workspace) -> None:
    rendered.write("by hand\n", "rendered/clusters/notes.md")
    for _ in range(2):
        result = rendered.run("render")
        assert result.stderr == "clusters/notes.md: not written by rayfleet; left alone\n"
    assert rendered.read("rendered/clusters/notes.md") == "by hand\n"
    assert rendered.run("render", "--check").exit_code == 0
    assert json.loads(rendered.run("render", "--format", "json").stdout)["foreign"] == ["clusters/notes.md"]


@pytest.mark.parametrize(
    "own",
    [
        "rendered/README.md",
        "rendered/azure/deployments.json",
        "rendered/clusters",  # where a folder must be
        "rendered/clusters/aks-eastus/flux",
        "rendered/README.md/notes.txt",  # in a folder where a file must be
    ],
)
def test_a_file_of_others_in_the_way_is_refused(workspace: Workspace, own: str) -> None:
    workspace.write("by hand\n", own)
    before = workspace.files()
    result = workspace.run("render", code=1)
    assert result.stderr.startswith(f"{own}: is in the way of ")
    assert result.stderr.endswith("1 error; nothing was changed\n")
    assert workspace.files() == before


def test_the_tree_of_another_fleet_is_not_pruned(workspace: Workspace) -> None:
    """One that was pointed at the wrong folder would delete all that the other has."""
    (workspace.folder / "bindings.yaml").unlink()
    workspace.run("render")
    workspace.edit("\nname: aks-multi-region", "\nname: another")
    workspace.edit("  aks-westus2: {region", "  other: {region")
    before = workspace.files("rendered")
    result = workspace.run("render", code=1)
    assert re.match(r"rendered/\S+: was rendered from another fleet", result.stderr)
    assert workspace.files("rendered") == before
    assert "another: " in workspace.run("render", "-o", "another").stdout


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that links may lead to, with what looks like ours."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "stale.yaml").write_text(MARK)
    return folder


def test_a_linked_folder_is_not_followed(rendered: Workspace, outside: Path) -> None:
    (rendered.folder / "rendered/clusters/linked").symlink_to(outside)
    (rendered.folder / "rendered/stale.yaml").symlink_to(outside / "stale.yaml")
    result = rendered.run("render")
    assert result.stderr.splitlines() == [
        "clusters/linked: not written by rayfleet; left alone",
        "stale.yaml: not written by rayfleet; left alone",
    ]
    assert (outside / "stale.yaml").read_text() == MARK
    assert (rendered.folder / "rendered/clusters/linked").is_symlink()


def test_a_link_in_the_way_of_a_folder_is_refused(workspace: Workspace, outside: Path) -> None:
    (workspace.folder / "rendered").mkdir()
    (workspace.folder / "rendered/clusters").symlink_to(outside)
    assert "rendered/clusters: is in the way of " in workspace.run("render", code=1).stderr
    assert [path.name for path in outside.iterdir()] == ["stale.yaml"]


@pytest.fixture
def linked(rendered: Workspace, outside: Path) -> Workspace:
    """The reference fleet, rendered, with a link to the same content in place of a rendered file."""
    path = rendered.folder / "rendered/README.md"
    (outside / "README.md").write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(outside / "README.md")
    return rendered


def test_a_link_in_the_way_of_a_file_is_refused(linked: Workspace) -> None:
    (linked.folder / ".rayfleet_cache/fingerprint").unlink()
    assert "rendered/README.md: is in the way of " in linked.run("render", code=1).stderr


def test_a_link_does_not_fool_the_fingerprint(linked: Workspace) -> None:
    assert "rendered/README.md: is in the way of " in linked.run("render", code=1).stderr


def test_a_link_is_stale_to_check(linked: Workspace) -> None:
    assert "README.md" in linked.run("render", "--check", code=1).output


def test_a_name_that_is_no_text_is_left_alone(rendered: Workspace) -> None:
    with open(os.fsencode(rendered.folder) + b"/rendered/caf\xe9.md", "wb") as stream:
        stream.write(b"by hand\n")
    for _ in range(2):
        assert "not written by rayfleet; left alone" in rendered.run("render").stderr


# --- outputs that cannot be written -----------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["fleet.yaml", "fleet.yaml/rendered"])
@pytest.mark.parametrize("check", [[], ["--check"]])
def test_an_output_that_is_no_folder(workspace: Workspace, output: str, check: list[str]) -> None:
    before = workspace.files()
    result = workspace.run("render", "-o", output, *check, code=1)
    assert result.stderr.startswith(f"{output}: is not a folder\n")
    assert workspace.files() == before


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_an_output_that_cannot_be_read(workspace: Workspace, check: list[str]) -> None:
    """A link to itself, which not even root can open."""
    (workspace.folder / "rendered").symlink_to("rendered")
    result = workspace.run("render", *check, code=1)
    assert re.match(r"rendered/?: too many levels of symbolic links\n    fix: ", result.stderr)


def test_a_fingerprint_that_cannot_be_kept_costs_nothing_but_time(workspace: Workspace) -> None:
    workspace.write("in the way", ".rayfleet_cache")
    workspace.run("render")
    total = len(workspace.files("rendered"))
    assert workspace.run("render").stdout == f"rendered is current: {total} files\n"
    assert workspace.read(".rayfleet_cache") == "in the way"
