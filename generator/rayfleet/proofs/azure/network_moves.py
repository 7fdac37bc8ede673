"""Addresses that the base commit gave stay: Azure renumbers nothing in place."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.changes.azure import azure_changes, pairs
from rayfleet.changes.change import Change
from rayfleet.changes.ranges import GivenRange, given_ranges, range_of, written_ranges
from rayfleet.diagnostics import many
from rayfleet.facts.cidr import Cidr
from rayfleet.proofs.azure.network import vnets
from rayfleet.proofs.evidence import ADD_BASE, Evidence
from rayfleet.proofs.finding import Finding, failed, proved, unjudged, warned
from rayfleet.tree import Resource, Tree


def append_only(evidence: Evidence) -> Iterator[Finding]:
    """No range that the base commit has is another one now, and none of its owners' was given to somebody else."""
    base, now = evidence.base, evidence.tree
    if base is None:
        what = "no base commit has rendered/: moved addresses, and changes that Anyscale refuses, were not looked for"
        yield unjudged("network/no-base", "", what, ADD_BASE)
        return
    earlier = set(evidence.earlier)
    given = [row for row in given_ranges(base) if row.resource.resource.template in earlier]
    rows = [row for row in azure_changes(base, now) if row.event == "changed" and range_of(row)]
    moved = [row for row in rows if row.row and row.row.refused]
    yield from (_move(row, pairs(base, now).both[row.id][1].resource) for row in moved)
    gone = pairs(base, now).gone
    for row in given:
        if row.what == "VNet" and row.resource.resource.id in gone:
            yield from _reused_addresses(row, now)
    there = [row for row in given if row.resource.resource.id not in gone]
    if there and not moved:
        yield proved("network/address-moved", "", f"none of {many(len(there), 'range')} of the base commit has moved")


def _move(row: Change, resource: Resource) -> Finding:
    what, old, new = range_of(row), written_ranges(row.before), written_ranges(row.after)
    resized = what == "subnet" and _is_resize(old, new)
    why = "Azure does not resize a subnet in use" if resized else "Azure cannot move it"
    said = f"its {what} was {', '.join(old)} and is now {', '.join(new) or 'none'}: {why}"
    fix = f"give it {', '.join(old)} again; for other addresses make a new cluster and retire this one"
    owner = resource.written_name if what == "subnet" else resource.name
    return failed("network/address-moved", owner, said, fix, *(side for side in (row.new, row.old) if side))


def _is_resize(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """True where one is inside the other (Azure docs, manage subnets: a prefix changes while nothing is in it)."""
    ranges = [(Cidr.parse(one), Cidr.parse(two)) for one in old for two in new]
    return any(one.within(two) or two.within(one) for one, two in ranges)


def _reused_addresses(before: GivenRange, now: Tree) -> Iterator[Finding]:
    """Whoever has addresses of a network that is no longer rendered."""
    owner = before.resource.resource.name
    for row in vnets(now):
        if row.owner != owner and any(row.cidr.overlaps(Cidr.parse(range_)) for range_ in before.ranges):
            said = f"{row.cidr} was {owner}'s, which is no longer rendered but may still be in Azure"
            side = before.resource.side(before.path)
            fix = f"retire {owner} first, or use a new index"
            yield warned("network/address-reused", row.owner, said, fix, row.side, side)
