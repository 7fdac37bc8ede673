"""rendered/ judged as it stands, with a word where it is not what fleet.yaml gives."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import date

from rayfleet import fleet_files, proofs
from rayfleet.compiler import compile_fleet
from rayfleet.diagnostics import Invalid, many
from rayfleet.fleet_files import FleetFiles
from rayfleet.proofs import FILES, Report, evidence
from rayfleet.proofs.finding import Finding, unjudged, warned
from rayfleet.source import Source
from rayfleet.tree import Side, Tree

# Stale files that are called by name.
_SHOWN = 5


def check(
    where: FleetFiles, tree: Tree, names: Iterable[str], base: str | None, on: date, witnesses: int | None
) -> Report:
    """The proofs called ``names``, or all; ``base`` is the commit to compare with, HEAD for None. Raises Invalid where
    something cannot be read.
    """
    report = proofs.prove(evidence.gather(where, tree, base, on), names, witnesses)
    report.add(FILES, _stale(where))
    return report


def _stale(where: FleetFiles) -> Iterator[Finding]:
    """Nothing where there is no fleet.yaml: then rendered/ stands for itself."""
    if not os.path.lexists(where.fleet):
        return
    fleet = Side(Source(where.fleet, "", {}))
    try:
        paths = compile_fleet(where, fleet_files.read(where)).stale_paths(where.output)
    except Invalid:
        what = f"it is not valid, so that nobody knows whether {where.output} is what it gives"
        yield unjudged("files/stale-unjudged", "", what, "mend what rayfleet validate finds", fleet)
        return
    if paths:
        what = f"{many(len(paths), 'file')} of {where.output} {'is' if len(paths) == 1 else 'are'} not what it gives"
        fix = "run rayfleet render, and commit it; what was edited by hand belongs into fleet.yaml or overlays/"
        sides = [Side(Source(f"{where.output}/{path}", "", {})) for path in paths[:_SHOWN]]
        yield warned("files/stale", "", what, fix, fleet, *sides)
