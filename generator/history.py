"""What a commit of the repository holds: the one place that reads Git."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator

from dulwich.errors import NotGitRepository, NotTreeError
from dulwich.ignore import IgnoreFilterManager
from dulwich.object_store import iter_tree_contents, tree_lookup_path
from dulwich.objects import Blob, Commit, ShaFile, Tag, Tree
from dulwich.objectspec import parse_object
from dulwich.repo import Repo

from generator.diagnostics import Diagnostic, Invalid


def files(folder: str, revision: str | None, wanted: re.Pattern[str]) -> dict[str, bytes] | None:
    """The files of a folder as ``revision`` has them, HEAD for None, by their path below the folder; only those whose
    path is ``wanted``.

    None where there is no repository, or no commit yet. Raises Invalid for a revision that nobody knows.
    """
    whole = os.path.realpath(folder)
    try:
        found = Repo.discover(whole)
    except NotGitRepository:
        if revision is None:
            return None
        what = "is in no Git repository, which has no base commit"
        raise Invalid([Diagnostic(folder, 0, 0, "", what, "leave --base out")]) from None
    with found as repo:
        commit = _commit(repo, revision)
        if commit is None:
            return None
        inside = os.path.relpath(whole, os.path.realpath(repo.path))
        return dict(_blobs(repo, commit, inside, wanted))


def inside(folder: str) -> str | None:
    """The path of a folder in its repository; None where there is none, or Git ignores the folder."""
    whole = os.path.realpath(folder)
    try:
        found = Repo.discover(whole)
    except NotGitRepository:
        return None
    with found as repo:
        path = os.path.relpath(whole, os.path.realpath(repo.path))
        return None if IgnoreFilterManager.from_repo(repo).is_ignored(f"{path}/") else path


def changed(folder: str, below: Iterable[str]) -> list[str] | None:
    """The files below ``folder`` at any of the paths ``below`` that are not as the last commit has them, missing and
    new ones included, what Git ignores left out; in order. None where there is no repository.
    """
    whole = os.path.realpath(folder)
    try:
        found = Repo.discover(whole)
    except NotGitRepository:
        return None
    with found as repo:
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
                elif file.startswith("../") or not ignored.is_ignored(file):
                    rows.add(file)
        return sorted(os.path.relpath(f"{top}/{file}", whole) for file in rows)


def _files(path: str) -> Iterator[str]:
    """The file at a path, or all below the folder there; links count as files."""
    if os.path.isfile(path) or os.path.islink(path):
        yield path
    for parent, folders, names in os.walk(path):
        links = [name for name in folders if os.path.islink(f"{parent}/{name}")]
        yield from (f"{parent}/{name}" for name in (*names, *links))


def _blob_of(path: str) -> bytes:
    """The id that Git gives a file's content: of a link, what it says."""
    if os.path.islink(path):
        return Blob.from_string(os.fsencode(os.readlink(path))).id
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
