"""What is only warned or noted of an overlay, said once for all clusters that have it: they share the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from generator.proofs.finding import Finding
from generator.rendered import Rendered

_Key = tuple[str, str, str]  # outcome, what, file


class Summary:
    """Of one tree; each with the first of its kind and the names of the clusters."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._first: dict[_Key, Finding] = {}
        self._clusters: dict[_Key, set[str]] = {}

    def kept(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Keeps back what is said of overlays, and lets everything else through."""
        for finding in findings:
            file = finding.sides[0].source.file if finding.sides else ""
            if finding.outcome in ("warned", "noted") and file and not file.startswith(f"{self._folder}/"):
                key = (finding.outcome, finding.what, file)
                self._first.setdefault(key, finding)
                self._clusters.setdefault(key, set()).add(finding.subject)
            else:
                yield finding

    def said(self) -> Iterator[Finding]:
        """All of it once, after all clusters."""
        for key, first in self._first.items():
            others = len(self._clusters[key]) - 1
            yield first._replace(subject=f"{first.subject} and {others} more" if others else first.subject)


@lru_cache(maxsize=4)
def summary(rendered: Rendered) -> Summary:
    """The summary of a tree."""
    return Summary(rendered.files.folder)
