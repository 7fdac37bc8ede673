"""The commit that a retirement compares with: one that still had what goes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rayfleet import git
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.tree import Tree
from rayfleet.tree.files import Files

_AZURE = re.compile("azure/.*")


def base(folder: str, revision: str | None) -> str | None:
    """The commit to compare the rendered ``folder`` with: ``revision``, which HEAD must come after; without one HEAD,
    or where HEAD has the same ARM templates the last commit before it that had others. None where there is no commit.
    Raises Invalid.
    """
    if revision is not None:
        git.files(folder, revision, _AZURE)  # says what is wrong with it, or with the repository
        if not git.is_ancestor(folder, revision):
            what = f"{revision!r} is not among the commits before HEAD: what it has more may be new, and alive"
            fix = "name a commit that HEAD comes after, or merge it first"
            raise Invalid([Diagnostic("--base", 0, 0, "", what, fix)])
        return revision
    found = _versions(folder)
    head = next(found, None)
    if head is None or git.changed_files(folder, ["azure"]):
        return head and "HEAD"
    return next(found, "HEAD")


def last_with(folder: str, cluster: str) -> str | None:
    """The last commit whose ARM templates make a cluster. Raises Invalid where a shallow clone ends before."""
    for commit in _versions(folder):
        files = git.files(folder, commit, _AZURE) or {}
        if any(cluster.encode() in content for content in files.values()):
            tree = Tree(Files(commit, files))
            if cluster in tree.cluster_names:
                return commit
    return None


def _versions(folder: str) -> Iterator[str]:
    return git.versions(f"{folder}/azure")
