"""Addresses: nothing overlaps, nothing is reserved, everything has room."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from rayfleet.diagnostics import Diagnostic, many
from rayfleet.facts.catalogue import Catalogue
from rayfleet.facts.cidr import Cidr
from rayfleet.facts.network import (
    LARGEST_SERVICES,
    MAX_AUTHORIZED_RANGES,
    NODE_POD_PREFIX,
    RESERVED_RANGES,
    SMALLEST_SERVICES,
)
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet
from rayfleet.model.network import SUBNET_RESERVED, public_ips_for
from rayfleet.source import Path
from rayfleet.source.origin import Origin

SUPERNET = ("azure", "network", "supernet")
# Private ranges that a fleet's supernet is seldom in: shared address space (RFC 6598), and the smallest of RFC 1918.
SPARE = {"podCidr": "100.64.0.0/11", "serviceCidr": "192.168.0.0/16"}


def judge(fleet: Fleet, origin: Origin, catalogue: Catalogue) -> Iterator[Diagnostic]:
    """Every finding about the fleet's addresses and its way out."""
    yield from _range(origin, SUPERNET, fleet.supernet)
    yield from _blocks(fleet, origin)
    yield from _vnet_overlaps(fleet, origin)
    own = [cluster for cluster in fleet.clusters if _has_own_vnet(cluster, origin)]
    for cluster in fleet.clusters:
        yield from _ranges(fleet, cluster, own, origin)
        yield from _authorized_ranges(cluster, origin)
        yield from _room(cluster, origin)
        if cluster.network.nat_sku == "StandardV2" and not catalogue.has_standard_v2_nat(cluster.region):
            what = f"{cluster.region} had no StandardV2 NAT gateways when the catalogue was made"
            path = ("network", "natGateway", "sku")
            yield origin.at(cluster.name, path, what, "use Standard, or check that the region has them now")._replace(
                severity="warning"
            )


def _range(origin: Origin, path: Path, cidr: Cidr) -> Iterator[Diagnostic]:
    if cidr != cidr.aligned:
        what = f"{cidr} does not begin at a /{cidr.prefix} boundary"
        yield origin.source.diagnostic(path, what, f"write {cidr.aligned}")
    for reserved in RESERVED_RANGES:
        if cidr.overlaps(reserved):
            what = f"{cidr} overlaps {reserved}, which Azure reserves"
            yield origin.source.diagnostic(path, what, "use another private range, for example of 10.0.0.0/8")


def _blocks(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Each index is one cluster's, and has a block in the supernet."""
    source = origin.source
    there = fleet.supernet.blocks(fleet.vnet_prefix)
    indexes = {cluster.network.index for cluster in fleet.clusters}
    free = next(number for number in range(len(indexes) + 1) if number not in indexes)
    taken: dict[int, str] = {}
    for cluster in fleet.clusters:
        path, index = ("clusters", cluster.name, "network", "index"), cluster.network.index
        if index in taken:
            what = f"index {index} is already used by {taken[index]}"
            yield source.diagnostic(path, what, f"give each cluster an index of its own; {free} is free")
        taken.setdefault(index, cluster.name)
        if index >= there and not _has_own_vnet(cluster, origin):
            room = f"room for VNets of /{fleet.vnet_prefix} with indexes 0 to {there - 1} only"
            none = f"no room for a VNet of /{fleet.vnet_prefix}"
            what = f"{fleet.supernet} has {room if there else none}"
            fix = "use a free index, a larger azure.network.supernet, or smaller VNets (azure.network.vnetPrefix)"
            yield source.diagnostic(path, what, fix)


def _has_own_vnet(cluster: Cluster, origin: Origin) -> bool:
    return "vnetCidr" in origin.source.data["clusters"][cluster.name]["network"]


def _vnet_overlaps(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """A sweep from the lowest address: any overlap shows between one range and the one that reaches furthest before."""
    furthest: Cluster | None = None
    for cluster in sorted(fleet.clusters, key=lambda cluster: (cluster.network.vnet, cluster.network.index)):
        same_index = furthest is not None and furthest.network.index == cluster.network.index  # said already
        if furthest is not None and furthest.network.vnet.overlaps(cluster.network.vnet) and not same_index:
            what = f"its VNet {cluster.network.vnet} overlaps {furthest.network.vnet} of {furthest.name}"
            key = "vnetCidr" if _has_own_vnet(cluster, origin) else "index"
            yield origin.source.diagnostic(
                ("clusters", cluster.name, "network", key), what, "give it a range that no other cluster uses"
            )
        if furthest is None or cluster.network.vnet.last > furthest.network.vnet.last:
            furthest = cluster


def _ranges(fleet: Fleet, cluster: Cluster, own: list[Cluster], origin: Origin) -> Iterator[Diagnostic]:
    """The pod and service ranges: well formed, and apart from each other and from all VNets, those with a range of
    their ``own`` too.
    """
    network = cluster.network
    vnet = ("clusters", cluster.name, "network", "vnetCidr")
    pods, services = _range_path(cluster, "podCidr", origin), _range_path(cluster, "serviceCidr", origin)
    yield from _range(origin, pods, network.pods)
    yield from _range(origin, services, network.services)
    if _has_own_vnet(cluster, origin):
        yield from _range(origin, vnet, network.vnet)
    if not LARGEST_SERVICES <= network.services.prefix <= SMALLEST_SERVICES:
        what = f"AKS does not accept a service range of /{network.services.prefix}"
        yield origin.source.diagnostic(services, what, f"use /{LARGEST_SERVICES} to /{SMALLEST_SERVICES}")
    nodes = [("the fleet's supernet", fleet.supernet, SUPERNET), (f"the VNet of {cluster.name}", network.vnet, vnet)]
    for path, key, cidr, more in (
        (pods, "podCidr", network.pods, [("the service range", network.services, vnet)]),
        (services, "serviceCidr", network.services, []),
    ):
        elsewhere = list(_vnets_elsewhere(cluster, own, key))
        fix = f"give network.{key} a range of its own, for example {SPARE[key]}"
        clashes = [row for row in (*nodes, *elsewhere, *more) if cidr.overlaps(row[1])]
        if clashes:
            other, theirs, named = clashes[0]
            what = f"the {'pod' if key == 'podCidr' else 'service'} range {cidr} overlaps {other} {theirs}"
            peered = ", which pods could not reach, were the two peered" if clashes[0] in elsewhere else ""
            yield origin.source.diagnostic(named if path == SUPERNET else path, f"{what}{peered}", fix)


def _vnets_elsewhere(cluster: Cluster, own: list[Cluster], key: str) -> Iterator[tuple[str, Cidr, Path]]:
    """The VNets of other clusters that are outside the supernet, unless their own cluster says the same of them."""
    for other in own:
        vnet, theirs = other.network.vnet, other.network.pods if key == "podCidr" else other.network.services
        if other is not cluster and not theirs.overlaps(vnet):
            yield f"the VNet of {other.name}", vnet, ("clusters", other.name, "network", "vnetCidr")


def _range_path(cluster: Cluster, key: str, origin: Origin) -> Path:
    """The path of a range. One that nobody wrote is the default, and the supernet has to leave room for it."""
    path = origin.path(cluster.name, ("network", key))
    return path if path[-1] == key else SUPERNET


def _authorized_ranges(cluster: Cluster, origin: Origin) -> Iterator[Diagnostic]:
    total = len(cluster.infrastructure.authorized_ip_ranges) + cluster.network.nat_public_ips
    if cluster.infrastructure.authorized_ip_ranges and total > MAX_AUTHORIZED_RANGES:
        what = f"with the NAT addresses it has {total} ranges"
        path = origin.path(cluster.name, ("apiServer", "authorizedIpRanges"))
        yield origin.source.diagnostic(path, what, f"AKS allows {MAX_AUTHORIZED_RANGES}: join some")
    for at, text in enumerate(cluster.infrastructure.authorized_ip_ranges):
        if (allowed := Cidr.parse(text)) != allowed.aligned:
            what = f"{text} does not begin at a /{allowed.prefix} boundary"
            path = origin.path(cluster.name, ("apiServer", "authorizedIpRanges", at))
            yield origin.source.diagnostic(path, what, f"write {allowed.aligned}")


def _room(cluster: Cluster, origin: Origin) -> Iterator[Diagnostic]:
    needed = cluster.infrastructure.max_nodes + _surge(cluster)
    if (ips := public_ips_for(needed)) > cluster.network.nat_public_ips:
        has = many(cluster.network.nat_public_ips, "public IP")
        what = f"a NAT gateway with {has} has too few ports: the pools may grow to {needed} nodes with surge"
        yield origin.at(cluster.name, ("network", "natGateway", "publicIps"), what, f"give it {ips}")
    if needed <= cluster.network.node_capacity:
        return
    by_pods = cluster.network.pods.blocks(NODE_POD_PREFIX)
    if by_pods < needed:
        what = f"the pod range {cluster.network.pods} serves {by_pods} nodes; the pools may grow to {needed} with surge"
        fix = f"use a /{_prefix_for(needed)} or larger: each node takes a /{NODE_POD_PREFIX}"
        yield origin.at(cluster.name, ("network", "podCidr"), what, fix)
    subnet = cluster.network.nodes
    if cluster.network.node_capacity < by_pods or by_pods >= needed:
        holds = subnet.size - SUBNET_RESERVED
        what = f"a node subnet of /{subnet.prefix} holds {holds} nodes; the pools may grow to {needed} with surge"
        fix = "use a shorter network.nodeSubnetPrefix, and a VNet that holds it (azure.network.vnetPrefix)"
        yield origin.at(cluster.name, ("network", "nodeSubnetPrefix"), what, fix)


def _prefix_for(nodes: int) -> int:
    return NODE_POD_PREFIX - (nodes - 1).bit_length()


def _surge(cluster: Cluster) -> int:
    """Nodes that upgrades may add, were every pool upgraded at once."""
    surge = cluster.infrastructure.upgrades.max_surge
    if surge.endswith("%"):
        share = int(surge[:-1]) / 100
        return sum(ceil(pool.maximum * share) for pool in cluster.pools if not pool.spot)
    return sum(int(surge) for pool in cluster.pools if not pool.spot)
