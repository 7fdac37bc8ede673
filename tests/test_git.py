"""What commits hold, as the proofs compare with it."""

from __future__ import annotations

import re
import subprocess
import zlib

import pytest

from rayfleet import git as git_objects
from rayfleet.diagnostics import Invalid
from tests.testing.git import git
from tests.testing.workspace import Workspace

AZURE = re.compile("azure/.*")


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
    assert git_objects.files("fleets/a/rendered", revision, AZURE) == {"azure/one.json": content}


def test_packed_objects_and_worktrees(repository: Workspace) -> None:
    git("gc")
    git("worktree", "add", "other", "v1")
    assert git_objects.files("other/fleets/a/rendered", None, AZURE) == {"azure/one.json": b"one"}
    assert git_objects.files("fleets/a/rendered", "v1", AZURE) == {"azure/one.json": b"one"}


@pytest.mark.parametrize("path", ["fleets/b/rendered", "fleets/a/rendered/azure/one.json", "fleets/a/rendered/gone"])
def test_what_a_commit_does_not_have(repository: Workspace, path: str) -> None:
    assert git_objects.files(path, None, AZURE) == {}


def test_a_fleet_at_the_top(repository: Workspace) -> None:
    assert git_objects.files(".", None, re.compile(".*one.*")) == {"fleets/a/rendered/azure/one.json": b"two"}


@pytest.mark.parametrize("revision", ["nope", "", "origin/main", "HEAD~9", "-x", "a b", "HEAD:fleets", "é"])
def test_a_revision_that_nobody_knows(repository: Workspace, revision: str) -> None:
    with pytest.raises(Invalid, match="is no commit of this repository"):
        git_objects.files("fleets/a/rendered", revision, AZURE)


def test_no_repository_and_no_commit(folder: Workspace) -> None:
    assert git_objects.files(".", None, AZURE) is None
    with pytest.raises(Invalid, match="is in no Git repository"):
        git_objects.files(".", "main", AZURE)
    git("init")
    assert git_objects.files(".", None, AZURE) is None


INPUTS = ["fleet.yaml", "overlays", "rendered"]


def changed() -> list[str] | None:
    return git_objects.changed_files("fleets/a", INPUTS)


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


def test_links_and_what_editors_leave(repository: Workspace) -> None:
    repository.write("*.swp\n", ".gitignore")
    repository.write("x", "fleets/a/rendered/azure/x.swp")
    assert changed() == []
    repository.write("x", "fleets/a/rendered/azure/x.json~")
    assert changed() == ["rendered/azure/x.json~"]  # nobody told Git to ignore it
    (repository.folder / "fleets/a/rendered/azure/x.json~").unlink()
    file = repository.folder / "fleets/a/rendered/azure/one.json"
    file.unlink()
    file.symlink_to("two")  # which is what the file says
    (repository.folder / "fleets/a/overlays").symlink_to("/nowhere")
    assert changed() == ["overlays"]
    git("add", ".")
    git("commit", "-m", "links")
    assert changed() == []


def test_what_git_ignores_is_not_in_a_commit_either(folder: Workspace) -> None:
    for name in ("fleet.yaml", "overlays/o/x.sh", "rendered/azure/one.json"):
        folder.write("x", f"fleets/a/{name}")
    folder.write("rendered/\n*.sh\n", ".gitignore")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    assert changed() == ["overlays/o/x.sh", "rendered/azure/one.json"]
    git("add", "-f", "fleets")
    git("commit", "-m", "all of it")
    assert changed() == []


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("HEAD", b"\xff garbage"),
        ("refs/heads/main", b"garbage\n"),
        ("config", b"[[[garbage\n"),
        ("config", b"[core]\n\trepositoryformatversion = 99\n"),
    ],
)
def test_a_damaged_repository_is_said(repository: Workspace, file: str, content: bytes) -> None:
    repository.write(content, f".git/{file}")
    with pytest.raises(Invalid, match=r"its Git repository cannot be read: (.|\n)*git fsck says what is damaged"):
        changed()
    with pytest.raises(Invalid, match="its Git repository cannot be read"):
        git_objects.files("fleets/a/rendered", None, AZURE)


@pytest.mark.parametrize("content", [b"", b"garbage", zlib.compress(b"tree 3\0abc")])
def test_damaged_objects_are_said(repository: Workspace, content: bytes) -> None:
    for path in (repository.folder / ".git/objects").glob("??/*"):
        path.chmod(0o644)
        path.write_bytes(content)
    with pytest.raises(Invalid, match="its Git repository cannot be read"):
        changed()


def test_an_unreadable_file_is_named(repository: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(git_objects, "_blob_of", refuse)
    with pytest.raises(Invalid, match="permission denied\n    fix: make it readable"):
        changed()


def test_changes_without_a_repository_or_a_commit_and_outside_of_it(folder: Workspace) -> None:
    folder.write("x", "fleets/a/fleet.yaml")
    assert changed() is None
    git("init", "fleets")
    assert changed() == ["fleet.yaml"]
    folder.write("x", "elsewhere/y.json")
    assert git_objects.changed_files("fleets/a", ["../../elsewhere"]) == ["../../elsewhere/y.json"]


# --- back in time -----------------------------------------------------------------------------------------------------


def ids(*revisions: str) -> list[str]:
    return [subprocess.check_output(["git", "rev-parse", row], text=True).strip() for row in revisions]


def test_the_commits_that_last_had_a_content(repository: Workspace) -> None:
    git("commit", "--allow-empty", "-m", "third")
    repository.write("x", "elsewhere.txt")
    git("add", ".")
    git("commit", "-m", "fourth")
    assert list(git_objects.versions("fleets/a/rendered/azure")) == ids("HEAD", "v1^{commit}")
    assert list(git_objects.versions("fleets/a/rendered/clusters")) == ids("HEAD")
    assert list(git_objects.versions("fleets/b/rendered")) == ids("HEAD")


def test_only_first_parents_are_gone_back(repository: Workspace) -> None:
    """A branch that was merged has states in between that main never had."""
    git("checkout", "-b", "branch")
    for content in ("between", "three"):
        repository.write(content, "fleets/a/rendered/azure/one.json")
        git("commit", "-a", "-m", content)
    git("checkout", "main")
    git("merge", "--no-ff", "-m", "merge", "branch")
    assert list(git_objects.versions("fleets/a/rendered")) == ids("HEAD", "HEAD^1", "v1^{commit}")


def test_nothing_to_go_back_to(folder: Workspace) -> None:
    assert list(git_objects.versions(".")) == []
    git("init")
    assert list(git_objects.versions(".")) == []


def test_a_shallow_clone_ends(repository: Workspace) -> None:
    git("clone", "--depth", "1", "file://" + str(repository.folder), "copy")
    back = git_objects.versions("copy/fleets/a/rendered")
    assert next(back) == ids("HEAD")[0]
    with pytest.raises(Invalid, match=r"the clone is shallow(.|\n)*git fetch --unshallow"):
        next(back)
    assert git_objects.is_ancestor("copy/fleets/a/rendered", "HEAD")


def test_ancestors(repository: Workspace) -> None:
    git("checkout", "-b", "branch", "v1")
    git("commit", "--allow-empty", "-m", "aside")
    for revision, is_one in (("HEAD", True), ("v1", True), ("branch", True), ("main", False)):
        assert git_objects.is_ancestor("fleets/a/rendered", revision) == is_one
    git("merge", "--no-ff", "-m", "merge", "main")
    assert git_objects.is_ancestor("fleets/a/rendered", "main")  # by a second parent
    with pytest.raises(Invalid, match="is no commit of this repository"):
        git_objects.is_ancestor("fleets/a/rendered", "nowhere")


# --- what is pushed ---------------------------------------------------------------------------------------------------


def unpushed(branch: str = "main") -> list[str] | None:
    return git_objects.unpushed_files("fleets/a", ["fleet.yaml", "rendered"], branch)


def test_what_the_remote_does_not_have(repository: Workspace) -> None:
    assert unpushed() is None  # there is no remote
    git("remote", "add", "origin", ".")
    assert unpushed() is None  # nobody saw a branch of it
    git("push", "origin", "main")
    assert unpushed() == []
    repository.write("three", "fleets/a/rendered/azure/one.json")
    repository.write("new", "fleets/a/fleet.yaml")
    repository.write("elsewhere", "other.txt")
    assert unpushed() == []  # no commit has it
    git("add", ".")
    git("rm", "--quiet", "fleets/a/rendered/clusters/x.yaml")
    git("commit", "-m", "third")
    assert unpushed() == ["fleet.yaml", "rendered/azure/one.json", "rendered/clusters/x.yaml"]
    git("push", "origin", "main:branch")
    assert unpushed("branch") == []
    assert unpushed("another") is None
    git("pack-refs", "--all")
    assert unpushed("branch") == []


def test_the_same_content_in_other_commits_is_there(repository: Workspace) -> None:
    """As a merge leaves it that squashes."""
    git("remote", "add", "origin", ".")
    git("checkout", "-b", "branch")
    repository.write("three", "fleets/a/rendered/azure/one.json")
    git("commit", "-a", "-m", "third")
    git("push", "origin", "main")
    assert unpushed() == ["rendered/azure/one.json"]
    git("checkout", "main")
    git("merge", "--squash", "branch")
    git("commit", "-m", "squashed")
    git("push", "origin", "main")
    git("checkout", "branch")
    assert unpushed() == []


def test_a_remote_that_is_ahead_has_everything(repository: Workspace) -> None:
    git("remote", "add", "origin", ".")
    git("push", "origin", "main")
    git("checkout", "HEAD~1")
    assert unpushed() == []


def test_the_remote_of_the_branch_counts(repository: Workspace) -> None:
    for name in ("origin", "upstream"):
        git("remote", "add", name, ".")
    git("clone", "--bare", ".", "bare")
    git("remote", "set-url", "upstream", "bare")
    git("fetch", "upstream")
    repository.write("three", "fleets/a/rendered/azure/one.json")
    git("commit", "-a", "-m", "third")
    git("push", "origin", "main")
    assert unpushed() == []
    git("config", "branch.main.remote", "upstream")
    assert unpushed() == ["rendered/azure/one.json"]


def test_nothing_is_pushed_from_nowhere(folder: Workspace) -> None:
    folder.write("x", "fleets/a/fleet.yaml")
    assert unpushed() is None
    git("init")
    assert unpushed() is None


def test_names_in_a_folder(repository: Workspace) -> None:
    assert git_objects.names("fleets/a/rendered", "HEAD") == {"azure", "clusters"}
    assert git_objects.names("fleets/a/rendered/clusters", "v1") == {"x.yaml"}
    assert git_objects.names("fleets/b", "HEAD") == set()
    assert git_objects.names("fleets/a/rendered/clusters/x.yaml", "HEAD") == set()
