"""Cloud resources: which may be removed, and what counts as removed."""

from __future__ import annotations

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.testing.reference_names import CLOUD, EAST_ID, WEST_ID
from tests.testing.retire_command import BOTH, ORDER, Arm, commit, data, go, ids, registered, untouched
from tests.testing.workspace import Workspace

OTHER = "cldrsrc_somebodyelses000000000000"


def unbound(fleet: Workspace, *clusters: str) -> None:
    """Takes the cloud resources of clusters out of bindings.yaml."""
    text, names = fleet.read("bindings.yaml"), [name.replace("-", "") for name in clusters]
    kept = [row for row in text.splitlines(True) if not any(f"cldrsrc_{name[3:]}" in row for name in names)]
    fleet.write("".join(kept), "bindings.yaml")
    fleet.run("render", *(option for name in clusters for option in ("--unbind", name) if name in fleet.read()))
    commit()


# --- another login ----------------------------------------------------------------------------------------------------


def test_another_organisation_sees_nothing(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    """Which is no proof that it was removed."""
    stand_in.clouds = {}
    found = data(fleet)
    assert ids(found, "not seen") == ["aks-westus2"]
    said = go(fleet, code=1).stderr
    assert f"Anyscale: aks-westus2: this login does not see {EAST_ID} of aks-eastus, which stays, in the cloud" in said
    assert "fix: log in to the fleet's own organisation: anyscale login" in said
    assert untouched(server, stand_in)


# --- the bound id -----------------------------------------------------------------------------------------------------


def test_the_bound_one_by_another_name(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    stand_in.clouds = registered(aks_eastus=EAST_ID, old_name=WEST_ID)
    assert " --resource old-name " in data(fleet)["steps"][0]["command"]
    go(fleet)
    assert stand_in.names(CLOUD) == ["aks-eastus"]
    assert server.deleted == ORDER


def test_it_is_removed_already(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    stand_in.clouds = registered(aks_eastus=EAST_ID)
    assert "aks-westus2" in ids(data(fleet), "done")
    go(fleet)
    assert stand_in.changes == [] and server.deleted == ORDER


def test_a_primary_one_that_only_anyscale_knows(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    stand_in.clouds = {CLOUD: BOTH[CLOUD][::-1]}
    said = go(fleet, code=1).stderr
    assert "the cloud resource aks-westus2 is still there: " in said and "fix: keep its cluster" in said
    assert server.deleted == []


# --- never registered -------------------------------------------------------------------------------------------------


def test_what_was_never_registered_needs_no_anyscale(
    fleet: Workspace, server: Arm, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbound(fleet, "aks-eastus", "aks-westus2")
    monkeypatch.setenv("PATH", "/nowhere")
    result = go(fleet)
    assert "none is bound, so there is nothing to remove" in result.stderr
    assert server.deleted == ORDER


# --- removal ----------------------------------------------------------------------------------------------------------


def test_anyscale_fails(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    stand_in.fail("cloud resource delete", "refused", "workspaces run on it")
    assert "workspaces run on it" in go(fleet, code=1).stderr
    stand_in.fail("cloud resource delete", "nothing")
    assert "is still there" in go(fleet, code=1).stderr
    assert server.deleted == []
    go(fleet)
    assert server.deleted == ORDER
