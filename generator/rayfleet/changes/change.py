"""One difference between two trees, and what becomes of it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from rayfleet.facts.change_classes import ChangeRow, Steps
from rayfleet.tree import Side

#: ``made``, ``gone`` and ``renamed`` are of whole objects; ``changed`` is of one property of an object that stays.
Event = Literal["made", "gone", "renamed", "changed"]


class Change(NamedTuple):
    """``id`` is the object's: in Azure its id in lower case, in a cluster ``Kind/namespace/name``; of what is renamed
    the old one, and ``before`` and ``after`` are both. ``kind`` is a type of Azure in lower case, or a kind of
    Kubernetes with its group. ``owner`` is the cluster that it belongs to, or else the deployment. ``path`` leads to
    the property, and is empty for whole objects; ``before`` and ``after`` are as they are written, None where there is
    nothing, as are the sides. ``row`` is the one of the table of facts that says what becomes of it, None where nothing
    does that needs saying.
    """

    event: Event
    id: str
    kind: str
    owner: str
    path: Steps
    before: Any
    after: Any
    old: Side | None
    new: Side | None
    row: ChangeRow | None

    @property
    def change_class(self) -> str:
        """The class of the table, or else the event."""
        return self.row.change_class if self.row else self.event

    @property
    def property(self) -> str:
        """The path as people say it."""
        return ".".join(self.path[self.path[:1] == ("properties",) :])
