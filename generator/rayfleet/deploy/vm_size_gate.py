"""VM sizes against what Azure sells to the subscription: by region, by zone, and as it is restricted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from rayfleet.azure.faults import Fault
from rayfleet.deploy.gate import AzureQuestions, fix_or_option, warn_if_allowed
from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.providers import COMPUTE, SKUS_VERSION
from rayfleet.tree import Side, entries, text

_COMMAND = "az vm list-skus --location {region} --size {size} --all --output table"


class SizeNeed(NamedTuple):
    """The size of a pool, ``of`` which it is. ``new``: its deployment never was, so that nothing of it runs yet."""

    region: str
    size: str
    zones: tuple[str, ...]
    of: str
    side: Side
    new: bool


class _Offer(NamedTuple):
    """A size in a region: ``zones`` in which it is sold, and ``restricted`` by what, empty where it is not."""

    zones: frozenset[str]
    restricted: str


def sizes(subscription: str, needs: Collection[SizeNeed], azure: AzureQuestions, allowed: bool) -> Iterator[Diagnostic]:
    """Each pool whose size is not to be had. What runs already goes on; there it is a warning."""
    for region in dict.fromkeys(need.region for need in needs):
        rows = [need for need in needs if need.region == region]
        query = f"%24filter=location%20eq%20%27{region}%27"
        try:
            listed = azure.pages(f"/subscriptions/{subscription}/providers/{COMPUTE}/skus?{query}", SKUS_VERSION)
        except Fault as fault:
            if fault.status not in (403, 404) or fault.code == "SubscriptionNotFound":
                raise
            what = f"the VM sizes of {region} cannot be listed: {fault}"
            fix = f"az vm list-skus --location {region} --all --output table, run by someone with the right to"
            yield Diagnostic(*rows[0].side.place, region, what, fix).as_warning()
            continue
        offers = dict(_offers(listed, region))
        for need in rows if offers else ():
            if what := _shortage(need, offers.get(need.size.lower())):
                command = _COMMAND.format(region=region, size=need.size)
                fix = fix_or_option(f"{_remedy(need)}; {command} says more", "--allow-unavailable-sizes")
                found = Diagnostic(*need.side.place, need.of, what, fix)
                yield warn_if_allowed(found, allowed or not need.new)


def _remedy(need: SizeNeed) -> str:
    pool = need.of.rpartition("/")[2]
    zones = f"name other zones in nodePools.{pool}.zones, or use" if need.zones else "use"
    return f"{zones} another vmSize or region, or ask for access to it"


def _shortage(need: SizeNeed, offer: _Offer | None) -> str:
    """The reason why a pool gets no nodes; empty where it gets them."""
    if offer is None:
        return f"{need.size} is not sold in {need.region}"
    if offer.restricted:
        return f"this subscription gets no {need.size} in {need.region}: {offer.restricted}"
    missing = [zone for zone in need.zones if zone not in offer.zones]
    if missing:
        where = f"in zone {', '.join(sorted(offer.zones))}" if offer.zones else "in no zone"
        return f"this subscription gets {need.size} in {need.region} {where}, and the pool names {', '.join(missing)}"
    return ""


def _offers(rows: list[Any], region: str) -> Iterator[tuple[str, _Offer]]:
    """REST docs, compute/resource-skus: restrictions of a whole location, and of zones of it."""
    for row in rows:
        if text(row, "resourceType") != "virtualMachines":
            continue
        here = [info for info in entries(row, "locationInfo") if text(info, "location").lower() == region.lower()]
        if not here:
            continue
        zones = {str(zone) for info in here for zone in entries(info, "zones")}
        reason = ""
        for restriction in entries(row, "restrictions"):
            if text(restriction, "type") == "Zone":
                zones -= set(map(str, entries(restriction, "restrictionInfo", "zones")))
            elif text(restriction, "type") == "Location":
                reason = text(restriction, "reasonCode") or "restricted"
        yield text(row, "name").lower(), _Offer(frozenset(zones), reason)
