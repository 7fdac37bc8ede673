"""Regions: that they exist, and that what refers to one refers to a region of the fleet."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from rayfleet.diagnostics import Diagnostic, did_you_mean, nearest
from rayfleet.facts.catalogue import Catalogue
from rayfleet.model.fleet import Fleet
from rayfleet.source import Path
from rayfleet.source.origin import Origin


def judge(fleet: Fleet, origin: Origin, catalogue: Catalogue) -> Iterator[Diagnostic]:
    """Unknown regions, settings for regions without clusters, and a routing order that misses or invents one."""
    source = origin.source
    known = catalogue.region_names
    everywhere = {cluster.region for cluster in fleet.clusters}
    here = sorted(everywhere.intersection(known)) or sorted(everywhere)
    # A misspelt region of a cluster is one mistake: what names the right one is right.
    meant = {nearest(region, known) for region in everywhere.difference(known)}
    named: list[tuple[Path, str]] = [
        (("clusters", cluster.name, "region"), cluster.region) for cluster in fleet.clusters
    ]
    for path, region in [(("azure", "primaryRegion"), fleet.primary_region), *named]:
        if region not in known:
            what = f'Azure has no region "{region}"{did_you_mean(region, known)}'
            yield source.diagnostic(path, what, "use a name from schemas/azure-regions.json")
    for region in source.data.get("regions") or {}:
        if region not in {*here, *meant}:
            what = f'no cluster is in region "{region}"{did_you_mean(region, here)}'
            yield source.diagnostic(("regions", region), what, f"use one of: {', '.join(here)}", key=True)
    yield from _order(fleet, origin, here, {*meant, *everywhere})


def _order(fleet: Fleet, origin: Origin, here: list[str], excused: Collection[str]) -> Iterator[Diagnostic]:
    path = ("routing", "regionOrder")
    for at, region in enumerate(fleet.region_order):
        if region not in excused:
            what = f'no cluster is in region "{region}"{did_you_mean(region, here)}'
            yield origin.source.diagnostic((*path, at), what, f"use one of: {', '.join(here)}")
    if missing := [region for region in here if region not in fleet.region_order]:
        what = f"it leaves out {', '.join(missing)}"
        yield origin.source.diagnostic(path, what, "name every region of the fleet once", key=True)
