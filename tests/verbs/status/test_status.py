"""``rayfleet status``: every place seen and not seen, and the next step that follows."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Collection, Iterator
from concurrent.futures import Future, as_completed
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result

from rayfleet import threads
from rayfleet.azure import stacks
from rayfleet.azure.stacks import LastDeployment
from rayfleet.status.next_step import BoundValues, Facts, next_step, row
from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import ArmServer, answer, error, hash_of, slow
from tests.testing.git import git
from tests.testing.processes import PIPES, Started
from tests.testing.workspace import Workspace

SUB = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUB}/resourceGroups/aks-multi-region"
LIST = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters"
NAMES = [f"aks-multi-region-{name}" for name in ("resource-group", "shared", "eastus", "westus2")]
EAST, WEST = NAMES[2:]
RESOURCES = {"aks-eastus": "cldrsrc_eastus0example0000000000", "aks-westus2": "cldrsrc_westus20example000000000"}


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
def fleet(committed: Workspace, server: ArmServer, stand_in: StandIn) -> Workspace:
    """The reference fleet with everything done: rendered, committed, deployed, bound, registered."""
    for name in NAMES:
        done(committed, server, name)
    there(server, "aks-eastus", "aks-westus2")
    registered(stand_in, "aks-eastus", "aks-westus2")
    return committed


def share(message: str) -> None:
    """Commits what Git knows, and pushes it."""
    git("commit", "-a", "-m", message)
    git("push", "origin", "HEAD:main")


def there(server: ArmServer, *names: str, pools: tuple[str, ...] = ("sys", "cpu", "t4", "a100")) -> None:
    """The AKS clusters of the resource group."""
    profiles = {"agentPoolProfiles": [{"name": pool} for pool in pools]}
    rows = [{"name": name, "location": name.removeprefix("aks-"), "properties": profiles} for name in names]
    server.documents[LIST] = {"value": rows}


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
        rows.append({"cloud_resource_id": RESOURCES[name], **data})
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
    assert lines[-1] == "- not seen: Anyscale: --offline"


def test_each_is_asked_once(fleet: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    said(fleet)
    for name in NAMES:
        assert server.asked("GET", f"/deployments/{name}\\?") == 1
    assert stand_in.calls == [["cloud", "get", "--name", "aks-multi-region", "--output-format", "json"]]
    assert {method for method, _ in server.requests} == {"GET", "POST"}
    assert not any("calculateTemplateHash" not in path for method, path in server.requests if method == "POST")


# --- next steps -------------------------------------------------------------------------------------------------------


def test_a_changed_fleet(fleet: Workspace) -> None:
    fleet.edit("maxCount: 6", "maxCount: 16")
    row = of(fleet)
    assert row["rendered"]["stale"] > 0 and row["next"] == "rayfleet render"
    assert "\nstale: rendered/README.md; next: rayfleet render\n" in said(fleet)
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


@pytest.mark.parametrize("name", NAMES[:2])
def test_a_deployment_that_failed_and_that_others_build_on(fleet: Workspace, server: ArmServer, name: str) -> None:
    server.deployments[name].state = "Failed"
    assert f"\n{name}: Failed; next: rayfleet deploy\n" in said(fleet)
    assert of(fleet)["next"] == "rayfleet deploy --region eastus"
    server.deployments[name].state, server.deployments[name].polls = "Accepted", 99
    assert of(fleet)["next"] == "wait: rayfleet deploy --region eastus looks on"
    done(fleet, server, name)
    server.deployments[name].template_hash = "another"
    assert f"\n{name}: Succeeded, of another template; next: rayfleet deploy\n" in said(fleet)
    assert of(fleet)["next"] == "rayfleet deploy --region eastus"


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
    assert (of(fleet)["registered"], of(fleet)["next"]) == ("differs", "change it in Anyscale: see below")
    assert data(fleet)["notes"] == [
        "aks-eastus is registered with other settings than rendered: region is 'westeurope', rendered 'eastus'; "
        "fix: anyscale cloud get --name aks-multi-region --output-file cloud.yaml; write what is rendered into its "
        "entry aks-eastus; anyscale cloud update --name aks-multi-region --resources-file cloud.yaml"
    ]


def test_a_cluster_that_is_gone_in_azure(fleet: Workspace, server: ArmServer) -> None:
    there(server, "aks-westus2")
    assert f"{EAST}: Succeeded 2026-11-01 00:01Z, the cluster is not there" in said(fleet)
    assert of(fleet)["next"] == "rayfleet deploy --region eastus"
    assert of(fleet, "aks-westus2")["next"] == "nothing"


def test_a_pool_that_the_fleet_has_no_more(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("    a100: {vmSize: Standard_ND96asr_v4, maxCount: 3, capacityType: spot}\n", "")
    fleet.run("render")
    share("no a100")
    for name in NAMES:
        done(fleet, server, name)
    assert of(fleet)["leftPools"] == ["a100"]
    assert of(fleet)["next"] == "rayfleet retire --cluster aks-eastus, then with --run"
    assert f"{EAST}: Succeeded 2026-11-01 00:01Z, a100 left" in said(fleet)
    there(server, "aks-eastus", "aks-westus2", pools=("sys", "cpu", "t4", "theirs"))
    assert of(fleet)["leftPools"] == []


def test_what_bindings_yaml_has_and_anyscale_has_no_more(fleet: Workspace, stand_in: StandIn) -> None:
    """Its id: runs would go to a dead cloud resource, or to another cluster's."""
    clouds = stand_in.clouds["aks-multi-region"]
    stand_in.clouds = {"aks-multi-region": [{**clouds[0], "cloud_resource_id": "cldrsrc_new00000000000000"}, clouds[1]]}
    row = of(fleet)
    assert (row["bound"]["outdated"], row["next"]) == (["cloudResourceId"], "rayfleet bind")
    assert "cloudResourceId outdated" in said(fleet)
    assert of(fleet, "aks-westus2")["next"] == "nothing"


def test_an_answer_that_cannot_be_bound(fleet: Workspace, server: ArmServer) -> None:
    """It is said in bind's own words."""
    server.deployments[EAST].outputs["aks_eastus"]["value"]["clientId"] = "eleven"
    assert of(fleet)["next"] == "nothing"
    assert any(row.startswith(f"deployment {EAST}: ") and "; fix: " in row for row in data(fleet)["notes"])


# --- what is pushed ---------------------------------------------------------------------------------------------------


def test_what_nobody_pushed(fleet: Workspace) -> None:
    fleet.write(f"{fleet.read()}# more\n")
    assert of(fleet)["next"] == "commit"
    assert "\nnot committed: fleet.yaml\n" in said(fleet)
    git("commit", "-a", "-m", "more")
    row = of(fleet)
    assert (row["uncommitted"], row["unpushed"]) == (False, True)
    assert row["next"] == "push or merge to main: Flux follows it"
    assert "\nnot in main: fleet.yaml\n" in said(fleet)
    git("push", "origin", "HEAD:main")
    assert of(fleet)["next"] == "nothing"


def test_a_branch_that_is_pushed_and_not_merged(fleet: Workspace) -> None:
    git("checkout", "-b", "more")
    fleet.write(f"{fleet.read()}# more\n")
    git("commit", "-a", "-m", "more")
    git("push", "--set-upstream", "origin", "more")
    assert of(fleet)["next"] == "push or merge to main: Flux follows it"


def test_a_clone_that_is_behind(fleet: Workspace) -> None:
    fleet.write(f"{fleet.read()}# more\n")
    share("more")
    git("checkout", "HEAD~1")
    assert of(fleet)["next"] == "nothing"


def test_nobody_knows_what_is_pushed(fleet: Workspace) -> None:
    git("remote", "remove", "origin")
    assert of(fleet)["next"] == "nothing, as far as was seen"
    fix = "git push --set-upstream origin main"
    assert f"not seen: what is pushed: nobody pushed to or fetched main, which Flux follows; fix: {fix}" in said(fleet)


# --- clusters that the fleet has no more ------------------------------------------------------------------------------


def test_a_cluster_that_left_the_fleet(fleet: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    fleet.edit("  aks-westus2: {region: westus2, network: {index: 1}}\n", "")
    row = of(fleet, "aks-westus2")
    assert (row["inFleet"], row["region"], row["next"]) == (False, "westus2", "rayfleet render")
    assert row["rendered"]["stale"] > 1
    fleet.run("render")
    assert of(fleet, "aks-westus2")["next"] == "commit"
    git("commit", "-a", "-m", "less")
    assert of(fleet, "aks-westus2")["next"] == "push or merge to main: Flux follows it"
    git("push", "origin", "HEAD:main")
    server.deployments[NAMES[1]].template_hash = "another"
    assert of(fleet, "aks-westus2")["next"] == "rayfleet deploy"
    done(fleet, server, NAMES[1])
    gone = "rayfleet retire --cluster aks-westus2, then with --run"
    assert of(fleet, "aks-westus2")["next"] == gone
    assert "left over" in said(fleet) and "the cluster is there" in said(fleet)
    assert of(fleet, "aks-westus2", "--offline")["next"] == gone
    there(server, "aks-eastus")
    assert of(fleet, "aks-westus2")["next"] == gone  # Anyscale still has it
    registered(stand_in, "aks-eastus")
    assert (
        of(fleet, "aks-westus2")["next"]
        == "take clusters.aks-westus2 out of bindings.yaml, once rayfleet retire finds all done"
    )
    fleet.write(fleet.read("bindings.yaml").partition("  aks-westus2:")[0], "bindings.yaml")
    assert [row["cluster"] for row in data(fleet)["clusters"]] == ["aks-eastus"]


def test_a_cluster_that_only_azure_and_commits_know(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("  aks-westus2: {region: westus2, network: {index: 1}}\n", "")
    fleet.write(fleet.read("bindings.yaml").partition("  aks-westus2:")[0], "bindings.yaml")
    fleet.run("render")
    share("less")
    assert of(fleet, "aks-westus2")["next"] == "rayfleet retire --cluster aks-westus2, then with --run"


def test_what_was_never_this_fleets(fleet: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    """Nobody is told to take down what is another's."""
    there(server, "aks-eastus", "aks-westus2", "aks-other-team")
    clouds = stand_in.clouds["aks-multi-region"]
    stand_in.clouds = {"aks-multi-region": [*clouds, {"name": "vm-aws", "cloud_resource_id": "cldrsrc_vmaws"}]}
    found = data(fleet)
    assert {row["cluster"]: row["next"] for row in found["clusters"]} == dict.fromkeys(
        ("aks-eastus", "aks-westus2"), "nothing"
    )
    assert found["notes"] == ["not of this fleet, as far as its commits show: aks-other-team, vm-aws"]


def test_hostile_names_of_elsewhere(fleet: Workspace, server: ArmServer, stand_in: StandIn) -> None:
    clouds = stand_in.clouds
    clouds["aks-multi-region"].append({"name": "\x1b[31mred|`x`\nnew", "cloud_resource_id": "cldrsrc_3"})
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


def all_but_one(futures: Collection[Future[Any]], *_: object) -> None:
    """Waits as if the time were over once all others have answered; for one alone, until it has."""
    for number, _ in enumerate(as_completed(futures), 1):
        if number == max(len(futures) - 1, 1):
            return


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


# --- usage ------------------------------------------------------------------------------------------------------------


def test_an_invalid_fleet(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("version: 1", "version: 2")
    result: Result = fleet.run("status", code=1)
    assert result.stdout == "" and "fleet.yaml:5:10: version" in result.stderr
    assert result.stderr.endswith("1 error; nothing was looked at\n")
    assert json.loads(fleet.run("status", "--format", "json", code=1).stdout)[0]["where"] == "version"
    assert server.requests == []


def test_usage(workspace: Workspace) -> None:
    for wait in ("0", "-1", "inf", "nan", "1e300", "3601"):
        workspace.run("status", "--wait", wait, code=2)
    workspace.run("status", "--format", "yaml", code=2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(
    fleet: Workspace, stand_in: StandIn, started: Started, pipe: Path, number: signal.Signals
) -> None:
    stand_in.fail("cloud get", "blocks", str(pipe))
    running = started("status", **PIPES)
    with pipe.open("w"):  # opens as soon as the stand-in waits
        running.send_signal(number)
        assert running.communicate() == ("", "\ninterrupted\n")
    assert running.returncode == 130


# --- the derivation alone ---------------------------------------------------------------------------------------------

IDS = ("clientId", "principalId", "nodePools")
DONE = Facts(
    "a",
    "eastus",
    bound=BoundValues(),
    deployment="d",
    deployed=LastDeployment("Succeeded", "", True),
    in_azure=True,
    registered="yes",
    dirty=False,
    unpushed=False,
    branch="main",
)
LEFT = DONE._replace(in_fleet=False, deployment="", deployed=None, bound=BoundValues(left_over=True))
BLIND = DONE._replace(deployed=None, in_azure=None, registered=None)
DEPLOY, REGISTER, RETIRE = "rayfleet deploy --region eastus", "rayfleet register --cluster a", "rayfleet retire"
OLD, FAILED, NEVER = LastDeployment("Succeeded", "", False), LastDeployment("Failed"), LastDeployment("")


def lacks(*kinds: str) -> BoundValues:
    return BoundValues(missing=kinds)


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (DONE, "nothing"),
        *((DONE._replace(**{name: None}), "nothing, as far as was seen")
            for name in ("deployed", "in_azure", "registered", "dirty", "unpushed")),
        # bindings
        (DONE._replace(bound=None), "fix bindings.yaml"),
        (DONE._replace(bound=BoundValues(answered=True), stale=3, deployed=FAILED), "rayfleet bind"),
        (DONE._replace(bound=BoundValues(wrong=True), stale=None), "rayfleet bind"),
        # rendered
        (DONE._replace(stale=3), "rayfleet render"),
        (DONE._replace(stale=None), "rayfleet render"),
        (DONE._replace(unrendered=True), "rayfleet render"),
        (DONE._replace(unrendered=True, deployed=OLD), "rayfleet render"),
        (DONE._replace(unrendered=True, registered="no"), REGISTER),
        # the first deployment
        (DONE._replace(deployed=NEVER, bound=lacks(*IDS, "cloudResourceId"), dirty=True), f"commit and {DEPLOY}"),
        (DONE._replace(deployed=FAILED, bound=lacks(*IDS)), DEPLOY),
        (DONE._replace(deployed=LastDeployment("Running")), f"wait: {DEPLOY} looks on"),
        (DONE._replace(deployed=LastDeployment("Failed", stack=True)), f"{DEPLOY} --stack"),
        (DONE._replace(before=LastDeployment("Running", stack=True)), f"wait: {DEPLOY} --stack looks on"),
        (DONE._replace(before=FAILED), DEPLOY),
        (DONE._replace(before=LastDeployment("Running")), f"wait: {DEPLOY} looks on"),
        (DONE._replace(bound=lacks(*IDS)), DEPLOY),  # it has no such output
        (DONE._replace(in_azure=False), DEPLOY),
        (BLIND._replace(bound=lacks(*IDS), dirty=True), f"commit and {DEPLOY}, then rayfleet bind"),
        (BLIND._replace(bound=lacks(*IDS), unrendered=True), "rayfleet render"),
        # registering comes before the second
        (DONE._replace(registered="no", bound=lacks("cloudResourceId"), deployed=OLD, dirty=True), REGISTER),
        (DONE._replace(registered="no"), REGISTER),
        (DONE._replace(registered="no", after="b"), f"rayfleet register --cluster b, then {REGISTER}"),
        (BLIND._replace(bound=lacks("cloudResourceId")), REGISTER),
        (DONE._replace(bound=lacks("cloudResourceId")), "rayfleet bind"),
        (DONE._replace(deployed=OLD, dirty=True, registered="differs"), f"commit and {DEPLOY}"),
        (DONE._replace(before=OLD, unpushed=True), DEPLOY),
        (DONE._replace(registered="differs", dirty=True), "change it in Anyscale: see below"),
        # sharing
        (DONE._replace(dirty=True, unpushed=True), "commit"),
        (DONE._replace(unpushed=True), "push or merge to main: Flux follows it"),
        # pools
        (DONE._replace(left_pools=("p",), bound=BoundValues(answered=True)), f"{RETIRE} --cluster a, then with --run"),
        (DONE._replace(left_pools=("p",), deployed=OLD), DEPLOY),
        (DONE._replace(left_pools=("p",), unrendered=True), "rayfleet render"),
        (DONE._replace(left_pools=("p",), dirty=True), "commit"),
        # a cluster that left
        (LEFT, f"{RETIRE} --cluster a, then with --run"),
        (LEFT._replace(base="abc"), f"{RETIRE} --base abc --cluster a, then with --run"),
        (LEFT._replace(stale=1), "rayfleet render"),
        (LEFT._replace(stale=None), "rayfleet render"),
        (LEFT._replace(unrendered=True), "rayfleet render"),
        (LEFT._replace(dirty=True, undeployed=True), "commit"),
        (LEFT._replace(unpushed=True, undeployed=True), "push or merge to main: Flux follows it"),
        (LEFT._replace(undeployed=True), "rayfleet deploy"),
        (LEFT._replace(in_azure=False), f"{RETIRE} --cluster a, then with --run"),
        (LEFT._replace(registered="no"), f"{RETIRE} --cluster a, then with --run"),
        (LEFT._replace(in_azure=False, registered="no"),
            "take clusters.a out of bindings.yaml, once rayfleet retire finds all done"),
        (LEFT._replace(in_azure=None, registered=None), f"{RETIRE} --cluster a, then with --run"),
    ],
)  # fmt: skip
def test_the_next_step(facts: Facts, step: str) -> None:
    assert next_step(facts) == step


def test_every_column_says_what_was_not_seen() -> None:
    facts = Facts("a", "eastus", stale=None, bound=None, deployment="d", registered=None)
    assert row(facts)[2:6] == ("not seen", "not seen", "d: not seen", "not seen")


@pytest.mark.parametrize("when", ["", "yesterday", "2026-11-01T00:01:02.1234567Z", "2026-11-01T00:01:02+00:00"])
def test_times(when: str) -> None:
    shown = row(Facts("a", "eastus", deployment="d", deployed=LastDeployment("Succeeded", when))).deployment
    assert shown == f"d: Succeeded{' 2026-11-01 00:01Z' if when.startswith('2') else f' {when}' if when else ''}"
