"""The order in which Azure makes things: resources by dependsOn, deployments by the list in deployments.json."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from rayfleet.tree import Resource, Tree
from rayfleet.tree.memo import once


def dependencies(resource: Resource) -> set[str]:
    """The ids that a resource waits for, directly or through others of its template."""
    by_id = resource.template.by_id
    return _reachable(resource.depends_on, lambda found: by_id[found].depends_on if found in by_id else ())


def earlier_deployments(tree: Tree, name: str) -> set[str]:
    """The deployments that one waits for, directly or through others."""
    rows = _direct_dependencies(tree)
    return _reachable(rows.get(name, ()), lambda found: rows.get(found, ()))


def unordered_pair(waits: Mapping[str, set[str]]) -> tuple[str, str] | None:
    """Two of the keys of which neither waits for the other; None where each has its turn."""
    # In a chain each waits for all before it, and so for more than the one before it.
    turns = sorted(waits, key=lambda key: len(waits[key]))
    return next(((first, second) for first, second in pairwise(turns) if first not in waits[second]), None)


def _reachable(first: Iterable[str], onwards: Callable[[str], Iterable[str]]) -> set[str]:
    found: set[str] = set()
    ends = list(first)
    while ends:
        end = ends.pop()
        if end not in found:
            found.add(end)
            ends += onwards(end)
    return found


@once
def _direct_dependencies(tree: Tree) -> dict[str, tuple[str, ...]]:
    return {row.name: row.depends_on for row in tree.deployments}
