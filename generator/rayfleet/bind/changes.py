"""Changes of bindings.yaml: what is bound against what was answered. New, changed, missing, stale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.bind.judge import Value
from rayfleet.bind.needs import ExpectedValues
from rayfleet.diagnostics import Diagnostic, did_you_mean
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


def outdated_pools(
    wanted: Iterable[ExpectedValues], found: Iterable[BindingChange], current: Source | None
) -> Iterator[Diagnostic]:
    """The node pools that came and went, each at its place in bindings.yaml; without those that ``lost_pools`` and
    ``unknown_pools`` tell of."""
    pools = {row.cluster: row.pools for row in wanted}
    for change in found:
        known = pools[change.cluster]
        signs = [f"+{pool}" for pool in change.gained if pool in known]
        signs += [f"-{pool}" for pool in change.lost if pool not in known]
        if isinstance(change.old, list) and signs:
            yield from _diagnostics(
                change, current, f"the pools are other ones: {' '.join(signs)}", "run rayfleet bind"
            )


def lost_pools(
    wanted: Iterable[ExpectedValues], found: Iterable[BindingChange], current: Source | None
) -> Iterator[Diagnostic]:
    """The pools that are bound and in the fleet, and that an answer leaves out: they would be rendered as new ones,
    with a count that a deployment sets them to."""
    rows = {row.cluster: row for row in wanted}
    for change in found:
        row = rows[change.cluster]
        lost = [pool for pool in change.lost if pool in row.pools] if isinstance(change.old, list) else []
        if lost:
            what = (
                f"the fleet has {', '.join(lost)}, and {change.producer} no longer lists "
                f"{'them' if lost[1:] else 'it'}: the next deployment would reset the node count"
            )
            fix = f"take it from: {row.prints[change.kind]}; if Azure has no such pool any more, bind it with --yes"
            yield from _diagnostics(change, current, what, fix)


def unknown_pools(
    wanted: Iterable[ExpectedValues], values: Iterable[Value], current: Source | None
) -> Iterator[Diagnostic]:
    """Answered pools that the fleet does not have, and that are not bound either: nothing of it made them."""
    rows = {row.cluster: row for row in wanted}
    for value in values:
        if value.kind == NODE_POOLS and value.cluster in rows:
            row, bound = rows[value.cluster], _binding(current, value.cluster, value.kind).get("value", ())
            for name in sorted(set(value.value) - set(row.pools) - set(bound)):
                what = f"{value.cluster} has no pool {name}{did_you_mean(name, row.pools)}"
                fix = f"put the pool back into fleet.yaml; or {row.deploy}, and bind what that gives"
                yield value.side.source.diagnostic(value.side.path, what, fix)


def _diagnostics(change: BindingChange, current: Source | None, what: str, fix: str) -> Iterator[Diagnostic]:
    if current:
        yield current.diagnostic(("clusters", change.cluster, change.kind, "value"), what, fix)


def duplicates(
    wanted: Iterable[ExpectedValues], values: Iterable[Value], current: Source | None
) -> Iterator[Diagnostic]:
    """Answers that are already the id of something else, or were until now: no two ids are the same, and Azure gives
    none to another."""
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
    yield from _exchanges(answered, held, current)


def _exchanges(
    answered: Mapping[tuple[str, str], Value], held: Mapping[str, list[tuple[str, str]]], current: Source | None
) -> Iterator[Diagnostic]:
    """Ids that are bound as something that has another answer now: two ids stand in each other's place."""
    for key, value in answered.items():
        for cluster, bindings in mapping(current.data, "clusters").items() if current else ():
            for kind in mapping(bindings):
                other = cluster, kind
                bound = _binding(current, *other).get("value")
                if other != key and bound == value.value and other not in held.get(bound, ()):
                    what = f"{key[1]} of {key[0]} is what is bound as {kind} of {cluster}: they are exchanged"
                    fix = (
                        f"take it from {value.producer}; if bindings.yaml is wrong, take both lines out of it, and "
                        "run rayfleet bind again"
                    )
                    yield value.side.source.diagnostic(value.side.path, what, fix)


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
        yield from _other_pools(rows, current)


def leftovers(every: Iterable[str], current: Source) -> Iterator[Diagnostic]:
    """The bindings of clusters that are not among ``every``."""
    known = list(every)
    yield from (
        rules.left_over(current, name, known) for name in mapping(current.data, "clusters") if name not in known
    )


def _wrong_names(rows: Mapping[str, ExpectedValues], current: Source) -> Iterator[Diagnostic]:
    for cluster, bindings in mapping(current.data, "clusters").items():
        for kind, bound in bindings.items() if cluster in rows else ():
            producer = rows[cluster].producers[kind]
            if bound["producer"] != producer:
                what = f"{kind} is produced by {producer}, not by {bound['producer']}"
                yield current.diagnostic(("clusters", cluster, kind, "producer"), what, "run rayfleet bind")


def _other_pools(rows: Mapping[str, ExpectedValues], current: Source) -> Iterator[Diagnostic]:
    """Pools that are bound and gone from the fleet, and those of the fleet that are not bound."""
    for cluster, row in rows.items():
        bound = _binding(current, cluster, NODE_POOLS).get("value")
        if not isinstance(bound, list):
            continue
        path = ("clusters", cluster, NODE_POOLS, "value")
        for at, name in enumerate(bound):
            if name not in row.pools:
                what = f"{cluster} has no pool {name}{did_you_mean(name, row.pools)}"
                fix = "put it back into fleet.yaml; or let rayfleet retire show how to take it down, then rayfleet bind"
                yield current.diagnostic((*path, at), what, fix)
        if new := [name for name in row.pools if name not in bound]:
            what = f"not bound: {', '.join(new)}"
            yield current.diagnostic(path, what, row.next_step([NODE_POOLS]))


def _binding(current: Source | None, cluster: str, kind: str) -> dict[str, Any]:
    found = get(current.data, "clusters", cluster, kind) if current else None
    return found if isinstance(found, dict) else {}
