"""Addresses of a cluster, and what they have room for."""

from __future__ import annotations

from dataclasses import dataclass

from rayfleet.facts.cidr import Cidr
from rayfleet.facts.network import LEAST_PORTS_A_NODE, NODE_POD_PREFIX, PORTS_A_NODE, PORTS_A_PUBLIC_IP, SUBNET_KEPT

# A private gateway takes one address of the node subnet.
SUBNET_RESERVED = SUBNET_KEPT + 1


def public_ips_for(nodes: int) -> int:
    """The public IPs that a NAT gateway needs for so many nodes."""
    ports = next((ports for most, ports in PORTS_A_NODE if nodes <= most), LEAST_PORTS_A_NODE)
    return -(-nodes * ports // PORTS_A_PUBLIC_IP)


@dataclass(frozen=True, slots=True)
class Network:
    """Addresses of a cluster."""

    index: int
    vnet: Cidr
    nodes: Cidr
    pods: Cidr
    services: Cidr
    dataplane: str
    nat_sku: str
    nat_public_ips: int
    nat_idle_minutes: int

    @property
    def dns_service_ip(self) -> str:
        """The address of cluster DNS: the tenth of the service range, as AKS has it."""
        return self.services.address(10)

    @property
    def gateway_ip(self) -> str:
        """The private gateway's address: the last that Azure gives out of the node subnet, far from the nodes'."""
        return self.nodes.address(self.nodes.size - 2)

    @property
    def policy(self) -> str:
        """The network policy engine that fits the dataplane."""
        return "cilium" if self.dataplane == "cilium" else "calico"

    @property
    def node_capacity(self) -> int:
        """Nodes that both the pod range and the node subnet can serve."""
        return min(self.pods.blocks(NODE_POD_PREFIX), self.nodes.size - SUBNET_RESERVED)
