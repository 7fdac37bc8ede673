"""``rayfleet status``: every place seen and not seen, and the next step that follows."""

from __future__ import annotations

import json

import pytest
from click.testing import Result

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import ArmServer
from tests.testing.git import git
from tests.testing.status_command import EAST, LIST, NAMES, WEST, data, done, of, registered, said, share, there
from tests.testing.workspace import Workspace

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
