"""Instance types that are no longer there since the base commit: users' own compute configs may name them."""

from __future__ import annotations

from collections.abc import Container, Iterator

from rayfleet.proofs.finding import Finding, warned
from rayfleet.proofs.run import Run
from rayfleet.source import read
from rayfleet.tree import RenderedCluster, Side, mapping
from rayfleet.tree.helm_release import Release

_PATH = ("workloads", "instanceTypes", "additional")
_NAMED = 4  # names that a line can hold


def removals(cluster: RenderedCluster, operator: Release, names: Container[str], run: Run) -> Iterator[Finding]:
    """Of the rendered values of the base commit; those of an overlay are not read there."""
    base = run.evidence.base
    if base is None or not run.evidence.had(cluster.template):
        return
    chart = cluster.runtime.operator.name
    before = base.files.read(f"clusters/{cluster.name}/operators/{chart}/values.yaml", read, base.problems)
    gone = [name for name in mapping(before.data if before else None, *_PATH) if name not in names]
    if before and gone:
        more = f" and {len(gone) - _NAMED} more" if gone[_NAMED:] else ""
        what = f"no longer has the instance types {', '.join(gone[:_NAMED])}{more}: compute configs that name them fail"
        fix = (
            "undo what changed them (VM sizes, maxPods, volume.cacheSizeMib); or keep them under "
            f"charts.{chart}.values until nobody names them"
        )
        sides = (operator.side(*_PATH), Side(before, (*_PATH, gone[0])))
        yield warned("placement/instance-types-gone", cluster.name, what, fix, *sides)
