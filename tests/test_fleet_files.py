"""Files of a fleet as they are read: whole, and never waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rayfleet import fleet_files
from rayfleet.diagnostics import Invalid
from tests.testing.workspace import Workspace


def refused(file: Path | str) -> str:
    with pytest.raises(Invalid) as raised:
        fleet_files.read_bytes(str(file), "mend it")
    (row,) = raised.value.diagnostics
    return row.what


def test_only_a_regular_file_is_read(tmp_path: Path, pipe: Path) -> None:
    assert refused(pipe) == "is no regular file"
    assert refused("/dev/zero") == "is no regular file"
    assert refused(tmp_path) == "is a directory"
    assert refused(tmp_path / "nothing") == "no such file or directory"
    (tmp_path / "file").write_bytes(b"content")
    assert fleet_files.read_bytes(str(tmp_path / "file"), "") == b"content"


@pytest.mark.parametrize("name", ["fleet.yaml", "bindings.yaml", "quota.yaml", "accepted.yaml"])
@pytest.mark.parametrize("command", ["render", "check", "bind"])
def test_no_command_waits_for_a_pipe(rendered: Workspace, name: str, command: str) -> None:
    """Those that read the file refuse it; to the others it is nothing."""
    reads = {"render": ("fleet.yaml", "bindings.yaml"), "bind": ("fleet.yaml", "bindings.yaml")}
    (rendered.folder / name).unlink(missing_ok=True)
    os.mkfifo(rendered.folder / name)
    arguments = ("--check",) if command == "bind" else ()
    result = rendered.run(command, *arguments, code=1 if name in reads.get(command, (name,)) else 0)
    assert (f"{name}: is no regular file" in result.stderr) == (result.exit_code == 1)


def test_a_fingerprint_and_a_list_of_deployments_are_not_waited_for(rendered: Workspace) -> None:
    rendered.run("render")
    for name in (".rayfleet_cache/fingerprint", "rendered/azure/deployments.json"):
        (rendered.folder / name).unlink()
        os.mkfifo(rendered.folder / name)
        rendered.run("render")
        assert (rendered.folder / name).is_file()


# --- links in overlays ------------------------------------------------------------------------------------------------

OUTSIDE = {
    "overlays/shared/platform": "/srv/shared",
    "overlays/shared/platform/values.yaml": "../../../../values.yaml",
    "overlays/shared": "../../shared",
    "overlays": "../overlays",
}
INSIDE = {
    "overlays/shared/platform": "../other/platform",
    "overlays/shared/platform/values.yaml": "../../../values.yaml",
    "overlays/shared": "other",
}


def links_of(folder: Path, links: dict[str, str]) -> list[tuple[str, str]]:
    (folder / "fleet.yaml").write_text("version: 1\n")
    for path, target in links.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(target)
    return list(fleet_files.read(fleet_files.locate(str(folder / "fleet.yaml"), None)).overlay_links)


@pytest.mark.parametrize(("path", "target"), OUTSIDE.items())
def test_a_link_that_leads_out_of_the_repository(tmp_path: Path, path: str, target: str) -> None:
    found = links_of(tmp_path, {path: target})
    assert found == [(os.path.relpath(path, "overlays"), target)]


@pytest.mark.parametrize(("path", "target"), INSIDE.items())
def test_a_link_within_the_repository(tmp_path: Path, path: str, target: str) -> None:
    assert links_of(tmp_path, {path: target}) == []


def test_a_repository_may_begin_above_the_fleet(tmp_path: Path) -> None:
    """An absolute path leads nowhere in a clone, wherever it leads here."""
    (tmp_path / ".git").mkdir()
    fleet = tmp_path / "fleets" / "one"
    fleet.mkdir(parents=True)
    links = {
        "overlays/shared": "../../../shared",
        "overlays/own": str(tmp_path / "own"),
        "overlays/far": "../../../../x",
    }
    assert sorted(links_of(fleet, links)) == [("far", "../../../../x"), ("own", str(tmp_path / "own"))]
