"""What commits hold, as the proofs compare with it."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from generator import history
from generator.diagnostics import Invalid
from tests.conftest import Workspace

AZURE = re.compile("azure/.*")
_WHO = {f"GIT_{who}_{what}": "rayfleet" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(*arguments: str) -> None:
    """``git ARGUMENTS`` in the working folder, whatever this machine's Git is set to."""
    configured = ("-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null")
    environment = {**os.environ, **_WHO, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", *configured, *arguments], check=True, capture_output=True, env=environment)


@pytest.fixture
def repository(folder: Workspace) -> Workspace:
    folder.write("one", "fleets/a/rendered/azure/one.json")
    folder.write("other", "fleets/a/rendered/clusters/x.yaml")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    git("tag", "-a", "v1", "-m", "first")
    folder.write("two", "fleets/a/rendered/azure/one.json")
    git("commit", "-a", "-m", "second")
    return folder


@pytest.mark.parametrize(
    ("revision", "content"), [(None, b"two"), ("HEAD", b"two"), ("main", b"two"), ("v1", b"one"), ("HEAD~1", b"one")]
)
def test_revisions(repository: Workspace, revision: str | None, content: bytes) -> None:
    assert history.files("fleets/a/rendered", revision, AZURE) == {"azure/one.json": content}


def test_packed_objects_and_worktrees(repository: Workspace) -> None:
    git("gc")
    git("worktree", "add", "other", "v1")
    assert history.files("other/fleets/a/rendered", None, AZURE) == {"azure/one.json": b"one"}
    assert history.files("fleets/a/rendered", "v1", AZURE) == {"azure/one.json": b"one"}


@pytest.mark.parametrize("path", ["fleets/b/rendered", "fleets/a/rendered/azure/one.json", "fleets/a/rendered/gone"])
def test_what_a_commit_does_not_have(repository: Workspace, path: str) -> None:
    assert history.files(path, None, AZURE) == {}


def test_a_fleet_at_the_top(repository: Workspace) -> None:
    assert history.files(".", None, re.compile(".*one.*")) == {"fleets/a/rendered/azure/one.json": b"two"}


@pytest.mark.parametrize("revision", ["nope", "", "origin/main", "HEAD~9", "-x", "a b", "HEAD:fleets", "é"])
def test_a_revision_that_nobody_knows(repository: Workspace, revision: str) -> None:
    with pytest.raises(Invalid, match="is no commit of this repository"):
        history.files("fleets/a/rendered", revision, AZURE)


def test_no_repository_and_no_commit(folder: Workspace) -> None:
    assert history.files(".", None, AZURE) is None
    with pytest.raises(Invalid, match="is in no Git repository"):
        history.files(".", "main", AZURE)
    git("init")
    assert history.files(".", None, AZURE) is None


INPUTS = ["fleet.yaml", "overlays", "rendered"]


def changed() -> list[str] | None:
    return history.changed("fleets/a", INPUTS)


def test_what_is_not_as_the_last_commit_has_it(repository: Workspace) -> None:
    assert changed() == []
    repository.write("new", "fleets/a/fleet.yaml")
    repository.write("three", "fleets/a/rendered/azure/one.json")
    repository.write("x", "fleets/a/overlays/o/x.yaml")
    repository.write("x", "fleets/a/elsewhere.yaml")
    (repository.folder / "fleets/a/rendered/clusters/x.yaml").unlink()
    expected = ["fleet.yaml", "overlays/o/x.yaml", "rendered/azure/one.json", "rendered/clusters/x.yaml"]
    assert changed() == expected
    git("add", "-A")
    assert changed() == expected  # staged is not committed
    git("commit", "-m", "third")
    assert changed() == []


def test_links_and_what_git_ignores(repository: Workspace) -> None:
    repository.write("*.swp\n", ".gitignore")
    repository.write("x", "fleets/a/rendered/azure/x.swp")
    assert changed() == []
    file = repository.folder / "fleets/a/rendered/azure/one.json"
    file.unlink()
    file.symlink_to("two")  # which is what the file says
    (repository.folder / "fleets/a/overlays").symlink_to("/nowhere")
    assert changed() == ["overlays"]
    git("add", ".")
    git("commit", "-m", "links")
    assert changed() == []


def test_changes_without_a_repository_or_a_commit_and_outside_of_it(folder: Workspace) -> None:
    folder.write("x", "fleets/a/fleet.yaml")
    assert changed() is None
    git("init", "fleets")
    assert changed() == ["fleet.yaml"]
    folder.write("x", "elsewhere/y.json")
    assert history.changed("fleets/a", ["../../elsewhere"]) == ["../../elsewhere/y.json"]
