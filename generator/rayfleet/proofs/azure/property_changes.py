"""What becomes of a resource that is there when its properties change: the table of changes says it for each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.diagnostics import many
from rayfleet.facts.change_classes import UNCLASSIFIED, Difference, classify, differences
from rayfleet.facts.resource_types import CLUSTER, NODE_POOL
from rayfleet.proofs.azure.network_moves import RANGES
from rayfleet.proofs.azure.references import subject
from rayfleet.proofs.finding import Finding, failed, noted, warned
from rayfleet.tree import Tree, get
from rayfleet.tree.arm_expression import is_expression, reference
from rayfleet.tree.azure_resources import AzureResource, called, who

_POOLS = ("properties", "agentPoolProfiles")
_AT_RISK = ("data", "re-created", UNCLASSIFIED)
_ANOTHER = "make a new one beside it, under another name, deploy that, and retire this one"
_POOL_FIX = (
    "give the pool back its name; or keep the old one beside it until that is deployed, as a resource of its own"
)


class _Changed(NamedTuple):
    """A property of one resource that differs from the base commit."""

    difference: Difference
    old: AzureResource
    new: AzureResource

    @property
    def key(self) -> str:
        path = self.difference.path
        return ".".join(path[path[0] == "properties" :])


def judge(before: Mapping[str, AzureResource], now: Mapping[str, AzureResource], tree: Tree) -> Iterator[Finding]:
    """Every resource that both have. What Azure refuses is said of each, everything else once for all alike."""
    alike: dict[tuple[str, ...], list[_Changed]] = {}
    for key, old in before.items():
        for changed in _changes(old, now[key]) if key in now else ():
            if changed.difference.row.refused:
                yield _finding([changed], tree)
            else:
                first, then = _values(changed, tree)
                kind = (changed.new.kind, changed.key, first, then, changed.difference.row.sentence)
                alike.setdefault(kind, []).append(changed)
    yield from (_finding(rows, tree) for rows in alike.values())
    yield from _new_pools(before, now)


def _changes(old: AzureResource, new: AzureResource) -> Iterator[_Changed]:
    if old.data == new.data:
        return
    for row in differences(new.kind, _comparable(old), _comparable(new)):
        same = row.row.refused and _folded(row.before) == _folded(row.after)
        if row.row.told and not same and (new.kind, row.path) not in RANGES:
            yield _Changed(row, old, new)


def _finding(rows: list[_Changed], tree: Tree) -> Finding:
    changed, *others = rows
    row, (first, then) = changed.difference.row, _values(changed, tree)
    owner = _name(changed.new, tree) + (f" and {many(len(others), 'other')}" if others else "")
    what = f"{changed.key} of {owner} was {first} and is now {then}: {row.sentence}"
    again = f"{'leave it out' if first == 'missing' else f'write {first}'} again"
    sides = [side for one in rows for side in (one.new.side(one.difference.path), one.old.side(one.difference.path))]
    about = subject(changed.new.resource.template)
    if row.refused:
        return failed(about, what, f"{again}; or {row.fix or _ANOTHER}", *sides)
    if row.change_class in _AT_RISK:
        return warned(about, what, f"{again}, unless this is meant and was tried where nothing can be lost", *sides)
    return noted(about, what, *sides)


def _new_pools(before: Mapping[str, AzureResource], now: Mapping[str, AzureResource]) -> Iterator[Finding]:
    """A pool inside its cluster that the cluster does not have yet: a renamed system pool is one."""
    for key, row in now.items():
        if row.above and key not in before and row.resource.id in before:
            for found in classify(CLUSTER, _POOLS, None, row.data):
                name = f"{row.resource.written_name}/{get(row.data, 'properties', 'name')}"
                what = f"the node pool {name} is new inside its cluster: {found.row.sentence}"
                yield failed(subject(row.resource.template), what, _POOL_FIX, row.side(("properties", "name")))


def _name(row: AzureResource, tree: Tree) -> str:
    if row.above:
        return f"{row.resource.written_name}/{get(row.data, 'properties', 'name')}"
    return who(row.resource, tree)


def _values(changed: _Changed, tree: Tree) -> tuple[str, str]:
    """Both values as they are written."""
    path, before, after = changed.difference[:3]
    return (
        _said(changed.old, get(changed.old.data, *path, default=before), tree),
        _said(changed.new, get(changed.new.data, *path, default=after), tree),
    )


def _said(row: AzureResource, value: Any, tree: Tree) -> str:
    if isinstance(value, list) and not any(isinstance(entry, dict | list) for entry in value):
        return ", ".join(map(str, value)) or "empty"
    if isinstance(value, str) and is_expression(value):
        read = reference(value, row.resource.template.scope)
        return f"{read.path} of {called(read.id, tree)}" if read else called(row.resource.resolve(value), tree)
    return "missing" if value is None else value if isinstance(value, str) else json.dumps(value)


# --- values as Azure compares them ---


def _comparable(row: AzureResource) -> dict[str, Any]:
    """A resource without its name and without the pools inside it, which are compared by themselves."""
    found: dict[str, Any] = _plain(row, row.data)
    if isinstance(properties := found.get("properties"), dict):
        apart = "name" if row.kind == NODE_POOL.lower() else _POOLS[-1]
        found["properties"] = {key: value for key, value in properties.items() if key != apart}
    if isinstance(found.get("location"), str):
        found["location"] = "".join(found["location"].split()).lower()
    return found


def _plain(row: AzureResource, value: Any) -> Any:
    """Ids resolved, and lists of words in one order: zones, ranges, groups."""
    if isinstance(value, str):
        return row.resource.resolve(value) if is_expression(value) else value
    if isinstance(value, Mapping):
        return {_plain(row, key): _plain(row, child) for key, child in value.items()}
    if isinstance(value, list):
        plain = [_plain(row, child) for child in value]
        return plain if any(isinstance(child, dict | list) for child in plain) else sorted(plain, key=str)
    return value


def _folded(value: Any) -> Any:
    """Azure's names are the same in any case."""
    if isinstance(value, list):
        return [_folded(row) for row in value]
    return value.lower() if isinstance(value, str) else value
