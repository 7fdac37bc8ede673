"""Bindings: each value from its own producer, no id in two places, nothing left from a cluster that is gone."""

from __future__ import annotations

from collections.abc import Iterator

from generator.diagnostics import Diagnostic, did_you_mean
from generator.model.fleet import Fleet
from generator.source import Source

#: The kinds that the ARM deployment of a cluster produces.
FROM_DEPLOYMENT = {"clientId", "principalId", "nodePools"}


def judge(fleet: Fleet, source: Source) -> Iterator[Diagnostic]:
    """Every finding about bindings.yaml."""
    clusters = {cluster.name: cluster for cluster in fleet.clusters}
    seen: dict[str, str] = {}
    for name, values in source.data["clusters"].items():
        path = ("clusters", name)
        if name not in clusters:
            what = f'the fleet has no cluster "{name}"{did_you_mean(name, clusters)}'
            yield source.diagnostic(path, what, "remove its bindings", key=True).as_warning()
            continue
        producers = fleet.producers(clusters[name])
        yield from _partly(source, name, set(values))
        for kind, binding in values.items():
            place = f"{name}.{kind}"
            if binding["producer"] != producers[kind]:
                what = f"{kind} is produced by {producers[kind]}, not by {binding['producer']}"
                fix = "take the value from there, and name that producer"
                yield source.diagnostic((*path, kind, "producer"), what, fix)
            if isinstance(binding["value"], str):
                other = seen.setdefault(binding["value"], place)
                if other != place:
                    what = f"the value is also that of {other}; no two ids are the same"
                    yield source.diagnostic((*path, kind, "value"), what, f"take it from {producers[kind]}")


def _partly(source: Source, cluster: str, bound: set[str]) -> Iterator[Diagnostic]:
    """What one deployment produces is bound together: without its pools, a deployment would reset their node counts."""
    if bound & FROM_DEPLOYMENT and (missing := sorted(FROM_DEPLOYMENT - bound)):
        what = f"{', '.join(missing)} is missing, though the deployment that produces it has run"
        yield source.diagnostic(("clusters", cluster), what, "take all of the deployment's output over", key=True)
