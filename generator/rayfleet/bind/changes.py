"""Changes of bindings.yaml: what is bound against what was answered. New, changed, missing, stale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.bind.judge import Value
from rayfleet.bind.needs import ExpectedValues
from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.late_values import NODE_POOLS, kinds
from rayfleet.rules import bindings as rules
from rayfleet.source import Source
from rayfleet.tree.place import get, mapping


class BindingChange(NamedTuple):
    """A binding that is not what it should be. ``old`` and ``old_producer`` are None for one that is not there yet."""

    cluster: str
    kind: str
    old: str | list[str] | None
    new: str | list[str]
    old_producer: str | None
    producer: str

    @property
    def alarming(self) -> bool:
        """An id that changes was made anew, or is another cluster's; pools come and go."""
        return isinstance(self.old, str) and self.old != self.new

    @property
    def gained(self) -> list[str]:
        """Node pools that are there now."""
        return sorted(set(self.new) - set(self.old or ()))

    @property
    def lost(self) -> list[str]:
        """Node pools that are gone."""
        return sorted(set(self.old or ()) - set(self.new))


def changes(values: Iterable[Value], current: Source | None) -> list[BindingChange]:
    """The changes that make bindings.yaml say what was answered. ``current`` is of the schema's shape."""
    found = []
    for value in values:
        bound = _binding(current, value.cluster, value.kind)
        old, old_producer = bound.get("value"), bound.get("producer")
        if value.kind == NODE_POOLS and isinstance(old, list) and sorted(old) == value.value:
            old = value.value
        if (old, old_producer) != (value.value, value.producer):
            found.append(BindingChange(value.cluster, value.kind, old, value.value, old_producer, value.producer))
    return found


def alarms(found: Iterable[BindingChange], current: Source | None) -> Iterator[Diagnostic]:
    """The ids that change, each at its place in bindings.yaml."""
    for change in found:
        if change.alarming:
            what = f"{change.old} is bound, and {change.producer} is now {change.new}"
            fix = "find out why it changed; if it should have, bind it with --yes"
            yield from _diagnostics(change, current, what, fix)


def outdated_pools(found: Iterable[BindingChange], current: Source | None) -> Iterator[Diagnostic]:
    """The node pools that came and went, each at its place in bindings.yaml."""
    for change in found:
        if isinstance(change.old, list) and (change.gained or change.lost):
            signs = [*(f"+{pool}" for pool in change.gained), *(f"-{pool}" for pool in change.lost)]
            yield from _diagnostics(
                change, current, f"the pools are other ones: {' '.join(signs)}", "run rayfleet bind"
            )


def _diagnostics(change: BindingChange, current: Source | None, what: str, fix: str) -> Iterator[Diagnostic]:
    if current:
        yield current.diagnostic(("clusters", change.cluster, change.kind, "value"), what, fix)


def duplicates(
    wanted: Iterable[ExpectedValues], values: Iterable[Value], current: Source | None
) -> Iterator[Diagnostic]:
    """Answers that are already the id of something else: no two ids are the same."""
    answered = {(value.cluster, value.kind): value for value in values if isinstance(value.value, str)}
    held: dict[str, list[tuple[str, str]]] = {}
    for row in wanted:
        for kind in kinds():
            key = (row.cluster, kind)
            known = answered[key].value if key in answered else _binding(current, *key).get("value")
            if isinstance(known, str):
                held.setdefault(known, []).append(key)
    for keys in held.values():
        for key in keys:
            if len(keys) > 1 and key in answered:
                cluster, kind = next(other for other in keys if other != key)
                what = f"{key[1]} of {key[0]} is also {kind} of {cluster}; no two ids are the same"
                side = answered[key].side
                fix = f"take it from {answered[key].producer}"
                yield side.source.diagnostic(side.path, what, fix)


def missing_kinds(
    wanted: Iterable[ExpectedValues], values: Iterable[Value], current: Source | None
) -> dict[str, list[str]]:
    """The kinds that are neither bound nor answered, by cluster."""
    answered = {(value.cluster, value.kind) for value in values}
    found = {}
    for row in wanted:
        keys = [
            key for key in kinds() if (row.cluster, key) not in answered and not _binding(current, row.cluster, key)
        ]
        if keys:
            found[row.cluster] = keys
    return found


def stale_bindings(
    wanted: Iterable[ExpectedValues], every: Iterable[str], file: str, current: Source | None
) -> Iterator[Diagnostic]:
    """Values that bindings.yaml lacks, and values in it of something that is gone. ``every`` names the fleet's
    clusters."""
    rows = {row.cluster: row for row in wanted}
    for cluster, keys in missing_kinds(rows.values(), (), current).items():
        what, fix = f"not bound: {', '.join(keys)}", rows[cluster].next_step(keys)
        if current:
            yield current.diagnostic(("clusters", cluster), what, fix, key=True)
        else:
            yield Diagnostic(file, 0, 0, f"clusters.{cluster}", what, fix)
    if current:
        yield from leftovers(every, current)
        yield from _wrong_names(rows, current)


def leftovers(every: Iterable[str], current: Source) -> Iterator[Diagnostic]:
    """The bindings of clusters that are not among ``every``."""
    known = list(every)
    yield from (rules.left_over(current, name) for name in mapping(current.data, "clusters") if name not in known)


def _wrong_names(rows: Mapping[str, ExpectedValues], current: Source) -> Iterator[Diagnostic]:
    for cluster, bindings in mapping(current.data, "clusters").items():
        for kind, bound in bindings.items() if cluster in rows else ():
            producer = rows[cluster].producers[kind]
            if bound["producer"] != producer:
                what = f"{kind} is produced by {producer}, not by {bound['producer']}"
                yield current.diagnostic(("clusters", cluster, kind, "producer"), what, "run rayfleet bind")


def _binding(current: Source | None, cluster: str, kind: str) -> dict[str, Any]:
    found = get(current.data, "clusters", cluster, kind) if current else None
    return found if isinstance(found, dict) else {}
