"""The findings of all proofs, counted and with their places: what is printed, in whatever form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from rayfleet.diagnostics import Diagnostic
from rayfleet.proofs.causes import Causes
from rayfleet.proofs.finding import Finding, Outcome
from rayfleet.proofs.shown import Place, Shown, Standing


@dataclass
class Section:
    """One proof's findings. ``shown`` holds what weighs, and of what holds as many as were asked for."""

    proof: str
    title: str
    counts: Counter[Standing] = field(default_factory=Counter)
    shown: list[Shown] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """The heaviest that matters for whether the proof holds."""
        for outcome in ("failed", "warned", "pending"):
            if self.counts[outcome]:
                return outcome
        return "proved"

    def of(self, outcome: Standing) -> list[Shown]:
        """The shown findings of an outcome, by place."""
        return sorted(row for row in self.shown if row.outcome == outcome)


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
                section.shown.append(_shown(proof, finding))

    def refuse(self, proof: str, claim: str, diagnostics: Iterable[Diagnostic]) -> None:
        """Takes in diagnostics, which know their places, as what fails a claim of a proof."""
        for row in diagnostics:
            shown = Shown(
                (Place(row.file, row.line, row.column),), "failed", proof, claim, row.where, row.what, row.fix
            )
            if shown not in self.sections[proof].shown:
                self.sections[proof].counts["failed"] += 1
                self.sections[proof].shown.append(shown)

    def settle(self, clusters: Container[str]) -> None:
        """Leaves out what follows from something else that was found, and weighs no more: a cause is told once.
        ``clusters`` are the names of all.
        """
        causes = Causes(clusters)
        for section in self.sections.values():
            for row in section.shown:
                causes.add(row)
        for section in self.sections.values():
            follow = [row for row in section.shown if causes.lead_to(row)]
            section.counts.subtract(row.outcome for row in follow)
            left_out = set(map(id, follow))
            section.shown = [row for row in section.shown if id(row) not in left_out]

    def count(self, outcome: Standing) -> int:
        """The number of findings of an outcome."""
        return sum(section.counts[outcome] for section in self.sections.values())

    def accepted(self, was: Outcome) -> int:
        """The number of accepted findings of an outcome."""
        return sum(row.was == was for row in self.of("accepted"))

    def of(self, outcome: Standing) -> list[Shown]:
        """The shown findings of an outcome in all proofs, by place; the first section's first: others' troubles
        follow."""
        first, *others = self.sections.values()
        return first.of(outcome) + sorted(row for section in others for row in section.of(outcome))


def _shown(proof: str, finding: Finding) -> Shown:
    places = tuple(dict.fromkeys(Place(*side.place) for side in finding.sides))
    shown = Shown(places, finding.outcome, proof, finding.claim, finding.subject, finding.what, finding.fix)
    return shown._replace(outcome="accepted", was=finding.outcome, reason=finding.reason) if finding.reason else shown
