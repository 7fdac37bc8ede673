"""A claim: one thing that a proof checks, by the fault that it looks for."""

from __future__ import annotations

from typing import NamedTuple


class Claim(NamedTuple):
    """``id`` is the proof's name and the fault's. ``means`` says what is so where the claim does not hold, and ``mend``
    what to do then. ``after`` are the claims that it follows from: where one of them is found, it is not said.
    """

    id: str
    means: str
    mend: str
    after: tuple[str, ...] = ()

    @property
    def proof(self) -> str:
        """The proof that makes it, and no other."""
        return self.id.partition("/")[0]
