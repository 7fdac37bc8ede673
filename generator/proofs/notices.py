"""What is noted alike of many clusters, said once: nobody reads the same note a thousand times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from generator.proofs.finding import Finding, noted
from generator.rendered import Rendered


class Notices:
    """Notes by what they say, each with the first of its kind and the names of the clusters."""

    def __init__(self) -> None:
        self._first: dict[str, Finding] = {}
        self._clusters: dict[str, set[str]] = {}

    def kept(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Keeps notes back, and lets everything else through."""
        for finding in findings:
            if finding.outcome == "noted":
                self._first.setdefault(finding.what, finding)
                self._clusters.setdefault(finding.what, set()).add(finding.subject)
            else:
                yield finding

    def said(self) -> Iterator[Finding]:
        """Every note once, after all clusters."""
        for what, first in self._first.items():
            others = len(self._clusters[what]) - 1
            subject = f"{first.subject} and {others} more" if others else first.subject
            yield noted(subject, what, *first.sides)


@lru_cache(maxsize=4)
def notices(rendered: Rendered, proof: str) -> Notices:
    """The notices of a proof about a tree."""
    return Notices()
