"""What is said alike of many clusters, said once: nobody reads the same note a thousand times."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from functools import lru_cache

from generator.proofs.finding import Finding, Outcome
from generator.rendered import Rendered


class Notices:
    """Findings by what they say, each with the first of its kind and the names of the clusters."""

    def __init__(self) -> None:
        self._first: dict[tuple[Outcome, str], Finding] = {}
        self._clusters: dict[tuple[Outcome, str], set[str]] = {}

    def kept(self, findings: Iterable[Finding], outcomes: Container[Outcome] = ("noted",)) -> Iterator[Finding]:
        """Keeps those of some outcomes back, and lets everything else through."""
        for finding in findings:
            if finding.outcome in outcomes:
                key = (finding.outcome, finding.what)
                self._first.setdefault(key, finding)
                self._clusters.setdefault(key, set()).add(finding.subject)
            else:
                yield finding

    def said(self) -> Iterator[Finding]:
        """Each once, after all clusters."""
        for key, first in self._first.items():
            others = len(self._clusters[key]) - 1
            yield first._replace(subject=f"{first.subject} and {others} more" if others else first.subject)


@lru_cache(maxsize=4)
def notices(rendered: Rendered, proof: str) -> Notices:
    """The notices of a proof about a tree."""
    return Notices()
