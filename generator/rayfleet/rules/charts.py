"""Charts: versions that were released, and values that they read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfleet.diagnostics import Diagnostic, did_you_mean
from rayfleet.facts import charts
from rayfleet.facts.chart_values import ValueNames
from rayfleet.facts.chart_values import charts as known_charts
from rayfleet.facts.charts.chart import Chart
from rayfleet.facts.versions import number, table
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet
from rayfleet.source.origin import Origin


def judge(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Warns of versions that there are not, and of values that Helm takes and no template reads; refuses those that a
    version is too old for."""
    known = known_charts()
    for cluster in fleet.clusters:
        for chart in charts.charts_of(cluster):
            if chart.artifact in known:
                yield from _of_chart(cluster, chart, known[chart.artifact], origin)


def _of_chart(cluster: Cluster, chart: Chart, known: ValueNames, origin: Origin) -> Iterator[Diagnostic]:
    own, place = cluster.delivery.charts[chart.name], ("charts", chart.name)
    if known.has_version(own.version) is False:
        what = f"{chart.artifact} has no version {own.version}{did_you_mean(own.version, known.versions)}"
        yield origin.at(cluster.name, (*place, "version"), what, f"use {known.versions[-1]}").as_warning()
    yield from _ignored_values(cluster, chart, origin)
    if not known.knows(own.version):
        return
    for row in known.unknown(own.values):
        said = f"{chart.artifact} {own.version} reads no value {'.'.join(row.path)}"
        what = f"{said}{did_you_mean(row.path[-1], row.known)}: it does nothing"
        fix = "use one that the chart reads, or remove it"
        yield origin.at(cluster.name, (*place, "values", *row.path), what, fix, key=True).as_warning()


def _ignored_values(cluster: Cluster, chart: Chart, origin: Origin) -> Iterator[Diagnostic]:
    """Refuses a version that is too old for the values that it is given: it takes them and does nothing."""
    own, version = cluster.delivery.charts[chart.name], number(cluster.delivery.charts[chart.name].version)
    given = {*chart.given, *(chart.given_with_gateway if cluster.gateway.api else ())}
    unread = [(since, path) for since, path in table().unread(chart.artifact, version)] if version else []
    for since, path in unread:
        if ".".join(path) in given or _has(own.values, path):
            what = f"{chart.artifact} {own.version} ignores {'.'.join(path)}, which it is given"
            yield origin.at(cluster.name, ("charts", chart.name, "version"), what, f"use {since} or newer")


def _has(values: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return values is not None
