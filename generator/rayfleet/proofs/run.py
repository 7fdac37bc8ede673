"""One run of the proofs: all that they look at, and what is only to be seen over several clusters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from rayfleet.changes.change import Change
from rayfleet.changes.orders import OrderedChange
from rayfleet.proofs.evidence import Evidence
from rayfleet.tree import Side


class Sighting(NamedTuple):
    """The place where something was seen first, and the clusters that have it."""

    side: Side
    first: str
    clusters: set[str]


Sightings = dict[str, Sighting]


@dataclass(frozen=True)
class Run:
    """Clusters pass by one at a time: ``containers`` are the ids of those that are mounted, ``audiences`` whom the
    tokens of operators are for, ``changes`` what of their objects changes since the base commit, ``ordered`` what of
    it needs an order, by cluster.
    """

    evidence: Evidence
    containers: Sightings = field(default_factory=dict)
    audiences: Sightings = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    ordered: list[tuple[str, OrderedChange]] = field(default_factory=list)


def see(seen: Sightings, what: str, cluster: str, side: Side) -> None:
    """Takes down that a cluster has it."""
    seen.setdefault(what, Sighting(side, cluster, set())).clusters.add(cluster)
