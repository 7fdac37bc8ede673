"""``rayfleet bind`` where it asks Azure and Anyscale."""

from __future__ import annotations

import json
import sys

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import ArmServer, error
from tests.testing.bind_command import cloud, nothing_new, outputs, put, refused
from tests.testing.reference_names import EAST, RESOURCES, WEST
from tests.testing.workspace import Workspace


def test_after_the_first_deployment(unbound: Workspace, arm: ArmServer, anyscale: StandIn) -> None:
    """Anyscale is not asked before there is anything to register."""
    arm.deployments[EAST].outputs = outputs()
    arm.deployments[EAST].state = "Succeeded"
    result = unbound.run("bind")
    assert "bindings.yaml: 3 values written; run rayfleet render" in result.stdout
    assert (
        "missing: clientId, principalId, nodePools, cloudResourceId of aks-westus2\n"
        "    fix: run rayfleet deploy --region westus2, then rayfleet bind\n"
    ) in result.stderr
    assert anyscale.calls == []


def test_after_registration(unbound: Workspace, arm: ArmServer, anyscale: StandIn) -> None:
    for name, output in ((EAST, "aks_eastus"), (WEST, "aks_westus2")):
        arm.deployments[name].outputs = outputs(output)
        arm.deployments[name].state = "Succeeded"
    unbound.run("bind")
    unbound.run("render")
    assert "rayfleet register --cluster aks-eastus" in nothing_new(unbound)  # nothing is registered yet
    anyscale.clouds = {"aks-multi-region": cloud()["resources"]}
    result = unbound.run("bind")
    assert result.stdout.splitlines()[0] == f"+ aks-eastus.cloudResourceId: {RESOURCES['aks-eastus']}"
    unbound.run("render")
    assert unbound.run("bind", "--check").stdout == "bindings.yaml has everything\n"


@pytest.mark.parametrize(
    ("status", "fix"),
    [
        ("Failed", "run rayfleet deploy --region eastus"),
        ("Canceled", "run rayfleet deploy --region eastus"),
        ("Running", "run rayfleet deploy --region eastus, which looks on"),
    ],
)
def test_a_deployment_that_has_not_succeeded(unbound: Workspace, arm: ArmServer, status: str, fix: str) -> None:
    """It has nothing to bind, be there outputs or not; the other one is bound."""
    arm.deployments[EAST].state, arm.deployments[EAST].outputs = status, outputs()
    said = f"deployment {EAST}: it is {status}, and has no outputs to bind\n    fix: {fix}\n"
    assert said in nothing_new(unbound)
    arm.deployments[WEST].state, arm.deployments[WEST].outputs = "Succeeded", outputs("aks_westus2")
    result = unbound.run("bind", code=1)
    assert "bindings.yaml: 3 values written; run rayfleet render" in result.stdout
    assert said in result.stderr
    unbound.run("bind", "--cluster", "aks-westus2", code=1)  # its cloud resource id is missing, and nothing is new


def test_azure_refuses(workspace: Workspace, arm: ArmServer, anyscale: StandIn) -> None:
    """What Azure says, and what Anyscale does not, at once."""
    workspace.run("render")
    anyscale.fail("cloud get", "refused", "the server is down")
    arm.script("GET", EAST, *[error(403, "AuthorizationFailed", "not yours")] * 3)
    said = nothing_new(workspace)
    assert f"deployment {EAST}: AuthorizationFailed: not yours" in said
    assert "anyscale: anyscale cloud get: the server is down" in said


def test_what_can_be_asked_is_bound(unbound: Workspace, arm: ArmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A region that may not be looked at, and no anyscale, are no matter for the other region."""
    for name, output in ((EAST, "aks_eastus"), (WEST, "aks_westus2")):
        arm.deployments[name].outputs, arm.deployments[name].state = outputs(output), "Succeeded"
    unbound.run("bind", "--cluster", "aks-westus2")
    unbound.run("render")
    monkeypatch.setenv("PATH", str(unbound.folder))
    arm.script("GET", WEST, *[error(403, "AuthorizationFailed", "not yours")] * 3)
    result = unbound.run("bind", "--format", "json", code=1)
    found = json.loads(result.stdout)
    assert [(row["cluster"], row["kind"]) for row in found["changes"]] == [
        ("aks-eastus", kind) for kind in ("clientId", "principalId", "nodePools")
    ]
    assert [(row["file"], row["what"]) for row in found["errors"]] == [
        ("anyscale", "there is no anyscale on PATH"),
        (f"deployment {WEST}", "AuthorizationFailed: not yours"),
    ]
    assert "aks-eastus" in unbound.read("bindings.yaml")


def test_everything_at_once(workspace: Workspace, arm: ArmServer, anyscale: StandIn) -> None:
    """bindings.yaml is lost, and the fleet is there: answers come kind after kind, not cluster after cluster."""
    workspace.run("render")
    committed = workspace.read("bindings.yaml")
    (workspace.folder / "bindings.yaml").unlink()
    for name, output in ((EAST, "aks_eastus"), (WEST, "aks_westus2")):
        arm.deployments[name].outputs, arm.deployments[name].state = outputs(output), "Succeeded"
    anyscale.clouds = {"aks-multi-region": cloud()["resources"]}
    assert "bindings.yaml: 8 values written" in workspace.run("bind").stdout
    assert workspace.read("bindings.yaml").partition("version")[2] == committed.partition("version")[2]


def test_nobody_is_asked_where_files_are_given(workspace: Workspace, arm: ArmServer, anyscale: StandIn) -> None:
    workspace.run("render")
    put(workspace, outputs())
    workspace.run("bind", "--from", "outputs.json")
    workspace.run("bind", "--check")
    assert (arm.requests, anyscale.calls) == ([], [])


def test_without_rendered(workspace: Workspace) -> None:
    assert "rendered: is not there\n    fix: run rayfleet render first" in refused(workspace)


@pytest.mark.parametrize("library", ["ruamel", "azure"])
def test_a_library_that_is_not_installed(
    unbound: Workspace, arm: ArmServer, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    """rayfleet alone renders; what deploys is an extra."""
    put(unbound, outputs())
    monkeypatch.delitem(sys.modules, "rayfleet.bind.edit", raising=False)
    for name in [library, *(name for name in sys.modules if name.startswith(f"{library}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    said = refused(unbound, *(["--from", "outputs.json"] if library == "ruamel" else []))
    assert "is not installed: this command needs it\n    fix: pip install 'rayfleet[deploy]', or in" in said
