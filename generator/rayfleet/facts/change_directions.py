"""The directions of a change: what is newer, less, wider, or reaches further than before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rayfleet.facts.cidr import written_range
from rayfleet.facts.limits import MINORS_BEHIND
from rayfleet.facts.versions import number

# Blobs that are archived cannot be read either.
_TAKES_AWAY = ("delete", "tierToArchive")


def older(version: object, than: object) -> bool:
    """True where a version comes before another; ``1.36`` stands for any patch of it."""
    first, second = number(version) or (), number(than) or ()
    shared = min(len(first), len(second))
    return first[:shared] < second[:shared]


def _decreases(before: Any, after: Any) -> bool:
    if isinstance(before, int | float) and isinstance(after, int | float):
        return after < before
    return older(after, before)


def _increases(before: Any, after: Any) -> bool:
    return _decreases(after, before)


def minors_between(before: object, after: object) -> int:
    """The minors from a version to a later one of the same major; 0 where it is none, or where one is no version."""
    first, second = number(before) or (), number(after) or ()
    return max(second[1] - first[1], 0) if len(first) > 1 and len(second) > 1 and first[0] == second[0] else 0


def _skips(before: Any, after: Any) -> bool:
    return minors_between(before, after) > 1


def _leaps(before: Any, after: Any) -> bool:
    return minors_between(before, after) > MINORS_BEHIND


def _widens(before: Any, after: Any) -> bool:
    """Every range that was there is inside one that is."""
    old, new = ([written_range(row) for row in _as_list(value)] for value in (before, after))
    return all(row and any(wide and row.within(wide) for wide in new) for row in old)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _reaches_further(before: Any, after: Any) -> bool:
    """A lifecycle policy takes blobs away that it left alone: later ones, or those of another prefix."""
    if not isinstance(before, list) or not isinstance(after, list):
        return True
    known = list(_deletions(before))
    return not all(
        any(action == old and prefix.startswith(wide) and days >= least for old, wide, least in known)
        for action, prefix, days in _deletions(after)
    )


def _deletions(policy: list[Any]) -> Iterator[tuple[str, str, float]]:
    """The action, the prefix and the days of every rule that is on."""
    for rule in policy:
        if value_at(rule, "enabled") is False:
            continue
        prefixes = _as_list(value_at(rule, "definition", "filters", "prefixMatch")) or [""]
        for action in _TAKES_AWAY:
            ages = value_at(rule, "definition", "actions", "baseBlob", action)
            for days in ages.values() if isinstance(ages, Mapping) else ():
                if isinstance(days, int | float):
                    yield from ((action, str(prefix), days) for prefix in prefixes)


def value_at(data: Any, *path: str) -> Any:
    """The value at a path, None where any step is missing."""
    for step in path:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


STEPS: dict[str, Callable[[Any, Any], bool]] = {
    "down": _decreases,
    "up": _increases,
    "skips": _skips,
    "leaps": _leaps,
    "wider": _widens,
    "reaches": _reaches_further,
}
