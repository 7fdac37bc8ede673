"""Places that could not be looked at, which is no failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from rayfleet.diagnostics import Invalid

T = TypeVar("T")


class BlindSpot(NamedTuple):
    """A place, why nobody sees it, and what to do about that."""

    what: str
    why: str
    fix: str = ""


def of_invalid(what: str, invalid: Invalid) -> list[BlindSpot]:
    """A place that is not as it should be: one for each error."""
    rows = [row for row in invalid.diagnostics if row.severity == "error"]
    return [BlindSpot(what, str(row).partition("\n")[0], row.fix) for row in rows]


def look(what: str, ask: Callable[[], T], blind: list[BlindSpot]) -> T | None:
    """An answer; None, and one more blind spot, where there is none."""
    try:
        return ask()
    except Invalid as invalid:
        blind += of_invalid(what, invalid)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        blind.append(BlindSpot(what, f"{error.filename}: {reason}", "make it readable"))
    return None
