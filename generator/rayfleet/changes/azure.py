"""Azure resources of one tree against those of another, property by property, as Azure compares them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.changes.change import Change
from rayfleet.facts.azure_defaults import DEFAULTS
from rayfleet.facts.change_classes import ChangeRow, PropertyDifference, Steps, differences, row_for
from rayfleet.facts.resource_types import CLUSTER, CONTAINER, NODE_POOL, STORAGE_ACCOUNT
from rayfleet.tree import Tree, get
from rayfleet.tree.arm_expression import is_expression
from rayfleet.tree.azure_resources import AzureResource, azure_resources, owner
from rayfleet.tree.memo import once

_POOLS = ("properties", "agentPoolProfiles")
# What is compared apart, and the name that a pool inside its cluster has among its properties.
_APART = {CLUSTER.lower(): "agentPoolProfiles", NODE_POOL.lower(): "name"}
# Lists whose order says something; all others are sets (AKS docs, configure-dual-stack: the first family leads).
_ORDERED = {"ipFamilies"}
# ARM docs, deployment-modes: an incremental deployment leaves alone what its template does not have.
_GONE = ChangeRow("ignored", says="Azure keeps it", source="AZ deployment-modes")
# A new one is empty.
_OF_DATA = ChangeRow("data", says="the data stays where it is, under the old name", source="AZ deployment-modes")
_HOLD_DATA = {CONTAINER.lower(), STORAGE_ACCOUNT.lower()}


class Pairs(NamedTuple):
    """Resources by id: those that went, those that came, and both sides of those that stay."""

    gone: dict[str, AzureResource]
    made: dict[str, AzureResource]
    both: dict[str, tuple[AzureResource, AzureResource]]


@once
def pairs(before: Tree, now: Tree) -> Pairs:
    """The resources of two trees, paired by the ids that they have in Azure."""
    old, new = azure_resources(before), azure_resources(now)
    return Pairs(
        {key: row for key, row in old.items() if key not in new},
        {key: row for key, row in new.items() if key not in old},
        {key: (row, new[key]) for key, row in old.items() if key in new},
    )


@once
def azure_changes(before: Tree, now: Tree) -> list[Change]:
    """Every change of what templates make, in the order of the templates: first of what was there, then what is new."""
    rows = pairs(before, now)
    renamed = _renames(rows)
    came = set(renamed.values())
    found = [_removal(key, row, renamed.get(key), rows) for key, row in rows.gone.items()]
    for key, (old, new) in rows.both.items():
        if old.data != new.data:
            found += _property_changes(key, old, new)
    return [*found, *(_addition(key, row, rows) for key, row in rows.made.items() if key not in came)]


def _removal(key: str, old: AzureResource, becomes: str | None, rows: Pairs) -> Change:
    if becomes is None:
        return Change("gone", key, old.kind, owner(old), (), old.data, None, old.side(), None, _GONE)
    new = rows.made[becomes]
    row = _new_pool_row(new, rows) or (_OF_DATA if old.kind in _HOLD_DATA else _GONE)
    return Change("renamed", key, old.kind, owner(old), (), key, becomes, old.side(), new.side(), row)


def _addition(key: str, row: AzureResource, rows: Pairs) -> Change:
    return Change("made", key, row.kind, owner(row), (), None, row.data, None, row.side(), _new_pool_row(row, rows))


def _new_pool_row(row: AzureResource, rows: Pairs) -> ChangeRow | None:
    """The row about a new node pool inside a cluster that is there; None for any other resource."""
    inside = row.above and row.resource.id in rows.both
    return row_for(CLUSTER, _POOLS, None, row.data, row.resource.data) if inside else None


def _renames(rows: Pairs) -> dict[str, str]:
    """Old ids with new ones: of resources that are written again under another name, and else as they were."""
    like: dict[str, list[str]] = {}
    for key, row in rows.made.items() if rows.gone else ():
        like.setdefault(_content_without_name(key, row), []).append(key)
    found: dict[str, str] = {}
    for key, row in rows.gone.items():
        if same := like.get(_content_without_name(key, row)):
            found[key] = same.pop(0)
    return found


def _content_without_name(key: str, row: AzureResource) -> str:
    """All of a resource, its kind and its parent, but for its name."""
    data = {name: value for name, value in comparable(row).items() if name not in ("name", "dependsOn")}
    if row.kind == NODE_POOL.lower() and isinstance(data.get("properties"), dict):
        data["properties"].pop("count", None)  # which only new pools say
    return json.dumps([row.kind, key.rpartition("/")[0], data], sort_keys=True)


# --- property by property ---


def _property_changes(key: str, old: AzureResource, new: AzureResource) -> Iterator[Change]:
    whose = owner(new)
    for row in differences(new.kind, comparable(old), comparable(new)):
        if not _differs_in_case_only(row):
            was, becomes = (_written_path(side, row.path) for side in (old, new))
            values = get(old.data, *was), get(new.data, *becomes)
            sides = old.side(was), new.side(becomes)
            yield Change("changed", key, new.kind, whose, row.path, *values, *sides, row.row)


def comparable(row: AzureResource) -> dict[str, Any]:
    """A resource as Azure compares it: ids resolved and in lower case, regions without blanks, lists in one order, and
    without defaults, names, and inline pools, which are compared on their own.
    """
    found = _comparable(row.data, row, ())
    properties = found.get("properties")
    if isinstance(properties, dict):
        properties.pop(_APART.get(row.kind, ""), None)
    return found if isinstance(found, dict) else {}


def _comparable(value: Any, row: AzureResource, path: Steps) -> Any:
    if isinstance(value, Mapping):
        defaults = DEFAULTS.get(row.kind, {})
        named = {_text(str(key), row): part for key, part in value.items()}
        found = {key: _comparable(part, row, (*path, key)) for key, part in named.items()}
        return {
            key: part for key, part in found.items() if (*path, key) not in defaults or part != defaults[*path, key]
        }
    if isinstance(value, list):
        rows = [_comparable(part, row, path) for part in value]
        return rows if path[-1:] and path[-1] in _ORDERED else sorted(rows, key=_sort_key)
    if isinstance(value, str):
        return "".join(value.split()).lower() if path == ("location",) else _text(value, row)
    return value


def _text(value: str, row: AzureResource) -> str:
    if is_expression(value):
        return row.resource.resolve(value)
    return value.lower() if value.lower().startswith("/subscriptions/") else value


def _sort_key(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _differs_in_case_only(row: PropertyDifference) -> bool:
    """True where only the case differs of a word that Azure refuses to change: such words are its own."""
    words = [value.lower() for value in (row.before, row.after) if isinstance(value, str)]
    return row.row.refused and len(words) == 2 and words[0] == words[1]


def _written_path(row: AzureResource, path: Steps) -> Steps:
    """The path as it is written: keys may be expressions."""
    found: Steps = ()
    for step in path:
        keys = get(row.data, *found)
        written = (str(key) for key in keys if _text(str(key), row) == step) if isinstance(keys, Mapping) else iter(())
        found = (*found, next(written, step))
    return found
