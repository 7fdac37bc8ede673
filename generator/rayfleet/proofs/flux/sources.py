"""Origins: one repository for all clusters, and each chart from its own project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rayfleet.diagnostics import many
from rayfleet.facts import charts
from rayfleet.facts.resource_types import FLUX_CONFIGURATION
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.proofs.flux.rollout import Rollout
from rayfleet.tree import Resource, Tree, mapping, text

_ORIGIN = ("properties", "gitRepository")


def of_cluster(rollout: Rollout) -> Iterator[Finding]:
    """The charts that rayfleet renders come from where their projects publish them."""
    known = {name: chart for chart in charts.TABLE for name in (chart.name, chart.artifact)}
    for _, release in rollout.releases:
        chart, repository = known.get(release.chart), release.repository
        url = text(repository.data, "spec", "url").rstrip("/") if repository else ""
        if chart and chart.source and repository and url not in ("", chart.source):
            what = (
                f"its release {release.name} takes its chart from {url}, and the project publishes it at {chart.source}"
            )
            fix = f"write {chart.source}; accept this finding where the other is your own mirror"
            yield warned("flux/chart-from-elsewhere", rollout.cluster.name, what, fix, repository.side("spec", "url"))


def of_fleet(tree: Tree) -> Iterator[Finding]:
    """All clusters follow one branch of one repository; the odd one out is to blame."""
    rows = [row for row in tree.of_type(FLUX_CONFIGURATION) if mapping(row.data, *_ORIGIN)]
    count = Counter(map(_origin, rows))
    if not rows:
        return
    usual = count.most_common(1)[0][0]
    first = next(row for row in rows if _origin(row) == usual)
    for row in rows:
        if _origin(row) != usual:
            what = f"it follows {_origin_text(row)}, and {many(count[usual], 'cluster')} {_origin_text(first)}"
            sides = (each.side(*_ORIGIN, _key(row, first)) for each in (row, first))
            fix = "render again: all clusters of a fleet follow one branch of one repository"
            yield failed("flux/another-repository", _cluster_name(tree, row), what, fix, *sides)
    if len(count) == 1:
        what = f"{many(len(rows), 'cluster')} follow {_origin_text(first)}"
        yield proved("flux/another-repository", "", what, first.side(*_ORIGIN))


def _origin(row: Resource) -> tuple[str, str]:
    reference = mapping(row.data, *_ORIGIN, "repositoryRef")
    return text(row.data, *_ORIGIN, "url"), " ".join(f"{key} {value}" for key, value in sorted(reference.items()))


def _origin_text(row: Resource) -> str:
    url, reference = _origin(row)
    return f"{reference or 'no branch'} of {url or 'no repository'}"


def _key(row: Resource, other: Resource) -> str:
    return "url" if _origin(row)[0] != _origin(other)[0] else "repositoryRef"


def _cluster_name(tree: Tree, row: Resource) -> str:
    cluster = tree.resources.get(row.scope_id or row.parent_id)
    return cluster.name if cluster else row.name
