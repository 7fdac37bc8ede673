"""The clusters that the commits of a fleet have."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from typing import NamedTuple

from rayfleet import git
from rayfleet.diagnostics import Invalid
from rayfleet.tree import base_commit


class History(NamedTuple):
    """``output``: the rendered folder, whose commits are asked."""

    output: str

    def clusters_at(self, commit: str) -> set[str]:
        """The clusters that a commit has; none where there is no such commit."""
        with suppress(Invalid):
            return git.names(self._clusters, commit)
        return set()

    def last_with(self, clusters: Collection[str]) -> dict[str, str]:
        """The last commit that had each of some clusters, as far as the commits go back."""
        found: dict[str, str] = {}
        with suppress(Invalid):  # a shallow clone ends
            for commit in git.versions(self._clusters) if clusters else ():
                found |= dict.fromkeys((self.clusters_at(commit) & set(clusters)) - set(found), commit)
                if len(found) == len(clusters):
                    break
        return found

    def base(self) -> str | None:
        """The commit that retire compares with by itself. Raises Invalid."""
        return base_commit.base(self.output, None)

    @property
    def _clusters(self) -> str:
        return os.path.join(self.output, "clusters")
