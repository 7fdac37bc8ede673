"""Addresses that the base commit gave stay: Azure renumbers nothing in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rayfleet.diagnostics import many
from rayfleet.facts.change_classes import classify
from rayfleet.facts.cidr import CIDR, Cidr
from rayfleet.facts.resource_types import CLUSTER, SUBNET, VNET
from rayfleet.proofs.azure.network import vnets, within
from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.tree import Side, Template, get

_PROFILE = ("properties", "networkProfile")
#: The ranges of a network, by type and path: what this proof judges against the base commit, and no other.
RANGES = {
    (VNET.lower(), ("properties", "addressSpace", "addressPrefixes")): "VNet",
    (SUBNET.lower(), ("properties", "addressPrefix")): "subnet",
    (CLUSTER.lower(), (*_PROFILE, "podCidr")): "pod range",
    (CLUSTER.lower(), (*_PROFILE, "serviceCidr")): "service range",
}


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
        if new == old or not _refused(what, old, new):
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


def _refused(what: str, old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    kind, path = next(key for key, name in RANGES.items() if name == what)
    return any(found.row.refused for found in classify(kind, path, list(old), list(new)))


def _resized(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether one is inside the other (Azure docs, manage subnets: a prefix changes while nothing is in it)."""
    return any(within(Cidr.parse(one), two) or within(Cidr.parse(two), one) for one in old for two in new)


def _given(templates: Iterable[Template]) -> Iterator[_GivenRanges]:
    """Every range of the VNets, subnets and clusters."""
    for template in templates:
        for (kind, path), what in RANGES.items():
            for row in template.of_type(kind):
                written = get(row.data, *path)
                ranges = _cidrs(*written) if isinstance(written, list) else _cidrs(written)
                yield _GivenRanges(row.written_name, what, row.id, ranges, row.side(*path))


def _cidrs(*written: object) -> tuple[str, ...]:
    return tuple(sorted(row for row in written if isinstance(row, str) and CIDR.fullmatch(row)))
