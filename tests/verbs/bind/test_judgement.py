"""Answers that ``rayfleet bind`` does not take as they are: pools that go, pools of nobody, ids that are exchanged."""

from __future__ import annotations

import pytest

from tests.testing.bind_command import IDS, POOLS, outputs, put, refused
from tests.testing.reference_names import EAST
from tests.testing.workspace import Workspace

PRINTS = (
    f"az deployment group show --resource-group aks-multi-region --name {EAST} --query properties.outputs --output json"
)
BOUND = f"[a100, cpu, sys, t4], producer: {EAST}"


# --- pools ------------------------------------------------------------------------------------------------------------


def test_a_pool_that_goes_though_the_fleet_has_it_needs_yes(workspace: Workspace) -> None:
    """Rendered as new it would get its starting count, and a deployment would end what runs there."""
    put(workspace, outputs(nodePools=["sys", "cpu"]))
    said = (
        "bindings.yaml:8:24: clusters.aks-eastus.nodePools.value: the fleet has a100, t4, and "
        f"{EAST}.outputs.aks_eastus.nodePools no longer lists them: the next deployment would reset the node count\n"
        f"    fix: take it from: {PRINTS}; if Azure has no such pool any more, bind it with --yes\n"
        "1 error; nothing was changed\n"
    )
    assert refused(workspace, "--from", "outputs.json") == said
    assert refused(workspace, "--check", "--from", "outputs.json") == said
    result = workspace.run("bind", "--from", "outputs.json", "--yes")
    assert result.stdout.splitlines()[0] == "~ aks-eastus.nodePools: -a100 -t4"


@pytest.mark.parametrize("arguments", [[], ["--yes"], ["--check"]])
def test_a_pool_that_nobody_has_is_refused(workspace: Workspace, arguments: list[str]) -> None:
    put(workspace, outputs(nodePools=[*POOLS, "a101"]))
    said = refused(workspace, "--from", "outputs.json", *arguments)
    assert (
        'outputs.json:1:196: aks_eastus.value.nodePools: aks-eastus has no pool a101 (did you mean "a100"?)\n' in said
    )
    assert said.endswith("1 error; nothing was changed\n")


def test_a_pool_that_left_the_fleet_may_stay_bound_and_may_go(workspace: Workspace) -> None:
    workspace.edit(BOUND, f"[a100, cpu, sys, t3, t4], producer: {EAST}", "bindings.yaml")
    put(workspace, outputs(nodePools=[*POOLS, "t3"]))
    assert workspace.run("bind", "--from", "outputs.json").stdout == "bindings.yaml is current\n"
    put(workspace, outputs())
    assert "~ aks-eastus.nodePools: -t3\n" in workspace.run("bind", "--from", "outputs.json").stdout


def test_check_after_a_pool_was_renamed(workspace: Workspace) -> None:
    workspace.edit(BOUND, f"[a100, cpu, sys, t3], producer: {EAST}", "bindings.yaml")
    assert refused(workspace, "--check") == (
        "bindings.yaml:8:24: clusters.aks-eastus.nodePools.value: not bound: t4\n"
        "    fix: run rayfleet deploy --region eastus, then rayfleet bind\n"
        "bindings.yaml:8:41: clusters.aks-eastus.nodePools.value[3]: aks-eastus has no pool t3\n"
        "    fix: put it back into fleet.yaml; or let rayfleet retire show how to take it down, then rayfleet bind\n"
        "2 errors; nothing was changed\n"
    )


# --- ids --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["--yes"], ["--check"]])
def test_the_two_ids_of_an_identity_are_never_exchanged(workspace: Workspace, arguments: list[str]) -> None:
    client, principal = IDS["aks_eastus"]
    put(workspace, outputs(clientId=principal, principalId=client))
    said = refused(workspace, "--from", "outputs.json", *arguments)
    assert "clientId of aks-eastus is what is bound as principalId of aks-eastus: they are exchanged\n" in said
    assert "principalId of aks-eastus is what is bound as clientId of aks-eastus: they are exchanged\n" in said


def test_the_ids_of_two_clusters_are_never_exchanged(workspace: Workspace) -> None:
    east, west = IDS["aks_eastus"], IDS["aks_westus2"]
    put(
        workspace,
        {
            **outputs(clientId=west[0], principalId=west[1]),
            **outputs("aks_westus2", clientId=east[0], principalId=east[1]),
        },
    )
    said = refused(workspace, "--from", "outputs.json", "--yes")
    assert said.count(": they are exchanged\n") == 4


def test_what_was_exchanged_in_the_file_is_bound_once_it_is_out_of_it(workspace: Workspace) -> None:
    client, principal = IDS["aks_eastus"]
    before = workspace.read("bindings.yaml")
    mixed = before.replace(client, "?").replace(principal, client).replace("?", principal)
    workspace.write(mixed, "bindings.yaml")
    put(workspace, outputs())
    assert "if bindings.yaml is wrong, take both lines out of it" in refused(
        workspace, "--from", "outputs.json", "--yes"
    )
    lines = [line for line in mixed.splitlines() if client not in line and principal not in line]
    workspace.write("\n".join(lines) + "\n", "bindings.yaml")
    workspace.run("bind", "--from", "outputs.json")
    written = workspace.read("bindings.yaml")
    assert f"clientId: {{value: {client}" in written and f"principalId: {{value: {principal}" in written
