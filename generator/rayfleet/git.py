"""The content of a commit of the repository: the one place that reads Git."""

from __future__ import annotations

import os
import re
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from dulwich.errors import (
    ApplyDeltaError,
    ChecksumMismatch,
    FileFormatException,
    NotGitRepository,
    NotTreeError,
    ObjectMissing,
    RefFormatError,
    WrongObjectException,
)
from dulwich.ignore import IgnoreFilterManager
from dulwich.object_store import iter_tree_contents, tree_lookup_path
from dulwich.objects import Blob, Commit, ShaFile, Tag, Tree
from dulwich.objectspec import parse_object
from dulwich.refs import Ref
from dulwich.repo import Repo, UnsupportedVersion

from rayfleet.diagnostics import Diagnostic, Invalid

# What dulwich raises for a repository that is damaged, or newer than it knows.
_DAMAGED = (
    AssertionError, LookupError, ValueError, zlib.error, re.error, ApplyDeltaError, ChecksumMismatch,
    FileFormatException, ObjectMissing, RefFormatError, UnsupportedVersion, WrongObjectException,
)  # fmt: skip
# What editors and systems leave beside a file, which nobody means to commit.
_LEFT_BESIDE = re.compile(r"\.DS_Store|Thumbs\.db|desktop\.ini|.*~|\.?#.*|.*\.(swp|swo|swx|bak|orig|tmp)|4913")


def files(folder: str, revision: str | None, wanted: re.Pattern[str]) -> dict[str, bytes] | None:
    """The files of a folder as ``revision`` has them, HEAD for None, by their path below the folder; only those whose
    path is ``wanted``.

    None where there is no repository, or no commit yet. Raises Invalid for a revision that nobody knows, and where the
    repository cannot be read.
    """
    whole = os.path.realpath(folder)
    with _repository(folder) as repo:
        if repo is None:
            if revision is None:
                return None
            what = "is in no Git repository, which has no base commit"
            raise Invalid([Diagnostic(folder, 0, 0, "", what, "leave --base out")])
        commit = _commit(repo, revision)
        if commit is None:
            return None
        inside = os.path.relpath(whole, os.path.realpath(repo.path))
        return dict(_blobs(repo, commit, inside, wanted))


def inside(folder: str) -> str | None:
    """The path of a folder in its repository; None where there is none, or Git ignores the folder. Raises Invalid
    where the repository cannot be read.
    """
    whole = os.path.realpath(folder)
    with _repository(folder) as repo:
        if repo is None:
            return None
        path = os.path.relpath(whole, os.path.realpath(repo.path))
        return None if IgnoreFilterManager.from_repo(repo).is_ignored(f"{path}/") else path


def versions(folder: str) -> Iterator[str]:
    """The commits that last had a content of ``folder``, by their ids: HEAD, and from there back by first parents each
    one in which the folder is another than in the commit that came after it.

    Nothing where there is no repository, or no commit yet. Raises Invalid where a shallow clone ends.
    """
    whole = os.path.realpath(folder)
    with _repository(folder) as repo:
        if repo is None:
            return
        inside, shallow = os.path.relpath(whole, os.path.realpath(repo.path)), repo.get_shallow()
        commit, later = _commit(repo, None), None
        while commit:
            content = _content(repo, commit, inside)
            if later is None or content != later:
                yield commit.id.decode()
            later = content
            if commit.id in shallow:
                what = "the clone is shallow: it does not have the commits before"
                raise Invalid([Diagnostic(commit.id.decode()[:12], 0, 0, "", what, "git fetch --unshallow")])
            parent = repo.object_store[commit.parents[0]] if commit.parents else None
            commit = parent if isinstance(parent, Commit) else None


def is_ancestor(folder: str, revision: str) -> bool:
    """True where HEAD is the commit, or comes after it. Raises Invalid for a revision that nobody knows."""
    with _repository(folder) as repo:
        if repo is None:
            return False
        wanted, head = _commit(repo, revision), _commit(repo, None)
        return bool(wanted and head and _is_after(repo, head, wanted))


def changed_files(folder: str, below: Iterable[str]) -> list[str] | None:
    """The files below ``folder`` at any of the paths ``below`` that differ from the last commit, in order:
    missing and new ones too, and those that Git ignores but for what editors leave. None where there is no repository.
    Raises Invalid where it cannot be read.
    """
    whole = os.path.realpath(folder)
    with _repository(folder) as repo:
        if repo is None:
            return None
        commit, ignored = _commit(repo, None), IgnoreFilterManager.from_repo(repo)
        top = os.path.realpath(repo.path)
        rows = set()
        for path in below:
            inside = os.path.relpath(f"{whole}/{path}", top)
            committed = dict(_entries(repo, commit, inside)) if commit else {}
            there = {os.path.relpath(file, top) for file in _files(f"{whole}/{path}")}
            rows |= {file for file in committed if file not in there}
            for file in there:
                if file in committed:
                    if _blob_of(f"{top}/{file}") != committed[file]:
                        rows.add(file)
                elif not (_LEFT_BESIDE.fullmatch(os.path.basename(file)) and _is_ignored(ignored, file)):
                    rows.add(file)
        return sorted(os.path.relpath(f"{top}/{file}", whole) for file in rows)


def unpushed_files(folder: str, below: Iterable[str], branch: str) -> list[str] | None:
    """The files below ``folder`` at any of the paths ``below`` that the remote's ``branch``, as a push or a fetch saw
    it last, does not have as the last commit; none where it has that commit. In order.

    None where no branch was seen, or there is no repository. Raises Invalid where it cannot be read.
    """
    whole = os.path.realpath(folder)
    with _repository(folder) as repo:
        commit = _commit(repo, None) if repo else None
        remote = _remote(repo, branch) if repo else None
        if repo is None or commit is None or remote is None:
            return None
        if _is_after(repo, remote, commit):
            return []
        top = os.path.realpath(repo.path)
        rows: set[str] = set()
        for path in below:
            inside = os.path.relpath(f"{whole}/{path}", top)
            ours, theirs = dict(_entries(repo, commit, inside)), dict(_entries(repo, remote, inside))
            rows |= {file for file in {*ours, *theirs} if ours.get(file) != theirs.get(file)}
        return sorted(os.path.relpath(f"{top}/{file}", whole) for file in rows)


def names(folder: str, revision: str) -> set[str]:
    """The names in a folder as ``revision`` has it; none where it has no such folder."""
    whole = os.path.realpath(folder)
    with _repository(folder) as repo:
        commit = _commit(repo, revision) if repo else None
        if repo is None or commit is None:
            return set()
        inside = os.path.relpath(whole, os.path.realpath(repo.path))
        try:
            _, found = tree_lookup_path(repo.object_store.__getitem__, commit.tree, inside.encode())
        except (KeyError, NotADirectoryError, NotTreeError):
            return set()
        tree = repo.object_store[found]
        return {os.fsdecode(entry.path) for entry in tree.iteritems()} if isinstance(tree, Tree) else set()


@contextmanager
def _repository(folder: str) -> Iterator[Repo | None]:
    """The repository that a folder is in; None where there is none. Raises Invalid where it cannot be read."""
    try:
        try:
            found = Repo.discover(os.path.realpath(folder))
        except NotGitRepository:
            found = None
        if found is None:
            yield None
        else:
            with found as repo:
                yield repo
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise Invalid([Diagnostic(_file_of(error) or folder, 0, 0, "", reason, "make it readable")]) from None
    except _DAMAGED as error:
        what = f"its Git repository cannot be read: {type(error).__name__}: {error}"
        raise Invalid([Diagnostic(folder, 0, 0, "", what, "git fsck says what is damaged")]) from None


def _file_of(error: OSError) -> str:
    name = error.filename
    return os.fsdecode(name) if isinstance(name, str | bytes) else ""


def _is_ignored(by: IgnoreFilterManager, file: str) -> bool:
    return not file.startswith("../") and bool(by.is_ignored(file))


def _files(path: str) -> Iterator[str]:
    """The file at a path, or all below the folder there; links count as files."""
    if os.path.isfile(path) or os.path.islink(path):
        yield path
    for parent, folders, names in os.walk(path):
        links = [name for name in folders if os.path.islink(f"{parent}/{name}")]
        yield from (f"{parent}/{name}" for name in (*names, *links))


def _blob_of(path: str) -> bytes:
    """The id that Git gives a file's content: of a link, what it says; none of a pipe, which it does not keep."""
    if os.path.islink(path):
        return Blob.from_string(os.fsencode(os.readlink(path))).id
    if not os.path.isfile(path):
        return b""
    with open(path, "rb") as stream:
        return Blob.from_string(stream.read()).id


def _entries(repo: Repo, commit: Commit, path: str) -> Iterator[tuple[str, bytes]]:
    """Path and id of the file at a path, or of all below the folder there."""
    try:
        mode, found = tree_lookup_path(repo.object_store.__getitem__, commit.tree, path.encode())
    except (KeyError, NotADirectoryError, NotTreeError):
        return
    if not stat.S_ISDIR(mode):
        yield path, found
        return
    for entry in iter_tree_contents(repo.object_store, found):
        if entry.path and entry.sha:
            yield f"{path}/{os.fsdecode(entry.path)}", entry.sha


def _blobs(repo: Repo, commit: Commit, path: str, wanted: re.Pattern[str]) -> Iterator[tuple[str, bytes]]:
    tree = commit.tree
    try:
        if path != ".":
            _, tree = tree_lookup_path(repo.object_store.__getitem__, tree, path.encode())
    except (KeyError, NotADirectoryError, NotTreeError):
        return
    if not isinstance(repo.object_store[tree], Tree):
        return
    for entry in iter_tree_contents(repo.object_store, tree):
        name = os.fsdecode(entry.path) if entry.path else ""
        blob = repo.object_store[entry.sha] if entry.sha and wanted.fullmatch(name) else None
        if isinstance(blob, Blob):
            yield name, blob.data


def _is_after(repo: Repo, later: Commit, earlier: Commit) -> bool:
    """True where both are one commit, or ``later`` comes after ``earlier``."""
    waiting, seen = [later.id], set()
    provider = repo.parents_provider()  # knows where a shallow clone ends
    while waiting:
        commit = waiting.pop()
        if commit == earlier.id:
            return True
        if commit not in seen:
            seen.add(commit)
            waiting += provider.get_parents(commit)
    return False


def _remote(repo: Repo, branch: str) -> Commit | None:
    """A branch of the remote that the current branch is set to, else of origin, as it was seen last."""
    current = repo.refs.follow(Ref(b"HEAD"))[0][-1].removeprefix(b"refs/heads/")
    try:
        remote = repo.get_config().get((b"branch", current), b"remote")
    except KeyError:
        remote = b"origin"
    ref = Ref(b"refs/remotes/%s/%s" % (remote, branch.encode()))
    found = repo.object_store[repo.refs[ref]] if ref in repo.refs else None
    return found if isinstance(found, Commit) else None


def _content(repo: Repo, commit: Commit, path: str) -> bytes:
    """Git's id of a folder's content; empty where there is none."""
    try:
        return tree_lookup_path(repo.object_store.__getitem__, commit.tree, path.encode())[1]
    except (KeyError, NotADirectoryError, NotTreeError):
        return b""


def _commit(repo: Repo, revision: str | None) -> Commit | None:
    try:
        if revision == "":
            raise KeyError
        found: ShaFile = parse_object(repo, revision or "HEAD")
        while isinstance(found, Tag):
            found = repo.object_store[found.object[1]]
        if isinstance(found, Commit):
            return found
    except (KeyError, ValueError):
        if revision is None:
            return None
    what = f"{revision!r} is no commit of this repository"
    fix = "name a branch, a tag or a commit; a shallow clone has only its own: fetch the base as well"
    raise Invalid([Diagnostic("--base", 0, 0, "", what, fix)])
