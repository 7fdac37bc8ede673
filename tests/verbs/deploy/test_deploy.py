"""``rayfleet deploy`` as users run it, against a server that speaks Azure Resource Manager's protocol."""

from __future__ import annotations

import json
import re
import stat
import sys

import pytest
import yaml

from tests.stand_ins.azure.arm_server import ArmServer, error, operation
from tests.testing.deploy_command import AKS, FEATURE, SKUS, data, deploy, nothing_started, usages
from tests.testing.git import git
from tests.testing.reference_names import EAST, FIRST, NAMES, SHARED, SUB, WEST
from tests.testing.workspace import Workspace

T4_SIZE = "Standard_NC16as_T4_v3"

# --- the gate: files --------------------------------------------------------------------------------------------------


def test_everything_that_speaks_against_it_comes_at_once(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("maxCount: 6", "maxCount: 7")
    fleet.edit('"contentVersion": ', '"contentVersion":  ', "rendered/azure/shared.json")
    fleet.edit('"minCount": 3,', '"minCount": 9,', "rendered/azure/eastus.json")
    said = deploy(fleet, code=1)
    assert said.stdout == ""
    for line in (
        "rendered/azure/eastus.json: is not what fleet.yaml gives",
        "rendered/azure/westus2.json: is not what fleet.yaml gives",
        "fleet.yaml: differs from the last commit",
        "rendered/azure/shared.json: differs from the last commit",
    ):
        assert f"{line}\n    fix: " in said.stderr
    for option in ("--allow-stale", "--allow-dirty", "--allow-failed-proofs"):
        assert f"or deploy anyway with {option}\n" in said.stderr
    assert said.stderr.endswith(" errors; nothing was deployed\n")
    assert server.requests == []
    found = data(fleet, code=1)
    assert found["outcome"] == "refused" and {row["severity"] for row in found["diagnostics"]} == {"error"}


def test_each_is_overridden_by_its_name(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("maxCount: 6", "maxCount: 7")
    assert "--allow-dirty" in deploy(fleet, "--what-if", "--allow-stale", code=1).stderr
    assert "--allow-stale" in deploy(fleet, "--what-if", "--allow-dirty", code=1).stderr
    assert "warning: differs from" in deploy(fleet, "--what-if", "--allow-stale", "--allow-dirty").stderr


def test_an_invalid_fleet_is_stale_too(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("version: 1", "version: 2")
    assert "fleet.yaml:5:10: version" in deploy(fleet, code=1).stderr
    found = data(fleet, "--what-if", "--allow-stale", "--allow-dirty")
    assert found["outcome"] == "planned"
    assert {row["severity"] for row in found["diagnostics"]} == {"warning"}


def test_a_failed_proof(fleet: Workspace, server: ArmServer) -> None:
    fleet.write(
        "version: 1\nregions: {eastus: {spot: 1, total: 9999, families: {standardDDSv5Family: 9999}}}\n", "quota.yaml"
    )
    git("add", ".")
    git("commit", "-m", "too little")
    said = deploy(fleet, code=1).stderr
    assert said.startswith("quota.yaml:2:") and "--allow-failed-proofs" in said
    deploy(fleet, "--what-if", "--allow-failed-proofs")


def test_it_judges_what_check_judges(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("gitops: {", "gitops: {path: elsewhere, ")
    fleet.run("render")
    git("commit", "-a", "-m", "elsewhere")
    proved = json.loads(fleet.run("check", "--format", "json", code=1).stdout)
    failed = [row["what"] for row in proved["findings"] if row["outcome"] == "failed"]
    assert any(what.startswith('Flux looks for rendered/ in "elsewhere"') for what in failed)
    found = data(fleet, code=1)
    assert [row["what"] for row in found["diagnostics"] if "--allow-failed-proofs" in row["fix"]] == failed


def test_what_git_ignores_is_not_in_git(fleet: Workspace, server: ArmServer) -> None:
    git("rm", "-r", "-q", "--cached", "rendered")
    fleet.write(".rayfleet_cache/\nrendered/\n", ".gitignore")
    git("commit", "-a", "-m", "ignored")
    said = deploy(fleet, code=1).stderr
    assert "rendered/azure/eastus.json: differs from the last commit\n" in said and "--allow-dirty" in said
    deploy(fleet, "--what-if", "--allow-dirty")


def test_a_damaged_repository_is_no_traceback(fleet: Workspace, server: ArmServer) -> None:
    fleet.write(b"\xff garbage", ".git/HEAD")
    assert "its Git repository cannot be read" in deploy(fleet, code=1).stderr


def test_without_a_repository_it_says_so(workspace: Workspace, server: ArmServer) -> None:
    workspace.run("render")
    assert "is in no Git repository" in deploy(workspace, "--what-if").stderr


def test_what_is_no_rendered_folder(folder: Workspace, server: ArmServer) -> None:
    assert "rendered: is not there\n    fix: run rayfleet render first\n" in deploy(folder, code=1).stderr


# --- the gate: Azure --------------------------------------------------------------------------------------------------


def test_what_azure_lacks_comes_at_once_with_commands(fleet: Workspace, server: ArmServer) -> None:
    server.documents[f"/subscriptions/{SUB}/providers/Microsoft.Storage"] = {"registrationState": "NotRegistered"}
    server.documents[FEATURE] = {"properties": {"state": "NotRegistered"}}
    server.documents[usages("westus2")]["value"][1]["limit"] = 100
    said = deploy(fleet, code=1).stderr
    assert f"az provider register --subscription {SUB} --namespace Microsoft.Storage --wait" in said
    assert f"az feature register --subscription {SUB} --namespace Microsoft.Compute --name EncryptionAtHost" in said
    assert "aks-westus2/a100: quota lowPriorityCores of westus2 is 100 vCPUs; the fleet may grow to 336" in said
    assert said.endswith("3 errors; nothing was deployed\n") and nothing_started(server)


def test_quota_is_overridden_by_name_and_counts_only_where_it_is_deployed(fleet: Workspace, server: ArmServer) -> None:
    server.documents[usages("westus2")]["value"][1]["limit"] = 100
    assert "--allow-short-quota" in deploy(fleet, "--what-if", code=1).stderr
    assert "warning: aks-westus2/a100: quota" in deploy(fleet, "--what-if", "--allow-short-quota").stderr
    assert "quota" not in deploy(fleet, "--what-if", "--region", "eastus").stderr


def test_public_addresses_have_a_limit_too(fleet: Workspace, server: ArmServer) -> None:
    server.documents[usages("eastus", "Network")]["value"][0]["limit"] = 1
    said = deploy(fleet, code=1).stderr
    what = "quota StandardSkuPublicIpAddresses of eastus is 1 addresses; the fleet may grow to 2"
    assert said.startswith("rendered/azure/eastus.json:") and f" aks-eastus-nat-ip-1: {what}\n" in said


def test_a_size_that_is_not_sold(fleet: Workspace, server: ArmServer) -> None:
    """It stops what is new, unless by name; what runs already goes on."""
    server.documents[SKUS]["value"] = [
        row for row in server.documents[SKUS]["value"] if (row["name"], row["locations"]) != (T4_SIZE, ["westus2"])
    ]
    said = deploy(fleet, code=1).stderr
    assert f"aks-westus2/t4: {T4_SIZE} is not sold in westus2\n" in said and "aks-eastus/t4" not in said
    assert "or deploy anyway with --allow-unavailable-sizes\n" in said and nothing_started(server)
    assert f"warning: aks-westus2/t4: {T4_SIZE}" in deploy(fleet, "--what-if", "--allow-unavailable-sizes").stderr
    assert "is not sold" not in deploy(fleet, "--what-if", "--region", "eastus").stderr


def test_no_answer_and_no_sign_in_are_no_traceback(fleet: Workspace, server: ArmServer) -> None:
    server.script("GET", EAST, error(401, "InvalidAuthenticationToken", "expired"))
    said = deploy(fleet, code=1).stderr
    assert said.startswith("Azure: InvalidAuthenticationToken: expired\n    fix: az log")
    assert said.endswith("\n1 error; nothing was deployed\n")


def test_an_endpoint_elsewhere_is_refused(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", "https://example.com")
    assert deploy(fleet, code=1).stderr.startswith("environment: RAYFLEET_ARM_ENDPOINT is for tests")


def test_without_azures_libraries_it_says_what_brings_them(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.mgmt.resource.deployments", None)
    said = deploy(fleet, code=1).stderr
    assert "is not installed: this command needs it\n    fix: pip install 'rayfleet[deploy]', or in" in said


# --- usage ------------------------------------------------------------------------------------------------------------


def test_usage(fleet: Workspace, server: ArmServer) -> None:
    said = fleet.run("deploy", code=2).stderr
    assert "without a terminal nobody can be asked: give --yes" in said
    said = deploy(fleet, "--region", "eastsu", code=2).stderr
    assert "nothing is deployed to 'eastsu'" in said and "did you mean" in said
    wrong = fleet.run("deploy", "--format", "json", "--yes", "--region", "eastsu", code=2)
    assert wrong.stdout == "" and "nothing is deployed to" in wrong.stderr
    assert server.requests == []


@pytest.mark.parametrize("seconds", ["inf", "nan", "1e300", "301", "-1"])
def test_a_pace_that_never_looks_is_refused(fleet: Workspace, server: ArmServer, seconds: str) -> None:
    assert "is not between 1 and 300" in fleet.run("deploy", "--yes", f"--poll={seconds}", code=2).stderr
    assert server.requests == []


def test_azure_is_not_asked_without_a_pause(fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAYFLEET_ARM_ENDPOINT")
    assert "0.9 is not between 1 and 300" in fleet.run("deploy", "--yes", "--poll", "0.9", code=2).stderr


def test_machines_are_asked_nothing(fleet: Workspace, server: ArmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be shown nothing of what they agree to."""
    monkeypatch.setattr("rayfleet.cli.deploy.on_terminal", lambda: True)
    said = fleet.run("deploy", "--format", "json", code=2)
    assert "--format json asks nobody: give --yes, or --what-if to look" in said.stderr
    assert server.requests == []


# --- validate and what-if ---------------------------------------------------------------------------------------------


def test_all_problems_of_validation_come_at_once(fleet: Workspace, server: ArmServer) -> None:
    inner = {"code": "SkuNotAvailable", "message": "not here", "target": f"{AKS}/agentPools/t4"}
    server.deployments[EAST].validation = {"code": "InvalidTemplateDeployment", "message": "see", "details": [inner]}
    server.script("POST", f"{WEST}/validate", error(400, "InvalidTemplate", "bad"))
    said = deploy(fleet, code=1).stderr
    assert "fleet.yaml:30:" in said and "SkuNotAvailable: not here\n    fix: " in said
    assert f"{WEST}: InvalidTemplate: bad" in said
    assert said.endswith("2 errors; nothing was deployed\n") and nothing_started(server)


def test_what_has_no_resource_group_yet_is_not_judged(fleet: Workspace, server: ArmServer) -> None:
    server.resource_groups = set()
    said = deploy(fleet, "--what-if")
    assert said.stderr.count("cannot be validated yet: ResourceGroupNotFound") == 3
    assert f"{EAST}: all new: 19 resources to create\n" in said.stdout


def test_what_an_earlier_one_is_to_make_again_locks_nobody_out(fleet: Workspace, server: ArmServer) -> None:
    server.deployments[FIRST].state = "Succeeded"
    server.deployments[SHARED].state = "Failed"
    inner = {"code": "ResourceNotFound", "message": "there is no storage account"}
    server.deployments[EAST].validation = {"code": "InvalidTemplateDeployment", "message": "see", "details": [inner]}
    said = deploy(fleet, "--region", "eastus")
    assert f"{EAST}: cannot be validated yet: ResourceNotFound: there is no storage account\n" in said.stderr
    assert said.stdout.endswith("3 succeeded\nnext: rayfleet bind\n")
    server.script("POST", f"{EAST}/whatIf", error(404, "ResourceNotFound", "there is no storage account"))
    said = deploy(fleet, "--what-if", "--region", "eastus")
    assert f"{EAST}: what would change is not known yet: ResourceNotFound" in said.stderr


def test_what_is_in_flight_is_said_of_a_mere_look_too(fleet: Workspace, server: ArmServer) -> None:
    server.deployments[EAST].state = "Running"
    assert f"{EAST} is in flight\n" in deploy(fleet, "--what-if").stderr


def test_what_if_shows_and_ends(fleet: Workspace, server: ArmServer) -> None:
    rows = [
        {"path": "properties.maxCount", "propertyChangeType": "Modify", "before": 3, "after": 5},
        {"path": "properties.provisioningState", "propertyChangeType": "Delete", "before": "Succeeded"},
    ]
    change = {
        "resourceId": f"{AKS}/agentPools/t4",
        "changeType": "Modify",
        "delta": rows,
        "before": {"adminPassword": "x"},
    }
    server.deployments[EAST].changes = [change]
    said = fleet.run("deploy", "--what-if", "--poll", "0")
    assert (
        f"""\
{EAST}: 1 to modify
  ! node pool aks-eastus/t4 is scaled: maxCount: 3 -> 5
  ~ node pool aks-eastus/t4
      properties.maxCount: 3 -> 5
  1 difference hidden as noise: read-only
  all of it: .rayfleet_cache/what-if/{EAST}.json
"""
        in said.stdout
    )
    kept = fleet.folder / f".rayfleet_cache/what-if/{EAST}.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["changes"] == [change | {"before": {"adminPassword": "***"}}]
    assert nothing_started(server)
    assert data(fleet, "--what-if")["whatIf"][2]["alerts"][0]["kind"] == "scaled"


def test_a_what_if_that_fails_stops_only_who_wanted_it(fleet: Workspace, server: ArmServer) -> None:
    server.script("POST", f"{EAST}/whatIf", error(400, "WhatIfBug", "odd"))
    assert f"warning: {EAST}: what-if failed: WhatIfBug: odd" in deploy(fleet, "--what-if", code=1).stderr


def test_nobody_deploys_unseen_unless_by_name(fleet: Workspace, server: ArmServer) -> None:
    """--yes says yes to what is shown; where nothing can be shown, there is nothing to say yes to."""
    server.script("POST", f"{EAST}/whatIf", *[error(400, "WhatIfBug", "odd")] * 2)
    said = deploy(fleet, code=1)
    assert f"{EAST}: what-if failed: WhatIfBug: odd\n" in said.stderr and nothing_started(server)
    assert "or deploy anyway with --allow-unseen-changes\n" in said.stderr
    assert said.stderr.endswith("\n1 error; nothing was deployed\n")
    assert "warning: " in deploy(fleet, "--allow-unseen-changes").stderr and server.deployments[EAST].starts == 1


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ({"resources": 5}, "resources is no list"),
        ({"resources": None}, "resources is no list"),
        ({"resources": {"a": {}}}, "resources is no list"),
        ([], "the file is not a JSON object"),
        (5, "the file is not a JSON object"),
    ],
)
def test_a_template_of_another_shape_is_told(fleet: Workspace, server: ArmServer, template: object, says: str) -> None:
    """Whatever is overridden: it cannot be deployed."""
    fleet.write(json.dumps(template), "rendered/azure/eastus.json")
    overrides = ("stale", "failed-proofs", "dirty", "short-quota", "unseen-changes")
    said = deploy(fleet, *(f"--allow-{name}" for name in overrides), code=1).stderr
    assert f"rendered/azure/eastus.json:1:1{'5' * isinstance(template, dict)}: " in said and f"{says}" in said


# --- deploying --------------------------------------------------------------------------------------------------------


def test_it_deploys_in_waves_and_says_what_comes_next(fleet: Workspace, server: ArmServer) -> None:
    said = deploy(fleet)
    assert said.stdout.endswith("4 succeeded\nnext: rayfleet bind\n")
    lines = re.sub(r"after \d+:\d\d", "after a while", said.stderr).splitlines()
    assert lines[:2] == [f"{FIRST}: running", f"{FIRST}: succeeded after a while"]
    assert lines[2:4] == [f"{SHARED}: running", f"{SHARED}: succeeded after a while"]
    assert sorted(lines[4:]) == sorted(
        f"{name}: {end}" for name in (EAST, WEST) for end in ("running", "succeeded after a while")
    )
    assert {name: server.deployments[name].starts for name in NAMES} == dict.fromkeys(NAMES, 1)
    assert server.deployments[EAST].body["properties"]["template"] == json.loads(
        fleet.read("rendered/azure/eastus.json")
    )


def test_where_nothing_is_to_be_bound_it_does_not_say_so(fleet: Workspace, server: ArmServer) -> None:
    bound = yaml.safe_load(fleet.read("bindings.yaml"))["clusters"]
    for name, cluster in ((EAST, "aks-eastus"), (WEST, "aks-westus2")):
        value = {kind: row["value"] for kind, row in bound[cluster].items() if kind != "cloudResourceId"}
        server.deployments[name].outputs = {cluster.replace("-", "_"): {"type": "Object", "value": value}}
    assert deploy(fleet).stdout.endswith("4 succeeded\nnext: rayfleet status\n")
    value["principalId"] = "33333333-3333-4333-8333-333333333333"
    assert data(fleet, "--region", "westus2")["next"] == "rayfleet bind"
    assert data(fleet, "--region", "eastus")["next"] == "rayfleet status"


def test_one_object_for_machines(fleet: Workspace, server: ArmServer) -> None:
    value = {"clientId": "1-1", "nodePools": ["sys"]}
    server.deployments[EAST].outputs = {"aks_eastus": {"type": "Object", "value": value}}
    found = data(fleet, "--region", "eastus")
    assert (found["outcome"], found["next"]) == ("succeeded", "rayfleet bind")
    assert [row["name"] for row in found["deployments"]] == [FIRST, SHARED, EAST]
    east = found["deployments"][2]
    assert (east["state"], east["outputs"], east["lacks"]) == ("succeeded", {"aks_eastus": value}, [])
    assert east["id"].endswith(f"/resourceGroups/aks-multi-region/providers/Microsoft.Resources/deployments/{EAST}")


def test_a_failed_region_is_explained_and_stops_no_other(fleet: Workspace, server: ArmServer) -> None:
    inner = {"code": "SkuNotAvailable", "message": "Standard_NC16as_T4_v3 is not\nhere", "details": []}
    row = server.deployments[EAST]
    row.ends, row.error = "Failed", {"code": "DeploymentFailed", "message": "see the operations"}
    pool = "Microsoft.ContainerService/managedClusters/agentPools"
    row.operations = [
        operation("aks-eastus", "Microsoft.ContainerService/managedClusters", identifier=AKS),
        operation("aks-eastus/t4", pool, "Failed", f"{AKS}/agentPools/t4", {"code": "X", "details": [inner]}),
    ]
    said = deploy(fleet, code=1)
    line = 1 + next(
        number
        for number, text in enumerate(fleet.read("rendered/azure/eastus.json").splitlines())
        if '"aks-eastus/t4"' in text
    )
    assert (
        f"""\
{EAST}: {pool} aks-eastus/t4: SkuNotAvailable: Standard_NC16as_T4_v3 is not here
    from rendered/azure/eastus.json:{line - 3}:5
    from fleet.yaml:30:18 defaults.nodePools.t4.vmSize
    fix: this subscription gets no such VM size in that region or zone: az vm list-skus"""
        in said.stderr
    )
    assert said.stdout.endswith("3 succeeded, 1 failed\n")
    assert "next" not in said.stdout and "run rayfleet deploy" in said.stderr
    (told,) = [row for row in data(fleet, code=1)["deployments"] if row["state"] == "failed"]
    assert (told["errors"][0]["code"], told["errors"][0]["where"]) == (
        "SkuNotAvailable",
        "defaults.nodePools.t4.vmSize",
    )
    assert told["outputs"] == {}


def test_what_is_in_flight_is_picked_up(fleet: Workspace, server: ArmServer) -> None:
    for name in (FIRST, SHARED):
        server.deployments[name].state = "Succeeded"
    row = server.deployments[EAST]
    row.start({"properties": {"template": json.loads(fleet.read("rendered/azure/eastus.json"))}})
    row.polls = 5
    said = deploy(fleet)
    assert f"{EAST} is in flight: this run waits for its end\n" in said.stderr
    assert f"{EAST}: picked up\n" in said.stderr
    assert (row.starts, row.clashes) == (1, 0)
