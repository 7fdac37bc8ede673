"""Public IPs of a NAT gateway, by what Azure publishes of ports."""

from __future__ import annotations

import pytest

from rayfleet.model.network import public_ips_for

# Azure docs, load-balancer-outbound-connections, default port allocation: ports of a node by nodes of a pool; and
# AKS docs, nat-gateway: 64,512 ports an address.
PUBLISHED = {50: 1024, 100: 512, 200: 256, 400: 128, 800: 64, 1000: 32}


@pytest.mark.parametrize(("nodes", "ips"), [(1, 1), (800, 1), (2016, 1), (2017, 2), (4032, 2), (4033, 3)])
def test_public_ips(nodes: int, ips: int) -> None:
    assert public_ips_for(nodes) == ips


@pytest.mark.parametrize("nodes", PUBLISHED)
def test_a_node_has_as_many_ports_as_a_load_balancer_gives(nodes: int) -> None:
    assert public_ips_for(nodes) == -(-nodes * PUBLISHED[nodes] // 64_512)
