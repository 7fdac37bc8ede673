"""``rayfleet register`` as its users meet it."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator

import pytest

from tests.anyscale.stand_in import TOKEN, StandIn
from tests.conftest import Workspace

CLOUD = "aks-multi-region"
EAST, WEST = "aks-eastus", "aks-westus2"
EAST_FILE, WEST_FILE = (f"rendered/clusters/{name}/anyscale/cloud_resource.yaml" for name in (EAST, WEST))
REGISTER = ["cloud", "register", "--name", CLOUD, "-f", EAST_FILE]
ADD = ["cloud", "resource", "create", "--cloud", CLOUD, "-f", WEST_FILE]
EMPTY = "version: 1\nclusters: {}\n"


@pytest.fixture
def anyscale(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(tmp_path_factory.mktemp("anyscale"), monkeypatch)


@pytest.fixture
def rendered(workspace: Workspace) -> Iterator[Workspace]:
    """The reference fleet; whatever is done with it, no credential stays in its folder."""
    workspace.run("render")
    yield workspace
    assert not any(TOKEN.encode() in content for content, _ in workspace.files().values())


def lines(said: str) -> list[str]:
    """What is said without remedies."""
    return [line for line in said.splitlines() if not line.startswith("    ")]


# --- all goes well ----------------------------------------------------------------------------------------------------


def test_the_primary_first_then_the_others(rendered: Workspace, anyscale: StandIn) -> None:
    result = rendered.run("register", "--yes")
    assert anyscale.changes == [REGISTER, ADD]
    assert anyscale.names(CLOUD) == [EAST, WEST]
    assert result.stdout == (
        f"+ {EAST} is registered cldrsrc_akseastus0000\n"
        f"+ {WEST} is registered cldrsrc_akswestus20001\n"
        "2 clusters registered; run rayfleet bind, then make render\n"
    )
    assert result.stderr == f"registering {EAST} ...\nregistering {WEST} ...\n"


def test_a_second_run_changes_nothing_and_asks_nothing(rendered: Workspace, anyscale: StandIn) -> None:
    rendered.run("register", "--yes")
    result = rendered.run("register")
    assert anyscale.changes == [REGISTER, ADD]
    assert lines(result.stdout) == [
        f"= {EAST} was registered before cldrsrc_akseastus0000",
        f"= {WEST} was registered before cldrsrc_akswestus20001",
    ]


def test_what_is_there_is_skipped(rendered: Workspace, anyscale: StandIn) -> None:
    anyscale.clouds = {CLOUD: [{"name": "someone-elses", "cloud_resource_id": "cldrsrc_1"}], "other": []}
    rendered.run("register", "--yes", "--cluster", WEST)
    assert anyscale.changes == [ADD]


def test_the_primary_cluster_is_the_one_of_the_primary_region(rendered: Workspace, anyscale: StandIn) -> None:
    rendered.edit("primaryRegion: eastus", "primaryRegion: westus2")
    rendered.run("render")
    rendered.run("register", "--yes")
    assert anyscale.names(CLOUD) == [WEST, EAST]


def test_a_cloud_without_resources_gets_the_primary_first(rendered: Workspace, anyscale: StandIn) -> None:
    """As an interrupted registration leaves it."""
    anyscale.clouds = {CLOUD: []}
    rendered.run("register", "--yes")
    first = ["cloud", "resource", "create", "--cloud", CLOUD, "-f", EAST_FILE]
    assert anyscale.changes == [first, ADD]


def test_for_machines(rendered: Workspace, anyscale: StandIn) -> None:
    anyscale.fail("cloud resource create", "refused", "no")
    rows = json.loads(rendered.run("register", "--yes", "--format", "json", code=1).stdout)
    assert [(row["cluster"], row["outcome"], row["cloudResourceId"]) for row in rows] == [
        (EAST, "registered", "cldrsrc_akseastus0000"),
        (WEST, "failed", None),
    ]


# --- --print ----------------------------------------------------------------------------------------------------------


def test_print(rendered: Workspace, anyscale: StandIn) -> None:
    result = rendered.run("register", "--print")
    assert [shlex.split(line) for line in result.stdout.splitlines()] == [["anyscale", *REGISTER], ["anyscale", *ADD]]
    assert anyscale.calls == []


def test_what_is_printed_is_for_a_shell(rendered: Workspace, anyscale: StandIn) -> None:
    """And does in a shell what register does."""
    folder = rendered.folder / "a fleet's; folder"
    folder.mkdir()
    for name in ("fleet.yaml", "bindings.yaml", "overlays", "rendered"):
        (rendered.folder / name).rename(folder / name)
    printed = rendered.run("register", "--print", "-f", f"{folder.name}/fleet.yaml").stdout
    subprocess.run(["sh", "-e"], input=printed, text=True, check=True, cwd=rendered.folder, capture_output=True)
    assert anyscale.names(CLOUD) == [EAST, WEST]


def test_print_one(rendered: Workspace, anyscale: StandIn) -> None:
    assert rendered.run("register", "--print", "--cluster", WEST).stdout == shlex.join(["anyscale", *ADD]) + "\n"


# --- pending ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def west_alone(workspace: Workspace) -> Workspace:
    """Only the second cluster is deployed and bound."""
    kept = [line for line in workspace.read("bindings.yaml").splitlines() if "eastus" not in line]
    workspace.write("\n".join(kept) + "\n", "bindings.yaml")
    workspace.run("render")
    return workspace


@pytest.mark.parametrize("arguments", [["--yes"], ["--print"], ["--cluster", EAST, "--yes"]])
def test_a_pending_primary_stops(west_alone: Workspace, anyscale: StandIn, arguments: list[str]) -> None:
    said = west_alone.run("register", *arguments, code=1).stderr
    assert said == (
        f"{EAST_FILE}: {EAST}: its cloud resource is pending: the principal id is not bound\n"
        f"    fix: deploy {EAST}, run rayfleet bind and make render, then register\n"
        "1 error; nothing was registered\n"
    )
    assert anyscale.changes == []


@pytest.mark.parametrize("clouds", [{}, {CLOUD: []}])
def test_another_one_does_not_go_before_the_primary(
    rendered: Workspace, anyscale: StandIn, clouds: dict[str, list[dict[str, str]]]
) -> None:
    anyscale.clouds = clouds
    said = rendered.run("register", "--yes", "--cluster", WEST, code=1).stderr
    assert lines(said)[0].endswith(f"the cloud {CLOUD} has no resource yet, and {EAST} must be its first")
    assert f"fix: rayfleet register --cluster {EAST}" in said
    assert anyscale.changes == []


def test_a_pending_one_waits_and_the_rest_goes_on(rendered: Workspace, anyscale: StandIn) -> None:
    (rendered.folder / WEST_FILE).unlink()
    result = rendered.run("register", "--yes")
    assert f"- {WEST} is pending" in result.stdout
    assert f"{WEST}: its cloud resource is not rendered yet\n    fix: deploy {WEST}, run rayfleet bind" in result.stderr
    assert anyscale.names(CLOUD) == [EAST]
