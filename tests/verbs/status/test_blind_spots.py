"""``rayfleet status`` where something cannot be seen: no login, no network, no answer, no tree."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from concurrent.futures import Future, as_completed
from pathlib import Path
from typing import Any

import pytest

from rayfleet import threads
from rayfleet.azure import stacks
from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import ArmServer, answer, error, slow
from tests.testing.reference_names import EAST
from tests.testing.status_command import data, of, said
from tests.testing.workspace import Workspace


def test_offline_asks_nobody(fleet: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    row = of(fleet, "aks-eastus", "--offline")
    assert (row["deployment"]["state"], row["registered"]) == (None, None)
    assert row["next"] == "nothing, as far as was seen"
    assert server.requests == [] and stand_in.calls == []


def test_no_login(fleet: Workspace, server: ArmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANYSCALE_CLI_TOKEN")
    server.script("GET", "", *[error(401, "ExpiredAuthenticationToken", "it is old")] * 4)
    lines = said(fleet).splitlines()
    assert sum("not seen: Azure: ExpiredAuthenticationToken: it is old" in line for line in lines) == 1
    assert any(line.startswith("not seen: Anyscale: anyscale cloud get: Credentials not found.") for line in lines)
    assert not any(line.count("az login") > 1 for line in lines)


def test_no_network_and_no_binary(
    fleet: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_time: None
) -> None:
    with ArmServer() as other:
        pass
    monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", other.url)
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = said(fleet)
    assert "not seen: Azure: No" in shown and "not seen: Anyscale: there is no anyscale on PATH" in shown
    assert of(fleet)["next"] == "nothing, as far as was seen"


def test_another_endpoint_is_refused_and_no_failure(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", "http://example.com")
    assert "not seen: Azure: EndpointNotLocal" in said(fleet)


def test_without_the_sdk(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'azure.mgmt'", name="azure.mgmt")

    monkeypatch.setattr(stacks, "last_deployment", missing)
    assert "not seen: Azure: azure.mgmt is not installed" in said(fleet)


def test_a_bug_is_shown(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "last_deployment", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fleet.run("status")


def all_but_one(futures: Collection[Future[Any]], *_: object) -> bool:
    """Waits as if the time were over once all others have answered; for one alone, until it has."""
    for number, _ in enumerate(as_completed(futures), 1):
        if number == max(len(futures) - 1, 1):
            break
    return True


def test_one_that_does_not_answer_in_time(fleet: Workspace, server: ArmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.script("GET", f"/deployments/{EAST}", slow())
    monkeypatch.setattr(threads, "join", all_but_one)
    found = data(fleet)
    assert {row["cluster"]: row["deployment"]["state"] for row in found["clusters"]} == {
        "aks-eastus": None, "aks-westus2": "Succeeded",
    }  # fmt: skip
    assert next((row["what"], row["why"][:15]) for row in found["notSeen"]) == (EAST, "NoAnswerInTime:")


def test_answers_that_are_none(fleet: Workspace, server: ArmServer, stand_in: StandIn, no_time: None) -> None:
    server.script("GET", f"/deployments/{EAST}", answer(200, {"properties": {}}), *[answer(200, [])] * 5)
    server.script("GET", "/managedClusters", *[answer(403, {"error": {"code": "AuthorizationFailed"}})])
    stand_in.fail("cloud get", "prints", "no JSON")
    found = data(fleet)
    whats = [row["what"] for row in found["notSeen"]]
    assert EAST in whats and "clusters in aks-multi-region" in whats and "Anyscale" in whats
    server._scripts.clear()


def test_nothing_is_rendered_yet(workspace: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    os.remove("bindings.yaml")
    row = of(workspace)
    assert row["rendered"]["stale"] > 10 and row["next"] == "rayfleet render"
    stale = [line for line in said(workspace).splitlines() if line.startswith("stale: ")]
    files = ("azure/deployments.json", "azure/resource-group.json", "azure/shared.json")
    assert stale == [f"stale: {', '.join(f'rendered/{file}' for file in files)}, 1 more file; next: rayfleet render"]
    assert (row["deployment"]["state"], row["registered"]) == (None, "no")
    assert "not seen: the last commit: this is no Git repository" in said(workspace)
    assert server.requests == []


def test_a_rendered_tree_that_cannot_be_read(fleet: Workspace) -> None:
    fleet.write("{", "rendered/azure/deployments.json")
    assert "not seen: the deployments: rendered/azure/deployments.json:1:2: not JSON" in said(fleet)
    assert of(fleet)["deployment"]["state"] is None


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("{value: 11111111-1111-4111-8111-111111111111,", "{value: eleven,", "bindings.yaml:6:"),
        ("clusters:\n", "clusters: [\n", "bindings.yaml:"),
        ("version: 1\n", "", "bindings.yaml:"),
    ],
)
def test_bindings_without_a_shape(fleet: Workspace, old: str, new: str, place: str) -> None:
    """bind does not touch them."""
    fleet.edit(old, new, "bindings.yaml")
    assert f"not seen: bindings.yaml: {place}" in said(fleet)
    row = of(fleet)
    assert (row["bound"], row["rendered"]["stale"], row["next"]) == (None, None, "fix bindings.yaml")
    fleet.run("bind", code=1)


@pytest.mark.parametrize("arguments", [(), ("--offline",)])
def test_bindings_that_a_rule_forbids(fleet: Workspace, arguments: tuple[str, ...]) -> None:
    """bind mends them, and render refuses them."""
    text = fleet.read("bindings.yaml")
    fleet.write(text.replace("westus2.outputs.aks_westus2.clientId", "westus3.outputs.x"), "bindings.yaml")
    for cluster in ("aks-eastus", "aks-westus2"):
        row = of(fleet, cluster, *arguments)
        assert (row["bound"]["wrong"], row["rendered"]["stale"], row["next"]) == (True, None, "rayfleet bind")
    assert "not seen: what fleet.yaml gives: bindings.yaml:" in said(fleet)
    fleet.run("render", code=1)
    fleet.run("bind")
    assert of(fleet)["next"] == "nothing"


def test_a_folder_that_cannot_be_compared_is_rendered(fleet: Workspace) -> None:
    shutil.rmtree("rendered")
    fleet.write("x", "rendered")
    assert of(fleet)["next"] == "rayfleet render"
