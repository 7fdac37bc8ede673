"""Network: ranges, room, ports, and addresses that stay."""

from __future__ import annotations

import pytest

from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, tree

EAST, WEST = "azure/eastus.json", "azure/westus2.json"
WEST_VNET = '''"addressPrefixes": [
            "10.193.0.0/16"'''

IPS = """{{
            "id": "[resourceId('Microsoft.Network/publicIPAddresses', 'aks-eastus-nat-ip-{}')]"
          }}"""

BREAKS = (
    Break(
        "two VNets overlap, as all of the reference do",
        (
            Edit(WEST, WEST_VNET, WEST_VNET.replace("10.193", "10.192")),
            Edit(WEST, '"addressPrefix": "10.193.0.0/18"', '"addressPrefix": "10.192.0.0/18"'),
        ),
        "its VNet 10.192.0.0/16 overlaps 10.192.0.0/16 of aks-eastus-vnet",
        ((WEST, "10.192.0.0/16"), (EAST, "10.192.0.0/16")),
    ),
    Break(
        "pods in a VNet of another region",
        (Edit(EAST, '"podCidr": "100.64.0.0/11"', '"podCidr": "10.193.0.0/16"'),),
        "its pod range 10.193.0.0/16 overlaps 10.193.0.0/16 of aks-westus2-vnet",
        ((EAST, "podCidr"), (WEST, "10.193.0.0/16")),
    ),
    Break(
        "pods among the services",
        (Edit(EAST, '"podCidr": "100.64.0.0/11"', '"podCidr": "10.0.0.0/12"'),),
        "its pod range 10.0.0.0/12 overlaps its service range 10.0.0.0/16",
        ((EAST, "podCidr"), (EAST, "serviceCidr")),
    ),
    Break(
        "services in the VNet",
        (
            Edit(EAST, '"serviceCidr": "10.0.0.0/16"', '"serviceCidr": "10.192.64.0/18"'),
            Edit(EAST, '"dnsServiceIP": "10.0.0.10"', '"dnsServiceIP": "10.192.64.10"'),
        ),
        "its service range 10.192.64.0/18 overlaps 10.192.0.0/16 of aks-eastus-vnet",
        ((EAST, "serviceCidr"), (EAST, "10.192.0.0/16")),
    ),
    Break(
        "a range that Azure keeps",
        (Edit(EAST, '"podCidr": "100.64.0.0/11"', '"podCidr": "172.16.0.0/12"'),),
        "172.16.0.0/12 overlaps 172.30.0.0/16, which Azure keeps",
        ((EAST, "podCidr"),),
    ),
    Break(
        "a range that begins amid a block",
        (Edit(EAST, '"podCidr": "100.64.0.0/11"', '"podCidr": "100.65.0.0/11"'),),
        "100.65.0.0/11 does not begin at a block of its size",
        ((EAST, "podCidr"),),
    ),
    Break(
        "no pod range",
        (Edit(EAST, '"podCidr": "100.64.0.0/11",', ""),),
        "its pod range is missing",
        ((EAST, "networkProfile"),),
    ),
    Break(
        "DNS outside the service range",
        (Edit(EAST, '"dnsServiceIP": "10.0.0.10"', '"dnsServiceIP": "10.1.0.10"'),),
        "its DNS address 10.1.0.10 is not inside the service range",
        ((EAST, "dnsServiceIP"), (EAST, "serviceCidr")),
    ),
    Break(
        "a subnet outside its VNet",
        (Edit(EAST, '"addressPrefix": "10.192.0.0/18"', '"addressPrefix": "10.194.0.0/18"'),),
        "its range 10.194.0.0/18 is not in the VNet's 10.192.0.0/16",
        ((EAST, "10.194.0.0/18"), (EAST, "addressPrefixes")),
    ),
    Break(
        "a subnet too small for the pools",
        (Edit(EAST, '"addressPrefix": "10.192.0.0/18"', '"addressPrefix": "10.192.0.0/28"'),),
        "its node subnet 10.192.0.0/28 holds 11 nodes, and its pools may grow to 17 nodes with surge",
        ((EAST, "10.192.0.0/28"), (EAST, "agentPoolProfiles")),
    ),
    Break(
        "pods for fewer nodes than there may be",
        (Edit(EAST, '"podCidr": "100.64.0.0/11"', '"podCidr": "100.64.0.0/20"'),),
        "its pod range 100.64.0.0/20 serves 16 nodes, and its pools may grow to 17 nodes with surge",
        ((EAST, "podCidr"), (EAST, "agentPoolProfiles")),
    ),
    Break(
        "the reference's pod range under as many nodes as AKS allows",
        (
            Edit(EAST, '"podCidr": "100.64.0.0/11"', '"podCidr": "100.64.0.0/12"'),
            Edit(EAST, '"minCount": 3,\n        "maxCount": 6', '"minCount": 3,\n        "maxCount": 5000'),
        ),
        "its pod range 100.64.0.0/12 serves 4096 nodes",
        ((EAST, "podCidr"),),
    ),
    Break(
        "too few public IPs for so many nodes",
        (Edit(EAST, '"minCount": 3,\n        "maxCount": 6', '"minCount": 3,\n        "maxCount": 5000'),),
        "2 public IPs of its NAT gateway give each of 5510 nodes 23 ports, and each should have 32",
        ((EAST, "publicIpAddresses"), (EAST, "natGateway")),
    ),
    Break(
        "a NAT gateway without public IPs",
        (
            Edit(
                EAST,
                f""""publicIpAddresses": [
          {IPS.format(1)},
          {IPS.format(2)}
        ]""",
                '"publicIpAddresses": []',
            ),
        ),
        "aks-eastus-nat has no public IP: no node gets out",
        ((EAST, "publicIpAddresses"), (EAST, "natGateway")),
    ),
)

MOVES = (
    Break(
        "a VNet moved",
        (
            Edit(WEST, WEST_VNET, WEST_VNET.replace("10.193", "10.199")),
            Edit(WEST, '"addressPrefix": "10.193.0.0/18"', '"addressPrefix": "10.199.0.0/18"'),
        ),
        "its VNet was 10.193.0.0/16 and is now 10.199.0.0/16: Azure cannot move it",
        ((WEST, "addressPrefixes"), (WEST, "addressPrefixes")),
    ),
    Break(
        "a subnet resized",
        (Edit(EAST, '"addressPrefix": "10.192.0.0/18"', '"addressPrefix": "10.192.0.0/19"'),),
        "its subnet was 10.192.0.0/18 and is now 10.192.0.0/19: Azure does not resize a subnet in use",
        ((EAST, "10.192.0.0/19"),),
    ),
    Break(
        "a subnet widened",
        (Edit(EAST, '"addressPrefix": "10.192.0.0/18"', '"addressPrefix": "10.192.0.0/17"'),),
        "its subnet was 10.192.0.0/18 and is now 10.192.0.0/17: Azure does not resize a subnet in use",
        ((EAST, "10.192.0.0/17"),),
    ),
    Break(
        "a subnet moved in its VNet",
        (Edit(EAST, '"addressPrefix": "10.192.0.0/18"', '"addressPrefix": "10.192.64.0/18"'),),
        "its subnet was 10.192.0.0/18 and is now 10.192.64.0/18: Azure cannot move it",
        ((EAST, "10.192.64.0/18"),),
    ),
    Break(
        "a pod range made smaller",
        (Edit(EAST, '"podCidr": "100.64.0.0/11"', '"podCidr": "100.64.0.0/12"'),),
        "its pod range was 100.64.0.0/11 and is now 100.64.0.0/12",
        ((EAST, "podCidr"),),
    ),
)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "network", fleet=case.fleet), files, "network", case)


@pytest.mark.parametrize("case", MOVES, ids=lambda case: case.name)
def test_move_is_seen(case: Break) -> None:
    files = broken(case.edits)
    report = check(files, "network", base=tree())
    (row,) = [row for row in failures(report) if case.says in row.what]
    path, _ = case.blames[0]
    assert [place.file for place in row.places] == [f"rendered/{path}", f"HEAD:rendered/{path}"]
    assert row.places[0].line == row.places[1].line


def test_a_pod_range_may_grow() -> None:
    files = broken((Edit(EAST, '"podCidr": "100.64.0.0/11"', '"podCidr": "100.64.0.0/10"'),))
    assert failures(check(files, "network", base=tree())) == []


def test_a_prefix_of_public_ips_counts() -> None:
    prefixes = '"publicIpPrefixes": [{"id": "[resourceId(\'Microsoft.Network/publicIPPrefixes\', \'more\')]"}],'
    one = '"resources": [{"type": "Microsoft.Network/publicIPPrefixes", "name": "more", "properties": %s},'
    ((path, old, new),) = next(case.edits for case in BREAKS if case.name == "a NAT gateway without public IPs")
    for length, ports in (("28", "16 public IPs of its NAT gateway give each of 17 nodes 60717 ports"), ("null", "")):
        first = Edit(EAST, '"resources": [', one % f'{{"prefixLength": {length}}}')
        report = check(broken((Edit(path, old, f"{prefixes} {new}"), first)), "network")
        assert failures(report) == []
        assert [row.what for row in report.of("proved") if row.subject == "aks-eastus" and " ports" in row.what] == [
            ports
        ] * bool(ports)


def test_an_index_that_was_another_clusters_warns() -> None:
    before = broken((Edit(WEST, '"name": "aks-westus2-vnet"', '"name": "older-vnet"'),))
    (row,) = check(tree(), "network", base=before).of("warned")
    assert "10.193.0.0/16 was older-vnet's" in row.what


def test_without_a_base_it_says_so() -> None:
    report = check(tree(), "network")
    assert [row.claim for row in report.sections["network"].of("unjudged")] == ["network/no-base"]
    assert report.sections["network"].outcome == "unjudged"
