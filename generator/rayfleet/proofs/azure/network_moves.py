"""Addresses that the base commit gave stay: Azure renumbers nothing in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rayfleet.diagnostics import many
from rayfleet.facts.cidr import CIDR, Cidr
from rayfleet.proofs.azure.network import SUBNET, VNET, vnets, within
from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.tree import Side, Template, entries, get

# What Azure widens but does not move (AKS docs, concepts-network-azure-cni-overlay; Azure docs, manage VNets).
GROW = ("VNet", "pod range")


class _GivenRanges(NamedTuple):
    """``ranges`` that the resource ``id``, called ``owner``, has as ``what``."""

    owner: str
    what: str
    id: str
    ranges: tuple[str, ...]
    side: Side

    @property
    def key(self) -> tuple[str, str]:
        return self.id, self.what


def append_only(evidence: Evidence) -> Iterator[Finding]:
    """No range that the base commit has is another one now, and none of its owners' was given to somebody else."""
    if evidence.base is None:
        yield noted("", "there is no base commit: whether an address moved was not looked at")
        return
    before = {row.key: row for row in _given(evidence.earlier)}
    now = {row.key: row for row in _given(evidence.tree.templates)}
    moved = 0
    for key, (owner, what, _, old, old_side) in before.items():
        new, side = (now[key].ranges, now[key].side) if key in now else (old, old_side)
        if new == old or (what in GROW and all(any(within(Cidr.parse(row), wide) for wide in new) for row in old)):
            continue
        moved += 1
        resized = what == "subnet" and _resized(old, new)
        why = "Azure does not resize a subnet in use" if resized else "Azure cannot move it"
        said = f"its {what} was {', '.join(old)} and is now {', '.join(new) or 'none'}: {why}"
        fix = f"give it {', '.join(old)} again; for other addresses make a new cluster and retire this one"
        yield failed(owner, said, fix, side, old_side)
    gone = [row for key, row in before.items() if key not in now and row.what == "VNet"]
    for owner, _, _, old, old_side in gone:
        for row in vnets(evidence.tree):
            if row.owner != owner and any(row.cidr.overlaps(Cidr.parse(range_)) for range_ in old):
                said = f"{row.cidr} was {owner}'s, which is no longer rendered but may still be in Azure"
                yield warned(row.owner, said, f"retire {owner} first, or use a new index", row.side, old_side)
    if before and not moved:
        yield proved("", f"none of {many(len(before), 'range')} of the base commit has moved")


def _resized(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether one is inside the other (Azure docs, manage subnets: a prefix changes while nothing is in it)."""
    return any(within(Cidr.parse(one), two) or within(Cidr.parse(two), one) for one in old for two in new)


def _given(templates: Iterable[Template]) -> Iterator[_GivenRanges]:
    """Every range of the VNets, subnets and clusters."""
    for template in templates:
        for vnet in template.of_type(VNET):
            side = vnet.side("properties", "addressSpace", "addressPrefixes")
            written = entries(vnet.properties, "addressSpace", "addressPrefixes")
            yield _GivenRanges(vnet.name, "VNet", vnet.id, _cidrs(*written), side)
        for subnet in template.of_type(SUBNET):
            side = subnet.side("properties", "addressPrefix")
            written = (get(subnet.properties, "addressPrefix"),)
            yield _GivenRanges(subnet.written_name, "subnet", subnet.id, _cidrs(*written), side)
        for cluster in template.of_type("Microsoft.ContainerService/managedClusters"):
            for key, what in (("podCidr", "pod range"), ("serviceCidr", "service range")):
                path = ("networkProfile", key)
                written = (get(cluster.properties, *path),)
                yield _GivenRanges(cluster.name, what, cluster.id, _cidrs(*written), cluster.side("properties", *path))


def _cidrs(*written: object) -> tuple[str, ...]:
    return tuple(sorted(row for row in written if isinstance(row, str) and CIDR.fullmatch(row)))
