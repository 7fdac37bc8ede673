"""What is said alike of many clusters, said once: nobody reads the same note a thousand times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from rayfleet.proofs.finding import Finding, Outcome
from rayfleet.tree import Tree

_Key = tuple[Outcome, str, str]  # what it says, and the file where that is part of it


def of(*outcomes: Outcome) -> Callable[[Finding], bool]:
    """Whether a finding is one of some outcomes."""
    return lambda finding: finding.outcome in outcomes


class Notices:
    """Findings by what they say, each with the first of its kind and the names of the clusters."""

    def __init__(self) -> None:
        self._first: dict[_Key, Finding] = {}
        self._clusters: dict[_Key, set[str]] = {}

    def kept(
        self,
        findings: Iterable[Finding],
        wanted: Callable[[Finding], bool],
        apart: Callable[[Finding], str] = lambda finding: "",
    ) -> Iterator[Finding]:
        """Keeps those ``wanted`` back, and lets everything else through. What ``apart`` tells apart is said apart."""
        for finding in findings:
            if wanted(finding):
                key = (finding.outcome, finding.what, apart(finding))
                self._first.setdefault(key, finding)
                self._clusters.setdefault(key, set()).add(finding.subject)
            else:
                yield finding

    def said(self) -> Iterator[Finding]:
        """Each once, after all clusters."""
        for key, first in self._first.items():
            others = len(self._clusters[key]) - 1
            yield first._replace(subject=f"{first.subject} and {others} more" if others else first.subject)


@lru_cache(maxsize=8)
def notices(tree: Tree, proof: str) -> Notices:
    """The notices of a proof about a tree."""
    return Notices()
