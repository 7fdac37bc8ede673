"""The smallest fleet, for tests to change one thing of, and the way from such data to a Fleet."""

from __future__ import annotations

import json
from typing import Any

from rayfleet.model.fleet import Fleet
from tests.testing import rendering

Data = dict[str, Any]


def smallest(**defaults: Any) -> Data:
    """The data of a valid fleet of one cluster, ``one``; ``defaults`` are laid beside its two node pools."""
    return {
        "version": 1,
        "name": "fleet",
        "azure": {
            "tenantId": "00000000-0000-0000-0000-000000000001",
            "subscriptionId": "00000000-0000-0000-0000-000000000002",
            "resourceGroup": "group",
            "primaryRegion": "eastus",
            "network": {"supernet": "10.192.0.0/11"},
        },
        "anyscale": {"cloud": "cloud"},
        "storage": {"account": "account", "container": "container"},
        "gitops": {"url": "https://example.com/fleet"},
        "defaults": {
            "nodePools": {
                "sys": {"mode": "system", "vmSize": "Standard_D8ds_v5", "count": 3},
                "cpu": {"vmSize": "Standard_D16ds_v5", "maxCount": 6},
            },
            **defaults,
        },
        "clusters": {"one": {"region": "eastus", "network": {"index": 0}}},
    }


def with_pools(**pools: Any) -> Data:
    """The smallest fleet with more node pools."""
    data = smallest()
    data["defaults"]["nodePools"] |= pools
    return data


def build(data: Data, *, bound: bool = False) -> Fleet:
    """The fleet, judged by every rule; ``bound``: with made-up bindings for everything. Raises Invalid."""
    return rendering.from_text(json.dumps(data), bound=bound).fleet


def rendered(data: Data) -> dict[str, str]:
    """Every output of the fleet by its path, with made-up bindings for everything."""
    compiled = rendering.from_text(json.dumps(data), bound=True)
    return {path: content.decode() for path, content in compiled.rendered()}
