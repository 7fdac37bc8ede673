"""The documents for Anyscale in two trees: the cloud resource of each cluster, and the compute configs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfleet.changes.change import Change
from rayfleet.changes.kubernetes import same_file
from rayfleet.changes.list_keys import named_entries, written_path
from rayfleet.facts.change_classes import CLOUD_RESOURCE, COMPUTE_CONFIG, Steps, classify, row_for
from rayfleet.source import Source, read
from rayfleet.tree import Side, Tree, get

_NAME: Steps = ("metadata", "name")


def anyscale_changes(before: Tree, now: Tree) -> Iterator[Change]:
    """Every change: of the cloud resources of clusters that both have, and then of compute configs."""
    yield from cloud_resource_changes(before, now)
    yield from _configs(before.compute_configs, now.compute_configs)


def cloud_resource_changes(before: Tree, now: Tree) -> Iterator[Change]:
    """The cloud resources of clusters that both have."""
    for cluster in sorted(before.cluster_folders & now.cluster_folders):
        path = f"clusters/{cluster}/anyscale/cloud_resource.yaml"
        if not same_file(path, before, now):
            old, new = before.files.read(path, read, before.problems), now.files.read(path, read, [])
            if old and new:
                yield from _property_changes(CLOUD_RESOURCE, cluster, cluster, old, new)


def _configs(before: Mapping[str, Source], now: Mapping[str, Source]) -> Iterator[Change]:
    """The compute configs, which are no cluster's."""
    kind = COMPUTE_CONFIG
    for name, old in before.items():
        if name in now:
            yield from _property_changes(kind, name, "", old, now[name])
        else:
            row = row_for(kind, _NAME, name, None, {})
            yield Change("gone", _id(kind, name), kind, "", (), old.data, None, Side(old), None, row)
    for name, new in now.items():
        if name not in before:
            yield Change("made", _id(kind, name), kind, "", (), None, new.data, None, Side(new), None)


def _id(kind: str, name: str) -> str:
    return f"{kind}//{name}"


def _property_changes(kind: str, name: str, owner: str, old: Source, new: Source) -> Iterator[Change]:
    before, after = _comparable(old.data, ()), _comparable(new.data, ())
    for key in dict.fromkeys((*before, *after)):
        for found in classify(kind, (key,), before.get(key), after.get(key), after):
            was, becomes = written_path(old.data, found.path), written_path(new.data, found.path)
            values = get(old.data, *was), get(new.data, *becomes)
            sides = Side(old, was), Side(new, becomes)
            yield Change("changed", _id(kind, name), kind, owner, found.path, *values, *sides, found.row)


def _comparable(value: Any, path: Steps) -> Any:
    if isinstance(value, list) and path:
        named = named_entries(value, path)
        return value if named is None else _comparable(named, path)
    if isinstance(value, Mapping):
        return {str(key): _comparable(part, (*path, str(key))) for key, part in value.items()}
    return value
