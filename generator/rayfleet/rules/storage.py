"""Storage: which redundancy and tiers go together, and that lifecycle rules cannot surprise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.catalogue import Catalogue
from rayfleet.facts.control_planes import BRING_YOUR_OWN
from rayfleet.facts.storage import ARCHIVABLE, CONSOLE_ORIGIN, ZONAL
from rayfleet.model.fleet import Fleet
from rayfleet.model.storage import LifecycleRule
from rayfleet.source import Source

STEPS = ("coolAfterDays", "coldAfterDays", "archiveAfterDays", "deleteAfterDays")


def judge(fleet: Fleet, source: Source, catalogue: Catalogue) -> Iterator[Diagnostic]:
    """Every finding about the storage account."""
    storage = fleet.storage
    known = storage.region in catalogue.region_names
    if storage.redundancy in ZONAL and known and not catalogue.zones(storage.region):
        what = f"{storage.redundancy} needs availability zones, which {storage.region} lacks"
        yield source.diagnostic(("storage", "redundancy"), what, "use LRS or GRS, or another azure.primaryRegion")
    if fleet.anyscale.control_plane_url == BRING_YOUR_OWN.url and CONSOLE_ORIGIN not in storage.cors_origins:
        what = f"{CONSOLE_ORIGIN} is missing: Anyscale checks for it, and its console could show no logs and no files"
        yield source.diagnostic(("storage", "corsOrigins"), what, f"add {CONSOLE_ORIGIN}", key=True)
    for rule in storage.lifecycle:
        yield from _rule(rule, storage.redundancy, source)
    if storage.container in storage.more_containers:
        what = f'"{storage.container}" is already storage.container'
        yield source.diagnostic(("storage", "moreContainers"), what, "list only further containers")


def _rule(rule: LifecycleRule, redundancy: str, source: Source) -> Iterator[Diagnostic]:
    path = ("storage", "lifecycle", rule.name)
    days = (rule.cool_after, rule.cold_after, rule.archive_after, rule.delete_after)
    steps = [(key, after) for key, after in zip(STEPS, days, strict=True) if after is not None]
    if not steps:
        yield source.diagnostic(path, "the rule moves nothing", f"add one of: {', '.join(STEPS)}", key=True)
    for (before, earlier), (key, after) in pairwise(steps):
        if after <= earlier:
            what = f"{key} {after} is not after {before} {earlier}"
            yield source.diagnostic((*path, key), what, "use more days for each step: cool, cold, archive, delete")
    if rule.archive_after is not None and redundancy not in ARCHIVABLE:
        what = f"blobs with redundancy {redundancy} cannot be archived"
        fix = f"remove it, use coldAfterDays, or make storage.redundancy one of {', '.join(ARCHIVABLE)}"
        yield source.diagnostic((*path, "archiveAfterDays"), what, fix)
    for key, after in steps[-2:]:
        if key in ("archiveAfterDays", "deleteAfterDays") and not rule.prefix:
            does = "archived, and so offline," if key == "archiveAfterDays" else "deleted"
            what = f"without a prefix, blobs that the fleet still uses would also be {does} after {after} days"
            yield source.diagnostic((*path, key), what, "add the prefix of the blobs that may go, for example runs/")
