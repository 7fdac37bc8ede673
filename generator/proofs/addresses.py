"""Addresses that the base commit gave stay: Azure renumbers nothing in place."""

from __future__ import annotations

from collections.abc import Iterator

from generator.address import Cidr
from generator.diagnostics import many
from generator.proofs.evidence import Evidence
from generator.proofs.finding import Finding, failed, noted, proved, warned
from generator.proofs.network import CIDR, SUBNET, VNET, vnets, within
from generator.rendered import Rendered, Side, entries, get

# What Azure widens but does not move (AKS docs, concepts-network-azure-cni-overlay; Azure docs, manage VNets).
GROW = ("VNet", "pod range")


def append_only(evidence: Evidence) -> Iterator[Finding]:
    """No range that the base commit has is another one now, and none of its owners' was given to somebody else."""
    if evidence.base is None:
        yield noted("", "there is no base commit: whether an address moved was not looked at")
        return
    before = dict(_given(evidence.base))
    now = dict(_given(evidence.rendered))
    moved = 0
    for (owner, what), (old, old_side) in before.items():
        new, side = now.get((owner, what), (old, old_side))
        if new == old or (what in GROW and all(any(within(Cidr.parse(row), wide) for wide in new) for row in old)):
            continue
        moved += 1
        resized = what == "subnet" and _resized(old, new)
        why = "Azure does not resize a subnet in use" if resized else "Azure cannot move it"
        said = f"its {what} was {', '.join(old)} and is now {', '.join(new) or 'none'}: {why}"
        fix = f"give it {', '.join(old)} again; for other addresses make a new cluster and retire this one"
        yield failed(owner, said, fix, side, old_side)
    gone = {key: value for key, value in before.items() if key not in now and key[1] == "VNet"}
    for (owner, _), (old, old_side) in gone.items():
        for row in vnets(evidence.rendered):
            if row.owner != owner and any(row.cidr.overlaps(Cidr.parse(range_)) for range_ in old):
                said = f"{row.cidr} was {owner}'s, which is no longer rendered but may still be in Azure"
                yield warned(row.owner, said, f"retire {owner} first, or use a new index", row.side, old_side)
    if not moved:
        yield proved("", f"none of {many(len(before), 'range')} of the base commit has moved")


def _resized(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether one is inside the other (Azure docs, manage subnets: a prefix changes while nothing is in it)."""
    return any(within(Cidr.parse(one), two) or within(Cidr.parse(two), one) for one in old for two in new)


def _given(rendered: Rendered) -> Iterator[tuple[tuple[str, str], tuple[tuple[str, ...], Side]]]:
    """Every range by its owner and what it is."""
    for vnet in rendered.of_type(VNET):
        side = vnet.side("properties", "addressSpace", "addressPrefixes")
        written = entries(vnet.properties, "addressSpace", "addressPrefixes")
        yield (vnet.name, "VNet"), (_cidrs(*written), side)
    for subnet in rendered.of_type(SUBNET):
        side = subnet.side("properties", "addressPrefix")
        yield (subnet.written_name, "subnet"), (_cidrs(get(subnet.properties, "addressPrefix")), side)
    for cluster in rendered.of_type("Microsoft.ContainerService/managedClusters"):
        for key, what in (("podCidr", "pod range"), ("serviceCidr", "service range")):
            written = (get(cluster.properties, "networkProfile", key),)
            yield (cluster.name, what), (_cidrs(*written), cluster.side("properties", "networkProfile", key))


def _cidrs(*written: object) -> tuple[str, ...]:
    return tuple(sorted(row for row in written if isinstance(row, str) and CIDR.fullmatch(row)))
