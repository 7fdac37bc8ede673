"""The findings of all proofs, counted and with their places: what is printed, in whatever form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from rayfleet.diagnostics import Diagnostic
from rayfleet.proofs.causes import Causes
from rayfleet.proofs.finding import Finding, Outcome
from rayfleet.proofs.report_row import Place, ReportRow, Standing


@dataclass
class Section:
    """One proof's findings. ``findings`` holds what weighs, and of what holds as many as were asked for."""

    proof: str
    title: str
    counts: Counter[Standing] = field(default_factory=Counter)
    findings: list[ReportRow] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """The heaviest that matters for whether the proof holds."""
        for outcome in ("failed", "warned", "unjudged", "pending"):
            if self.counts[outcome]:
                return outcome
        return "proved"

    def of(self, outcome: Standing) -> list[ReportRow]:
        """The findings of an outcome, by place."""
        return sorted(row for row in self.findings if row.outcome == outcome)


class Report:
    """Collects findings; looks up the places of those that will be shown, and lets go of the rest."""

    def __init__(self, titles: dict[str, str], witnesses: int | None) -> None:
        """``witnesses``: how many proved claims a proof shows; None for all."""
        self.sections = {name: Section(name, title) for name, title in titles.items()}
        self.whole = witnesses is None
        self._witnesses = witnesses
        self._seen: set[tuple[str, Outcome, str, str]] = set()

    def add(self, proof: str, findings: Iterable[Finding]) -> None:
        """Takes in findings of a proof; what says the same twice counts once."""
        section = self.sections[proof]
        for finding in findings:
            if finding.outcome != "proved":
                key = (proof, finding.outcome, finding.subject, finding.what)
                if key in self._seen:
                    continue
                self._seen.add(key)
            section.counts["accepted" if finding.reason else finding.outcome] += 1
            few = self._witnesses is None or section.counts["proved"] <= self._witnesses
            if finding.outcome != "proved" or few:
                section.findings.append(_row(proof, finding))

    def refuse(self, proof: str, claim: str, diagnostics: Iterable[Diagnostic], outcome: Outcome = "failed") -> None:
        """Takes in diagnostics, which know their places, as what is wrong with a claim of a proof."""
        for found in diagnostics:
            place = Place(found.file, found.line, found.column)
            row = ReportRow((place,), outcome, proof, claim, found.where, found.what, found.fix)
            if row not in self.sections[proof].findings:
                self.sections[proof].counts[outcome] += 1
                self.sections[proof].findings.append(row)

    def settle(self, clusters: Container[str]) -> None:
        """Leaves out what follows from something else that was found, and weighs no more: a cause is told once.
        ``clusters`` are the names of all.
        """
        causes = Causes(clusters)
        for section in self.sections.values():
            for row in section.findings:
                causes.add(row)
        for section in self.sections.values():
            follow = [row for row in section.findings if causes.lead_to(row)]
            section.counts.subtract(row.outcome for row in follow)
            left_out = set(map(id, follow))
            section.findings = [row for row in section.findings if id(row) not in left_out]

    def count(self, outcome: Standing) -> int:
        """The number of findings of an outcome."""
        return sum(section.counts[outcome] for section in self.sections.values())

    def accepted(self, was: Outcome) -> int:
        """The number of accepted findings of an outcome."""
        return sum(row.was == was for row in self.of("accepted"))

    def of(self, outcome: Standing) -> list[ReportRow]:
        """The findings of an outcome in all proofs, by place; the first section's first: others' troubles
        follow."""
        first, *others = self.sections.values()
        return first.of(outcome) + sorted(row for section in others for row in section.of(outcome))


def _row(proof: str, finding: Finding) -> ReportRow:
    places = tuple(dict.fromkeys(Place(*side.place) for side in finding.sides))
    row = ReportRow(places, finding.outcome, proof, finding.claim, finding.subject, finding.what, finding.fix)
    return row._replace(outcome="accepted", was=finding.outcome, reason=finding.reason) if finding.reason else row
