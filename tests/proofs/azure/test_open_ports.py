"""Network: what the security group of nodes opens beside the gateway, and what it closes that AKS needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, tree

EAST = "azure/eastus.json"
OWN = {
    "access": "Allow",
    "direction": "Inbound",
    "priority": 200,
    "protocol": "Tcp",
    "sourceAddressPrefix": "Internet",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "22",
}
DENY = {"access": "Deny", "protocol": "*", "sourceAddressPrefix": "*", "destinationPortRange": "*", "priority": 4096}
OUT = {"direction": "Outbound"}


def with_rules(*rules: dict[str, Any]) -> Edit:
    """The security group of the reference with more rules."""
    document = json.loads(tree()[EAST])
    own = document["resources"][0]["properties"]["securityRules"]
    for number, rule in enumerate(rules):
        properties = {key: value for key, value in {**OWN, **rule}.items() if value is not None}
        own.append({"name": f"own-{number}", "properties": properties})
    return Edit(EAST, tree()[EAST].decode(), json.dumps(document, indent=2))


def group(name: str, says: str, *rules: dict[str, Any]) -> Break:
    return Break(name, (with_rules(*rules),), f"aks-eastus-nodes-nsg {says}", ((EAST, "{"),))


BREAKS = (
    group("SSH from the internet", "opens ports 22 by TCP to the internet by its rule own-0", {}),
    group(
        "ports from anywhere",
        "opens ports 80, 8000-9000 by TCP to the internet",
        {
            "sourceAddressPrefix": "0.0.0.0/0",
            "destinationPortRange": None,
            "destinationPortRanges": ["80", "8000-9000"],
        },
    ),
    group(
        "HTTPS by every protocol",
        "opens ports 443 by every protocol to the internet",
        {"protocol": "*", "destinationPortRange": "443"},
    ),
    group("all ports", "opens ports 0-65535 by UDP to the internet", {"protocol": "Udp", "destinationPortRange": "*"}),
    group("nothing else comes in", "denies virtualnetwork by its rule own-0: nodes and pods do not reach each", DENY),
    group(
        "no probes",
        "denies azureloadbalancer by its rule own-0: its probes fail",
        DENY | {"sourceAddressPrefix": "AzureLoadBalancer"},
    ),
    group(
        "no way out",
        "denies the way to internet by its rule own-0: nodes reach neither the API server nor a registry",
        DENY | OUT | {"destinationAddressPrefix": "Internet"},
    ),
    group(
        "no way to each other",
        "denies the way to virtualnetwork by its rule own-0",
        DENY | OUT | {"destinationAddressPrefix": "VirtualNetwork", "protocol": "Tcp"},
    ),
)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits)
    assert_seen(check(files, "network"), files, "network", case)


@pytest.mark.parametrize(
    "rules",
    [
        ({"sourceAddressPrefix": "203.0.113.0/24"},),
        ({"access": "Deny"},),
        ({"destinationPortRange": "443", "sourceAddressPrefix": "*"},),
        (DENY | {"destinationPortRange": "22"},),
        (DENY | {"sourceAddressPrefix": "203.0.113.0/24"},),
        (
            DENY,
            DENY | {"access": "Allow", "sourceAddressPrefix": "VirtualNetwork", "priority": 300},
            DENY | {"access": "Allow", "sourceAddressPrefix": "AzureLoadBalancer", "priority": 301},
        ),
        (DENY | {"protocol": "Icmp"},),
    ],
)
def test_what_may_be_is_no_alarm(rules: tuple[dict[str, Any], ...]) -> None:
    report = check(broken((with_rules(*rules),)), "network")
    assert failures(report) == report.of("warned") == []
