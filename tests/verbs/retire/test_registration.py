"""Cloud resources: which may be removed, and what counts as removed."""

from __future__ import annotations

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.testing.retire_command import (
    BOTH,
    CLOUD,
    EAST,
    EAST_ID,
    ORDER,
    WEST_ID,
    Arm,
    change,
    commit,
    data,
    go,
    ids,
    registered,
    untouched,
)
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


def test_another_organisation_has_such_a_cloud(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    stand_in.clouds = registered(aks_somewhere=OTHER)
    assert "this login does not see" in go(fleet, code=1).stderr
    assert untouched(server, stand_in)


def test_another_login_does_not_free_the_primary_cluster(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    whole.edit("primaryRegion: eastus", "primaryRegion: westus2")
    change(whole, EAST, "")
    stand_in.clouds = {}
    found = data(whole, code=1)
    assert (found["outcome"], len(found["blocked"])) == ("blocked", 1)
    assert "primary one" in go(whole, code=1).stderr
    assert untouched(server, stand_in)


def test_the_primary_cluster_is_free_once_the_others_are_seen_without_it(
    whole: Workspace, server: Arm, stand_in: StandIn
) -> None:
    whole.edit("primaryRegion: eastus", "primaryRegion: westus2")
    change(whole, EAST, "")
    stand_in.clouds = registered(aks_westus2=WEST_ID)
    assert data(whole)["outcome"] == "planned"


def test_the_old_cloud_was_deleted(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    """The others were registered with a new one, and are seen there."""
    whole.edit("primaryRegion: eastus", "primaryRegion: westus2")
    change(whole, EAST, "")
    whole.edit("anyscale.aks-multi-region.aks-westus2", "anyscale.new.aks-westus2", "bindings.yaml")
    change(whole, "  cloud: aks-multi-region\n", "  cloud: new\n")
    stand_in.clouds = {"new": [{"name": "aks-westus2", "cloud_resource_id": WEST_ID}]}
    found = data(whole, "--base", "HEAD~2")
    assert found["outcome"] == "planned" and "aks-eastus" in ids(found, "done")


# --- the bound id -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [OTHER, ""])
def test_one_of_the_name_that_is_somebody_elses(fleet: Workspace, server: Arm, stand_in: StandIn, other: str) -> None:
    stand_in.clouds = registered(aks_eastus=EAST_ID, aks_westus2=other)
    said = go(fleet, code=1).stderr
    what = other or "one without an id"
    assert f"is {what}, and the one that is bound is {WEST_ID}" in said
    assert untouched(server, stand_in)


def test_the_bound_one_by_another_name(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    stand_in.clouds = registered(aks_eastus=EAST_ID, old_name=WEST_ID)
    assert " --resource old-name " in data(fleet)["steps"][0]["command"]
    go(fleet)
    assert stand_in.names(CLOUD) == ["aks-eastus"]
    assert server.deleted == ORDER


def test_a_cloud_is_read_once(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    more = "".join(f"  aks-x{number}: {{region: westus2, network: {{index: {number}}}}}\n" for number in (2, 3))
    change(whole, EAST, f"{EAST}{more}")
    change(whole, more, "")
    data(whole)
    assert len(stand_in.calls) == 1


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


def test_a_bound_one_needs_it(
    fleet: Workspace, server: Arm, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "there is no anyscale on PATH" in go(fleet, code=1).stderr
    assert server.deleted == []


def test_one_that_is_there_and_not_bound(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    unbound(fleet, "aks-westus2")
    said = go(fleet, code=1).stderr
    assert "bindings.yaml does not say that it was this cluster's" in said
    assert (
        "fix: if it was: anyscale cloud resource delete --cloud aks-multi-region --resource aks-westus2 --yes" in said
    )
    assert untouched(server, stand_in)


def test_a_primary_cluster_that_was_never_registered(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    unbound(whole, "aks-eastus", "aks-westus2")
    stand_in.clouds = {}
    whole.edit("primaryRegion: eastus", "primaryRegion: westus2")
    change(whole, EAST, "")
    assert data(whole)["outcome"] == "planned"


# --- removal ----------------------------------------------------------------------------------------------------------


def test_anyscale_fails(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    stand_in.fail("cloud resource delete", "refused", "workspaces run on it")
    assert "workspaces run on it" in go(fleet, code=1).stderr
    stand_in.fail("cloud resource delete", "nothing")
    assert "is still there" in go(fleet, code=1).stderr
    assert server.deleted == []
    go(fleet)
    assert server.deleted == ORDER
