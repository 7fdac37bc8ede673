"""The data in the node resource group of a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.azure.faults import Fault
from rayfleet.retire.disks import cluster_data
from tests.stand_ins.azure.scripted import ScriptedAzure
from tests.testing.reference_names import MANAGED_CLUSTERS, SUB

AKS = f"{MANAGED_CLUSTERS}/aks-west"
IN_NODES = f"/subscriptions/{SUB}/resourceGroups/MC_west/providers"
DISKS, SNAPSHOTS, ACCOUNTS = (
    f"{IN_NODES}/Microsoft.{kind}" for kind in ("Compute/disks", "Compute/snapshots", "Storage/storageAccounts")
)
TAGS = {
    "kubernetes.io-created-for-pv-name": "pvc-1",
    "kubernetes.io-created-for-pvc-name": "scratch",
    "kubernetes.io-created-for-pvc-namespace": "ray",
}


def held(**rows: Any) -> tuple[str, list[str]]:
    answers = {DISKS: rows.get("disks", []), SNAPSHOTS: rows.get("snapshots", []), ACCOUNTS: rows.get("accounts", [])}
    cluster = {"properties": {"nodeResourceGroup": "MC_west"}}
    return cluster_data(ScriptedAzure({AKS: cluster, **answers}), AKS, "v")


@pytest.mark.parametrize(
    ("disk", "told"),
    [
        ({"name": "a", "tags": TAGS, "properties": {"diskSizeGB": 512}}, ["disk a of the claim ray/scratch (512 GiB)"]),
        ({"name": "pvc-2", "tags": {}}, ["disk pvc-2"]),
        ({"name": "b", "tags": {"kubernetes.io-created-for-pv-name": "x"}}, ["disk b"]),
        ({"name": "c", "tags": {"kubernetes.io-created-for-pvc-name": "x"}}, ["disk c"]),  # half of a claim's name
        ({"name": "aks-sys-12345678-vmss_0_OsDisk", "tags": {"aks-managed-poolName": "sys"}}, []),
        ({"name": "of-a-node"}, []),
        ({"tags": TAGS, "properties": {"diskSizeGB": "512"}}, ["disk without a name of the claim ray/scratch"]),
        ("no disk", []),
    ],
)
def test_disks_of_volume_claims(disk: Any, told: list[str]) -> None:
    assert held(disks=[disk]) == ("MC_west", told)


def test_aks_makes_no_snapshot_and_no_account() -> None:
    found = held(accounts=[{"name": "f"}], snapshots=[{"name": "s"}], disks=[{"name": "pvc-2"}])
    assert found == ("MC_west", ["disk pvc-2", "snapshot s", "storage account f"])


def test_no_cluster_and_no_group_hold_nothing() -> None:
    assert cluster_data(ScriptedAzure(), AKS, "v") == ("", [])
    group = {AKS: {"properties": {"nodeResourceGroup": "MC_west"}}}
    assert cluster_data(ScriptedAzure(group), AKS, "v") == ("MC_west", [])


@pytest.mark.parametrize("path", [AKS, DISKS])
def test_what_cannot_be_seen_is_no_answer(path: str) -> None:
    answers = {AKS: {"properties": {"nodeResourceGroup": "MC_west"}}, path: Fault("AuthorizationFailed", "no", 403)}
    with pytest.raises(Fault, match="no"):
        cluster_data(ScriptedAzure(answers), AKS, "v")


def test_a_cluster_that_does_not_say_where_its_nodes_are() -> None:
    with pytest.raises(Fault, match="which its node resource group is"):
        cluster_data(ScriptedAzure({AKS: {}}), AKS, "v")
