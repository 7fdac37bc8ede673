"""Flux, with layers as the real kustomize builds them: what an overlay changes is judged, and named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from generator.cli import cli
from tests import rendering
from tests.conftest import Workspace
from tests.proofs.breaks.flux import HERE, LISTS, manifest

OVERLAY = "overlays/operator-availability"
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"


@pytest.fixture
def built(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The reference, to be checked with the real kustomize."""
    monkeypatch.setenv("PATH", str(rendering.ROOT / ".tools/bin"))
    return workspace


def found(workspace: Workspace) -> list[dict[str, Any]]:
    """What fails, of the reference's first cluster."""
    workspace.run("render")
    done = CliRunner().invoke(cli, ["check", "flux", "--layers", "kustomize", "--format", "json"])
    rows: list[dict[str, Any]] = [row for row in json.loads(done.stdout)["findings"] if row["outcome"] == "failed"]
    return [row for row in rows if HERE in row["places"][0]["file"] or row["subject"] == "aks-eastus"]


def test_layers_as_built_pass(built: Workspace) -> None:
    assert found(built) == []
    out = json.loads(built.run("check", "flux", "--layers", "kustomize", "--format", "json").stdout)
    assert {row["outcome"] for row in out["findings"]} == {"proved"}


def test_what_an_overlay_patches_is_blamed_on_it(built: Workspace) -> None:
    patch = (
        "patches:\n  - target: {kind: HelmRelease}\n    patch: |\n"
        "      - {op: replace, path: /spec/install, value: {remediation: {retries: 3}}}\n"
    )
    built.write(COMPONENT + patch, f"{OVERLAY}/operators/kustomization.yaml")
    rows = found(built)
    assert [row["what"] for row in rows] == [
        f"its release {name} is uninstalled when its install fails, with all that it holds"
        for name in ("anyscale-operator", "nvidia-device-plugin")
    ]
    assert {place["file"] for row in rows for place in row["places"]} == {f"{OVERLAY}/operators/kustomization.yaml"}


def test_what_an_overlay_adds_is_blamed_on_it(built: Workspace) -> None:
    built.write(COMPONENT + "resources: [token.yaml]\n", f"{OVERLAY}/platform/kustomization.yaml")
    built.write(manifest("v1", "Secret", "token", "stringData: {a: b}\n", "default"), f"{OVERLAY}/platform/token.yaml")
    (row,) = found(built)
    assert row["what"] == 'its Secret "token" is in Git with what it should hide'
    assert row["places"][0] == {"file": f"{OVERLAY}/platform/token.yaml", "line": 6, "column": 13}


def test_a_hash_that_no_release_is_told_of_leads_nowhere(built: Workspace) -> None:
    built.run("render")
    names = f"rendered/{HERE}/operators/name-references.yaml"
    built.edit("kind: HelmRelease", "kind: HelmChart", names)
    out = json.loads(built.run("check", "flux", "--format", "json", code=1).stdout)
    said = [row["what"] for row in out["findings"] if row["outcome"] == "failed"]
    what = "takes values from values.yaml of ConfigMap"
    assert said == [
        f'its release {name} {what} "{name}-values", which is nowhere'
        for name in ("anyscale-operator", "nvidia-device-plugin")
    ]


def test_a_layer_that_does_not_build_is_said_of_its_files(built: Workspace) -> None:
    built.write(COMPONENT + "resources: [nothing.yaml]\n", f"{OVERLAY}/operators/kustomization.yaml")
    (row,) = found(built)
    assert (row["proof"], row["places"][0]["file"]) == ("files", f"rendered/{LISTS['operators']}")
    assert "nothing.yaml" in row["what"]
