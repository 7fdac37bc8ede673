"""Bindings: each value from its own producer, no id in two places, nothing left from a cluster that is gone."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts import late_values
from rayfleet.model.fleet import Fleet
from rayfleet.source import Source


def judge(fleet: Fleet, source: Source) -> Iterator[Diagnostic]:
    """Every finding about bindings.yaml."""
    clusters = {cluster.name: cluster for cluster in fleet.clusters}
    seen: dict[str, str] = {}
    for name, values in source.data["clusters"].items():
        path = ("clusters", name)
        if name not in clusters:
            yield left_over(source, name).as_warning()
            continue
        producers = fleet.producers(clusters[name])
        yield from _half_bound(source, name, set(values))
        for kind, binding in values.items():
            place = f"{name}.{kind}"
            if binding["producer"] != producers[kind]:
                what = f"{kind} is produced by {producers[kind]}, not by {binding['producer']}"
                fix = "take the value from there, and name that producer"
                yield source.diagnostic((*path, kind, "producer"), what, fix)
            if isinstance(binding["value"], str):
                other = seen.setdefault(binding["value"], place)
                if other != place:
                    what = f"this is also the value of {other}; no two ids are the same"
                    yield source.diagnostic((*path, kind, "value"), what, f"take it from {producers[kind]}")


def left_over(source: Source, cluster: str) -> Diagnostic:
    """The bindings of a cluster that the fleet does not have."""
    # A name that is alike would be that of a cluster that lives, and its own leads to what was its.
    fix = f"rayfleet retire --cluster {cluster} takes it down; then remove its bindings"
    return source.diagnostic(("clusters", cluster), f'the fleet has no cluster "{cluster}"', fix, key=True)


def _half_bound(source: Source, cluster: str, bound: set[str]) -> Iterator[Diagnostic]:
    """Values that are bound together: without its pools, a deployment would reset their node counts."""
    for producer in late_values.producers():
        missing = sorted(set(late_values.bound_together(producer)) - bound)
        if missing and bound & set(late_values.made_by(producer)):
            what = f"{', '.join(missing)} is missing, though the {producer.name} that produces it has run"
            fix = f"add all values of the {producer.name}'s output"
            yield source.diagnostic(("clusters", cluster), what, fix, key=True)
