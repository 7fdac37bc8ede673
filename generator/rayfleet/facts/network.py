"""Limits of networks: ranges that are taken, what a subnet, a NAT gateway and a pod range have room for."""

from __future__ import annotations

from rayfleet.facts.cidr import Cidr

#: Ranges that AKS refuses (AKS docs, concepts-network-ip-address-planning, 2026-08), and those that Azure keeps (Azure
#: docs, virtual-networks-faq, 2026-08).
RESERVED_RANGES = tuple(
    map(
        Cidr.parse,
        (
            *("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"),
            *("127.0.0.0/8", "168.63.129.16/32", "224.0.0.0/4", "255.255.255.255/32"),
        ),
    )
)
#: Each node of an overlay network takes a /24 of the pod range (AKS docs, concepts-network-azure-cni-overlay).
NODE_POD_PREFIX = 24
#: Azure keeps the first four addresses of every subnet and the last (Azure docs, virtual-networks-faq).
SUBNET_KEPT = 5
#: The prefixes of a service range: smaller than a /12 (AKS docs, configure-azure-cni), and with a tenth address, which
#: cluster DNS has.
LARGEST_SERVICES, SMALLEST_SERVICES = 13, 27
#: Ranges that may reach the API server of a cluster (AKS docs, api-server-authorized-ip-ranges).
MAX_AUTHORIZED_RANGES = 200

#: Ports of each public IP of a NAT gateway (AKS docs, nat-gateway), and public IPs that one takes (Azure docs,
#: nat-gateway-resource).
PORTS_A_PUBLIC_IP = 64_512
MAX_PUBLIC_IPS = 16
#: Minutes that a NAT gateway keeps an idle connection (Azure docs, nat-gateway-resource), and the priorities of a
#: security rule, the first the strongest (Azure docs, network-security-groups-overview).
NAT_IDLE_MINUTES, RULE_PRIORITIES = (4, 120), (100, 4_096)
#: The words of a security rule for anybody (ARM schema, securityRules), and what Azure's own rules let through, inbound
#: and outbound, where no rule before them denies it (Azure docs, network-security-groups-overview: default rules), with
#: what a cluster loses without.
ANYWHERE = frozenset({"*", "internet", "any", "0.0.0.0/0"})
INBOUND_NEEDS = (
    ("virtualnetwork", "nodes and pods do not reach each other"),
    ("azureloadbalancer", "its probes fail, and no traffic comes in by any load balancer"),
)
OUTBOUND_NEEDS = (
    ("virtualnetwork", "nodes and pods do not reach each other"),
    ("internet", "nodes reach neither the API server nor a registry"),
)
LAST_PORT = 65_535
#: Ports that a node should have, by the number of nodes: what an Azure load balancer gives each of so many by default,
#: which Azure itself calls few (Azure docs, load-balancer-outbound-connections, table of default port allocation).
PORTS_A_NODE = ((50, 1024), (100, 512), (200, 256), (400, 128), (800, 64))
LEAST_PORTS_A_NODE = 32
