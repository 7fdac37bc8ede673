"""What speaks against a retirement: what lives, and data."""

from __future__ import annotations

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import error
from tests.testing.reference_names import EAST_ID, EAST_LINE
from tests.testing.retire_command import (
    AKS,
    IN_NODES,
    NODES,
    ORDER,
    WORKLOAD,
    Arm,
    change,
    commit,
    data,
    deployed,
    go,
    ids,
    untouched,
)
from tests.testing.workspace import Workspace

# --- clusters that stay -----------------------------------------------------------------------------------------------


def test_bindings_of_another_cluster_that_use_it(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    fleet.edit("{value: 22222222-2222-4222-8222-222222222222,", f"{{value: {WORKLOAD},", "bindings.yaml")
    fleet.run("render")
    commit()
    said = go(fleet, code=1).stderr
    assert "bindings.yaml:7:18: clusters.aks-eastus.principalId: it is bound to the principalId of aks-westus2" in said
    assert untouched(server, stand_in)


def renamed_pool(whole: Workspace) -> None:
    change(whole, "    a100: ", "    big: ")


def test_what_serves_a_cluster_that_stays_waits_for_the_deployment(
    whole: Workspace, server: Arm, stand_in: StandIn
) -> None:
    for name in ("eastus", "westus2"):
        server.documents[f"{AKS.replace('westus2', name)}/agentPools/a100"] = {}
    renamed_pool(whole)
    found = data(whole, code=1)
    assert found["outcome"] == "blocked" and len(ids(found)) >= 2
    assert [(row["where"], row["what"]) for row in found["blocked"]] == [
        (f"aks-multi-region-{name}", "it was deployed with another template, and clusters that stay may still use "
         "what is deleted")
        for name in ("eastus", "westus2")
    ]  # fmt: skip
    said = go(whole, code=1).stderr
    assert "fix: run rayfleet deploy first, which creates what replaces it; or take it down anyway" in said
    assert untouched(server, stand_in)
    deployed(server)
    server.deployments["aks-multi-region-westus2"].state = "Failed"
    assert [row["what"].partition(",")[0] for row in data(whole, code=1)["blocked"]] == ["it is Failed"]
    deployed(server)
    assert data(whole)["blocked"] == []
    server.deployments["aks-multi-region-westus2"].state = "Failed"
    assert "warning: aks-multi-region" in go(whole, "--allow-undeployed").stderr
    assert server.deleted and ids(data(whole)) == []


def test_a_deployment_that_cannot_be_seen(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    server.documents[f"{AKS}/agentPools/a100"] = {}
    renamed_pool(whole)
    deployed(server)
    server.script("GET", "/deployments/", *[error(403, "AuthorizationFailed", "you may not")] * 40)
    assert "AuthorizationFailed" in go(whole, code=1).stderr
    assert untouched(server, stand_in)
    server.forget_scripts()
    go(whole)
    assert f"{AKS}/agentPools/a100" in server.deleted


# --- data in the node resource group ----------------------------------------------------------------------------------

TAGS = {
    "kubernetes.io-created-for-pv-name": "pvc-1",
    "kubernetes.io-created-for-pvc-name": "scratch",
    "kubernetes.io-created-for-pvc-namespace": "ray",
}
HELD = {
    "Compute/disks": [
        {"name": "named-by-its-class", "tags": TAGS, "properties": {"diskSizeGB": 512}},
        {"name": "pvc-2", "tags": {}},
        {"name": "aks-sys-12345678-vmss_0_OsDisk", "tags": {"aks-managed-poolName": "sys"}},
        {"name": "of-a-node"},
    ],
    "Compute/snapshots": [{"name": "snapshot-1"}],
    "Storage/storageAccounts": [{"name": "fabc123"}],
}


def hold(server: Arm, *kinds: str) -> None:
    for kind in kinds or HELD:
        server.documents[f"{IN_NODES}/Microsoft.{kind}"] = {"value": HELD[kind]}


def test_disks_of_volume_claims_go_with_their_cluster(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    hold(server)
    found = data(fleet, code=1)
    end = f" is in {NODES}, which goes with the cluster"
    assert [row["what"] for row in found["blocked"]] == [
        f"disk named-by-its-class of the claim ray/scratch (512 GiB){end}",
        f"disk pvc-2{end}",
        f"snapshot snapshot-1{end}",
        f"storage account fabc123{end}",
    ]
    said = go(fleet, code=1).stderr
    assert "4 errors; nothing was deleted" in said and "--allow-disk-loss" in said
    assert untouched(server, stand_in)
    assert f"warning: aks-westus2: disk pvc-2{end}" in go(fleet, "--allow-disk-loss").stderr
    assert server.deleted == ORDER


def test_whether_there_are_any_cannot_be_seen(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    server.script("GET", "/disks", *[error(403, "AuthorizationFailed", "you may not")] * 3)
    assert "AuthorizationFailed: you may not" in go(fleet, code=1).stderr
    assert "warning: AuthorizationFailed" in fleet.run("retire").stderr
    assert untouched(server, stand_in)
    go(fleet, "--allow-disk-loss")
    assert server.deleted == ORDER


def test_a_disk_that_came_meanwhile(fleet: Workspace, server: Arm) -> None:
    look = server.before

    def before(method: str, path: str) -> None:
        look(method, path)
        if method == "DELETE" and "fluxConfigurations" in path:
            hold(server, "Compute/disks")

    server.before = before
    said = go(fleet, code=1).stderr
    assert "cluster aks-westus2: failed" in said and "of the claim ray/scratch" in said
    assert AKS in server.documents and AKS not in server.deleted


# --- the primary cluster ----------------------------------------------------------------------------------------------


def test_the_primary_cluster(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    whole.edit("primaryRegion: eastus", "primaryRegion: westus2")
    change(whole, EAST_LINE, "")
    found = data(whole, code=1)
    assert found["outcome"] == "blocked"
    assert [row["what"] for row in found["blocked"]] == [
        "its cloud resource is the cloud's primary one, which Anyscale does not remove by itself"
    ]
    assert "anyscale cloud delete" in go(whole, code=1).stderr
    assert untouched(server, stand_in)
    assert EAST_ID in str(stand_in.clouds)
