"""Changes of one cluster that need an order between Git and Azure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.changes.change import Change
from rayfleet.facts.change_classes import Steps
from rayfleet.facts.change_orders import ChangeOrder, TypedChange, change_orders

_WHOLE: Steps = ("metadata", "name")


class OrderedChange(NamedTuple):
    """Changes that together need an order."""

    order: ChangeOrder
    changes: tuple[Change, ...]


def ordered_changes(changes: Iterable[Change]) -> Iterator[OrderedChange]:
    """Those among the changes of one cluster, each told by the first row that has it."""
    rows = list(changes)
    told: set[int] = set()
    for order in change_orders():
        found = [next((row for row in rows if _fits(row, wanted)), None) for wanted in order.changes]
        whole = [row for row in found if row is not None]
        if len(whole) == len(found) and id(whole[0]) not in told:
            told.update(map(id, whole))
            yield OrderedChange(order, tuple(whole))


def _fits(change: Change, wanted: TypedChange) -> bool:
    """True where a change is of that type, path and direction. An object that is renamed leaves and comes."""
    if change.kind.lower() != wanted.type.lower():
        return False
    if wanted.row.concerns(_WHOLE):
        return any(wanted.row.fits(before, after, document) for before, after, document in _events(change))
    if not wanted.row.concerns(change.path):
        return False
    return change.event == "changed" and wanted.row.fits(change.before, change.after, {})


def _events(change: Change) -> Iterator[tuple[str | None, str | None, Mapping[str, Any]]]:
    """The object's name before and after, with what it was or is."""
    if change.event in ("gone", "renamed") and change.old:
        yield change.id, None, _document(change.old.source.data)
    if change.event in ("made", "renamed") and change.new:
        yield None, change.id, _document(change.new.source.data)


def _document(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}
