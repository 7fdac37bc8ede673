"""``rayfleet register`` where something goes wrong, or somebody presses Ctrl-C."""

from __future__ import annotations

import pytest

from tests.stand_ins.anyscale.stand_in import TOKEN, StandIn
from tests.testing.reference_names import CLOUD
from tests.testing.reference_names import EAST_CLUSTER as EAST
from tests.testing.reference_names import WEST_CLUSTER as WEST
from tests.testing.registrations import REGISTER, WEST_FILE, lines
from tests.testing.workspace import Workspace

# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_exit_code_0_is_not_believed(rendered: Workspace, anyscale: StandIn) -> None:
    anyscale.fail("cloud resource create", "refused", "object storage is bad")
    result = rendered.run("register", "--yes", code=1)
    assert f"! {WEST} is not registered" in result.stdout
    told = next(line for line in lines(result.stderr) if line.startswith(f"{WEST}: "))
    assert told.startswith(f"{WEST}: it is not there afterwards: Failed to add cloud resource: API Exception (400)")
    assert "object storage is bad" in told
    assert "fix: fix that; then run rayfleet register again: what is there is left alone" in result.stderr


def test_a_failed_primary_holds_the_others(rendered: Workspace, anyscale: StandIn) -> None:
    anyscale.fail("cloud register", "refused", "no")
    result = rendered.run("register", "--yes", code=1)
    assert f"{WEST}: it waits for {EAST}" in lines(result.stderr)
    assert anyscale.changes == [REGISTER]
    assert anyscale.clouds == {}


def test_a_registration_cut_in_half_is_finished(rendered: Workspace, anyscale: StandIn) -> None:
    anyscale.fail("cloud register", "half")
    rendered.run("register", "--yes", code=1)
    assert anyscale.clouds == {CLOUD: []}
    rendered.run("register", "--yes")
    assert anyscale.names(CLOUD) == [EAST, WEST]


def test_what_is_registered_otherwise_is_told_and_left(rendered: Workspace, anyscale: StandIn) -> None:
    rendered.run("register", "--yes")
    found = anyscale.clouds
    found[CLOUD][1]["region"] = "westus3"
    found[CLOUD][1]["object_storage"]["bucket_name"] = "abfss://other@\x1b[2Jx.dfs.core.windows.net"
    anyscale.clouds = found
    result = rendered.run("register", "--yes", code=1)
    assert f"! {WEST} is registered with other settings than rendered cldrsrc_westus20example000000000" in result.stdout
    assert f"{WEST}: region is 'westus3', rendered 'westus2', object_storage.bucket_name is" in result.stderr
    assert "\x1b" not in result.stderr
    assert anyscale.clouds == found


def test_no_server_answers(rendered: Workspace, anyscale: StandIn) -> None:
    anyscale.fail("cloud resource create", "unreachable")
    said = rendered.run("register", "--yes", code=1).stderr
    assert f"{WEST}: it is not there afterwards: Could not reach the Anyscale API" in said


@pytest.mark.parametrize(("how", "text"), [("refused", "down"), ("prints", '{"name": "other"}')])
def test_nothing_is_done_where_nothing_can_be_read(rendered: Workspace, anyscale: StandIn, how: str, text: str) -> None:
    anyscale.fail("cloud get", how, text)
    said = rendered.run("register", "--yes", code=1).stderr
    assert said.startswith("anyscale: ") and said.endswith("1 error; nothing was registered\n")
    assert anyscale.changes == []


def test_no_binary(rendered: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    said = rendered.run("register", "--yes", code=1).stderr
    assert said.startswith(
        "anyscale: there is no anyscale on PATH\n    fix: pip install anyscale, and anyscale login\n"
    )


def test_the_token_is_not_repeated(rendered: Workspace, anyscale: StandIn) -> None:
    for command in ("cloud get", "cloud register"):
        anyscale.fail(command, "echoes")
        result = rendered.run("register", "--yes", code=1)
        assert "token *** is not allowed" in result.stderr
        assert TOKEN not in result.output


def test_nobody_to_ask(rendered: Workspace, anyscale: StandIn) -> None:
    said = rendered.run("register", code=1).stderr
    assert lines(said)[0] == f"anyscale: there is nobody to confirm: register {EAST}, {WEST} with the cloud {CLOUD}"
    assert anyscale.changes == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", f"{WEST_FILE}:2:1: not YAML"),
        ("name: other\n", f"{WEST_FILE}:1:7: name: it is not the cloud resource {WEST}"),
        ("region: westus2\n", f"{WEST_FILE}:1:1: name: it is not the cloud resource {WEST}"),
    ],
)
def test_a_file_that_is_not_as_rendered(rendered: Workspace, anyscale: StandIn, text: str, said: str) -> None:
    rendered.write(text, WEST_FILE)
    assert rendered.run("register", "--yes", code=1).stderr.startswith(said)
    assert anyscale.calls == []


def test_an_unknown_cluster_is_a_matter_of_usage(rendered: Workspace) -> None:
    assert "the fleet has no cluster 'aks-east'" in rendered.run("register", "--cluster", "aks-east", code=2).stderr
