"""``clusters/<cluster>/cluster.json``, read back: what a cluster is, whatever makes it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from rayfleet.facts.catalogue import Catalogue
from rayfleet.source import Source
from rayfleet.tree.node_pool import Pool, listed_pool
from rayfleet.tree.place import Side, entries, get, text


class RecordedPool(NamedTuple):
    """A node pool as a record lists it."""

    name: str
    data: dict[str, object]
    side: Side


class ClusterRecord:
    """The record of one cluster. It may have been edited: what is missing is empty."""

    def __init__(self, name: str, source: Source, catalogue: Catalogue) -> None:
        self.name = name
        self.source = source
        self._catalogue = catalogue

    def side(self, *path: str | int) -> Side:
        """A value of it."""
        return Side(self.source, path)

    @property
    def platform(self) -> str:
        return text(self.source.data, "platform")

    @property
    def region(self) -> str:
        return text(self.source.data, "region")

    @property
    def subscription(self) -> str:
        return text(self.source.data, "scope", "subscriptionId")

    @property
    def order(self) -> tuple[int, ...]:
        """Its place in the order in which work tries clusters; empty where an older rayfleet wrote none."""
        return tuple(place for place in entries(self.source.data, "order") if isinstance(place, int))

    @property
    def rows(self) -> Iterator[RecordedPool]:
        """Its node pools as they are written."""
        for index, row in enumerate(entries(self.source.data, "nodePools")):
            if isinstance(row, dict):
                yield RecordedPool(str(get(row, "name", default="")), row, self.side("nodePools", index))

    @cached_property
    def pools(self) -> tuple[Pool, ...]:
        """Its node pools, for those whom ARM does not tell."""
        return tuple(listed_pool(row.name, row.data, row.side.at, self._catalogue) for row in self.rows)
