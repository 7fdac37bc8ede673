"""A claim: one thing that a proof checks, by the fault that it looks for."""

from __future__ import annotations

from typing import NamedTuple

from rayfleet.proofs.finding import Outcome


class Claim(NamedTuple):
    """``id`` is the proof's name and the fault's. ``means`` says what is so where the claim does not hold, and ``mend``
    what to do then. ``severity`` is the outcome of every finding of it that does not wait for bindings. ``after`` are
    the claims that it follows from: where one of them is found, it is not said.
    """

    id: str
    means: str
    mend: str
    severity: Outcome = "failed"
    after: tuple[str, ...] = ()

    @property
    def proof(self) -> str:
        """The proof that makes it, and no other."""
        return self.id.partition("/")[0]
