"""``rayfleet status``: every place seen and not seen, and the next step that follows."""

from __future__ import annotations

import json

import pytest
from click.testing import Result

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import ArmServer
from tests.testing.git import git
from tests.testing.reference_names import EAST, NAMES
from tests.testing.status_command import of, said, share
from tests.testing.workspace import Workspace

# --- what is printed --------------------------------------------------------------------------------------------------


def test_all_is_done(fleet: Workspace) -> None:
    head, line, *rows = said(fleet).splitlines()
    assert head.split() == ["cluster", "region", "rendered", "bound", "deployment", "registered", "next", "step"]
    assert set(line) == {"─"}
    assert [" ".join(cells.split()) for cells in rows] == [
        f"aks-{region} {region} current all aks-multi-region-{region}: Succeeded 2026-11-01 00:01Z yes nothing"
        for region in ("eastus", "westus2")
    ] + [
        "",
        "not looked at: what Flux made of it in a cluster; kubectl get kustomizations,helmreleases -A shows it: a "
        "release that fails shows on no Kustomization",
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


def test_a_deployment_that_failed(fleet: Workspace, server: ArmServer) -> None:
    server.deployments[EAST].state = "Failed"
    assert f"{EAST}: Failed " in said(fleet)
    assert of(fleet)["next"] == "rayfleet deploy --region eastus"
    assert of(fleet, "aks-westus2")["next"] == "nothing"


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


def test_a_cluster_that_only_azure_and_commits_know(fleet: Workspace, server: ArmServer) -> None:
    fleet.edit("  aks-westus2: {region: westus2, network: {index: 1}}\n", "")
    fleet.write(fleet.read("bindings.yaml").partition("  aks-westus2:")[0], "bindings.yaml")
    fleet.run("render")
    share("less")
    assert of(fleet, "aks-westus2")["next"] == "rayfleet retire --cluster aks-westus2, then with --run"


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


def test_a_misspelt_cluster_is_not_to_be_retired_first(fleet: Workspace) -> None:
    fleet.edit("  aks-eastus: {region", "  aks-eastuss: {region")
    rows = {line.split()[0]: line for line in said(fleet, "--offline").splitlines() if line.startswith("aks-")}
    assert "name aks-eastuss aks-eastus again, if it is the same; else " in rows["aks-eastus"]
    assert "again" not in rows["aks-eastuss"] and "again" not in rows["aks-westus2"]
