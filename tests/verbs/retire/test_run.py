"""A retirement carried out: each thing in its turn, looked at before and after."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from rayfleet.console.progress import Progress
from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import answer, drop, error
from tests.testing.printed_commands import judged
from tests.testing.retire_command import (
    ACCOUNT,
    AKS,
    CLOUD,
    IDENTITY,
    KEPT,
    ON_ACCOUNT,
    ORDER,
    ROLES,
    STACK,
    SUB,
    VNET,
    WEST,
    Arm,
    change,
    data,
    go,
    ids,
    untouched,
)
from tests.testing.workspace import Workspace


def test_all_of_it(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    others = {path for path in server.documents if path not in ORDER}
    result = go(fleet)
    assert server.deleted == ORDER
    assert set(server.documents) == others
    assert stand_in.names(CLOUD) == ["aks-eastus"]
    assert re.search(
        r"network aks-westus2-vnet: deleting\nnetwork aks-westus2-vnet: gone after \d+:\d\d\n", result.stderr
    )
    assert result.stdout.endswith(
        "next: take clusters.aks-westus2 out of bindings.yaml, run rayfleet render, and commit\n"
        "2 resources kept: rayfleet deletes no storage account and no container\n"
    )
    found = data(fleet)
    assert ids(found) == [] and len(ids(found, "done")) == 19 and ids(found, "kept") == KEPT
    shown = fleet.run("retire").stdout
    assert "21 steps: 19 done, 2 kept; since " in shown and shown.count("\n") == 5
    server.deleted.clear()
    go(fleet)
    assert server.deleted == []


def test_nobody_elses_role(fleet: Workspace, server: Arm) -> None:
    go(fleet)
    assert len(server.documents[f"{ACCOUNT}{ROLES}"]["value"]) == 3


def test_an_identity_that_went_before_its_roles(fleet: Workspace, server: Arm) -> None:
    """The bound principal id still leads to the workload's role."""
    del server.documents[f"{IDENTITY}-workload"]
    go(fleet)
    assert ON_ACCOUNT in server.deleted


def test_what_takes_long_says_so(fleet: Workspace, server: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure is not done before it was said."""
    update, held = Progress.update, server.hold("DELETE", f"^{AKS}[?]")

    def updated(self: Progress, name: str, state: str, done: int | None = None, note: str = "") -> None:
        update(self, name, state, done, note)
        if note and "cluster" in name:
            held.go_on.set()

    monkeypatch.setattr("rayfleet.retire.session._TELLS", 0.0)
    monkeypatch.setattr(Progress, "update", updated)
    shown = go(fleet).stderr
    said_so = r"cluster aks-westus2: deleting\ncluster aks-westus2: deleting: for \d+:\d\d so far\n"
    assert re.search(said_so, shown) and re.search(r"cluster aks-westus2: gone after \d+:\d\d", shown)


# --- failures ---------------------------------------------------------------------------------------------------------


def test_it_stops_at_the_first_failure_and_goes_on(fleet: Workspace, server: Arm) -> None:
    locked = error(409, "ScopeLocked", "The scope cannot perform delete operation because it is locked")
    server.script("DELETE", "/managedClusters/aks-westus2\\?", locked)
    said = go(fleet, code=1).stderr
    assert "cluster aks-westus2: ScopeLocked: The scope" in said
    assert f"the scope that the message names, and knows why: az lock list --subscription {SUB}; without" in said
    assert server.deleted == [*ORDER[:7], AKS]  # asked for, and refused
    assert AKS in server.documents
    server.deleted.clear()
    found = json.loads(fleet.run("retire", "--run", "--yes", "--format", "json").stdout)
    assert found["outcome"] == "done" and server.deleted == ORDER[7:]


def test_a_budget_that_holds_a_node(fleet: Workspace, server: Arm) -> None:
    """A head node has a budget of its own, which nothing may disrupt."""
    refused = error(400, "PodDrainFailure", "Drain node aks-t4-1 failed when evicting pod head: disruption budget")
    server.script("DELETE", "/agentPools/cpu", refused)
    said = go(fleet, code=1).stderr
    assert "fix: end what runs there, then run rayfleet retire --run again" in said
    command = re.findall(r"or delete it against the budgets: (.*)", said)[0]
    judged(command)
    assert command.endswith(" --cluster-name aks-westus2 --name cpu --ignore-pdb")


@pytest.mark.parametrize("answered", [drop(), drop(after=True)])
def test_a_dropped_connection(fleet: Workspace, server: Arm, answered: Any, no_time: None) -> None:
    server.script("DELETE", "/natGateways/", answered)
    go(fleet)
    assert not set(ORDER) & set(server.documents)


def test_what_went_meanwhile(fleet: Workspace, server: Arm, no_time: None) -> None:
    server.script("DELETE", "/fluxConfigurations/", error(404, "ResourceNotFound"))
    go(fleet)
    assert not set(ORDER) & set(server.documents)


def test_a_404_that_says_nothing(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    server.script("GET", "", *[error(404, "SubscriptionNotFound", "no such subscription")] * 99)
    assert "SubscriptionNotFound" in go(fleet, code=1).stderr
    assert untouched(server, stand_in)
    server.forget_scripts()


def test_no_login(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    refusal = [error(401, "ExpiredAuthenticationToken", "it is old")] * 40
    server.script("GET", "", *refusal)
    found = data(fleet)
    assert (found["outcome"], len(ids(found, "not seen"))) == ("planned", 18)
    assert found["diagnostics"][0]["severity"] == "warning"
    assert "ExpiredAuthenticationToken" in go(fleet, code=1).stderr
    assert untouched(server, stand_in)
    server.forget_scripts()


# --- looked at before and after ---------------------------------------------------------------------------------------


def test_what_azure_says_is_deleted_and_still_has(fleet: Workspace, server: Arm, no_time: None) -> None:
    server.script("DELETE", "/managedClusters/aks-westus2\\?", *[answer(200, {})] * 3)
    said = go(fleet, code=1).stderr
    assert "cluster aks-westus2: StillThere: Azure says that it is deleted, and still has it" in said
    assert AKS in server.documents


def test_azure_takes_a_while_to_know(fleet: Workspace, server: Arm, no_time: None) -> None:
    server.script("DELETE", "/managedClusters/aks-westus2\\?", *[answer(200, {})] * 2)
    go(fleet)
    assert not set(ORDER) & set(server.documents)


def test_what_is_being_deleted_is_waited_for(fleet: Workspace, server: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was stopped before has begun it."""
    server.documents[AKS]["properties"]["provisioningState"] = "Deleting"
    waits: list[float] = []

    def pause(_: object, seconds: float) -> None:
        waits.append(seconds)
        if waits.count(5.0) == 3:
            server.documents.pop(AKS, None)

    monkeypatch.setattr("rayfleet.azure.faults.Patience.pause", pause)
    go(fleet)
    assert not server.asked("DELETE", "/managedClusters/aks-westus2\\?")
    assert waits.count(5.0) == 3 and not set(ORDER) & set(server.documents)


def test_another_operation_passes(fleet: Workspace, server: Arm, no_time: None) -> None:
    busy = "Operation is not allowed: Another operation (t4 - Updating) is in progress, please wait for it to finish"
    server.script("DELETE", "/managedClusters/aks-westus2\\?", *[error(409, "OperationNotAllowed", busy)] * 20)
    go(fleet)
    assert not set(ORDER) & set(server.documents)


def test_it_never_ends(fleet: Workspace, server: Arm, no_time: None, monkeypatch: pytest.MonkeyPatch) -> None:
    server.documents[AKS]["properties"]["provisioningState"] = "Deleting"
    monkeypatch.setattr("rayfleet.retire.delete._LONGEST", -1.0)
    assert "cluster aks-westus2: OperationWithoutEnd: given up: it takes more than" in go(fleet, code=1).stderr


# --- deployment stacks ------------------------------------------------------------------------------------------------


def test_the_stack_of_a_region_that_is_gone(fleet: Workspace, server: Arm) -> None:
    """It is taken away, and nothing that it has is deleted by it."""
    server.stacks["aks-multi-region-westus2"].state = "Succeeded"
    server.stacks["aks-multi-region-eastus"].state = "Succeeded"
    found = data(fleet)
    assert ids(found)[-1] == STACK
    assert [row["command"] for row in found["steps"] if row["id"] == STACK] == [
        f"az stack group delete --resource-group aks-multi-region --subscription {SUB} --name aks-multi-region-westus2 "
        "--action-on-unmanage detachAll --yes"
    ]
    go(fleet)
    (asked,) = server.detached
    assert {key: value for key, value in asked.items() if key != "api-version"} == {
        "unmanageAction.Resources": ["detach"],
        "unmanageAction.ResourceGroups": ["detach"],
        "unmanageAction.ManagementGroups": ["detach"],
        "unmanageAction.ResourcesWithoutDeleteSupport": ["detach"],
    }
    assert set(server.stacks) >= {"aks-multi-region-eastus"} and ids(data(fleet)) == []
    assert server.requests.index(next(row for row in server.requests if row[0] == "DELETE" and "Stacks" in row[1])) > (
        max(number for number, row in enumerate(server.requests) if row[0] == "DELETE" and VNET in row[1])
    )


def test_a_stack_that_stays(fleet: Workspace, server: Arm) -> None:
    server.stacks["aks-multi-region-westus2"].state = "Succeeded"
    server.script("DELETE", "/deploymentStacks/", error(409, "DeploymentStackDeleteFailed", "no"))
    assert "deployment stack aks-multi-region-westus2: DeploymentStackDeleteFailed: no" in go(fleet, code=1).stderr


def test_a_region_that_stays_keeps_its_stack(whole: Workspace, server: Arm) -> None:
    more = "  aks-other: {region: westus2, network: {index: 2}}\n"
    change(whole, WEST, f"{WEST}{more}")
    change(whole, WEST, "")
    server.stacks["aks-multi-region-westus2"].state = "Succeeded"
    assert not [row for row in data(whole)["steps"] if "deploymentstacks" in row["type"]]
