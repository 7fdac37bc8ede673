"""Acceptances: findings that are known and meant, as accepted.yaml has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from rayfleet.diagnostics import Diagnostic, Invalid, did_you_mean
from rayfleet.proofs.claims import BY_ID
from rayfleet.proofs.finding import Finding, warned
from rayfleet.source import Source
from rayfleet.tree import Side, entries, text

#: The proof of accepted.yaml itself.
ACCEPTED = "accepted"
# What everything else is judged by: the files of the tree, and what is accepted.
_NEVER = ("files", ACCEPTED)


class Acceptance(NamedTuple):
    """One row: ``subject`` is a pattern, ``until`` the last day on which it counts."""

    claim: str
    subject: str
    reason: str
    until: date | None
    side: Side

    def fits(self, finding: Finding) -> bool:
        """A bracket stands for itself; in fnmatch it would begin a choice of letters."""
        return self.claim == finding.claim and fnmatchcase(finding.subject, self.subject.replace("[", "[[]"))


def acceptances(source: Source) -> tuple[Acceptance, ...]:
    """Those of a file that its schema accepts. Raises Invalid where there is no such claim or no such day."""
    found = [_acceptance(Side(source, ("accepted", index)), row) for index, row in _rows(source)]
    if wrong := [row for row in found if isinstance(row, Diagnostic)]:
        raise Invalid(wrong)
    return tuple(row for row in found if isinstance(row, Acceptance))


def _rows(source: Source) -> Iterable[tuple[int, Any]]:
    return enumerate(entries(source.data, "accepted"))


def _acceptance(side: Side, row: Any) -> Acceptance | Diagnostic:
    claim, until = text(row, "claim"), text(row, "until")
    if claim not in BY_ID:
        what, fix = f"{claim!r} is no claim{did_you_mean(claim, BY_ID)}", "rayfleet check --list has all of them"
        return side.source.diagnostic((*side.path, "claim"), what, fix)
    if BY_ID[claim].proof in _NEVER:
        what = f"{claim} cannot be accepted: it is about what everything else is judged by"
        return side.source.diagnostic((*side.path, "claim"), what, BY_ID[claim].mend)
    try:
        last = date.fromisoformat(until) if until else None
    except ValueError:
        return side.source.diagnostic((*side.path, "until"), f"there is no day {until}", "write a day, as 2027-06-30")
    return Acceptance(claim, text(row, "subject") or "*", " ".join(text(row, "reason").split()), last, side)


class Acceptances:
    """Those that count on a day. Of each that fits a finding ``_first`` has the row that accepts it, best itself."""

    def __init__(self, rows: Iterable[Acceptance], today: date) -> None:
        self._rows = list(rows)
        self._past = {row for row in self._rows if row.until and row.until < today}
        self._first: dict[Acceptance, Acceptance | None] = {}
        self._early: set[Acceptance] = set()

    def mark(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Writes down the reason in those findings that are accepted. What is pending may yet fail, which is more than
        it was accepted for."""
        for finding in findings:
            fitting = [row for row in self._rows if row.fits(finding)] if finding.outcome != "proved" else []
            if finding.outcome == "pending":
                self._early.update(fitting)
                fitting = []
            first = next((row for row in fitting if row not in self._past), None)
            self._first |= {row: first for row in fitting if self._first.get(row) != row}
            yield finding._replace(reason=first.reason) if first else finding

    def judge(self, proofs: Iterable[str]) -> Iterator[Finding]:
        """Those that are past their day, and of the ``proofs`` that ran those that are of no use."""
        ran = set(proofs)
        for row in self._rows:
            side = row.side.at("claim")
            if row in self._past and (row in self._first or BY_ID[row.claim].proof not in ran):
                what = f"it was accepted until {row.until}, and counts again"
                fix = "mend what it is about, or accept it until a later day"
                yield warned("accepted/past", row.claim, what, fix, row.side.at("until"))
            elif BY_ID[row.claim].proof not in ran:
                continue
            elif row not in self._first and row in self._early:
                what = f"it is accepted of {row.subject}, where it waits for bindings and has not failed"
                fix = "take the row out until it fails: what is pending fails nothing"
                yield warned("accepted/unused", row.claim, what, fix, side)
            elif row not in self._first:
                what = f"it is accepted of {row.subject}, and nothing there finds it"
                fix = "correct the subject; or take the row out, if what it was about is mended"
                yield warned("accepted/unused", row.claim, what, fix, side)
            elif (first := self._first[row]) and first != row:
                what = f"all that is accepted of {row.subject} is accepted by another row, of {first.subject}"
                fix = "keep one of the two, or name another subject in one of them"
                yield warned("accepted/twice", row.claim, what, fix, side, first.side.at("claim"))
