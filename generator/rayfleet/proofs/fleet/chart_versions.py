"""Versions of charts: they fit the version of Kubernetes, and somebody still mends them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from rayfleet.diagnostics import did_you_mean, many
from rayfleet.facts import chart_values
from rayfleet.facts.chart_values import ValueNames
from rayfleet.facts.versions import Number, Table, number
from rayfleet.proofs.finding import Finding, failed, noted, proved, unjudged, warned
from rayfleet.tree import AksCluster, RenderedCluster, Side, get, text
from rayfleet.tree.helm_release import Release

#: What ends within this time warns: a quarter is what a fleet takes to move on.
SOON = timedelta(days=90)


def lifetime(
    cluster: RenderedCluster | AksCluster, what: str, ends: date, today: date, fix: str, side: Side
) -> Iterator[Finding]:
    """The end of life of something: past, soon or later."""
    if ends < today:
        yield warned("versions/ended", cluster.name, f"{what} reached its end of life on {ends}", fix, side)
    elif ends - today <= SOON:
        left = (ends - today).days
        when = f"in {many(left, 'day')}" if left else "today"
        yield warned("versions/ends-soon", cluster.name, f"{what} reaches its end of life on {ends}, {when}", fix, side)
    else:
        yield proved("versions/ended", cluster.name, f"{what} is supported until {ends}", side)


def chart_versions(
    cluster: RenderedCluster, release: Release, known: Table, today: date, kubernetes: str | None
) -> Iterator[Finding]:
    chart = release.artifact
    facts = known.chart(chart)
    version = _version(release)
    if not facts or version is None:
        return  # a version that is none is for the proof of Flux to refuse
    side, said = release.version_side, f"{chart} {'.'.join(map(str, version))}"
    unread = [row for row in known.unread(chart, version) if get(release.values, *row[1]) is not None]
    for since, path in unread:
        what = f"{said} ignores {'.'.join(path)}, which its values give"
        yield failed("versions/value-ignored", cluster.name, what, f"take {since} or newer", side, release.side(*path))
    if "needs" in facts and not unread:
        yield proved(
            "versions/value-ignored",
            cluster.name,
            f"{said} reads every value that it is given and that older ones ignore",
            side,
        )
    if chart in chart_values.charts():
        yield from _values(cluster, release, chart_values.charts()[chart], version)
    newest = facts["newest"]["version"]
    if version > (number(newest) or ()):
        yield noted(
            "versions/chart-newer",
            cluster.name,
            f"{said} is newer than {newest}, the newest that was known on {known.reach(facts['newest'])}",
            side,
        )
    if "retired" in facts:
        what = f"{said} is of a project that was retired on {facts['retired']['date']}: it is no longer maintained"
        if today >= date.fromisoformat(facts["retired"]["date"]):
            fix = "move to a gateway that is maintained: application routing, or Envoy Gateway"
            yield warned("versions/chart-retired", cluster.name, what, fix, side)
    if "oldest" in facts and version[:2] < (number(facts["oldest"]["series"]) or ()):
        what = f"{said} is two series or more behind {newest}"
        yield warned("versions/chart-behind", cluster.name, what, f"take {newest}", side)
    elif "oldest" in facts:
        yield proved(
            "versions/chart-behind", cluster.name, f"{said} is no more than a series behind {newest}, the newest", side
        )
    if "series" in facts:
        yield from _series(cluster, release, known, today, kubernetes, version)


def _values(cluster: RenderedCluster, release: Release, known: ValueNames, version: Number) -> Iterator[Finding]:
    """Helm takes any value, and says nothing of those that no template reads."""
    written, side = ".".join(map(str, version)), release.version_side
    if known.has_version(written) is False:
        what = f"there is no {release.artifact} {written}{did_you_mean(written, known.versions)}"
        yield warned("versions/chart-unknown", cluster.name, what, f"use {known.versions[-1]}", side)
    elif not known.knows(written):
        what = f"which values {release.artifact} {written} reads is not in the table, which has those of {known.read}"
        yield unjudged(
            "versions/values-unjudged", cluster.name, what, f"take {known.read}, or compare them by hand", side
        )
    for row in known.unknown(release.values) if known.knows(written) else ():
        what = (
            f"{release.artifact} {written} reads no value {'.'.join(row.path)}{did_you_mean(row.path[-1], row.known)}"
        )
        yield warned("versions/value-unread", cluster.name, what, "use one that it reads", release.side(*row.path))


def _version(release: Release) -> Number | None:
    """The number of its version, of a pinned digest the tag's that stands beside it."""
    tag = text(release.repository.data, "spec", "ref", "tag") if release.repository else ""
    found = number(release.version) or number(tag)
    return found if found and len(found) > 1 else None


def _series(
    cluster: RenderedCluster, release: Release, known: Table, today: date, kubernetes: str | None, version: Number
) -> Iterator[Finding]:
    side, said = release.version_side, f"{release.artifact} {'.'.join(map(str, version[:2]))}"
    row = known.series(release.artifact, version)
    if row is None:
        rows = [number(entry["series"]) or () for entry in known.chart(release.artifact)["series"]]
        if version[:2] < min(rows):
            what = f"{said} is older than any that the table of {known.date} knows"
            yield warned(
                "versions/chart-too-old",
                cluster.name,
                what,
                f"take {known.chart(release.artifact)['newest']['version']}",
                side,
            )
        return
    if "endOfLife" in row:
        ends, newest = date.fromisoformat(row["endOfLife"]), known.chart(release.artifact)["newest"]["version"]
        if version[:2] == (number(newest) or ())[:2] and today <= ends <= today + SOON:
            reach = known.reach(known.chart(release.artifact)["newest"])
            what = f"{said} reaches its end of life on {ends}, and no newer one was known on {reach}"
            yield noted("versions/chart-ends", cluster.name, what, side)
        else:
            yield from lifetime(cluster, said, ends, today, f"take {newest} or newer", side)
    if kubernetes and kubernetes not in row["kubernetes"]:
        what = f"{said} is tested with Kubernetes {row['kubernetes'][0]} to {row['kubernetes'][-1]}, not {kubernetes}"
        fix = "use a version of the chart that is tested with it, or another minor"
        yield warned(
            "versions/chart-untested", cluster.name, what, fix, side, cluster.side("properties", "kubernetesVersion")
        )
    elif kubernetes:
        what = f"{said} is tested with Kubernetes {kubernetes}"
        yield proved(
            "versions/chart-untested", cluster.name, what, side, cluster.side("properties", "kubernetesVersion")
        )
