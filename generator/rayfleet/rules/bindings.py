"""Bindings: each value from its own producer, no id in two places, nothing left from a cluster that is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from rayfleet.diagnostics import Diagnostic, did_you_mean
from rayfleet.facts import late_values
from rayfleet.facts.catalogue import Catalogue
from rayfleet.model.fleet import Fleet
from rayfleet.source import Source


class _Mismatch(NamedTuple):
    """A value of another producer than the fleet says."""

    cluster: str
    kind: str
    bound: str
    right: str

    @property
    def makers(self) -> tuple[str, str]:
        """The deployment or cloud that made it, and the one that should have."""
        bound, right = (row.partition(".outputs.")[0] for row in (self.bound, self.right))
        return bound, right


def judge(fleet: Fleet, source: Source, catalogue: Catalogue) -> Iterator[Diagnostic]:
    """Every finding about bindings.yaml."""
    clusters = {cluster.name: cluster for cluster in fleet.clusters}
    seen: dict[str, str] = {}
    mismatches: list[_Mismatch] = []
    for name, values in source.data["clusters"].items():
        if name not in clusters:
            yield left_over(source, name, clusters).as_warning()
            continue
        producers = fleet.producers(clusters[name])
        yield from _half_bound(source, name, set(values))
        for kind, binding in values.items():
            place = f"{name}.{kind}"
            # Of a region that there is not, no deployment has the right name.
            if binding["producer"] != producers[kind] and clusters[name].region in catalogue.region_names:
                mismatches.append(_Mismatch(name, kind, binding["producer"], producers[kind]))
            if isinstance(binding["value"], str):
                other = seen.setdefault(binding["value"], place)
                if other != place:
                    what = f"this is also the value of {other}; no two ids are the same"
                    path = ("clusters", name, kind, "value")
                    yield source.diagnostic(path, what, f"take it from {producers[kind]}")
    yield from _wrong_producers(fleet, source, mismatches)


def _wrong_producers(fleet: Fleet, source: Source, rows: list[_Mismatch]) -> Iterator[Diagnostic]:
    """One finding for each cause: the name of the fleet, that of a deployment, or a producer."""
    if (old := _old_name(fleet, rows)) is not None:
        what = f'all values were made by deployments of "{old}", and this fleet is called "{fleet.name}"'
        fix = f'name the fleet "{old}" again; or, where it is a new one, begin without these bindings'
        yield source.diagnostic(("clusters", rows[0].cluster, rows[0].kind, "producer"), what, fix)
        return
    causes: dict[tuple[str, ...], list[_Mismatch]] = {}
    for row in rows:
        alike = row.bound.replace(*row.makers, 1) == row.right
        causes.setdefault((row.cluster, *row.makers) if alike else (row.cluster, row.kind), []).append(row)
    for same in causes.values():
        first, kinds = same[0], ", ".join(row.kind for row in same)
        made, right = (first.bound, first.right) if len(same) == 1 else first.makers
        what = f"{kinds} {'is' if len(same) == 1 else 'are'} produced by {right}, not by {made}"
        fix = "take the value from there, and name that producer"
        yield source.diagnostic(("clusters", first.cluster, first.kind, "producer"), what, fix)


def _old_name(fleet: Fleet, rows: list[_Mismatch]) -> str | None:
    """The name that the fleet had when all of the values were made; None where that is not what is wrong."""
    names = set()
    for row in rows:
        bound, right = row.makers
        rest = right.removeprefix(fleet.name)
        names.add(bound.removesuffix(rest) if rest != right and bound.endswith(rest) else None)
    return names.pop() if len(names) == 1 and len({row.cluster for row in rows}) == len(fleet.clusters) else None


def left_over(source: Source, cluster: str, known: Collection[str]) -> Diagnostic:
    """The bindings of a cluster that the fleet does not have. A cluster with bindings of its own was not meant."""
    guess = did_you_mean(cluster, set(known) - source.data["clusters"].keys())
    first = "write its name as in fleet.yaml" if guess else "put it back into fleet.yaml, if it should be there"
    fix = f"{first}; else rayfleet retire --cluster {cluster} shows what is left of it, and then its bindings go"
    return source.diagnostic(("clusters", cluster), f'the fleet has no cluster "{cluster}"{guess}', fix, key=True)


def _half_bound(source: Source, cluster: str, bound: set[str]) -> Iterator[Diagnostic]:
    """Values that are bound together: without its pools, a deployment would reset their node counts."""
    for producer in late_values.producers():
        missing = sorted(set(late_values.bound_together(producer)) - bound)
        if missing and bound & set(late_values.made_by(producer)):
            what = f"{', '.join(missing)} is missing, though the {producer.name} that produces it has run"
            fix = f"add all values of the {producer.name}'s output"
            yield source.diagnostic(("clusters", cluster), what, fix, key=True)
