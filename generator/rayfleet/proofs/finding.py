"""A finding of a proof: the claim holds, with its witness, does not, with the smallest reason, or was not judged."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from rayfleet.tree.place import Side

#: In the order of weight. ``noted`` is worth knowing, ``pending`` waits for bindings, ``unjudged`` lacks what it is
#: judged by, ``warned`` stops nobody.
Outcome = Literal["proved", "noted", "pending", "unjudged", "warned", "failed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Finding(NamedTuple):
    """``claim`` is the id of what does not hold, or of what was looked for and is not so. ``subject`` is the cluster,
    deployment or region it is about. ``sides`` are those of the seam, the first to blame first; ``fix`` says what to do
    about what does not hold. ``reason`` is why it is accepted, empty where it is not.
    """

    outcome: Outcome
    claim: str
    subject: str
    what: str
    fix: str
    sides: tuple[Side, ...]
    reason: str = ""


def proved(claim: str, subject: str, what: str, *sides: Side) -> Finding:
    """The claim holds, and the sides show it."""
    return Finding("proved", claim, subject, what, "", sides)


def noted(claim: str, subject: str, what: str, *sides: Side) -> Finding:
    """Nothing is wrong, but somebody pays for it."""
    return Finding("noted", claim, subject, what, "", sides)


def pending(claim: str, subject: str, what: str, *sides: Side) -> Finding:
    """A finding whose subject waits for bindings."""
    return Finding("pending", claim, subject, what, "", sides)


def unjudged(claim: str, subject: str, what: str, fix: str, *sides: Side) -> Finding:
    """Nobody knows whether the claim holds, and ``fix`` says how to find out."""
    return Finding("unjudged", claim, subject, what, fix, sides)


def warned(claim: str, subject: str, what: str, fix: str, *sides: Side) -> Finding:
    """It may well be meant, or may become wrong."""
    return Finding("warned", claim, subject, what, fix, sides)


def failed(claim: str, subject: str, what: str, fix: str, *sides: Side) -> Finding:
    """The claim does not hold."""
    return Finding("failed", claim, subject, what, fix, sides)
