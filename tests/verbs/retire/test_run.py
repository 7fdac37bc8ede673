"""A retirement carried out: each thing in its turn, looked at before and after."""

from __future__ import annotations

import json
import re

import pytest

from rayfleet.console.progress import Progress
from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import drop, error
from tests.testing.reference_names import CLOUD, SUB
from tests.testing.retire_command import AKS, KEPT, ORDER, STACK, VNET, Arm, data, go, ids, untouched
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


def test_a_dropped_connection(fleet: Workspace, server: Arm, no_time: None) -> None:
    server.script("DELETE", "/natGateways/", drop(after=True))
    go(fleet)
    assert not set(ORDER) & set(server.documents)


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
