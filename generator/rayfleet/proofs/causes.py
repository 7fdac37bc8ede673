"""Causes and what follows from them: a cause is told once, and what only follows from it is not."""

from __future__ import annotations

from collections.abc import Container, Iterator

from rayfleet.proofs.claims import CAUSES
from rayfleet.proofs.finding import OUTCOMES
from rayfleet.proofs.report_row import ReportRow
from rayfleet.tree import DEPLOYMENTS

_Key = tuple[str | int, ...]


class Causes:
    """Findings that failed or warned, by their claim and by what they lead to. Findings meet in one subject or at
    one line. What is wrong with the list of deployments, or with no subject, is wrong for all; and what is wrong
    with a template, for all that is in its file."""

    def __init__(self, clusters: Container[str]) -> None:
        self._clusters = clusters
        self._weights: dict[tuple[str, _Key], int] = {}

    def add(self, row: ReportRow) -> None:
        """Takes in a finding. One that is accepted leads to nothing: what stands beside it may not be meant."""
        if row.outcome in ("failed", "warned"):
            for key in self._cause_keys(row):
                self._weights[row.claim, key] = max(_weight(row), self._weights.get((row.claim, key), 0))

    def lead_to(self, row: ReportRow) -> bool:
        """True where a finding follows from one of them that weighs as much."""
        if row.outcome == "proved" or not CAUSES[row.claim]:
            return False
        keys = list(self._effect_keys(row))
        found = (self._weights.get((claim, key), -1) for claim in CAUSES[row.claim] for key in keys)
        return max(found, default=-1) >= _weight(row)

    def _cause_keys(self, row: ReportRow) -> Iterator[_Key]:
        yield from (("any",), ("subject", row.subject))
        if not row.subject or any(place.file.endswith(f"/{DEPLOYMENTS}") for place in row.places):
            yield ("all",)
        of_cluster = row.subject in self._clusters
        for place in row.places:
            yield ("of a cluster" if of_cluster else "file", place.file)
            if place.line:
                yield ("line", place.file, place.line)

    def _effect_keys(self, row: ReportRow) -> Iterator[_Key]:
        yield from (("all",), ("subject", row.subject))
        if not row.subject:
            yield ("any",)
        for place in row.places:
            yield from (("file", place.file), ("line", place.file, place.line))
            if row.subject not in self._clusters:
                yield ("of a cluster", place.file)


def _weight(row: ReportRow) -> int:
    outcome = row.was or row.outcome
    return -1 if outcome == "accepted" else OUTCOMES.index(outcome)
