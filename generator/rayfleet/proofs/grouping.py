"""Findings that many clusters have alike, said once: nobody reads the same note a thousand times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rayfleet.proofs.finding import Finding, Outcome
from rayfleet.tree import Tree

#: What else must be the same in findings that are said together; None for one that is said by itself.
GroupKey = Callable[[Finding, Tree], str | None]


def by_outcome(*outcomes: Outcome) -> GroupKey:
    """Findings of some outcomes."""
    return lambda finding, tree: "" if finding.outcome in outcomes else None


def no_groups(finding: Finding, tree: Tree) -> None:
    """No findings."""


class Groups:
    """Findings of one proof by what they say, each with the first of its kind and the names of the clusters."""

    def __init__(self, group_key: GroupKey, tree: Tree) -> None:
        self._group_key = group_key
        self._tree = tree
        self._first: dict[tuple[str, ...], Finding] = {}
        self._clusters: dict[tuple[str, ...], set[str]] = {}

    def hold_back(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Holds back those that are said together, and lets everything else through."""
        for finding in findings:
            apart = self._group_key(finding, self._tree)
            if apart is None:
                yield finding
            else:
                key = (finding.outcome, finding.what, finding.fix, finding.reason, apart)
                self._first.setdefault(key, finding)
                self._clusters.setdefault(key, set()).add(finding.subject)

    def merge(self) -> Iterator[Finding]:
        """Each once, after all clusters."""
        for key, first in self._first.items():
            others = len(self._clusters[key]) - 1
            yield first._replace(subject=f"{first.subject} and {others} more" if others else first.subject)
