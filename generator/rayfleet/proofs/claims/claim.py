"""A claim: one thing that a proof checks, by the fault that it looks for."""

from __future__ import annotations

from typing import NamedTuple


class Claim(NamedTuple):
    """``id`` is the proof's name and the fault's. ``means`` says what is so where the claim does not hold, and ``mend``
    what to do then.
    """

    id: str
    means: str
    mend: str

    @property
    def proof(self) -> str:
        """The proof that makes it, and no other."""
        return self.id.partition("/")[0]
