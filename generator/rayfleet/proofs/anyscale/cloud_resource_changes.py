"""Changes of cloud resources since the base commit, as Anyscale takes them."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.changes.anyscale import cloud_resource_changes
from rayfleet.changes.change import Change
from rayfleet.facts.change_classes import ChangeRow
from rayfleet.proofs.finding import Finding, failed, noted, warned
from rayfleet.proofs.run import Run

_BESIDE = "register the cluster anew, and retire this cloud resource"


def of_fleet(run: Run) -> Iterator[Finding]:
    """The clusters that the base commit has too; what is the same of many is said once."""
    base, now = run.evidence.base, run.evidence.tree
    if base is None:
        return
    known = {row.name for row in now.unread_clusters() if run.evidence.had(row.template)}
    alike: dict[tuple[str, str], list[Change]] = {}
    for change in cloud_resource_changes(base, now):
        if change.owner in known and change.row and change.row.reported:
            alike.setdefault((change.property, _values(change)), []).append(change)
    for rows in alike.values():
        if rows[0].row:
            yield _finding(rows, rows[0].row)


def _finding(rows: list[Change], row: ChangeRow) -> Finding:
    first, *others = rows
    whose = f"{first.owner} and {len(others)} more" if others else first.owner
    what = f"{first.property} of its cloud resource {_values(first)}: {row.sentence}"
    sides = [side for change in rows for side in (change.new, change.old) if side]
    again = "leave it out again" if first.before is None else f"write {first.before} again"
    if row.refused:
        return failed("network/cloud-resource-fixed", whose, what, f"{again}; or {_BESIDE}", *sides)
    if row.at_risk:
        return warned("network/cloud-resource-at-risk", whose, what, f"{again}, unless this is meant", *sides)
    return noted("network/cloud-resource-change", whose, what, *sides)


def _values(change: Change) -> str:
    before, after = ("missing" if value is None else value for value in (change.before, change.after))
    return f"was {before} and is now {after}"
