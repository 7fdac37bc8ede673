"""``rayfleet register`` as its users meet it."""

from __future__ import annotations

import json
import shlex
import subprocess

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.testing.reference_names import CLOUD
from tests.testing.reference_names import EAST_CLUSTER as EAST
from tests.testing.reference_names import WEST_CLUSTER as WEST
from tests.testing.registrations import ADD, EAST_FILE, REGISTER, WEST_FILE, lines
from tests.testing.workspace import Workspace

# --- all goes well ----------------------------------------------------------------------------------------------------


def test_the_primary_first_then_the_others(rendered: Workspace, anyscale: StandIn) -> None:
    result = rendered.run("register", "--yes")
    assert anyscale.changes == [REGISTER, ADD]
    assert anyscale.names(CLOUD) == [EAST, WEST]
    assert result.stdout == (
        f"+ {EAST} is registered cldrsrc_eastus0example0000000000\n"
        f"+ {WEST} is registered cldrsrc_westus20example000000000\n"
        "2 clusters registered; run rayfleet bind, then rayfleet render\n"
    )
    assert result.stderr == f"registering {EAST} ...\nregistering {WEST} ...\n"


def test_a_second_run_changes_nothing_and_asks_nothing(rendered: Workspace, anyscale: StandIn) -> None:
    rendered.run("register", "--yes")
    result = rendered.run("register")
    assert anyscale.changes == [REGISTER, ADD]
    assert lines(result.stdout) == [
        f"= {EAST} was registered before cldrsrc_eastus0example0000000000",
        f"= {WEST} was registered before cldrsrc_westus20example000000000",
    ]


def test_what_is_there_is_skipped(rendered: Workspace, anyscale: StandIn) -> None:
    anyscale.clouds = {CLOUD: [{"name": "someone-elses", "cloud_resource_id": "cldrsrc_1"}], "other": []}
    said = rendered.run("register", "--yes", "--cluster", WEST).stderr
    assert anyscale.changes == [ADD]
    assert said.startswith(
        f"anyscale: warning: the cloud {CLOUD} has resources, but not {EAST}: its default stays another cluster\n"
        "    fix: nothing to do if that is fine; otherwise set another anyscale.cloud in fleet.yaml, and register"
    )


def test_another_id_than_the_bound_one(rendered: Workspace, anyscale: StandIn) -> None:
    anyscale.clouds = {CLOUD: [{"name": EAST, "cloud_resource_id": "cldrsrc_other"}]}
    result = rendered.run("register", "--cluster", EAST, code=1)
    assert result.stdout == f"! {EAST} is registered with another id than bindings.yaml has: cldrsrc_other\n"
    assert f"{EAST}: cldrsrc_eastus0example0000000000 is bound as its cloudResourceId\n" in result.stderr
    assert anyscale.changes == []


def test_the_primary_cluster_is_the_one_of_the_primary_region(rendered: Workspace, anyscale: StandIn) -> None:
    rendered.edit("primaryRegion: eastus", "primaryRegion: westus2")
    rendered.run("render")
    rendered.run("register", "--yes")
    assert anyscale.names(CLOUD) == [WEST, EAST]


def test_for_machines(rendered: Workspace, anyscale: StandIn) -> None:
    anyscale.fail("cloud resource create", "refused", "no")
    rows = json.loads(rendered.run("register", "--yes", "--format", "json", code=1).stdout)
    assert [(row["cluster"], row["outcome"], row["cloudResourceId"]) for row in rows] == [
        (EAST, "registered", "cldrsrc_eastus0example0000000000"),
        (WEST, "failed", None),
    ]


# --- --print ----------------------------------------------------------------------------------------------------------


def test_print(rendered: Workspace, anyscale: StandIn) -> None:
    result = rendered.run("register", "--print")
    assert [shlex.split(line) for line in result.stdout.splitlines()] == [["anyscale", *REGISTER], ["anyscale", *ADD]]
    assert anyscale.calls == []


def test_print_for_machines(rendered: Workspace, anyscale: StandIn) -> None:
    (rendered.folder / WEST_FILE).unlink()
    assert json.loads(rendered.run("register", "--print", "--format", "json").stdout) == [
        {"cluster": EAST, "command": shlex.join(["anyscale", *REGISTER])},
        {"cluster": WEST, "command": None},
    ]


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


@pytest.mark.parametrize("arguments", [["--yes"], ["--print"]])
def test_a_pending_primary_stops(west_alone: Workspace, anyscale: StandIn, arguments: list[str]) -> None:
    said = west_alone.run("register", *arguments, code=1).stderr
    assert said == (
        f"{EAST_FILE}: {EAST}: its cloud resource is pending: the principal id is not bound\n"
        f"    fix: deploy {EAST}, run rayfleet bind and rayfleet render, then register\n"
        "1 error; nothing was registered\n"
    )
    assert anyscale.changes == []


def test_another_one_does_not_go_before_the_primary(rendered: Workspace, anyscale: StandIn) -> None:
    said = rendered.run("register", "--yes", "--cluster", WEST, code=1).stderr
    assert lines(said)[0].endswith(f"the cloud {CLOUD} has no resource yet, and {EAST} must be its first")
    assert f"fix: rayfleet register --cluster {EAST}" in said
    assert anyscale.changes == []


def test_a_pending_one_waits_and_the_rest_goes_on(rendered: Workspace, anyscale: StandIn) -> None:
    (rendered.folder / WEST_FILE).unlink()
    result = rendered.run("register", "--yes")
    assert f"- {WEST} is pending" in result.stdout
    assert f"{WEST}: its cloud resource is not rendered yet\n    fix: run rayfleet render\n" in result.stderr
    assert anyscale.names(CLOUD) == [EAST]
    said = rendered.run("register", "--yes", "--cluster", WEST, code=1).stderr
    assert said.startswith(f"{WEST_FILE}: {WEST}: its cloud resource is not rendered\n    fix: run rayfleet render\n")


def test_one_that_waits_for_its_deployment(rendered: Workspace, anyscale: StandIn) -> None:
    kept = [line for line in rendered.read("bindings.yaml").splitlines() if "westus2" not in line]
    rendered.write("\n".join(kept) + "\n", "bindings.yaml")
    rendered.run("render", "--unbind", WEST)
    result = rendered.run("register", "--yes")
    fix = f"deploy {WEST}, run rayfleet bind and rayfleet render, then register"
    assert f"{WEST}: its cloud resource is not rendered yet\n    fix: {fix}\n" in result.stderr
    printed = rendered.run("register", "--print")
    assert (printed.stdout, printed.stderr) == (
        shlex.join(["anyscale", *REGISTER]) + "\n", f"pending: {WEST}\n    fix: {fix}\n",
    )  # fmt: skip


# --- rendered/ is not what the fleet gives ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("fleet.yaml", "container: aks-anyscale-blob", "container: other-blob"),
        ("bindings.yaml", "value: 44444444-4444-4444-8444-444444444444", "value: 55555555-4444-4444-8444-444444444444"),
        (WEST_FILE, 'region: "westus2"\nnetworking_mode', 'region: "evil"\nnetworking_mode'),
    ],
)
def test_a_stale_one_is_refused(rendered: Workspace, anyscale: StandIn, file: str, old: str, new: str) -> None:
    """What is registered cannot simply be undone."""
    rendered.edit(old, new, file)
    result = rendered.run("register", "--yes", code=1)
    assert (
        f"{WEST_FILE}: {WEST}: is not what fleet.yaml and bindings.yaml give\n"
        "    fix: run rayfleet render; or register anyway with --allow-stale\n"
    ) in result.stderr
    rendered.run("register", "--print", code=1)
    assert anyscale.calls == []
    result = rendered.run("register", "--yes", "--allow-stale")
    assert f"{WEST_FILE}: warning: {WEST}: is not what fleet.yaml" in result.stderr
    assert anyscale.names(CLOUD) == [EAST, WEST]


def test_one_whose_principal_is_bound_no_more(rendered: Workspace, anyscale: StandIn) -> None:
    kept = [line for line in rendered.read("bindings.yaml").splitlines() if "westus2" not in line]
    rendered.write("\n".join(kept) + "\n", "bindings.yaml")
    assert f"{WEST_FILE}: {WEST}: is not what" in rendered.run("register", "--yes", code=1).stderr
    rendered.run("register", "--yes", "--cluster", EAST)
    assert anyscale.names(CLOUD) == [EAST]


def test_what_is_stale_elsewhere_is_in_nobodys_way(rendered: Workspace, anyscale: StandIn) -> None:
    rendered.edit("maxCount: 6", "maxCount: 16")
    rendered.run("register", "--yes")
    assert anyscale.names(CLOUD) == [EAST, WEST]


def test_bindings_that_are_wrong(rendered: Workspace, anyscale: StandIn) -> None:
    rendered.edit("value: 44444444-4444-4444-8444-444444444444", "value: four", "bindings.yaml")
    said = rendered.run("register", "--yes", code=1).stderr
    assert said.startswith("bindings.yaml:") and "; or register anyway with --allow-stale" in said
    assert anyscale.calls == []
    rendered.run("register", "--yes", "--allow-stale")
    assert anyscale.names(CLOUD) == [EAST, WEST]
