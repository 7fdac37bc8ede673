"""``rayfleet bind`` where it asks Azure and Anyscale."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.anyscale.stand_in import StandIn
from tests.conftest import Workspace
from tests.deploy.arm_server import ArmServer, error
from tests.late.given import EAST, EMPTY, RESOURCES, WEST, cloud, outputs, put, refused


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArmServer]:
    with ArmServer() as server:
        monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", server.url)
        yield server


@pytest.fixture
def anyscale(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(tmp_path_factory.mktemp("anyscale"), monkeypatch)


@pytest.fixture
def unbound(workspace: Workspace) -> Workspace:
    """Rendered before its first deployment."""
    workspace.write(EMPTY, "bindings.yaml")
    workspace.run("render")
    return workspace


def test_after_the_first_deployment(unbound: Workspace, arm: ArmServer, anyscale: StandIn) -> None:
    """Anyscale is not asked before there is anything to register."""
    arm.deployments[EAST].outputs = outputs()
    arm.deployments[EAST].state = "Succeeded"
    result = unbound.run("bind")
    assert "bindings.yaml: 3 values written; run make render" in result.stdout
    assert (
        f"missing: clientId, principalId, nodePools, cloudResourceId of aks-westus2\n    fix: deploy {WEST}"
        in result.stderr
    )
    assert anyscale.calls == []


def test_after_registration(unbound: Workspace, arm: ArmServer, anyscale: StandIn) -> None:
    for name, output in ((EAST, "aks_eastus"), (WEST, "aks_westus2")):
        arm.deployments[name].outputs = outputs(output)
        arm.deployments[name].state = "Succeeded"
    unbound.run("bind")
    unbound.run("render")
    still = unbound.run("bind")  # nothing is registered yet
    assert still.stdout == "bindings.yaml is current\n"
    assert "rayfleet register --cluster aks-eastus" in still.stderr
    anyscale.clouds = {"aks-multi-region": cloud()["resources"]}
    result = unbound.run("bind")
    assert result.stdout.splitlines()[0] == f"+ aks-eastus.cloudResourceId: {RESOURCES['aks-eastus']}"
    unbound.run("render")
    assert unbound.run("bind", "--check").stdout == "bindings.yaml has everything\n"


def test_a_failed_deployment_has_nothing_to_bind(unbound: Workspace, arm: ArmServer) -> None:
    arm.deployments[EAST].state = "Failed"
    result = unbound.run("bind")
    assert result.stdout == "bindings.yaml is current\n"
    assert f"deployment {EAST}: warning: it is Failed, and has no outputs to bind" in result.stderr


def test_azure_refuses(workspace: Workspace, arm: ArmServer, anyscale: StandIn) -> None:
    """What Azure says, and what Anyscale does not, at once; nothing is bound by half."""
    workspace.run("render")
    anyscale.fail("cloud get", "refused", "the server is down")
    arm.script("GET", EAST, *[error(403, "AuthorizationFailed", "not yours")] * 3)
    said = refused(workspace)
    assert f"deployment {EAST}: AuthorizationFailed: not yours" in said
    assert "anyscale: anyscale cloud get: the server is down" in said
    assert said.endswith("2 errors; nothing was changed\n")


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
    monkeypatch.delitem(sys.modules, "generator.late.edit", raising=False)
    for name in [library, *(name for name in sys.modules if name.startswith(f"{library}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    said = refused(unbound, *(["--from", "outputs.json"] if library == "ruamel" else []))
    assert "is not installed\n    fix: pip install 'rayfleet[deploy]'" in said
