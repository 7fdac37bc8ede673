"""A finding with the places that it was found at, looked up."""

from __future__ import annotations

from typing import Literal, NamedTuple

from rayfleet.proofs.finding import Outcome

#: What has become of a finding.
Standing = Outcome | Literal["accepted"]


class Place(NamedTuple):
    """A place in a file; line and column count from 1, and are 0 where it is the whole file."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class ReportRow(NamedTuple):
    """A finding whose places have been looked up. Findings sort by place, as diagnostics do. One that is accepted has a
    ``reason``, and ``was`` something else before.
    """

    places: tuple[Place, ...]
    outcome: Standing
    proof: str
    claim: str
    subject: str
    what: str
    fix: str
    was: Outcome | None = None
    reason: str = ""
