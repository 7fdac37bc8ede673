"""Room in a network: subnets, pod ranges and NAT gateways have as much as the pools may grow to."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import many
from rayfleet.facts.cidr import CIDR, Cidr
from rayfleet.facts.network import (
    LEAST_PORTS_A_NODE,
    MAX_PUBLIC_IPS,
    NODE_POD_PREFIX,
    PORTS_A_NODE,
    PORTS_A_PUBLIC_IP,
    SUBNET_KEPT,
)
from rayfleet.facts.resource_types import NAT_GATEWAY
from rayfleet.proofs.azure.address_range import Range
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import AksCluster, Resource, Tree, entries, text


def room(cluster: AksCluster, tree: Tree, pods: Range | None) -> Iterator[Finding]:
    most = sum(pool.maximum for pool in cluster.pools)
    nodes = most + sum(pool.surge for pool in cluster.pools)
    growth = f"its pools may grow to {many(nodes, 'node')} with surge"
    pools = cluster.side("properties", "agentPoolProfiles")
    if pods:
        serves = pods.cidr.blocks(NODE_POD_PREFIX)
        if serves < nodes:
            what = f"its pod range {pods.cidr} serves {many(serves, 'node')}, and {growth}"
            yield failed(
                "network/pod-range-too-small",
                cluster.name,
                what,
                f"each node takes a /{NODE_POD_PREFIX}: widen it",
                pods.side,
                pools,
            )
        else:
            what = f"its pod range {pods.cidr} serves {many(serves, 'node')}; {growth}"
            yield proved("network/pod-range-too-small", cluster.name, what, pods.side, pools)
    for subnet, wanted in _node_subnets(cluster, tree).items():
        prefix = text(subnet.properties, "addressPrefix")
        if not CIDR.fullmatch(prefix):
            continue
        holds = Cidr.parse(prefix).size - SUBNET_KEPT
        side = subnet.side("properties", "addressPrefix")
        if holds < wanted:
            what = f"its node subnet {prefix} holds {many(holds, 'node')}, and {growth}"
            yield failed(
                "network/subnet-too-small",
                cluster.name,
                what,
                "widen the subnet, or lower the pools' maximum",
                side,
                pools,
            )
        else:
            yield proved(
                "network/subnet-too-small",
                cluster.name,
                f"its node subnet {prefix} holds {many(holds, 'node')}; {growth}",
                side,
                pools,
            )


def _node_subnets(cluster: AksCluster, tree: Tree) -> dict[Resource, int]:
    """The subnets that its pools' nodes are in, each with the nodes that it may have to hold."""
    wanted: dict[Resource, int] = {}
    for pool in cluster.pools:
        subnet = _target(cluster.resource, tree, text(pool.data, "vnetSubnetID"))
        if subnet:
            wanted[subnet] = wanted.get(subnet, 0) + pool.maximum + pool.surge
    return wanted


def _target(resource: Resource, tree: Tree, written: str) -> Resource | None:
    return tree.resources.get(resource.resolve(written))


def ports(cluster: AksCluster, tree: Tree) -> Iterator[Finding]:
    """The NAT gateway has ports enough for as many nodes as its subnets may have."""
    for subnet, nodes in _node_subnets(cluster, tree).items():
        written = text(subnet.properties, "natGateway", "id")
        gateway = _target(subnet, tree, written) if written else None
        if gateway is None or gateway.type != NAT_GATEWAY:
            continue
        ips = _public_ips(gateway, tree)
        if ips is None:
            continue
        side = gateway.side("properties", "publicIpAddresses")
        each = ips * PORTS_A_PUBLIC_IP // max(nodes, 1)
        least = next((ports for most, ports in PORTS_A_NODE if nodes <= most), LEAST_PORTS_A_NODE)
        has = f"{many(ips, 'public IP')} of its NAT gateway give each of {many(nodes, 'node')} {each} ports"
        if each < least:
            needed = -(-least * max(nodes, 1) // PORTS_A_PUBLIC_IP)
            fix = "split the cluster"
            if needed <= MAX_PUBLIC_IPS:
                fix = f"let it name {many(needed, 'public IP')}: each node then has {least} ports or more"
            what = (
                f"{has}, and each should have {least}" if ips else f"{gateway.name} has no public IP: no node gets out"
            )
            yield failed("network/nat-ports", cluster.name, what, fix, side, subnet.side("properties", "natGateway"))
        else:
            yield proved("network/nat-ports", cluster.name, has, side, subnet.side("properties", "natGateway"))


def _public_ips(gateway: Resource, tree: Tree) -> int | None:
    """The number of public addresses of a NAT gateway, prefixes included; None where a prefix is not rendered."""
    count = len(entries(gateway.properties, "publicIpAddresses"))
    for row in entries(gateway.properties, "publicIpPrefixes"):
        prefix = _target(gateway, tree, text(row, "id"))
        length = prefix.properties.get("prefixLength") if prefix else None
        if not isinstance(length, int) or not 0 <= length <= 32:
            return None
        count += 1 << (32 - length)
    return count
