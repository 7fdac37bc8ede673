"""The base commit is compared with where it is of the same resources in Azure, and of nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest

from rayfleet.proofs.report import Report
from tests.testing.broken_trees import BINDINGS, check, failures, tree
from tests.testing.rendering import REFERENCE, from_text

EXAMPLE = (REFERENCE / "fleet.yaml").read_text()
SUBSCRIPTION = ("subscriptionId: 00000000-", "subscriptionId: 11111111-")
REGION = (("primaryRegion: eastus", "primaryRegion: westeurope"), ("region: eastus", "region: westeurope"))
# Ranges, a VM size, the account, the volume's container: none of them can change in place.
ALL_OTHER = (
    *REGION,
    ("10.192.0.0/11", "10.64.0.0/10"),
    ("Standard_D16ds_v5", "Standard_D32ds_v5"),
    ("account: aksmultiregionsa, container: aks-anyscale-blob", "account: oursa, container: ours"),
)
NAMES = (("aks-westus2: {region: westus2, network: {index: 1}}", "ours: {region: uksouth, network: {index: 1}}"),)


@cache
def fleet(*edits: tuple[str, str]) -> dict[str, bytes]:
    """The example with other words in fleet.yaml, before its first deployment."""
    text = EXAMPLE
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return dict(from_text(text, overlays=frozenset({"operator-availability/workloads"})).rendered())


def judged(now: Mapping[str, bytes], base: Mapping[str, bytes] | None) -> Report:
    return check(now, "arm", "network", "flux", base=base)


def said(report: Report, outcome: str) -> set[str]:
    return {f"{row.proof}: {row.subject}: {row.what}" for row in report.of(outcome)}


@pytest.mark.parametrize(
    "edits", [(), REGION, ALL_OTHER, NAMES, (*ALL_OTHER, *NAMES)], ids=["", "region", "all", "names", "both"]
)
def test_a_fleet_of_another_subscription_is_another(edits: tuple[tuple[str, str], ...]) -> None:
    now = fleet(SUBSCRIPTION, *edits)
    report, alone = judged(now, tree()), judged(now, None)
    assert said(report, "failed") == said(alone, "failed") == set()
    assert said(report, "warned") == said(alone, "warned") == set()
    (note,) = report.of("noted")
    assert note.what == (
        "the base commit has 45 resources in the subscription 00000000-0000-0000-0000-000000000000, where this fleet"
        " has none: they are taken for another fleet's, and not compared"
    )
    assert [place.file for place in note.places] == ["HEAD:rendered/azure/deployments.json"]
    assert not any("of the base commit" in row.what for row in report.of("proved"))


def test_a_deployed_fleet_that_names_another_subscription_is_warned() -> None:
    """Its ids are of what it leaves behind, or else of the example."""
    now = {**fleet(SUBSCRIPTION), BINDINGS: tree()[BINDINGS]}
    (row,) = judged(now, tree()).of("warned")
    assert "45 resources in the subscription 00000000-" in row.what and "it has bindings" in row.what
    assert [place.file for place in row.places] == [BINDINGS, "HEAD:rendered/azure/deployments.json"]
    assert judged({**now, BINDINGS: b"version: 1\nclusters: {}\n"}, tree()).of("warned") == []


def test_in_another_resource_group_all_is_new_and_what_was_is_left_behind() -> None:
    report = judged(fleet(*ALL_OTHER, ("resourceGroup: aks-multi-region", "resourceGroup: other")), tree())
    (row,) = failures(report)  # the deployment of the resource group is the subscription's, and keeps its name
    assert "its location was eastus and is now westeurope: Azure ties it to the name" in row.what
    left = sorted(row.subject for row in report.of("warned") if "no longer rendered, and Azure keeps it" in row.what)
    assert left == ["aks-eastus", "aks-multi-region-resource-group", "aks-multi-region-shared", "aks-westus2"]


def test_a_deployment_of_another_subscription_is_not_the_same_one() -> None:
    """One fleet in two subscriptions: of each, what it has there is compared."""
    now = dict(tree())
    now["azure/deployments.json"] = two(now["azure/deployments.json"])
    report = judged(now, tree())
    gone = "it is no longer rendered, and Azure keeps it: 20 resources"
    assert said(report, "warned") == {f"arm: aks-westus2: {gone}"}
    assert said(report, "failed") == said(judged(now, None), "failed")


def two(deployments: bytes) -> bytes:
    """The last deployment, of westus2, in a subscription of its own."""
    head, row, tail = deployments.rpartition(b'"subscriptionId": "00000000')
    return head + row.replace(b"00000000", b"11111111") + tail
