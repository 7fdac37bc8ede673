"""A cluster and the network that it is put into: one region, one VNet, one way out, and settings that go together."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.resource_types import CLUSTER, NAT_GATEWAY, PUBLIC_IP
from rayfleet.proofs.anyscale.cloud_resource import region_key
from rayfleet.proofs.azure.property_values import unknown
from rayfleet.proofs.azure.security_rules import node_subnets
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import AksCluster, Resource, Tree, entries, mapping, text

_PROFILE = ("properties", "networkProfile")
_WORDS = ("networkPlugin", "networkPluginMode", "networkDataplane", "networkPolicy")
_NAT = "userAssignedNATGateway"
# Outbound types that bring a way out of their own, the default first; for a gateway and a VNet of one's own there is
# userAssignedNATGateway (AKS docs, egress-outboundtype, nat-gateway).
_OWN_WAY_OUT = ("loadBalancer", "managedNATGateway", "managedNATGatewayV2")


def judge(cluster: AksCluster, tree: Tree) -> Iterator[Finding]:
    """One cluster."""
    subnets = node_subnets(cluster, tree)
    found = [*_dependent_settings(cluster), *_vnet_region(cluster, tree, subnets), *_pools(cluster, subnets)]
    for subnet in subnets:
        found += _way_out(cluster, tree, subnet)
    yield from found
    if subnets and not found:
        gateway = " and its NAT gateway" if "natGateway" in subnets[0].properties else ""
        what = f"it is in one region with its VNet{gateway}, and its network settings go together"
        yield proved("arm/network-settings", cluster.name, what, cluster.side(*_PROFILE), subnets[0].side("name"))


def _dependent_settings(cluster: AksCluster) -> Iterator[Finding]:
    """Values that AKS accepts only together."""
    profile = mapping(cluster.resource.properties, "networkProfile")
    plugin, mode = text(profile, "networkPlugin"), text(profile, "networkPluginMode")
    dataplane, policy = text(profile, "networkDataplane"), text(profile, "networkPolicy")
    if any(unknown(CLUSTER, profile.get(key), "properties", "networkProfile", key) for key in _WORDS):
        return

    def no(claim: str, what: str, fix: str, key: str, other: str) -> Finding:
        return failed(claim, cluster.name, what, fix, cluster.side(*_PROFILE, key), cluster.side(*_PROFILE, other))

    if mode == "overlay" and plugin != "azure":
        # AKS docs, azure-cni-overlay.
        what = f"its networkPluginMode is overlay, and its networkPlugin {plugin or 'is missing'}"
        yield no("arm/overlay-without-azure-cni", what, "write azure", "networkPlugin", "networkPluginMode")
    if plugin == "azure" and mode != "overlay" and "podCidr" in profile:
        # AKS docs, azure-cni-overlay: --pod-cidr; without overlay pods take addresses of the subnet.
        what = "it has a podCidr, which Azure CNI takes with networkPluginMode overlay only"
        yield no("arm/pod-range-without-overlay", what, "write overlay", "networkPluginMode", "podCidr")
    if policy == "cilium" and dataplane != "cilium":
        # AKS docs, azure-cni-powered-by-cilium.
        what = f"its networkPolicy is cilium, and its networkDataplane {dataplane or 'is missing'}"
        yield no("arm/cilium-by-half", what, "write cilium in both, or in neither", "networkPolicy", "networkDataplane")
    if dataplane == "cilium" and policy not in ("cilium", "none", ""):
        what = f"its networkDataplane is cilium, and its networkPolicy {policy}"
        yield no("arm/cilium-by-half", what, "write cilium in both, or in neither", "networkPolicy", "networkDataplane")


# --- where it is ---


def _vnet_region(cluster: AksCluster, tree: Tree, subnets: list[Resource]) -> Iterator[Finding]:
    """A VM is in the region of its VNet (Azure docs, virtual-networks-overview), and so are nodes."""
    for vnet in _vnets(tree, subnets):
        location = text(vnet.data, "location")
        if region_key(location) != region_key(cluster.region):
            what = f"it is in {cluster.region or 'no region'}, and its VNet {vnet.name} in {location or 'none'}"
            side = cluster.side("location")
            yield failed(
                "arm/vnet-in-another-region",
                cluster.name,
                what,
                "put both into one region",
                vnet.side("location"),
                side,
            )


def _vnets(tree: Tree, subnets: list[Resource]) -> list[Resource]:
    found = {row.parent_id: tree.resources.get(row.parent_id) for row in subnets}
    return [vnet for vnet in found.values() if vnet]


def _pools(cluster: AksCluster, subnets: list[Resource]) -> Iterator[Finding]:
    """All pools are in subnets of one VNet (AKS docs, create-node-pools: limitations; node-pool-unique-subnet)."""
    first = next((pool for pool in cluster.pools if text(pool.data, "vnetSubnetID")), None)
    by_id = {row.id: row for row in subnets}
    if first is None:
        return
    shown = first.side("vnetSubnetID")
    home = by_id.get(cluster.resource.resolve(text(first.data, "vnetSubnetID")))
    for pool in cluster.pools:
        subnet = by_id.get(cluster.resource.resolve(text(pool.data, "vnetSubnetID")))
        side = pool.side("vnetSubnetID")
        if "vnetSubnetID" not in pool.data:
            what = f"its pool {pool.name} says no vnetSubnetID, and {first.name} is in a subnet"
            yield failed("arm/pool-without-subnet", cluster.name, what, "write that of the other pools", side, shown)
        elif subnet and home and subnet.parent_id != home.parent_id:
            what = f"its pool {pool.name} is in {subnet.written_name}, and {first.name} in another VNet"
            yield failed(
                "arm/pool-in-another-vnet",
                cluster.name,
                what,
                f"put it into a subnet of {home.written_name.partition('/')[0]}",
                side,
                shown,
            )


# --- the way out ---


def _way_out(cluster: AksCluster, tree: Tree, subnet: Resource) -> Iterator[Finding]:
    """userAssignedNATGateway where the nodes' subnet has a NAT gateway, and only there (AKS docs, nat-gateway)."""
    kind = text(cluster.resource.properties, "networkProfile", "outboundType") or _OWN_WAY_OUT[0]
    side = cluster.side(*_PROFILE, "outboundType")
    gateway = subnet.side("properties", "natGateway")
    written = text(subnet.properties, "natGateway", "id")
    if kind == _NAT and not written:
        what = f"its outboundType is {kind}, and its subnet {subnet.written_name} has no natGateway"
        yield failed("arm/no-nat-gateway", cluster.name, what, "name the NAT gateway in the subnet", gateway, side)
    if kind in _OWN_WAY_OUT and written:
        what = f"its outboundType is {kind}, and its subnet {subnet.written_name} has a natGateway"
        yield failed("arm/unused-nat-gateway", cluster.name, what, f"write {_NAT}", side, gateway)
    found = tree.resources.get(subnet.resolve(written)) if written else None
    if found:
        yield from _addresses(cluster, tree, found)


def _addresses(cluster: AksCluster, tree: Tree, gateway: Resource) -> Iterator[Finding]:
    """A NAT gateway takes static public IPs of its own SKU (Azure docs, nat-gateway-resource, public-ip-addresses)."""
    sku = text(gateway.data, "sku", "name") or "Standard"
    for index, row in enumerate(entries(gateway.properties, "publicIpAddresses")):
        address = tree.resources.get(gateway.resolve(text(row, "id")))
        if address is None:
            continue  # references says so
        other = gateway.side("properties", "publicIpAddresses", index)
        own = text(address.data, "sku", "name") or "Basic"
        known = not unknown(NAT_GATEWAY, sku, "sku", "name") and not unknown(PUBLIC_IP, own, "sku", "name")
        if own != sku and known:
            what = f"its NAT gateway is {sku}, and the public IP {address.name} {own}"
            yield failed("arm/public-ip-sku", cluster.name, what, f"write {sku}", address.side("sku", "name"), other)
        method = text(address.properties, "publicIPAllocationMethod") or "Dynamic"
        if method != "Static" and not unknown(PUBLIC_IP, method, "properties", "publicIPAllocationMethod"):
            what = f"the public IP {address.name} of its NAT gateway is {method}, and that takes static ones"
            yield failed(
                "arm/public-ip-dynamic",
                cluster.name,
                what,
                "write Static",
                address.side("properties", "publicIPAllocationMethod"),
                other,
            )
