"""``rayfleet deploy --stack``: what would be deleted is shown, and agreed to apart."""

from __future__ import annotations

import pytest

from tests.stand_ins.azure.arm_server import ArmServer, error
from tests.testing.deploy_command import AKS, data, deploy, nothing_started
from tests.testing.reference_names import EAST, GROUP, NAMES
from tests.testing.workspace import Workspace

OLD = f"{AKS}/agentPools/old"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/old"
POOL = "node pool aks-eastus/old"


@pytest.fixture
def stacked(fleet: Workspace, server: ArmServer) -> Workspace:
    """The fleet, deployed as stacks; eastus had one pool more."""
    for name in NAMES:
        server.stacks[name].outputs = server.deployments[name].outputs
    assert deploy(fleet, "--stack").stdout.endswith("4 succeeded\nnext: rayfleet bind\n")
    server.stacks[EAST].managed.append(OLD)
    return fleet


def test_nothing_is_asked_where_nothing_leaves(stacked: Workspace, server: ArmServer) -> None:
    server.stacks[EAST].managed.remove(OLD)
    found = data(stacked, "--stack")
    assert found["outcome"] == "succeeded" and found["stacks"] == []
    assert {row.body["properties"]["actionOnUnmanage"]["resources"] for row in server.stacks.values()} == {"detach"}


def test_what_would_be_deleted_is_shown(stacked: Workspace, server: ArmServer) -> None:
    said = deploy(stacked, "--stack", "--what-if")
    assert f"{EAST}: its stack deletes 1 resource no longer rendered\n  - {POOL}\n" in said.stdout
    found = data(stacked, "--stack", "--what-if")
    assert found["stacks"] == [{"deployment": EAST, "deletes": [OLD], "detaches": []}]
    assert {row.starts for row in server.stacks.values()} == {1}


def test_yes_alone_deletes_nothing(stacked: Workspace, server: ArmServer) -> None:
    said = deploy(stacked, "--stack", code=1)
    assert f"{EAST}: its stack would delete {OLD}\n    fix: give --yes-delete too" in said.stderr
    assert said.stderr.endswith("1 error; nothing was deployed\n")
    assert {row.starts for row in server.stacks.values()} == {1}


def test_machines_are_asked_nothing(stacked: Workspace, server: ArmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rayfleet.cli.deploy.on_terminal", lambda: True)
    found = data(stacked, "--stack", code=1)
    assert [row["what"] for row in found["diagnostics"]] == [f"its stack would delete {OLD}"]
    assert {row.starts for row in server.stacks.values()} == {1}


def test_agreed_it_is_deleted_and_only_there(stacked: Workspace, server: ArmServer) -> None:
    deploy(stacked, "--stack", "--yes-delete")
    actions = {name: row.body["properties"]["actionOnUnmanage"]["resources"] for name, row in server.stacks.items()}
    assert actions == {name: "delete" if name == EAST else "detach" for name in NAMES}
    assert server.stacks[EAST].deleted == [OLD]


def test_data_is_let_go_of_and_all_beside_it(stacked: Workspace, server: ArmServer) -> None:
    server.stacks[EAST].managed.append(ACCOUNT)
    said = deploy(stacked, "--stack", "--yes-delete").stdout
    assert f"{EAST}: its stack detaches 2 resources no longer rendered, and deletes none\n    {POOL}\n" in said
    assert "storage account old: microsoft.storage/storageaccounts is no type that is ever deleted\n" in said
    assert server.stacks[EAST].deleted == [] and server.stacks[EAST].detached == [OLD, ACCOUNT]


def test_a_deletion_that_fails_is_explained(stacked: Workspace, server: ArmServer) -> None:
    server.stacks[EAST].stuck = {OLD: {"code": "PodDrainFailure", "message": "a budget allows no eviction"}}
    said = deploy(stacked, "--stack", "--yes-delete", code=1)
    pool = "Microsoft.ContainerService/managedClusters/agentPools aks-eastus/old"
    assert f"{EAST}: {pool}: PodDrainFailure: cannot be deleted: a budget allows no eviction\n" in said.stderr
    assert said.stdout.endswith("3 succeeded, 1 failed\n")


def test_what_a_stack_puts_out_is_bound(stacked: Workspace, server: ArmServer) -> None:
    value = {"clientId": "11111111-1111-4111-8111-111111111111", "principalId": "22222222-2222-4222-8222-222222222222"}
    server.stacks[EAST].outputs = {"aks_eastus": {"type": "Object", "value": {**value, "nodePools": ["sys"]}}}
    (stacked.folder / "bindings.yaml").unlink()
    stacked.run("render", "--unbind", "aks-eastus", "--unbind", "aks-westus2")
    said = stacked.run("bind", "--cluster", "aks-eastus").stdout
    assert f"+ aks-eastus.clientId: {value['clientId']}\n" in said


def test_who_may_see_no_stacks_deploys_without(fleet: Workspace, server: ArmServer) -> None:
    server.script("GET", "deploymentStacks", *[error(403, "AuthorizationFailed")] * 4)
    deploy(fleet)


def test_usage(fleet: Workspace, server: ArmServer) -> None:
    assert "--yes-delete needs --stack" in deploy(fleet, "--yes-delete", code=2).stderr
    assert nothing_started(server)
