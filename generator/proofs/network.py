"""Network: no two ranges meet that must not, every range and NAT gateway has room, and no address ever moves."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from generator.address import Cidr
from generator.diagnostics import many
from generator.proofs.evidence import Evidence
from generator.proofs.finding import Finding, failed, noted, proved, warned
from generator.rendered import Cluster, Rendered, Resource, Side, entries, get, mapping, text

_VNET = "Microsoft.Network/virtualNetworks"
_SUBNET = f"{_VNET}/subnets"
_NAT = "Microsoft.Network/natGateways"
_CIDR = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)/(?:3[0-2]|[12]?\d)")

# Ranges that AKS refuses (AKS docs, concepts-network-ip-address-planning) or that Azure keeps (Azure docs, VNet FAQ).
RESERVED = tuple(
    map(
        Cidr.parse,
        (
            *("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"),
            *("127.0.0.0/8", "168.63.129.16/32", "224.0.0.0/4", "255.255.255.255/32"),
        ),
    )
)
# With an overlay network every node takes a /24 of the pod range (AKS docs, concepts-network-azure-cni-overlay).
NODE_POD_PREFIX = 24
# Azure keeps five addresses of every subnet (Azure docs, VNet FAQ).
SUBNET_KEPT = 5
# Ports of a public IP of a NAT gateway, and how many a node should have: what an Azure load balancer gives a pool of
# that many nodes by default, which Azure itself calls few (AKS docs, nat-gateway; Azure docs,
# load-balancer-outbound-connections, table of default port allocation).
PORTS_A_PUBLIC_IP = 64_512
PORTS_A_NODE = ((50, 1024), (100, 512), (200, 256), (400, 128), (800, 64))
LEAST_PORTS_A_NODE = 32


# What Azure widens but does not move (AKS docs, concepts-network-azure-cni-overlay; Azure docs, manage VNets).
GROW = ("VNet", "pod range")


class _Range(NamedTuple):
    cidr: Cidr
    owner: str
    side: Side


def of_cluster(cluster: Cluster, evidence: Evidence) -> Iterator[Finding]:
    """The ranges of one cluster, and their room."""
    profile = mapping(cluster.resource.properties, "networkProfile")
    pods, unread_pods = _read(cluster, profile, "podCidr", "pod range")
    services, unread_services = _read(cluster, profile, "serviceCidr", "service range")
    yield from unread_pods
    yield from unread_services
    if services:
        yield from _dns(cluster, profile, services)
    if pods and services:
        yield from _apart(cluster, evidence.rendered, pods, services)
    yield from _room(cluster, evidence.rendered, pods)
    yield from _ports(cluster, evidence.rendered)


def of_fleet(evidence: Evidence) -> Iterator[Finding]:
    """VNets and subnets against each other, and against the base commit."""
    vnets = _vnets(evidence.rendered)
    for vnet in vnets:
        yield from _reserved(vnet)
    clashes = list(_overlaps(vnets, "VNet"))
    yield from clashes
    if vnets and not clashes:
        yield proved("", f"no two of {many(len(vnets), 'VNet')} overlap: all may be peered", vnets[0].side)
    yield from _subnets(evidence.rendered)
    yield from _append_only(evidence, vnets)


# --- ranges ---


def _ranges(rendered: Rendered) -> Iterator[_Range]:
    for vnet in rendered.of_type(_VNET):
        for index, prefix in enumerate(entries(vnet.properties, "addressSpace", "addressPrefixes")):
            if isinstance(prefix, str) and _CIDR.fullmatch(prefix):
                side = vnet.side("properties", "addressSpace", "addressPrefixes", index)
                yield _Range(Cidr.parse(prefix), vnet.name, side)


def _read(cluster: Cluster, profile: dict[str, object], key: str, what: str) -> tuple[_Range | None, list[Finding]]:
    side = cluster.resource.side("properties", "networkProfile", key)
    written = text(profile, key)
    if not _CIDR.fullmatch(written):
        said = f"is {written!r}" if written else "is missing"
        return None, [failed(cluster.name, f"its {what} {said}", "give it a range, as 10.244.0.0/16", side)]
    found = _Range(Cidr.parse(written), cluster.name, side)
    return found, list(_reserved(found))


def _reserved(row: _Range) -> Iterator[Finding]:
    for kept in RESERVED:
        if row.cidr.overlaps(kept):
            what = f"{row.cidr} overlaps {kept}, which Azure keeps"
            yield failed(row.owner, what, "use another private range, for example of 10.0.0.0/8", row.side)
    if row.cidr != row.cidr.aligned:
        what = f"{row.cidr} does not begin at a block of its size"
        yield failed(row.owner, what, f"write {row.cidr.aligned}", row.side)


def _overlaps(rows: Iterable[_Range], what: str) -> Iterator[Finding]:
    """A sweep from the lowest address: any overlap shows between one range and the one that reaches furthest before."""
    furthest: _Range | None = None
    for row in sorted(rows, key=lambda row: row.cidr):
        if furthest is not None and furthest.cidr.overlaps(row.cidr):
            said = f"its {what} {row.cidr} overlaps {furthest.cidr} of {furthest.owner}"
            yield failed(row.owner, said, "give it a range that nothing else uses", row.side, furthest.side)
        if furthest is None or row.cidr.last > furthest.cidr.last:
            furthest = row


def _subnets(rendered: Rendered) -> Iterator[Finding]:
    """Every subnet inside its VNet, and apart from the others."""
    by_vnet: dict[str, list[_Range]] = {}
    for subnet in rendered.of_type(_SUBNET):
        prefix = text(subnet.properties, "addressPrefix")
        side = subnet.side("properties", "addressPrefix")
        vnet = rendered.resources.get(subnet.parent_id)
        if not _CIDR.fullmatch(prefix):
            yield failed(subnet.written_name, f"its address prefix is {prefix!r}", "give it a range of its VNet", side)
            continue
        row = _Range(Cidr.parse(prefix), subnet.written_name, side)
        by_vnet.setdefault(subnet.parent_id, []).append(row)
        spaces = entries(vnet.properties, "addressSpace", "addressPrefixes") if vnet else ()
        if vnet and not any(_within(row.cidr, space) for space in spaces):
            what = f"its range {row.cidr} is not in the VNet's {', '.join(map(str, spaces))}"
            other = vnet.side("properties", "addressSpace", "addressPrefixes")
            yield failed(row.owner, what, "give it a range of its VNet", side, other)
    for rows in by_vnet.values():
        yield from _overlaps(rows, "subnet")


def _within(cidr: Cidr, space: object) -> bool:
    if not isinstance(space, str) or not _CIDR.fullmatch(space):
        return False
    outer = Cidr.parse(space)
    return outer.first <= cidr.first and cidr.last <= outer.last


def _dns(cluster: Cluster, profile: dict[str, object], services: _Range) -> Iterator[Finding]:
    """The address of cluster DNS is in the service range, and not its first (AKS docs, create-cluster parameters)."""
    written = text(profile, "dnsServiceIP")
    side = cluster.resource.side("properties", "networkProfile", "dnsServiceIP")
    address = Cidr.parse(f"{written}/32") if _CIDR.fullmatch(f"{written}/32") else None
    if address is None or not services.cidr.first < address.first <= services.cidr.last:
        what = f"its DNS address {written or 'is missing and'} is not inside the service range {services.cidr}"
        fix = f"use {services.cidr.address(10)}, the tenth address of the range"
        yield failed(cluster.name, what, fix, side, services.side)


def _apart(cluster: Cluster, rendered: Rendered, pods: _Range, services: _Range) -> Iterator[Finding]:
    """Pod and service ranges apart from each other and from every VNet, each of which may be peered one day."""
    clash = services if services.cidr.overlaps(pods.cidr) else _vnet_in(rendered, pods.cidr)
    other = _vnet_in(rendered, services.cidr)
    fix = "give it a range of its own"
    if clash:
        what = f"its pod range {pods.cidr} overlaps {_named(clash, services)}"
        yield failed(cluster.name, what, fix, pods.side, clash.side)
    if other:
        what = f"its service range {services.cidr} overlaps {_named(other, services)}"
        yield failed(cluster.name, what, fix, services.side, other.side)
    if not clash and not other:
        what = f"pods {pods.cidr} and services {services.cidr} are apart from each other and from every VNet"
        yield proved(cluster.name, what, pods.side, services.side)


def _named(row: _Range, services: _Range) -> str:
    return f"its service range {row.cidr}" if row is services else f"{row.cidr} of {row.owner}"


@lru_cache(maxsize=2)
def _vnets(rendered: Rendered) -> tuple[_Range, ...]:
    """The ranges of all VNets, from the lowest address."""
    return tuple(sorted(_ranges(rendered), key=lambda row: row.cidr))


def _vnet_in(rendered: Rendered, cidr: Cidr) -> _Range | None:
    """A VNet's range that shares an address with ``cidr``: where VNets are apart, the last that begins before its end
    is the one to ask.
    """
    vnets = _vnets(rendered)
    at = bisect_right(vnets, cidr.last, key=lambda row: row.cidr.first)
    return vnets[at - 1] if at and vnets[at - 1].cidr.last >= cidr.first else None


# --- room ---


def _room(cluster: Cluster, rendered: Rendered, pods: _Range | None) -> Iterator[Finding]:
    most = sum(pool.maximum for pool in cluster.pools)
    nodes = most + sum(pool.surge for pool in cluster.pools)
    growth = f"its pools may grow to {many(nodes, 'node')} with surge"
    pools = cluster.resource.side("properties", "agentPoolProfiles")
    if pods:
        serves = pods.cidr.blocks(NODE_POD_PREFIX)
        if serves < nodes:
            what = f"its pod range {pods.cidr} serves {many(serves, 'node')}, and {growth}"
            yield failed(cluster.name, what, f"each node takes a /{NODE_POD_PREFIX}: widen it", pods.side, pools)
        else:
            what = f"its pod range {pods.cidr} serves {many(serves, 'node')}; {growth}"
            yield proved(cluster.name, what, pods.side, pools)
    for subnet, wanted in _node_subnets(cluster, rendered).items():
        prefix = text(subnet.properties, "addressPrefix")
        if not _CIDR.fullmatch(prefix):
            continue
        holds = Cidr.parse(prefix).size - SUBNET_KEPT
        side = subnet.side("properties", "addressPrefix")
        if holds < wanted:
            what = f"its node subnet {prefix} holds {many(holds, 'node')}, and {growth}"
            yield failed(cluster.name, what, "widen the subnet, or lower the pools' maximum", side, pools)
        else:
            yield proved(cluster.name, f"its node subnet {prefix} holds {many(holds, 'node')}; {growth}", side, pools)


def _node_subnets(cluster: Cluster, rendered: Rendered) -> dict[Resource, int]:
    """The subnets that its pools' nodes are in, each with the nodes that it may have to hold."""
    wanted: dict[Resource, int] = {}
    for pool in cluster.pools:
        subnet = _target(cluster.resource, rendered, text(pool.data, "vnetSubnetID"))
        if subnet:
            wanted[subnet] = wanted.get(subnet, 0) + pool.maximum + pool.surge
    return wanted


def _target(resource: Resource, rendered: Rendered, written: str) -> Resource | None:
    return rendered.resources.get(resource.resolve(written))


def _ports(cluster: Cluster, rendered: Rendered) -> Iterator[Finding]:
    """The NAT gateway has ports enough for as many nodes as its subnets may have."""
    for subnet, nodes in _node_subnets(cluster, rendered).items():
        written = text(subnet.properties, "natGateway", "id")
        gateway = _target(subnet, rendered, written) if written else None
        if gateway is None or gateway.type != _NAT:
            continue
        ips = len(entries(gateway.properties, "publicIpAddresses"))
        side = gateway.side("properties", "publicIpAddresses")
        each = ips * PORTS_A_PUBLIC_IP // max(nodes, 1)
        least = next((ports for most, ports in PORTS_A_NODE if nodes <= most), LEAST_PORTS_A_NODE)
        has = f"{many(ips, 'public IP')} of its NAT gateway give each of {many(nodes, 'node')} {each} ports"
        if each < least:
            needed = -(-least * nodes // PORTS_A_PUBLIC_IP)
            fix = f"give the gateway {many(needed, 'public IP')}" if needed <= 16 else "split the cluster"
            yield failed(cluster.name, f"{has}; {least} are few", fix, side, subnet.side("properties", "natGateway"))
        else:
            yield proved(cluster.name, has, side, subnet.side("properties", "natGateway"))


# --- append-only ---


def _append_only(evidence: Evidence, vnets: tuple[_Range, ...]) -> Iterator[Finding]:
    """No range that the base commit has is another one now, and none of its owners' was given to somebody else."""
    if evidence.base is None:
        yield noted("", "there is no base commit: whether an address moved was not looked at")
        return
    before = dict(_given(evidence.base))
    now = dict(_given(evidence.rendered))
    moved = 0
    for (owner, what), (old, old_side) in before.items():
        new, side = now.get((owner, what), (old, old_side))
        if new == old or (what in GROW and all(any(_within(Cidr.parse(row), wide) for wide in new) for row in old)):
            continue
        moved += 1
        said = f"its {what} was {', '.join(old)} and is now {', '.join(new) or 'none'}: Azure cannot move it"
        fix = f"give it {', '.join(old)} again; for other addresses make a new cluster and retire this one"
        yield failed(owner, said, fix, side, old_side)
    gone = {key: value for key, value in before.items() if key not in now and key[1] == "VNet"}
    for (owner, _), (old, old_side) in gone.items():
        for row in vnets:
            if row.owner != owner and any(row.cidr.overlaps(Cidr.parse(range_)) for range_ in old):
                said = f"{row.cidr} was {owner}'s, which is no longer rendered but may still be in Azure"
                yield warned(row.owner, said, f"retire {owner} first, or use a new index", row.side, old_side)
    if not moved:
        yield proved("", f"none of {many(len(before), 'range')} of the base commit has moved")


def _given(rendered: Rendered) -> Iterator[tuple[tuple[str, str], tuple[tuple[str, ...], Side]]]:
    """Every range by its owner and what it is."""
    for vnet in rendered.of_type(_VNET):
        side = vnet.side("properties", "addressSpace", "addressPrefixes")
        written = entries(vnet.properties, "addressSpace", "addressPrefixes")
        yield (vnet.name, "VNet"), (_cidrs(*written), side)
    for subnet in rendered.of_type(_SUBNET):
        side = subnet.side("properties", "addressPrefix")
        yield (subnet.written_name, "subnet"), (_cidrs(get(subnet.properties, "addressPrefix")), side)
    for cluster in rendered.of_type("Microsoft.ContainerService/managedClusters"):
        for key, what in (("podCidr", "pod range"), ("serviceCidr", "service range")):
            written = (get(cluster.properties, "networkProfile", key),)
            yield (cluster.name, what), (_cidrs(*written), cluster.side("properties", "networkProfile", key))


def _cidrs(*written: object) -> tuple[str, ...]:
    return tuple(sorted(row for row in written if isinstance(row, str) and _CIDR.fullmatch(row)))
