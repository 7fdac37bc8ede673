"""Changes of properties of resources that are there, each as the table of changes has it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rayfleet.changes.azure import pairs
from rayfleet.changes.change import Change
from rayfleet.changes.ranges import range_of
from rayfleet.diagnostics import many
from rayfleet.facts.change_classes import ChangeRow
from rayfleet.proofs.azure.references import subject
from rayfleet.proofs.finding import Finding, failed, noted, warned
from rayfleet.tree import Tree
from rayfleet.tree.arm_expression import is_expression, reference
from rayfleet.tree.azure_resources import AzureResource, resource_subject, resource_title

_ANOTHER = "make a new one beside it, under another name, deploy that, and retire this one"
_POOL_FIX = (
    "give the pool back its name; or keep the old one beside it until that is deployed, as a resource of its own"
)


def judge(changes: Iterable[Change], base: Tree, now: Tree) -> Iterator[Finding]:
    """Every resource that both have. What Azure refuses is said of each, everything else once for all alike; the
    ranges of a network are another proof's.
    """
    both = pairs(base, now).both
    alike: dict[tuple[str, ...], list[_Changed]] = {}
    for change in changes:
        if change.event == "changed" and change.row and change.row.reported and not range_of(change):
            changed = _Changed(change, change.row, *both[change.id])
            if changed.row.refused:
                yield _finding([changed], now)
            else:
                kind = (change.kind, change.property, *_values(changed, now), changed.row.sentence)
                alike.setdefault(kind, []).append(changed)
    yield from (_finding(rows, now) for rows in alike.values())


class _Changed(NamedTuple):
    """A property of one resource that differs from the base commit."""

    change: Change
    row: ChangeRow
    old: AzureResource
    new: AzureResource


def _finding(rows: list[_Changed], tree: Tree) -> Finding:
    changed, *others = rows
    row, (first, then) = changed.row, _values(changed, tree)
    owner = _name(changed.new, tree) + (f" and {many(len(others), 'other')}" if others else "")
    what = f"{changed.change.property} of {owner} was {first} and is now {then}: {row.sentence}"
    again = f"{'leave it out' if first == 'missing' else f'write {first}'} again"
    sides = [side for one in rows for side in (one.change.new, one.change.old) if side]
    about = subject(changed.new.resource.template)
    if row.refused:
        return failed("arm/unchangeable", about, what, f"{again}; or {row.fix or _ANOTHER}", *sides)
    if row.at_risk:
        fix = f"{again}, unless this is meant and was tried where nothing can be lost"
        return warned("arm/change-at-risk", about, what, fix, *sides)
    return noted("arm/change", about, what, *sides)


def new_pools(changes: Iterable[Change], base: Tree, now: Tree) -> Iterator[Finding]:
    """A pool inside its cluster that the cluster does not have yet: a renamed system pool is one."""
    made = pairs(base, now).made
    for change in changes:
        if change.event in ("made", "renamed") and change.row and change.row.refused and change.new:
            pool = made[change.after if change.event == "renamed" else change.id]
            what = f"the node pool {pool.name} is new inside its cluster: {change.row.sentence}"
            yield failed("arm/pool-new-inside", subject(pool.resource.template), what, _POOL_FIX, change.new)


def _name(row: AzureResource, tree: Tree) -> str:
    return row.name if row.above else resource_subject(row.resource, tree)


def _values(changed: _Changed, tree: Tree) -> tuple[str, str]:
    """Both values as they are written."""
    return _value_text(changed.old, changed.change.before, tree), _value_text(changed.new, changed.change.after, tree)


def _value_text(row: AzureResource, value: Any, tree: Tree) -> str:
    if isinstance(value, list) and not any(isinstance(entry, dict | list) for entry in value):
        return ", ".join(map(str, value)) or "empty"
    if isinstance(value, str) and is_expression(value):
        read = reference(value, row.resource.template.scope)
        return (
            f"{read.path} of {resource_title(read.id, tree)}"
            if read
            else resource_title(row.resource.resolve(value), tree)
        )
    return "missing" if value is None else value if isinstance(value, str) else json.dumps(value)
