"""``rayfleet bind`` as its users meet it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rayfleet.bind import file as writing
from rayfleet.cli import cli
from tests.testing.bind_command import EMPTY, IDS, POOLS, cloud, nothing_new, outputs, put, refused
from tests.testing.reference_names import EAST, RESOURCES, WEST
from tests.testing.workspace import Workspace

# --- from files -------------------------------------------------------------------------------------------------------


def test_from_nothing_to_everything(workspace: Workspace) -> None:
    """The reference's own bindings come out of what Azure and Anyscale say, up to the comment above."""
    committed = workspace.read("bindings.yaml")
    (workspace.folder / "bindings.yaml").unlink()
    put(workspace, {EAST: outputs(), WEST: outputs("aks_westus2"), "aks-multi-region-shared": {}})
    put(workspace, cloud(), "cloud.json")
    nobody = workspace.run("bind", "--check", code=1)
    assert nobody.stderr.endswith("2 errors; nothing was changed\n")
    first = workspace.run("bind", "--from", "outputs.json")
    assert first.stdout == (
        "+ aks-eastus.clientId: 11111111-1111-4111-8111-111111111111\n"
        "+ aks-eastus.principalId: 22222222-2222-4222-8222-222222222222\n"
        "+ aks-eastus.nodePools: a100, cpu, sys, t4\n"
        "+ aks-westus2.clientId: 33333333-3333-4333-8333-333333333333\n"
        "+ aks-westus2.principalId: 44444444-4444-4444-8444-444444444444\n"
        "+ aks-westus2.nodePools: a100, cpu, sys, t4\n"
        "bindings.yaml: 6 values written; run rayfleet render\n"
    )
    assert first.stderr == "".join(
        f"missing: cloudResourceId of {name}\n"
        f"    fix: run rayfleet register --cluster {name}, then rayfleet bind\n"
        for name in RESOURCES
    )  # fmt: skip
    second = workspace.run("bind", "--from", "cloud.json")
    assert second.stdout.splitlines()[-1] == "bindings.yaml: 2 values written; run rayfleet render"
    assert second.stderr == ""
    assert workspace.read("bindings.yaml").partition("version")[2] == committed.partition("version")[2]
    workspace.run("render")
    third = workspace.run("bind", "--from", "outputs.json", "--from", "cloud.json")
    assert (third.stdout, third.stderr) == ("bindings.yaml is current\n", "")


def test_current_means_untouched(workspace: Workspace) -> None:
    put(workspace, outputs(nodePools=sorted(POOLS, reverse=True)))
    before = workspace.files()
    assert workspace.run("bind", "--from", "outputs.json").stdout == "bindings.yaml is current\n"
    assert workspace.files() == before


def test_comments_and_order_stay(workspace: Workspace) -> None:
    text = workspace.read("bindings.yaml").replace("  aks-eastus:\n", "  # the first\n  aks-eastus:   # in Virginia\n")
    now, then = (f"{pools}, producer: {EAST}" for pools in ("[a100, cpu, sys, t4]", "[cpu, h100, sys, t4]"))
    workspace.write(text.replace(now, then), "bindings.yaml")
    put(workspace, outputs())
    result = workspace.run("bind", "--from", "outputs.json")
    assert result.stdout.splitlines()[0] == "~ aks-eastus.nodePools: +a100 -h100"
    assert workspace.read("bindings.yaml") == text


def test_a_changed_id_needs_yes(workspace: Workspace) -> None:
    put(workspace, outputs(clientId="55555555-5555-4555-8555-555555555555"))
    said = refused(workspace, "--from", "outputs.json")
    assert said == (
        "bindings.yaml:6:23: clusters.aks-eastus.clientId.value: 11111111-1111-4111-8111-111111111111 is bound, and "
        f"{EAST}.outputs.aks_eastus.clientId is now 55555555-5555-4555-8555-555555555555\n"
        "    fix: find out why it changed; if it should have, bind it with --yes\n"
        "1 error; nothing was changed\n"
    )
    result = workspace.run("bind", "--from", "outputs.json", "--yes")
    line = "11111111-1111-4111-8111-111111111111 -> 55555555-5555-4555-8555-555555555555"
    assert result.stdout == f"~ aks-eastus.clientId: {line}\nbindings.yaml: 1 value written; run rayfleet render\n"


def test_one_cluster_alone(workspace: Workspace) -> None:
    workspace.write(EMPTY, "bindings.yaml")
    put(workspace, {EAST: outputs(clientId=None), WEST: outputs("aks_westus2")})
    workspace.run("bind", "--from", "outputs.json", "--cluster", "aks-westus2")
    assert "aks-eastus" not in workspace.read("bindings.yaml")
    assert workspace.read("bindings.yaml").startswith("# ours\nversion: 1\nclusters:\n  aks-westus2:\n    clientId")


def test_an_unknown_cluster_is_a_matter_of_usage(workspace: Workspace) -> None:
    said = workspace.run("bind", "--cluster", "aks-eastsu", code=2).stderr
    assert "--cluster: the fleet has no cluster 'aks-eastsu' (did you mean \"aks-eastus\"?)" in said


@pytest.mark.parametrize("with_yes", [False, True])
def test_no_id_in_two_clusters(workspace: Workspace, with_yes: bool) -> None:
    put(workspace, outputs(clientId=IDS["aks_westus2"][1]))
    put(workspace, cloud(**{"aks-eastus": RESOURCES["aks-westus2"]}), "cloud.json")
    said = refused(workspace, "--from", "outputs.json", "--from", "cloud.json", *(["--yes"] if with_yes else []))
    assert "clientId of aks-eastus is also principalId of aks-westus2; no two ids are the same" in said
    assert "cloudResourceId of aks-eastus is also cloudResourceId of aks-westus2" in said
    assert "cloud.json:1:" in said and "outputs.json:1:" in said


def test_all_mistakes_of_all_files_at_once(workspace: Workspace) -> None:
    workspace.write("not JSON", "a.json")
    workspace.write(b"\xff", "b.json")
    said = refused(workspace, "--from", "a.json", "--from", "b.json", "--from", "none.json")
    assert [line.split(": ")[0] for line in said.splitlines() if line.endswith(("value", "UTF-8", "directory"))] == [
        "a.json:1:1", "b.json:1:1", "none.json",
    ]  # fmt: skip


def test_values_that_steer_a_terminal_are_written_out(workspace: Workspace) -> None:
    put(workspace, {**outputs(clientId="\x1b[2Jgone"), "\x1b]0;x\x07": outputs()["aks_eastus"]})
    said = refused(workspace, "--from", "outputs.json")
    assert "\x1b" not in said and "\x07" not in said


def test_for_machines(workspace: Workspace) -> None:
    workspace.write(EMPTY, "bindings.yaml")
    put(workspace, {**outputs(), "aks_gone": outputs()["aks_eastus"]})
    data = json.loads(workspace.run("bind", "--from", "outputs.json", "--format", "json").stdout)
    assert [(row["cluster"], row["kind"], row["old"]) for row in data["changes"]] == [
        ("aks-eastus", kind, None) for kind in ("clientId", "principalId", "nodePools")
    ]
    assert data["missing"]["aks-eastus"] == ["cloudResourceId"]
    assert [row["severity"] for row in data["warnings"]] == ["warning"]
    assert data["errors"] == []
    put(workspace, outputs(clientId=None))
    rows = json.loads(workspace.run("bind", "--from", "outputs.json", "--format", "json", code=1).stdout)
    assert [row["what"] for row in rows] == ["clientId of aks-eastus is missing"]


def test_from_standard_input(workspace: Workspace) -> None:
    workspace.write(EMPTY, "bindings.yaml")
    result = CliRunner().invoke(cli, ["bind", "--from", "-"], input=json.dumps(outputs()))
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0,
        "bindings.yaml: 3 values written; run rayfleet render",
    )
    result = CliRunner().invoke(cli, ["bind", "--from", "-"], input="az: command not found")
    assert "-:1:1: not JSON: expecting value\n    fix: save what one of these prints: az deployment" in result.stderr


def test_both_of_one_key(workspace: Workspace) -> None:
    """Of two answers none is taken in silence."""
    rows = [json.dumps(outputs(clientId=value)["aks_eastus"]) for value in IDS["aks_westus2"]]
    workspace.write(f'{{"aks_eastus": {rows[0]}, "aks_eastus": {rows[1]}}}', "outputs.json")
    said = refused(workspace, "--from", "outputs.json")
    assert said.startswith('outputs.json: the key "aks_eastus" stands twice in one object\n')


@pytest.mark.parametrize(
    "data",
    [
        {"AKS_EASTUS": outputs()["aks_eastus"]},
        {**cloud(), "resources": []},
        {"name": EAST, "properties": {"provisioningState": "Failed", "outputs": outputs()}},
    ],
)
def test_nothing_new_though_something_is_missing(workspace: Workspace, data: dict[str, Any]) -> None:
    workspace.write(EMPTY, "bindings.yaml")
    put(workspace, data)
    said = nothing_new(workspace, "--from", "outputs.json")
    assert "missing: clientId, principalId, nodePools, cloudResourceId of aks-eastus\n" in said


def test_a_deployment_that_has_failed_is_no_matter_for_the_others(workspace: Workspace) -> None:
    workspace.write(EMPTY, "bindings.yaml")
    rows = [
        {"name": EAST, "properties": {"provisioningState": "Failed", "outputs": outputs()}},
        {"name": WEST, "properties": {"provisioningState": "Succeeded", "outputs": outputs("aks_westus2")}},
    ]
    put(workspace, rows)
    result = workspace.run("bind", "--from", "outputs.json", code=1)
    assert result.stdout.splitlines()[-1] == "bindings.yaml: 3 values written; run rayfleet render"
    assert "aks-eastus" not in workspace.read("bindings.yaml")
    said = "[0].properties.provisioningState: it is Failed, and has no outputs to bind\n"
    assert said in result.stderr
    assert said in refused(workspace, "--check", "--from", "outputs.json")


def test_what_is_left_over_is_said(workspace: Workspace) -> None:
    """Its own way out is ``retire``, which needs its bindings: nothing fails for it."""
    workspace.edit("  aks-westus2:\n", "  aks-gone:\n    {}\n  aks-westus2:\n", "bindings.yaml")
    put(workspace, outputs())
    result = workspace.run("bind", "--from", "outputs.json")
    assert result.stdout == "bindings.yaml: nothing new\n"
    assert 'warning: clusters.aks-gone: the fleet has no cluster "aks-gone"\n' in result.stderr


def test_check_binds_nothing_that_could_be_agreed_to(workspace: Workspace) -> None:
    assert "--check writes nothing: leave --yes out" in workspace.run("bind", "--check", "--yes", code=2).stderr


# --- bindings.yaml as it may be ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nclusters: &all {}\n", "bindings.yaml:2:11: the anchor &all is not allowed"),
        ("version: 1\nclusters: {a: *all}\n", "bindings.yaml:2:15: the alias *all is not allowed"),
        ("version: 2\nclusters: {}\n", "bindings.yaml:1:10: version: 2 is not 1"),
        ("version: 1\n", 'bindings.yaml:1:1: "clusters" is missing'),
        ("[]", "bindings.yaml:1:1: the document is not a mapping of keys to values"),
        ("a", "bindings.yaml:1:1: the document is not a mapping of keys to values"),
        ("version: 1\nclusters: {}\n---\n", "bindings.yaml:3:1: a second document begins here"),
        ("version: 1\nclusters: {a: {clientId: 1}}\n",
         "bindings.yaml:2:26: clusters.a.clientId: 1 is not of type object"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_bindings(workspace: Workspace, text: str, said: str) -> None:
    workspace.write(text, "bindings.yaml")
    put(workspace, outputs())
    assert refused(workspace, "--from", "outputs.json").splitlines()[0].startswith(said)


@pytest.mark.parametrize(
    "text", ["", "# soon\n", "~\n", "version: 1\nclusters:\n", "version: 1\nclusters: {aks-eastus: }\n"]
)
def test_nothing_is_bound_yet(workspace: Workspace, text: str) -> None:
    workspace.write(text, "bindings.yaml")
    assert "aks-eastus: not bound: clientId, " in refused(workspace, "--check")
    put(workspace, outputs())
    assert "3 values written" in workspace.run("bind", "--from", "outputs.json").stdout
    workspace.run("validate")
    assert workspace.read("bindings.yaml").startswith("# soon\n" if "#" in text else ("version", "\nversion"))


def test_defaults_and_regions_are_not_here(workspace: Workspace) -> None:
    workspace.write("version: 1\nclusters: &all {a: *all}\n", "bindings.yaml")
    said = refused(workspace, "--check")
    assert said.count("    fix: write the value out\n") == 2
    assert workspace.run("validate", code=1).stderr.count("    fix: write the value out\n") == 2


def test_line_ends_of_windows_stay(workspace: Workspace) -> None:
    workspace.write(EMPTY.replace("\n", "\r\n"), "bindings.yaml")
    put(workspace, outputs())
    workspace.run("bind", "--from", "outputs.json")
    written = (workspace.folder / "bindings.yaml").read_bytes()
    assert written.count(b"\n") == written.count(b"\r\n") == 7


def test_a_stale_producer_is_mended_without_ado(workspace: Workspace) -> None:
    text = workspace.read("bindings.yaml")
    workspace.write(text.replace("aks-multi-region-eastus.outputs", "old-eastus.outputs"), "bindings.yaml")
    put(workspace, outputs())
    result = workspace.run("bind", "--from", "outputs.json")
    assert f"~ aks-eastus.clientId: by {EAST}.outputs.aks_eastus.clientId, not by old-eastus" in result.stdout
    assert workspace.read("bindings.yaml") == text


def test_a_link_stays_a_link_and_the_mode_stays(workspace: Workspace) -> None:
    real = workspace.write(EMPTY, "elsewhere/bindings.yaml")
    real.chmod(0o640)
    (workspace.folder / "bindings.yaml").unlink()
    (workspace.folder / "bindings.yaml").symlink_to(real)
    put(workspace, outputs())
    workspace.run("bind", "--from", "outputs.json")
    assert (workspace.folder / "bindings.yaml").is_symlink()
    assert "aks-eastus" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert os.listdir(real.parent) == ["bindings.yaml"]


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_disk_that_refuses(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """A folder that is read-only, a full disk: root, as whom tests may run, is refused nothing by itself."""
    put(workspace, outputs(clientId="55555555-5555-4555-8555-555555555555"))

    real = getattr(writing.os, call)

    def refuse(*arguments: Any, **others: Any) -> Any:
        if call == "open" and arguments[1] & os.O_NONBLOCK:  # to read
            return real(*arguments, **others)
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(writing.os, call, refuse)
    said = refused(workspace, "--from", "outputs.json", "--yes")
    assert said.splitlines()[:2] == [
        "bindings.yaml: read-only file system",
        "    fix: make room or give the rights, and bind again",
    ]


def test_somebody_else_writes_meanwhile(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.write(EMPTY, "bindings.yaml")
    put(workspace, outputs())
    fsync = os.fsync

    def write_first(descriptor: int) -> None:
        workspace.write(f"{EMPTY}# theirs\n", "bindings.yaml")
        fsync(descriptor)

    monkeypatch.setattr(writing.os, "fsync", write_first)
    said = workspace.run("bind", "--from", "outputs.json", code=1).stderr
    assert "bindings.yaml: somebody else wrote the file meanwhile" in said
    assert workspace.read("bindings.yaml") == f"{EMPTY}# theirs\n"


# --- --check ----------------------------------------------------------------------------------------------------------


def test_check_of_what_is_whole(workspace: Workspace) -> None:
    assert workspace.run("bind", "--check").stdout == "bindings.yaml has everything\n"
    assert workspace.run("bind", "--check", "--format", "json").stdout == "[]\n"


def test_check_of_what_is_missing_and_stale(workspace: Workspace) -> None:
    text = workspace.read("bindings.yaml")
    lines = [line for line in text.splitlines() if "cldrsrc_eastus" not in line]
    text = (
        "\n".join(lines)
        .replace("aks-westus2:", "aks-westus3:")
        .replace("-eastus.outputs.aks_eastus.n", "-x.outputs.y.n")
    )
    workspace.write(f"{text}\n", "bindings.yaml")
    assert refused(workspace, "--check") == (
        "bindings.yaml:4:1: clusters.aks-westus2: not bound: clientId, principalId, nodePools, cloudResourceId\n"
        "    fix: run rayfleet deploy --region westus2, then rayfleet bind\n"
        "bindings.yaml:5:3: clusters.aks-eastus: not bound: cloudResourceId\n"
        "    fix: run rayfleet register --cluster aks-eastus, then rayfleet bind\n"
        "bindings.yaml:8:56: clusters.aks-eastus.nodePools.producer: nodePools is produced by "
        f"{EAST}.outputs.aks_eastus.nodePools, not by aks-multi-region-x.outputs.y.nodePools\n"
        "    fix: run rayfleet bind\n"
        'bindings.yaml:9:3: clusters.aks-westus3: the fleet has no cluster "aks-westus3" '
        '(did you mean "aks-westus2"?)\n'
        "    fix: write its name as in fleet.yaml; else rayfleet retire --cluster aks-westus3 shows what is left of "
        "it, and then its bindings go\n"
        "4 errors; nothing was changed\n"
    )


def test_check_without_a_file(workspace: Workspace) -> None:
    (workspace.folder / "bindings.yaml").unlink()
    said = refused(workspace, "--check", "--cluster", "aks-eastus")
    assert said.startswith("bindings.yaml: clusters.aks-eastus: not bound: clientId, ")
    assert said.endswith("1 error; nothing was changed\n")


def test_check_against_files(workspace: Workspace) -> None:
    workspace.edit(f"[a100, cpu, sys, t4], producer: {EAST}", f"[cpu, h100, t4], producer: {EAST}", "bindings.yaml")
    put(workspace, outputs(clientId="55555555-5555-4555-8555-555555555555"))
    said = refused(workspace, "--check", "--from", "outputs.json")
    assert "clusters.aks-eastus.clientId.value: 11111111-1111-4111-8111-111111111111 is bound, and" in said
    assert "clusters.aks-eastus.nodePools.value: the pools are other ones: +a100 +sys -h100" in said


def test_a_fleet_in_another_folder(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "fleet.yaml").write_text(workspace.read())
    put(workspace, outputs())
    result = workspace.run("bind", "-f", "deep/fleet.yaml", "--from", "outputs.json", code=1)
    assert result.stderr  # its overlays are not there: a mistake of the fleet's
    (workspace.folder / "overlays").rename(folder / "overlays")
    workspace.run("bind", "-f", "deep/fleet.yaml", "--from", "outputs.json")
    assert (folder / "bindings.yaml").exists()
