"""Network: no two ranges meet that must not, every range and NAT gateway has room, and no address ever moves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from rayfleet.diagnostics import many
from rayfleet.facts.cidr import CIDR, Cidr, written_range
from rayfleet.facts.network import (
    RESERVED_RANGES,
)
from rayfleet.facts.resource_types import SUBNET, VNET
from rayfleet.proofs.aks import access
from rayfleet.proofs.azure.address_range import Range
from rayfleet.proofs.azure.network_room import ports, room
from rayfleet.proofs.azure.open_ports import of_group
from rayfleet.proofs.azure.security_rules import node_subnets, security_group
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.proofs.run import Run
from rayfleet.tree import AksCluster, RenderedCluster, Tree, entries, mapping, text
from rayfleet.tree.memo import once


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """One cluster."""
    if cluster.aks:
        yield from _of_aks(cluster.aks, run)


def _of_aks(cluster: AksCluster, run: Run) -> Iterator[Finding]:
    """The ranges of one cluster, and their room."""
    profile = mapping(cluster.resource.properties, "networkProfile")
    pods, unread_pods = _read_range(cluster, profile, "podCidr", "pod range")
    services, unread_services = _read_range(cluster, profile, "serviceCidr", "service range")
    yield from unread_pods
    yield from unread_services
    if services:
        yield from _dns(cluster, profile, services)
    if pods and services:
        yield from _pod_and_service_ranges(cluster, run.evidence.tree, pods, services)
    yield from room(cluster, run.evidence.tree, pods)
    yield from ports(cluster, run.evidence.tree)
    yield from access.reach(cluster, run.evidence.tree)
    for subnet in node_subnets(cluster, run.evidence.tree):
        nsg = security_group(subnet)
        if nsg:
            yield from of_group(cluster.name, nsg)


def of_fleet(run: Run) -> Iterator[Finding]:
    """VNets and subnets against each other, and against the base commit."""
    all_ = vnets(run.evidence.tree)
    for vnet in all_:
        yield from _reserved_ranges(vnet)
    clashes = list(_overlaps(all_, "VNet"))
    yield from clashes
    if all_ and not clashes:
        yield proved(
            "network/ranges-overlap",
            "",
            f"no two of {many(len(all_), 'VNet')} overlap: all may be peered",
            all_[0].side,
        )
    yield from _subnets(run.evidence.tree)


# --- ranges ---


def _ranges(tree: Tree) -> Iterator[Range]:
    for vnet in tree.of_type(VNET):
        for index, prefix in enumerate(entries(vnet.properties, "addressSpace", "addressPrefixes")):
            if isinstance(prefix, str) and CIDR.fullmatch(prefix):
                side = vnet.side("properties", "addressSpace", "addressPrefixes", index)
                yield Range(Cidr.parse(prefix), vnet.name, side)


def _read_range(
    cluster: AksCluster, profile: dict[str, object], key: str, what: str
) -> tuple[Range | None, list[Finding]]:
    side = cluster.side("properties", "networkProfile", key)
    written = text(profile, key)
    if not CIDR.fullmatch(written):
        said = f"is {written!r}" if written else "is missing"
        return None, [
            failed("network/no-range", cluster.name, f"its {what} {said}", "give it a range, as 10.244.0.0/16", side)
        ]
    found = Range(Cidr.parse(written), cluster.name, side)
    return found, list(_reserved_ranges(found))


def _reserved_ranges(row: Range) -> Iterator[Finding]:
    for kept in RESERVED_RANGES:
        if row.cidr.overlaps(kept):
            what = f"{row.cidr} overlaps {kept}, which Azure keeps"
            yield failed(
                "network/reserved-range",
                row.owner,
                what,
                "use another private range, for example of 10.0.0.0/8",
                row.side,
            )
    if row.cidr != row.cidr.aligned:
        what = f"{row.cidr} does not begin at a block of its size"
        yield failed("network/unaligned-range", row.owner, what, f"write {row.cidr.aligned}", row.side)


def _overlaps(rows: Iterable[Range], what: str) -> Iterator[Finding]:
    """A sweep from the lowest address: any overlap shows between one range and the one that reaches furthest before."""
    furthest: Range | None = None
    for row in sorted(rows, key=lambda row: row.cidr):
        if furthest is not None and furthest.cidr.overlaps(row.cidr):
            said = f"its {what} {row.cidr} overlaps {furthest.cidr} of {furthest.owner}"
            yield failed(
                "network/ranges-overlap",
                row.owner,
                said,
                "give it a range that nothing else uses",
                row.side,
                furthest.side,
            )
        if furthest is None or row.cidr.last > furthest.cidr.last:
            furthest = row


def _subnets(tree: Tree) -> Iterator[Finding]:
    """Every subnet inside its VNet, and apart from the others."""
    by_vnet: dict[str, list[Range]] = {}
    for subnet in tree.of_type(SUBNET):
        prefix = text(subnet.properties, "addressPrefix")
        side = subnet.side("properties", "addressPrefix")
        vnet = tree.resources.get(subnet.parent_id)
        if not CIDR.fullmatch(prefix):
            yield failed(
                "network/no-range",
                subnet.written_name,
                f"its address prefix is {prefix!r}",
                "give it a range of its VNet",
                side,
            )
            continue
        row = Range(Cidr.parse(prefix), subnet.written_name, side)
        by_vnet.setdefault(subnet.parent_id, []).append(row)
        spaces = entries(vnet.properties, "addressSpace", "addressPrefixes") if vnet else ()
        if vnet and not any(within(row.cidr, space) for space in spaces):
            what = f"its range {row.cidr} is not in the VNet's {', '.join(map(str, spaces))}"
            other = vnet.side("properties", "addressSpace", "addressPrefixes")
            yield failed("network/subnet-outside-vnet", row.owner, what, "give it a range of its VNet", side, other)
    for rows in by_vnet.values():
        yield from _overlaps(rows, "subnet")


def within(cidr: Cidr, space: object) -> bool:
    """True where a range is inside another, as that is written."""
    outer = written_range(space)
    return outer is not None and cidr.within(outer)


def _dns(cluster: AksCluster, profile: dict[str, object], services: Range) -> Iterator[Finding]:
    """The address of cluster DNS is in the service range, and not its first (AKS docs, create-cluster parameters)."""
    written = text(profile, "dnsServiceIP")
    side = cluster.side("properties", "networkProfile", "dnsServiceIP")
    address = Cidr.parse(f"{written}/32") if CIDR.fullmatch(f"{written}/32") else None
    if address is None or not services.cidr.first < address.first <= services.cidr.last:
        what = f"its DNS address {written or 'is missing and'} is not inside the service range {services.cidr}"
        fix = f"use {services.cidr.address(10)}, the tenth address of the range"
        yield failed("network/dns-address", cluster.name, what, fix, side, services.side)


def _pod_and_service_ranges(cluster: AksCluster, tree: Tree, pods: Range, services: Range) -> Iterator[Finding]:
    """Pod and service ranges apart from each other and from every VNet, each of which may be peered one day."""
    clash = services if services.cidr.overlaps(pods.cidr) else _vnet_in(tree, pods.cidr)
    other = _vnet_in(tree, services.cidr)
    own = {tree.resources[subnet].parent_id.rpartition("/")[2] for subnet in _subnet_ids(cluster, tree)}
    fix = "give it a range of its own"
    if clash:
        what = f"its pod range {pods.cidr} overlaps {_range_name(clash, services, own)}"
        yield failed("network/ranges-overlap", cluster.name, what, fix, pods.side, clash.side)
    if other:
        what = f"its service range {services.cidr} overlaps {_range_name(other, services, own)}"
        yield failed("network/ranges-overlap", cluster.name, what, fix, services.side, other.side)
    if not clash and not other:
        what = f"pods {pods.cidr} and services {services.cidr} are apart from each other and from every VNet"
        yield proved("network/ranges-overlap", cluster.name, what, pods.side, services.side)


def _subnet_ids(cluster: AksCluster, tree: Tree) -> set[str]:
    named = {cluster.resource.resolve(text(pool.data, "vnetSubnetID")) for pool in cluster.pools}
    return {subnet for subnet in named if subnet in tree.resources}


def _range_name(row: Range, services: Range, own: set[str]) -> str:
    if row is services:
        return f"its service range {row.cidr}"
    peered = "" if row.owner in own else ", which pods could not reach, were the two peered"
    return f"{row.cidr} of {row.owner}{peered}"


@once
def vnets(tree: Tree) -> tuple[Range, ...]:
    """The ranges of all VNets, from the lowest address."""
    return tuple(sorted(_ranges(tree), key=lambda row: row.cidr))


def _vnet_in(tree: Tree, cidr: Cidr) -> Range | None:
    """A VNet's range that shares an address with ``cidr``: where VNets are apart, the last that begins before its end
    is the one to ask.
    """
    rows = vnets(tree)
    at = bisect_right(rows, cidr.last, key=lambda row: row.cidr.first)
    return rows[at - 1] if at and rows[at - 1].cidr.last >= cidr.first else None
