"""The class of a difference that what-if shows, from the table of changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rayfleet.azure.resource_id import type_and_name
from rayfleet.facts.change_classes import PropertyDifference, classify
from rayfleet.facts.resource_types import CLUSTER, NODE_POOL
from rayfleet.tree import entries, get, mapping, text

_POOLS = ("properties", "agentPoolProfiles")


def classify_property(path: str, before: Any, after: Any, change: dict[str, Any]) -> Iterator[PropertyDifference]:
    """A property of a change, or those below it. ``path``: as what-if writes it, with the places of a list's entries
    in brackets; ``change``: Azure's, which has the whole resource on both sides.
    """
    kind, steps = type_and_name(text(change, "resourceId"))[0], _steps(path)
    old, new = mapping(change, "before"), mapping(change, "after")
    if kind.lower() == CLUSTER.lower() and tuple(steps[:2]) == _POOLS and len(steps) > 2:
        if len(steps) == 3:
            yield from classify(CLUSTER, _POOLS, before, after)
            return
        name = text(new, *steps[:3], "name")
        old, new = ({"properties": _pool(side, name)} for side in (old, new))
        kind, steps = NODE_POOL, ["properties", *steps[3:]]
    if listed := _list_of(steps):
        # A list is one value.
        steps = listed
        before, after = get(old, *steps, default=before), get(new, *steps, default=after)
    yield from classify(kind, tuple(map(str, steps)), before, after, new)


def _pool(cluster: dict[str, Any], name: str) -> dict[str, Any]:
    pools = (row for row in entries(cluster, *_POOLS) if isinstance(row, dict))
    return next((row for row in pools if row.get("name") == name), {})


def _steps(path: str) -> list[str | int]:
    """``a.b[1].c`` taken apart."""
    return [
        int(step) if step.isdecimal() and f"[{step}]" in path else step for step in re.split(r"[.\[\]]+", path) if step
    ]


def _list_of(steps: list[str | int]) -> list[str | int]:
    """The path to the list that an entry is of; empty for what is in none."""
    return next((steps[:index] for index, step in enumerate(steps) if isinstance(step, int)), [])
