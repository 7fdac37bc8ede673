"""``rayfleet render`` as its users meet it: what it prints, what it leaves on disk, and the exit code."""

from __future__ import annotations

import errno
import json
import os
import shutil

import pytest

from tests.testing import rendering
from tests.testing.render_command import MARK, facts, unchanged
from tests.testing.workspace import Workspace


def test_wrong_usage_is_wrong_also_when_nothing_changed(rendered: Workspace) -> None:
    assert "nowhere" in rendered.run("render", "--unbind", "nowhere", code=2).stderr


# --- render -----------------------------------------------------------------------------------------------------------


def test_render_writes_every_output(workspace: Workspace) -> None:
    result = workspace.run("render")
    written = {path: content for path, (content, _) in workspace.files("rendered").items()}
    assert written == {f"rendered/{path}": content for path, content in rendering.reference().rendered()}
    assert result.stdout.splitlines()[-1] == f"rendered: {len(written)} created, 0 updated, 0 deleted, 0 unchanged"
    assert result.stderr == ""


def test_the_second_run_writes_nothing(rendered: Workspace) -> None:
    assert unchanged(rendered) == ""


def test_a_summary_lists_what_changed(rendered: Workspace) -> None:
    rendered.edit("branch: main", "branch: live")
    result = rendered.run("render")
    *rows, last = result.stdout.splitlines()
    assert rows == ["  ~ azure/eastus.json", "  ~ azure/westus2.json"]
    total = len(rendered.files("rendered"))
    assert last == f"rendered: 0 created, 2 updated, 0 deleted, {total - 2} unchanged"


def test_only_what_changed_is_written(rendered: Workspace) -> None:
    before = rendered.files("rendered")
    rendered.edit("branch: main", "branch: live")
    rendered.run("render")
    after = rendered.files("rendered")
    assert {path for path in before if before[path] != after[path]} == {
        "rendered/azure/eastus.json",
        "rendered/azure/westus2.json",
    }


def test_a_cluster_that_is_gone_goes_and_leaves_no_empty_folder(rendered: Workspace) -> None:
    rendered.edit("  aks-westus2: {region: westus2, network: {index: 1}}\n", "")
    result = rendered.run("render")
    assert "  - clusters/aks-westus2/flux/kustomization.yaml" in result.stdout
    assert not (rendered.folder / "rendered/clusters/aks-westus2").exists()
    assert (rendered.folder / "rendered/clusters/aks-eastus").is_dir()


def test_render_for_machines(workspace: Workspace) -> None:
    said = json.loads(workspace.run("render", "--format", "json").stdout)
    assert sorted(f"rendered/{path}" for path in said["created"]) == sorted(workspace.files("rendered"))
    assert [said.pop(key) for key in ("updated", "deleted", "foreign", "pending")] == [[], [], [], []]
    again = json.loads(workspace.run("render", "--format", "json").stdout)
    assert (again["created"], again["unchanged"]) == ([], len(said["created"]))


def test_warnings_are_said_again_when_nothing_changed(workspace: Workspace) -> None:
    workspace.edit("index: 1}}", "index: 1}, gateway: {kind: ingress-nginx}}")
    first = workspace.run("render").stderr
    assert first.startswith("fleet.yaml:")
    assert "warning: clusters.aks-westus2.gateway.kind: ingress-nginx was retired" in first
    assert unchanged(workspace) == first


# --- pending and unbinding --------------------------------------------------------------------------------------------

PENDING = "pending: {} waits for clientId, cloudResourceId, principalId".format


def test_what_is_pending_is_listed_in_every_run(workspace: Workspace) -> None:
    (workspace.folder / "bindings.yaml").unlink()
    listed = workspace.run("render").stderr
    assert facts(listed) == [PENDING("aks-eastus"), PENDING("aks-westus2")]
    assert unchanged(workspace) == listed
    assert not (workspace.folder / "rendered/clusters/aks-eastus/anyscale/cloud_resource.yaml").exists()
    rows = json.loads(workspace.run("render", "--format", "json").stdout)["pending"]
    assert {
        "path": "clusters/aks-eastus/anyscale/cloud_resource.yaml",
        "cluster": "aks-eastus",
        "needs": ["principalId"],
    } in rows


def test_a_value_that_is_bound_ends_the_wait(workspace: Workspace) -> None:
    bindings = workspace.read("bindings.yaml")
    (workspace.folder / "bindings.yaml").unlink()
    workspace.run("render")
    workspace.write(bindings, "bindings.yaml")
    result = workspace.run("render")
    assert "  + clusters/aks-eastus/anyscale/cloud_resource.yaml" in result.stdout
    assert result.stderr == ""


@pytest.fixture
def unbound(rendered: Workspace) -> Workspace:
    """The reference fleet, rendered, after both clusters lost their bindings."""
    rendered.write("version: 1\nclusters: {}\n", "bindings.yaml")
    return rendered


def test_unbinding_is_refused(unbound: Workspace) -> None:
    before = unbound.files()
    result = unbound.run("render", code=1)
    assert unbound.files() == before
    for cluster in ("aks-eastus", "aks-westus2"):
        assert f"bindings.yaml: clusters.{cluster}: clientId, cloudResourceId, principalId" in result.stderr
        assert f"--unbind {cluster}\n" in result.stderr


def test_unbinding_is_allowed_by_name_and_only_for_that_cluster(unbound: Workspace) -> None:
    before = unbound.files()
    result = unbound.run("render", "--unbind", "aks-eastus", code=1)
    assert "clusters.aks-westus2" in result.stderr and "clusters.aks-eastus" not in result.stderr
    assert unbound.files() == before
    result = unbound.run("render", "--unbind", "aks-eastus", "--unbind", "aks-westus2")
    assert "  - clusters/aks-eastus/anyscale/cloud_resource.yaml" in result.stdout
    assert facts(result.stderr) == [PENDING("aks-eastus"), PENDING("aks-westus2")]
    assert unchanged(unbound) == result.stderr


def test_unbinding_one_value_names_it(rendered: Workspace) -> None:
    lines = rendered.read("bindings.yaml").splitlines(keepends=True)
    kept = [line for line in lines if "cldrsrc_eastus0" not in line]
    assert len(kept) == len(lines) - 1
    rendered.write("".join(kept), "bindings.yaml")
    assert "clusters.aks-eastus: cloudResourceId " in rendered.run("render", code=1).stderr
    said = rendered.run("render", "--unbind", "aks-eastus")
    assert facts(said.stderr) == ["pending: aks-eastus waits for cloudResourceId"]


# --- whatever happened to the tree is seen and repaired ---------------------------------------------------------------


@pytest.mark.parametrize("content", ["", MARK, "# Generated by rayfleet "])
def test_an_edited_file_is_made_anew(rendered: Workspace, content: str) -> None:
    """Also one that is empty, which is how a file looks whose writing was cut off."""
    before = rendered.read("rendered/clusters/aks-eastus/platform/namespaces.yaml")
    rendered.write(content, "rendered/clusters/aks-eastus/platform/namespaces.yaml")
    result = rendered.run("render")
    assert result.stdout.splitlines()[0] == "  ~ clusters/aks-eastus/platform/namespaces.yaml"
    assert rendered.read("rendered/clusters/aks-eastus/platform/namespaces.yaml") == before
    unchanged(rendered)


def test_a_deleted_file_is_made_anew(rendered: Workspace) -> None:
    (rendered.folder / "rendered/azure/eastus.json").unlink()
    assert rendered.run("render").stdout.splitlines()[0] == "  + azure/eastus.json"
    shutil.rmtree(rendered.folder / "rendered")
    assert ", 0 unchanged" in rendered.run("render").stdout
    unchanged(rendered)


def test_edited_bindings_count(rendered: Workspace) -> None:
    bindings = rendered.read("bindings.yaml")
    rendered.write(bindings.replace("[a100, ", "["), "bindings.yaml")
    assert "  ~ azure/eastus.json" in rendered.run("render").stdout
    rendered.write(bindings, "bindings.yaml")
    assert "  ~ azure/eastus.json" in rendered.run("render").stdout
    (rendered.folder / "bindings.yaml").unlink()
    rendered.run("render", code=1)


def test_a_comment_in_the_fleet_changes_nothing(rendered: Workspace) -> None:
    before = rendered.files("rendered")
    rendered.write(rendered.read() + "# A comment.\n")
    assert rendered.run("render").stdout == f"rendered is current: {len(before)} files\n"
    assert rendered.files("rendered") == before
    unchanged(rendered)


def test_a_changed_overlay_counts(rendered: Workspace) -> None:
    component = rendered.read("overlays/operator-availability/workloads/kustomization.yaml")
    rendered.write(component, "overlays/operator-availability/platform/kustomization.yaml")
    assert "  ~ clusters/aks-eastus/platform/kustomization.yaml" in rendered.run("render").stdout
    shutil.rmtree(rendered.folder / "overlays")
    assert 'there is no overlay "operator-availability"' in rendered.run("render", code=1).stderr


def test_an_interrupted_run_is_repaired(rendered: Workspace) -> None:
    before = {path: content for path, (content, _) in rendered.files("rendered").items()}
    rendered.write("", "rendered/azure/eastus.json")
    rendered.write("half a fi", "rendered/azure/westus2.json.rayfleet-unfinished")
    rendered.write("half a fi", "rendered/clusters/aks-gone/flux/platform.yaml.rayfleet-unfinished")
    rendered.run("render")
    assert {path: content for path, (content, _) in rendered.files("rendered").items()} == before
    assert not (rendered.folder / "rendered/clusters/aks-gone").exists()
    unchanged(rendered)


def test_a_full_disk_leaves_no_half_file_and_no_false_word(
    rendered: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered.edit("branch: main", "branch: live")
    before = rendered.files("rendered")
    real, room = os.write, [1]

    def write(descriptor: int, content: bytes) -> int:
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room.pop()
        return real(descriptor, content)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        result = rendered.run("render", code=1)
    assert "no space left on device" in result.stderr
    after = rendered.files("rendered")
    assert {path for path in after if before.get(path) != after[path]} == {"rendered/azure/eastus.json"}
    assert "nothing was changed" not in result.stderr
    assert rendered.run("render").stdout.splitlines()[0] == "  ~ azure/westus2.json"
