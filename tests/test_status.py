"""``rayfleet status``: every place seen and not seen, and the next step that follows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result

from generator.cli import asking
from generator.status import Deployed, Facts, next_step, row
from tests.anyscale.stand_in import StandIn
from tests.conftest import Workspace
from tests.deploy.arm_server import ArmServer, answer, error, hash_of, slow
from tests.test_history import git

SUB = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUB}/resourceGroups/aks-multi-region"
LIST = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters"
NAMES = [f"aks-multi-region-{name}" for name in ("resource-group", "shared", "eastus", "westus2")]
EAST, WEST = NAMES[2:]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArmServer]:
    with ArmServer() as arm:
        monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", arm.url)
        yield arm
        assert arm.unused == []


@pytest.fixture
def stand_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(tmp_path_factory.mktemp("anyscale"), monkeypatch)


@pytest.fixture
def fleet(workspace: Workspace, server: ArmServer, stand_in: StandIn) -> Workspace:
    """The reference fleet with everything done: rendered, committed, deployed, bound, registered."""
    workspace.run("render")
    workspace.write(".rayfleet_cache/\n", ".gitignore")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    for name in NAMES:
        done(workspace, server, name)
    server.documents[LIST] = {"value": [{"name": name, "location": "eastus"} for name in ("aks-eastus", "aks-westus2")]}
    registered(stand_in, "aks-eastus", "aks-westus2")
    return workspace


def done(fleet: Workspace, server: ArmServer, name: str) -> None:
    """As if a deployment had succeeded with what is rendered and bound."""
    deployment = server.deployments[name]
    deployment.state, deployment.starts = "Succeeded", 1
    template = name.removeprefix("aks-multi-region-")
    deployment.template_hash = hash_of(json.loads(fleet.read(f"rendered/azure/{template}.json")))
    bound = yaml.safe_load(fleet.read("bindings.yaml"))["clusters"].get(f"aks-{template}", {})
    values = {kind: row["value"] for kind, row in bound.items() if kind != "cloudResourceId"}
    deployment.outputs = {f"aks_{template}": {"type": "object", "value": values}} if values else {}


def registered(stand_in: StandIn, *names: str) -> None:
    rows = []
    for name in names:
        data = yaml.safe_load(Path(f"rendered/clusters/{name}/anyscale/cloud_resource.yaml").read_text())
        rows.append({"cloud_resource_id": f"cldrsrc_{name}", **data})
    stand_in.clouds = {"aks-multi-region": rows} if rows else {}


def data(fleet: Workspace, *arguments: str) -> Any:
    return json.loads(fleet.run("status", "--format", "json", *arguments).stdout)


def of(fleet: Workspace, cluster: str = "aks-eastus", *arguments: str) -> Any:
    found = {row["cluster"]: row for row in data(fleet, *arguments)["clusters"]}
    return found[cluster]


def said(fleet: Workspace, *arguments: str) -> str:
    return fleet.run("status", *arguments).stdout


# --- what is printed --------------------------------------------------------------------------------------------------


def test_all_is_done(fleet: Workspace) -> None:
    head, line, *rows = said(fleet).splitlines()
    assert head.split() == ["cluster", "region", "rendered", "bound", "deployment", "registered", "next", "step"]
    assert set(line) == {"─"}
    assert [" ".join(cells.split()) for cells in rows] == [
        f"aks-{region} {region} current all aks-multi-region-{region}: Succeeded 2026-11-01 00:01Z yes nothing"
        for region in ("eastus", "westus2")
    ]


def test_the_table_is_the_same_everywhere(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = said(fleet)
    for name, value in (("COLUMNS", "20"), ("TERM", "dumb"), ("FORCE_COLOR", "1"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
        assert said(fleet) == plain
    assert plain == "\n".join(line.rstrip() for line in plain.split("\n"))


def test_markdown(fleet: Workspace) -> None:
    lines = said(fleet, "--format", "markdown", "--offline").splitlines()
    assert lines[0].startswith("| cluster ") and lines[1].startswith("|---")
    assert lines[-1] == "- not seen: Anyscale: --offline; fix: leave it out"


def test_each_is_asked_once(fleet: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    said(fleet)
    for name in NAMES:
        assert server.asked("GET", f"/deployments/{name}\\?") == 1
    assert stand_in.calls == [["cloud", "get", "--name", "aks-multi-region", "--output-format", "json"]]
    assert {method for method, _ in server.requests} == {"GET", "POST"}
    assert not any("calculateTemplateHash" not in path for method, path in server.requests if method == "POST")


# --- next steps -------------------------------------------------------------------------------------------------------


def test_from_an_empty_subscription_to_the_end(fleet: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    """Each next step leads to another one."""
    server.deployments.clear()
    stand_in.clouds = {}
    bindings = fleet.read("bindings.yaml")
    os.remove("bindings.yaml")
    fleet.run("render", "--unbind", "aks-eastus", "--unbind", "aks-westus2")
    git("add", ".")
    git("commit", "-m", "nothing is bound")
    row = of(fleet)
    assert row["rendered"]["pending"] == ["clientId", "cloudResourceId", "principalId"]
    assert row["bound"]["missing"] == ["clientId", "principalId", "nodePools", "cloudResourceId"]
    assert (row["deployment"]["state"], row["registered"]) == ("never", "no")
    assert row["next"] == "rayfleet deploy --region eastus"
    fleet.write(bindings, "bindings.yaml")
    for name in NAMES:
        done(fleet, server, name)
    os.remove("bindings.yaml")
    assert of(fleet)["next"] == "rayfleet bind"
    without = "\n".join(line for line in bindings.splitlines() if "cloudResourceId" not in line) + "\n"
    fleet.write(without, "bindings.yaml")
    assert of(fleet)["next"] == "rayfleet render"
    fleet.run("render")
    for name in NAMES:
        done(fleet, server, name)
    assert of(fleet)["next"] == "rayfleet register --cluster aks-eastus"
    first = "rayfleet register --cluster aks-eastus, then rayfleet register --cluster aks-westus2"
    assert of(fleet, "aks-westus2")["next"] == first
    registered(stand_in, "aks-eastus")
    assert of(fleet)["next"] == "rayfleet bind"
    assert of(fleet, "aks-westus2")["next"] == "rayfleet register --cluster aks-westus2"
    registered(stand_in, "aks-eastus", "aks-westus2")
    fleet.write(bindings, "bindings.yaml")
    assert of(fleet)["next"] == "rayfleet render"
    fleet.run("render")
    assert of(fleet)["next"] == "commit: Flux follows"
    git("add", ".")
    git("commit", "-m", "all is bound")
    assert of(fleet)["next"] == "nothing"


def test_a_changed_fleet(fleet: Workspace) -> None:
    fleet.edit("maxCount: 6", "maxCount: 16")
    row = of(fleet)
    assert row["rendered"]["stale"] > 0 and row["next"] == "rayfleet render"
    assert "stale: rendered/README.md; next: rayfleet render" in said(fleet)
    fleet.run("render")
    row = of(fleet)
    assert (row["deployment"]["current"], row["uncommitted"]) == (False, True)
    assert row["next"] == "commit and rayfleet deploy --region eastus"
    git("commit", "-a", "-m", "more")
    assert of(fleet)["next"] == "rayfleet deploy --region eastus"
    assert "aks-multi-region-eastus: Succeeded 2026-11-01 00:01Z, of another template" in said(fleet)


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_a_deployment_that_failed(fleet: Workspace, server: ArmServer, state: str) -> None:
    server.deployments[EAST].state = state
    assert f"{EAST}: {state} " in said(fleet)
    assert of(fleet)["next"] == "rayfleet deploy --region eastus"
    assert of(fleet, "aks-westus2")["next"] == "nothing"


def test_a_deployment_that_runs(fleet: Workspace, server: ArmServer) -> None:
    server.deployments[EAST].state, server.deployments[EAST].polls = "Accepted", 99
    assert of(fleet)["deployment"]["state"] == "Running"
    assert of(fleet)["next"] == "wait: rayfleet deploy --region eastus looks on"


def test_a_shared_deployment_that_failed(fleet: Workspace, server: ArmServer) -> None:
    server.deployments[NAMES[1]].state = "Failed"
    assert "\naks-multi-region-shared: Failed; next: rayfleet deploy\n" in said(fleet)


def test_ids_that_the_deployment_hands_out_anew(fleet: Workspace, server: ArmServer) -> None:
    server.deployments[EAST].outputs["aks_eastus"]["value"]["clientId"] = "99999999-1111-4111-8111-111111111111"
    server.deployments[WEST].outputs["aks_westus2"]["value"]["nodePools"] = ["t4", "sys", "cpu", "a100"]
    row = of(fleet)
    assert (row["bound"]["outdated"], row["next"]) == (["clientId"], "rayfleet bind")
    assert of(fleet, "aks-westus2")["next"] == "nothing"


def test_a_registration_that_differs(fleet: Workspace, stand_in: StandIn) -> None:
    clouds = stand_in.clouds
    clouds["aks-multi-region"][0]["region"] = "westeurope"
    stand_in.clouds = clouds
    assert (of(fleet)["registered"], of(fleet)["next"]) == (
        "differs", "rayfleet register --cluster aks-eastus says what differs",
    )  # fmt: skip


# --- clusters that the fleet has no more ------------------------------------------------------------------------------


def test_a_cluster_that_left_the_fleet(fleet: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    fleet.edit("  aks-westus2: {region: westus2, network: {index: 1}}\n", "")
    gone = "rayfleet retire --cluster aks-westus2"
    row = of(fleet, "aks-westus2")
    assert (row["inFleet"], row["region"], row["next"]) == (False, "westus2", gone)
    assert row["rendered"]["stale"] > 1
    fleet.run("render")
    git("commit", "-a", "-m", "less")
    assert "left over" in said(fleet) and "the cluster is there" in said(fleet)
    fleet.write(fleet.read("bindings.yaml").partition("  aks-westus2:")[0], "bindings.yaml")
    assert of(fleet, "aks-westus2")["next"] == gone  # Azure and Anyscale still have it
    server.documents[LIST]["value"].pop()
    assert of(fleet, "aks-westus2")["inAzure"] is False
    registered(stand_in, "aks-eastus")
    assert [row["cluster"] for row in data(fleet)["clusters"]] == ["aks-eastus"]


def test_hostile_names_of_elsewhere(fleet: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    clouds = stand_in.clouds
    clouds["aks-multi-region"].append({"name": "\x1b[31mred|`x`\nnew"})
    stand_in.clouds = clouds
    server.documents[LIST]["value"] += [{"name": "[bold]x[/bold]", "location": 7}, {"noName": 1}, "none"]
    for form in ("text", "markdown"):
        printed = said(fleet, "--format", form)
        assert "\x1b" not in printed and "\\nnew" in printed
    assert "[bold]x[/bold]" in said(fleet) and "red\\|\\`x\\`" in said(fleet, "--format", "markdown")


# --- what cannot be seen ----------------------------------------------------------------------------------------------


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


def test_no_network_and_no_binary(fleet: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with ArmServer() as other:
        pass
    monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", other.url)
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = said(fleet, "--wait", "0.3")
    assert "not seen: Azure: No" in shown and "not seen: Anyscale: there is no anyscale on PATH" in shown
    assert of(fleet, "aks-eastus", "--wait", "0.3")["next"] == "nothing, as far as was seen"


def test_another_endpoint_is_refused_and_no_failure(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", "http://example.com")
    assert "not seen: Azure: EndpointNotLocal" in said(fleet)


def test_without_the_sdk(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'azure.mgmt'", name="azure.mgmt")

    monkeypatch.setattr(asking, "deployed", missing)
    assert "not seen: Azure: azure.mgmt is not installed" in said(fleet)


def test_a_bug_is_shown(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "deployed", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fleet.run("status")


def test_one_that_does_not_answer_in_time(fleet: Workspace, server: ArmServer) -> None:
    server.script("GET", f"/deployments/{EAST}", slow())
    found = data(fleet, "--wait", "1")
    assert {row["cluster"]: row["deployment"]["state"] for row in found["clusters"]} == {
        "aks-eastus": None, "aks-westus2": "Succeeded",
    }  # fmt: skip
    assert next((row["what"], row["why"][:15]) for row in found["notSeen"]) == (EAST, "NoAnswerInTime:")


def test_answers_that_are_none(fleet: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    server.script("GET", f"/deployments/{EAST}", answer(200, {"properties": {}}), *[answer(200, [])] * 5)
    server.script("GET", "/managedClusters", *[answer(403, {"error": {"code": "AuthorizationFailed"}})])
    stand_in.fail("cloud get", "prints", "no JSON")
    found = data(fleet, "--wait", "1")
    whats = [row["what"] for row in found["notSeen"]]
    assert EAST in whats and "clusters in aks-multi-region" in whats and "Anyscale" in whats
    server._scripts.clear()


def test_nothing_is_rendered_yet(workspace: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    os.remove("bindings.yaml")
    row = of(workspace)
    assert row["rendered"]["stale"] > 10 and row["next"] == "rayfleet render"
    assert (row["deployment"]["state"], row["registered"]) == (None, "no")
    assert "not seen: the last commit: this is no Git repository" in said(workspace)
    assert server.requests == []


def test_a_rendered_tree_that_cannot_be_read(fleet: Workspace) -> None:
    fleet.write("{", "rendered/azure/deployments.json")
    assert "not seen: the deployments: rendered/azure/deployments.json:1:2: not JSON" in said(fleet)
    assert of(fleet)["deployment"]["state"] is None


def test_bindings_that_are_wrong(fleet: Workspace) -> None:
    fleet.edit("{value: 11111111-1111-4111-8111-111111111111,", "{value: eleven,", "bindings.yaml")
    shown = said(fleet)
    assert "not seen: what fleet.yaml gives: bindings.yaml:6:" in shown
    fleet.write("clusters: [\n", "bindings.yaml")
    row = of(fleet)
    assert (row["bound"], row["rendered"]["stale"], row["next"]) == (None, None, "mend bindings.yaml")


# --- usage ------------------------------------------------------------------------------------------------------------


def test_an_invalid_fleet(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("version: 1", "version: 2")
    result: Result = fleet.run("status", code=1)
    assert result.stdout == "" and "fleet.yaml:5:10: version" in result.stderr
    assert result.stderr.endswith("1 error; nothing was looked at\n")
    assert json.loads(fleet.run("status", "--format", "json", code=1).stdout)[0]["where"] == "version"
    assert server.requests == []


def test_usage(workspace: Workspace) -> None:
    workspace.run("status", "--wait", "0", code=2)
    workspace.run("status", "--format", "yaml", code=2)


# --- the derivation alone ---------------------------------------------------------------------------------------------


def test_every_column_says_what_was_not_seen() -> None:
    facts = Facts("a", "eastus", stale=None, bound=None, deployment="d", registered=None)
    assert row(facts)[2:6] == ("not seen", "not seen", "d: not seen", "not seen")


def test_files_alone_lead_through_deployment_and_binding() -> None:
    facts = Facts("a", "eastus", bound={}, deployment="d", dirty=True)
    assert next_step(facts) == "commit and rayfleet deploy --region eastus, then rayfleet bind"
    ids = dict.fromkeys(("clientId", "principalId", "nodePools"), "x")
    assert next_step(facts._replace(bound=ids)) == "rayfleet register --cluster a"
    assert next_step(facts._replace(bound={**ids, "cloudResourceId": "y"})) == "commit: Flux follows"


@pytest.mark.parametrize("when", ["", "yesterday", "2026-11-01T00:01:02.1234567Z", "2026-11-01T00:01:02+00:00"])
def test_times(when: str) -> None:
    shown = row(Facts("a", "eastus", deployment="d", deployed=Deployed("Succeeded", when))).deployment
    assert shown == f"d: Succeeded{' 2026-11-01 00:01Z' if when.startswith('2') else f' {when}' if when else ''}"
