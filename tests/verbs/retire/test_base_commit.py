"""Which commit a retirement compares with, and what must be committed."""

from __future__ import annotations

import subprocess

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.testing.git import git
from tests.testing.reference_names import WEST_LINE
from tests.testing.retire_command import ORDER, Arm, change, commit, data, go, ids, untouched
from tests.testing.workspace import Workspace


def head(revision: str = "HEAD") -> str:
    return subprocess.check_output(["git", "rev-parse", revision], text=True).strip()


def planned(fleet: Workspace, *arguments: str) -> int:
    return len(ids(data(fleet, *arguments)))


# --- without --base ---------------------------------------------------------------------------------------------------


def test_before_it_is_committed(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    whole.edit(WEST_LINE, "")
    whole.run("render")
    assert planned(whole) == 18


def test_once_it_is_merged(whole: Workspace, server: Arm) -> None:
    """A merge, and commits after it that leave the ARM templates as they are."""
    git("checkout", "-b", "branch")
    change(whole, WEST_LINE, "")
    git("checkout", "main")
    git("merge", "--no-ff", "-m", "merge", "branch")
    whole.write("x", "elsewhere.txt")
    commit()
    assert planned(whole) == 18


def test_a_shallow_clone(fleet: Workspace, server: Arm) -> None:
    git("clone", "--depth", "1", f"file://{fleet.folder}", "copy")
    said = fleet.run("retire", "--fleet", "copy/fleet.yaml", code=1).stderr
    assert "the clone is shallow" in said and "fix: git fetch --unshallow" in said


def test_nothing_to_compare_with(workspace: Workspace, server: Arm, stand_in: StandIn) -> None:
    workspace.run("render")
    assert "HEAD has no rendered/azure to compare with" in go(workspace, code=1).stderr
    git("init")
    assert "commit rendered/" in go(workspace, code=1).stderr
    assert "is no commit of this repository" in go(workspace, "--base", "nowhere", code=1).stderr


# --- with --base ------------------------------------------------------------------------------------------------------


def test_an_older_base(fleet: Workspace, server: Arm) -> None:
    assert planned(fleet, "--base", "HEAD~1") == 18
    assert planned(fleet, "--base", "HEAD~1", "--cluster", "aks-westus2") == 18
    assert planned(fleet, "--base", "HEAD~1", "--cluster", "aks-eastus") == 0
    assert planned(fleet, "--base", "HEAD") == 0


def test_a_base_that_is_ahead_has_what_is_alive(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    """A branch that is behind main lacks what main has more."""
    git("checkout", "-b", "branch")
    git("checkout", "main")
    change(whole, WEST_LINE, f"{WEST_LINE}  aks-new: {{region: westus2, network: {{index: 2}}}}\n")
    git("checkout", "branch")
    said = go(whole, "--base", "main", code=1).stderr
    assert "--base: 'main' is not among the commits before HEAD: what it has more may be new, and alive" in said
    assert untouched(server, stand_in)


# --- what is bound, and in neither tree -------------------------------------------------------------------------------


def test_a_bound_cluster_that_went_before(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    older = head("HEAD~1")
    change(fleet, "maxCount: 6", "maxCount: 7")
    command = f"rayfleet retire --base {older} --cluster aks-westus2"
    result = fleet.run("retire")
    assert result.stdout.startswith("nothing to retire: ")
    assert "bindings.yaml:10:3: warning: clusters.aks-westus2: neither rendered nor " in result.stderr
    assert f"has this cluster; the last commit that had it is {older[:12]}\n    fix: {command}\n" in result.stderr
    said = go(fleet, code=1).stderr
    assert f"fix: {command}\n" in said and "1 error; nothing was deleted" in said
    assert f"fix: {command}\n" in fleet.run("retire", "--cluster", "aks-westus2", code=1).stderr
    assert planned(fleet, *command.split()[2:]) == 18
    assert untouched(server, stand_in)


def test_a_name_that_nobody_had(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    said = fleet.run("retire", "--cluster", "aks-westus3", code=1).stderr
    assert 'nor any commit before (did you mean "aks-westus2"?)' in said
    said = fleet.run("retire", "--cluster", "aks-eastus3", code=1).stderr
    assert "aks-eastus3" in said and '"aks-eastus"' not in said  # which lives
    assert untouched(server, stand_in)


# --- what is committed ------------------------------------------------------------------------------------------------


def test_nothing_is_deleted_that_is_not_committed(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    whole.edit(WEST_LINE, "")
    whole.run("render")
    said = go(whole, code=1).stderr
    assert "fleet.yaml: differs from the last commit\n    fix: commit it, and let it be deployed; or" in said
    assert "retire anyway with --allow-dirty" in said
    assert untouched(server, stand_in)
    found = data(whole, "--run", "--yes", code=1)
    assert (found["outcome"], found["steps"]) == ("refused", [])
    said = go(whole, "--allow-dirty").stderr
    assert "fleet.yaml: warning: differs from the last commit" in said
    assert server.deleted == ORDER


def test_a_stale_tree_is_no_plan(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    """A file that went by mistake would look as if all its clusters had been retired."""
    (whole.folder / "rendered/azure/westus2.json").unlink()
    assert "rendered/azure/westus2.json: is not what fleet.yaml gives" in go(whole, code=1).stderr
    whole.run("render")
    whole.edit(WEST_LINE, "")
    assert "fix: run rayfleet render" in go(whole, code=1).stderr
    assert untouched(server, stand_in)


def test_an_invalid_fleet(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    fleet.edit("version: 1", "version: 2")
    assert go(fleet, code=1).stderr.endswith("1 error; nothing was deleted\n")
    assert untouched(server, stand_in)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--run"], "without a terminal"),
        (["--run", "--yes", "--offline"], "leave --offline out"),
        (["--yes"], "--yes needs --run"),
    ],
)
def test_usage(fleet: Workspace, server: Arm, stand_in: StandIn, arguments: list[str], said: str) -> None:
    assert said in fleet.run("retire", *arguments, code=2).stderr
    assert untouched(server, stand_in)


# --- between the merge and the retirement -----------------------------------------------------------------------------


def test_until_then_its_bindings_stay(fleet: Workspace, server: Arm) -> None:
    said = fleet.run("validate").stderr
    assert (
        'bindings.yaml:10:3: warning: clusters.aks-westus2: the fleet has no cluster "aks-westus2"\n'
        "    fix: put it back into fleet.yaml, if it should be there; else rayfleet retire --cluster aks-westus2 shows "
        "what is left of it, and then its bindings go\n"
    ) in said
    said = fleet.run("check", "--layers", "files").stdout
    assert "aks-westus2: it is bound, and no ARM template makes it" in said
    assert "or put it back there; else rayfleet retire --cluster aks-westus2 shows what is left of it" in said
