"""Two trees in, a list of changes out, each with the class that the tables of facts give it."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.changes.anyscale import anyscale_changes
from rayfleet.changes.azure import azure_changes
from rayfleet.changes.change import Change, Event
from rayfleet.changes.kubernetes import cluster_changes
from rayfleet.tree import Tree


def changes(before: Tree, now: Tree) -> Iterator[Change]:
    """Every change: of Azure resources, of the objects of each cluster that both have, and of what Anyscale is told."""
    yield from azure_changes(before, now)
    for cluster in sorted(before.cluster_folders & now.cluster_folders):
        yield from cluster_changes(before, now, cluster)
    yield from anyscale_changes(before, now)


__all__ = ["Change", "Event", "changes"]
