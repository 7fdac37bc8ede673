"""Changes since the base commit that need an order between Git, which Flux follows, and Azure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rayfleet.changes.azure import azure_changes
from rayfleet.changes.change import Change
from rayfleet.changes.orders import OrderedChange, ordered_changes
from rayfleet.facts.change_orders import DEPLOY_FIRST
from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import Finding, warned
from rayfleet.proofs.run import Run
from rayfleet.tree import RenderedCluster


def of_cluster(cluster: RenderedCluster, run: Run, changes: Iterable[Change]) -> None:
    """Takes down what of a cluster needs an order; ``changes`` are those of its objects."""
    rows = [*changes, *_azure_changes(cluster, run.evidence)]
    run.ordered.extend((cluster.name, row) for row in ordered_changes(rows))


def _azure_changes(cluster: RenderedCluster, evidence: Evidence) -> Iterator[Change]:
    if evidence.base and evidence.had(cluster.template):
        yield from (row for row in azure_changes(evidence.base, evidence.tree) if row.owner == cluster.name)


def of_fleet(run: Run) -> Iterator[Finding]:
    """One finding for all clusters that need the same."""
    alike: dict[tuple[str, ...], list[tuple[str, OrderedChange]]] = {}
    for cluster, row in run.ordered:
        alike.setdefault(row.order.steps, []).append((cluster, row))
    yield from (_finding(rows) for rows in alike.values())


def _finding(rows: list[tuple[str, OrderedChange]]) -> Finding:
    (first, ordered), *others = rows
    whose = f"{first} and {len(others)} more" if others else first
    order = ordered.order
    what = f"{order.general}: {order.says}"
    fix = "; then ".join(order.steps)
    sides = [side for _, row in rows for change in row.changes for side in (change.new, change.old) if side]
    if order.order == DEPLOY_FIRST:
        return warned("flux/deploy-first", whose, what, fix, *sides)
    return warned("flux/merge-first", whose, what, fix, *sides)
