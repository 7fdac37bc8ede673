"""Microsoft.Network: a cluster's VNet, its way out, and what may come in."""

from __future__ import annotations

from typing import Any

from rayfleet.arm.expression import Expression, resource_id
from rayfleet.arm.template import Resource
from rayfleet.facts.resource_types import (
    NAT_GATEWAY,
    NSG,
    PUBLIC_IP,
    SUBNET,
    VNET,
    api_version,
)
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet


def vnet_id(cluster: Cluster) -> Expression:
    """The id of the cluster's VNet."""
    return resource_id(VNET, cluster.vnet)


def subnet_id(cluster: Cluster) -> Expression:
    """The id of the subnet that all node pools share."""
    return resource_id(SUBNET, cluster.vnet, cluster.subnet)


def public_ip_ids(cluster: Cluster) -> list[Expression]:
    """The ids of the addresses that the cluster's traffic leaves from."""
    return [resource_id(PUBLIC_IP, name) for name in cluster.nat_public_ips]


def network_resources(fleet: Fleet, cluster: Cluster) -> list[Resource]:
    """Everything that must be there before the cluster."""
    return [
        _nsg(fleet, cluster),
        *(_public_ip(fleet, cluster, name) for name in cluster.nat_public_ips),
        _nat_gateway(fleet, cluster),
        _vnet(fleet, cluster),
        _subnet(cluster),
    ]


def _resource(fleet: Fleet, cluster: Cluster, kind: str, name: str) -> Resource:
    return {"type": kind, "apiVersion": api_version(kind), "name": name, "location": cluster.region, "tags": fleet.tags}


def _nsg(fleet: Fleet, cluster: Cluster) -> Resource:
    # AKS opens ports in the NSG of its own only, so a public gateway needs its port opened in this one too. The load
    # balancer leaves the packet's destination as it is (floating IP): the public address, not the node's.
    https: dict[str, Any] = {
        "name": "allow-https-from-internet",
        "properties": {
            "description": "HTTPS to the cluster's public gateway",
            "access": "Allow",
            "direction": "Inbound",
            "priority": 100,
            "protocol": "Tcp",
            "sourceAddressPrefix": "Internet",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "443",
        },
    }
    return {
        **_resource(fleet, cluster, NSG, cluster.nsg),
        "properties": {"securityRules": [https] if cluster.gateway.public else []},
    }


def _public_ip(fleet: Fleet, cluster: Cluster, name: str) -> Resource:
    return {
        **_resource(fleet, cluster, PUBLIC_IP, name),
        "sku": {"name": cluster.network.nat_sku, "tier": "Regional"},
        "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"},
    }


def _nat_gateway(fleet: Fleet, cluster: Cluster) -> Resource:
    addresses = public_ip_ids(cluster)
    return {
        **_resource(fleet, cluster, NAT_GATEWAY, cluster.nat_gateway),
        "dependsOn": addresses,
        "sku": {"name": cluster.network.nat_sku},
        "properties": {
            "idleTimeoutInMinutes": cluster.network.nat_idle_minutes,
            "publicIpAddresses": [{"id": address} for address in addresses],
        },
    }


def _vnet(fleet: Fleet, cluster: Cluster) -> Resource:
    # No inline subnets: a PUT with an empty list would delete them. The subnet is a resource of its own.
    return {
        **_resource(fleet, cluster, VNET, cluster.vnet),
        "properties": {"addressSpace": {"addressPrefixes": [str(cluster.network.vnet)]}},
    }


def _subnet(cluster: Cluster) -> Resource:
    nsg, nat_gateway = resource_id(NSG, cluster.nsg), resource_id(NAT_GATEWAY, cluster.nat_gateway)
    return {
        "type": SUBNET,
        "apiVersion": api_version(SUBNET),
        "name": f"{cluster.vnet}/{cluster.subnet}",
        "dependsOn": [vnet_id(cluster), nsg, nat_gateway],
        # One write with both associations: a PUT that lacks one detaches it.
        "properties": {
            "addressPrefix": str(cluster.network.nodes),
            "networkSecurityGroup": {"id": nsg},
            "natGateway": {"id": nat_gateway},
            "defaultOutboundAccess": False,
        },
    }
