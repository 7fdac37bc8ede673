"""Tries hard to have deleted what must not be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfleet.azure import deletable
from rayfleet.azure.client import Azure
from rayfleet.azure.deletable import DeletionRefusal, guard
from rayfleet.azure.resource_id import type_of
from rayfleet.facts.resource_types import DELETION_ORDER
from rayfleet.retire.delete import delete
from rayfleet.retire.plan import plan
from rayfleet.retire.step import RetirementPlan, RetirementStep, RoleGrant
from rayfleet.tree import Tree
from tests.stand_ins.azure.arm_server import ArmServer
from tests.stand_ins.clock import Time
from tests.testing.broken_trees import rendered, tree
from tests.testing.reference_names import GROUP, SUB

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/aksmultiregionsa"
AKS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-westus2"
UUID = "12345678-1234-4234-8234-123456789abc"
LIVE = frozenset(rendered(tree()).resources)
NEVER = [
    "",
    "/",
    f"/subscriptions/{SUB}",
    GROUP,
    f"{GROUP}/",
    f"/subscriptions/{SUB}/resourcegroups/other",
    ACCOUNT,
    f"{ACCOUNT}/blobServices/default/containers/c",
    f"{ACCOUNT}/",
    f"{ACCOUNT}/providers/Microsoft.ContainerService/managedClusters/x",
    f"{ACCOUNT}/providers/Microsoft.Authorization/locks/x",
    f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/not-a-guid",
    f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/",
    f"{ACCOUNT}?x=/providers/Microsoft.ContainerService/managedClusters/x",
    f"{ACCOUNT}#/providers/Microsoft.ContainerService/managedClusters/x",
    f"{ACCOUNT}%2Fproviders/Microsoft.ContainerService/managedClusters/x",
    f"{ACCOUNT}/providers/Microsoft.KubernetesConfiguration/extensions/..",
    f"{AKS}/../../../Microsoft.Storage/storageAccounts/aksmultiregionsa",
    f"{AKS}/agentPools/..",
    f"{AKS}/agentPools/.",
    f"{AKS}//agentPools/x",
    f"{AKS}x/agentPools/x?api-version=1",
    f"{AKS}x\n",
    f"{AKS}x/agentPools/x y",
    f"{AKS}x/agentPools/é",
    f"{AKS}x/{{endpoint}}/x",
    f"//evil.example{AKS}x",
    f"https://evil.example{AKS}x",
    "/subscriptions/../providers/Microsoft.Network/virtualNetworks/x",
    f"{GROUP}/providers/Microsoft.Compute/disks/x",
    f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{UUID}",
    AKS,
    AKS.upper(),
    f"{AKS}/agentPools/t4",
    f"{GROUP}/providers/microsoft.network/virtualnetworks/AKS-westus2-vnet",
    f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-westus2-workload",
]


@pytest.mark.parametrize("identifier", NEVER)
def test_what_is_never_deleted(identifier: str) -> None:
    with pytest.raises(DeletionRefusal):
        guard(identifier, LIVE)


@pytest.mark.parametrize(
    "identifier",
    [
        f"{AKS}x",
        f"{AKS}/agentPools/old",
        f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/{UUID}",
        f"{AKS}/providers/Microsoft.KubernetesConfiguration/extensions/old",
        f"{GROUP}/providers/Microsoft.Network/virtualNetworks/old_(1).x",
    ],
)
def test_what_may_be(identifier: str) -> None:
    guard(identifier, LIVE)


def test_the_list_is_literal_and_holds_no_data() -> None:
    assert len(DELETION_ORDER) == 13 == len(set(DELETION_ORDER))
    assert not any(
        word in kind for kind in DELETION_ORDER for word in ("storage", "resources", "compute", "keyvault", "locks")
    )


@pytest.mark.parametrize("identifier", sorted(LIVE))
def test_nothing_that_is_rendered(identifier: str) -> None:
    for written in (identifier, identifier.upper(), identifier.title()):
        with pytest.raises(DeletionRefusal):
            guard(written, LIVE)


@pytest.mark.parametrize("identifier", sorted(LIVE))
def test_nothing_that_something_rendered_is_in(identifier: str) -> None:
    with pytest.raises(DeletionRefusal):
        guard(identifier, LIVE - {identifier} | {f"{identifier}/child/x"})


_PART = st.sampled_from(
    ["", "/", "..", "providers", "Microsoft.Storage", "Microsoft.Network", "storageAccounts", "virtualNetworks", "x",
     "subscriptions", SUB, "resourceGroups", "aks-multi-region", "%2e%2e", "?", "Microsoft.ContainerService",
     "managedClusters", "Microsoft.Authorization", "roleAssignments", UUID, "\\", "aks-westus2", "agentPools"]
)  # fmt: skip


@given(st.lists(_PART, max_size=14))
def test_any_path(parts: list[str]) -> None:
    identifier = "/".join(["", "subscriptions", SUB, "resourceGroups", "aks-multi-region", *parts])
    try:
        guard(identifier, LIVE)
    except DeletionRefusal:
        return
    assert type_of(identifier) in DELETION_ORDER and identifier.lower() not in LIVE
    assert "storage" not in type_of(identifier) and ".." not in identifier and "%" not in identifier


# --- plans ------------------------------------------------------------------------------------------------------------


def without_west() -> dict[str, bytes]:
    """The reference fleet's files without aks-westus2."""
    files = {path: content for path, content in tree().items() if "westus2" not in path}
    deployments = json.loads(files["azure/deployments.json"])
    deployments["deployments"] = [row for row in deployments["deployments"] if "westus2" not in row["name"]]
    return {**files, "azure/deployments.json": json.dumps(deployments).encode()}


def edited(files: dict[str, bytes], path: str, change: Any) -> Tree:
    data = json.loads(files[path])
    change(data["resources"])
    return rendered({**files, path: json.dumps(data).encode()})


def planned(base: Tree | None = None, now: Tree | None = None) -> RetirementPlan:
    return plan(base or rendered(tree()), now or rendered(without_west()), "cloud")


def test_no_plan_names_anything_else() -> None:
    found = planned()
    assert found.blocked == [] and len(found.steps) == 21
    live = rendered(without_west()).cluster_names
    assert live == {"aks-eastus"}
    for step in found.steps:
        assert "eastus" not in step.id or step.kept
        assert step.kept == step.kind.startswith("microsoft.storage/")


def test_a_whole_fleet_that_is_gone_keeps_its_data() -> None:
    empty = rendered({"azure/deployments.json": b'{"deployments": []}'})
    found = planned(now=empty)
    kept = [step for step in found.steps if step.kept]
    assert {step.kind.split("/")[0] for step in kept} == {"microsoft.storage", "microsoft.resources"}
    assert not any(step.command for step in kept)
    assert len(found.clusters) == 2


@pytest.mark.parametrize("name", ["a/../b", "x?y", "x y", "..", "[concat('a', 'b')]", "[bad", "x'; rm -rf", "\x1b[31m"])
def test_hostile_names_block_the_plan(name: str) -> None:
    def change(resources: list[dict[str, Any]]) -> None:
        resources.append({"type": "Microsoft.Network/natGateways", "apiVersion": "2025-07-01", "name": name})

    found = planned(base=edited(tree(), "azure/westus2.json", change))
    assert len(found.blocked) == 1
    assert found.blocked[0].file.endswith("azure/westus2.json") and str(found.blocked[0]).isprintable() is False
    assert all(letter.isprintable() or letter == "\n" for letter in str(found.blocked[0]))


def test_a_base_that_says_a_live_cluster_by_other_letters() -> None:
    def change(resources: list[dict[str, Any]]) -> None:
        resources.append(
            {"type": "MICROSOFT.CONTAINERSERVICE/managedClusters", "name": "AKS-EastUS", "apiVersion": "1"}
        )

    found = planned(base=edited(tree(), "azure/westus2.json", change))
    assert not any("eastus" in step.id.lower() for step in found.steps if not step.kept)


@pytest.mark.parametrize("where", ["dependsOn", "scope", "properties", "literal"])
def test_what_is_still_referred_to_blocks_the_plan(where: str) -> None:
    """A peering, for one."""
    vnet = "[resourceId('Microsoft.Network/virtualNetworks', 'aks-westus2-vnet')]"
    literal = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/aks-westus2-vnet/subnets/aks-nodes"
    more: dict[str, Any] = {
        "dependsOn": {"dependsOn": [vnet]},
        "scope": {"scope": vnet},
        "properties": {"properties": {"remoteVirtualNetwork": {"id": vnet}}},
        "literal": {"properties": {"remoteVirtualNetwork": {"id": literal}}},
    }[where]

    def change(resources: list[dict[str, Any]]) -> None:
        kind = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
        resources.append({"type": kind, "name": "aks-eastus-vnet/west", "apiVersion": "2025-07-01", **more})

    found = planned(now=edited(without_west(), "azure/eastus.json", change))
    assert [row.what for row in found.blocked if "still refers to" in row.what]


def test_a_type_that_nobody_thought_about_is_kept() -> None:
    def change(resources: list[dict[str, Any]]) -> None:
        resources.append({"type": "Microsoft.KeyVault/vaults", "apiVersion": "1", "name": "secrets"})

    found = planned(base=edited(tree(), "azure/westus2.json", change))
    step = next(step for step in found.steps if step.id.endswith("/secrets"))
    assert step.kept and step.command == "" and found.blocked == []


# --- deletion ---------------------------------------------------------------------------------------------------------


def asked(step: RetirementStep, of: RetirementPlan, documents: dict[str, Any] | None = None) -> list[str]:
    """What is asked to be deleted."""
    with ArmServer() as server:
        server.documents.update({step.id: {"id": step.id}} if documents is None else documents)
        try:
            delete(Azure(SUB, endpoint=server.url, patience=Time().patience, poll=0), step, of, [])
        except (DeletionRefusal, AssertionError):
            assert not server.asked("DELETE", "")
        return [path for method, path in server.requests if method == "DELETE"]


def test_only_steps_of_the_plan() -> None:
    found = planned()
    step = next(step for step in found.steps if step.id.endswith("/agentPools/t4"))
    assert len(asked(step, found)) == 1
    other = step._replace(id=step.id.replace("t4", "a100x"))
    assert asked(other, found) == []
    assert asked(step, found._replace(blocked=[None])) == []  # type: ignore[list-item]
    assert asked(step._replace(kept=True), found._replace(steps=[step._replace(kept=True)])) == []


@pytest.mark.parametrize("identifier", NEVER)
def test_a_plan_that_was_tampered_with(identifier: str) -> None:
    step = planned().steps[-6]._replace(id=identifier, kept=False, role=None)
    assert asked(step, RetirementPlan([step], [], None, [], {}, LIVE)) == []


@pytest.mark.parametrize(
    "name", ["../../x", "x", "", f"{UUID}/../..", f"{UUID}?", "..", "00000000-0000-0000-0000-00000000000g"]
)
def test_role_assignments_that_azure_names_oddly(name: str) -> None:
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    role = RoleGrant(ACCOUNT, "ba92f5b4-2d11-453d-a403-e96b0029c9fe", identity, "1")
    step = planned().steps[4]._replace(role=role)
    row = {
        "id": f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "properties": {"scope": ACCOUNT, "roleDefinitionId": f"/x/{role.role}", "principalId": UUID},
    }
    listing = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments"
    documents = {listing: {"value": [row, {}, None]}, identity: {"properties": {"principalId": UUID}}}
    paths = asked(step, RetirementPlan([step], [], None, [], {}, LIVE), documents)
    assert all(path.startswith(f"{listing}/{UUID}?") for path in paths) or paths == []


def test_the_guard_is_what_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the tampered plan would go through: the tests above can fail."""
    step = planned().steps[-6]._replace(id=ACCOUNT, kept=False, role=None)
    monkeypatch.setattr("rayfleet.retire.delete.guard", lambda *_: None)
    assert len(asked(step, RetirementPlan([step], [], None, [], {}, LIVE))) == 1
    assert deletable.guard is guard
