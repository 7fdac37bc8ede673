"""Addresses that Azure keeps, and nodes that upgrades add."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.diagnostics import Invalid
from tests.testing.smallest_fleet import Data, build, smallest

# AKS docs, concepts-network-ip-address-planning, and the FAQ of virtual networks.
KEPT = {
    "169.254.0.0/16": "169.254.0.0/17",
    "172.30.0.0/16": "172.30.128.0/17",
    "172.31.0.0/16": "172.31.0.0/16",
    "192.0.2.0/24": "192.0.0.0/20",
    "127.0.0.0/8": "127.128.0.0/16",
    "168.63.129.16/32": "168.63.128.0/20",
    "224.0.0.0/4": "239.0.0.0/16",
    "255.255.255.255/32": "255.255.0.0/16",
}


def mistakes(data: Data) -> list[str]:
    with pytest.raises(Invalid) as raised:
        build(data)
    return [row.what for row in raised.value.diagnostics]


@pytest.mark.parametrize("kept", KEPT)
def test_what_azure_keeps(kept: str) -> None:
    own = KEPT[kept]
    assert mistakes(smallest(network={"podCidr": own})) == [f"{own} overlaps {kept}, which Azure reserves"]


SPOT = {"vmSize": "Standard_D16ds_v5", "maxCount": 7, "capacityType": "spot"}


@pytest.mark.parametrize(
    ("surge", "pools", "nodes"),
    [
        ("1", {}, 1 + 1),
        ("2", {}, 2 * 2),
        ("2", {"spot": SPOT}, 2 * 2),  # which takes none
        ("34%", {}, 2 + 1),  # 34 % of 3 and of 2, each upwards
        ("34%", {"spot": SPOT}, 2 + 1),
        ("100%", {"spot": SPOT}, 3 + 2),
    ],
)
def test_nodes_that_upgrades_add(surge: str, pools: dict[str, Any], nodes: int) -> None:
    data = smallest(network={"podCidr": "100.64.0.0/24"}, upgrades={"maxSurge": surge})
    data["defaults"]["nodePools"] = {
        "sys": {"mode": "system", "vmSize": "Standard_D8ds_v5", "count": 3},
        "cpu": {"vmSize": "Standard_D16ds_v5", "maxCount": 2},
        **pools,
    }
    grown = 3 + 2 + sum(pool["maxCount"] for pool in pools.values()) + nodes
    said = f"the pod range 100.64.0.0/24 serves 1 nodes; the pools may grow to {grown} with surge"
    assert said in mistakes(data)
