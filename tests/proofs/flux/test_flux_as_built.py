"""Flux, with layers as the real kustomize builds them: what an overlay changes is judged, and named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from rayfleet.cli import cli
from tests.proofs.breaks.flux import HERE, LISTS, manifest
from tests.testing import rendering
from tests.testing.workspace import Workspace

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
    assert {row["claim"] for row in out["findings"] if row["outcome"] != "proved"} == {"flux/no-base"}


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
        f'its release {name} {what} "{name}-values", which does not exist'
        for name in ("anyscale-operator", "nvidia-device-plugin")
    ]


def test_a_layer_that_does_not_build_is_said_of_its_files(built: Workspace) -> None:
    built.write(COMPONENT + "resources: [nothing.yaml]\n", f"{OVERLAY}/operators/kustomization.yaml")
    (row,) = found(built)
    assert (row["proof"], row["places"][0]["file"]) == ("files", f"rendered/{LISTS['operators']}")
    assert "nothing.yaml" in row["what"]


# --- what an overlay adds is its own ----------------------------------------------------------------------------------

NAMESPACE = manifest("v1", "Namespace", "team")
CLAIM = manifest("v1", "PersistentVolumeClaim", "scratch", "spec: {}\n", "team")
KUBERAY = (
    manifest(
        "source.toolkit.fluxcd.io/v1",
        "HelmRepository",
        "kuberay",
        "spec: {url: 'https://a.b', interval: 1h}",
        "rayfleet",
    )
    + "\n---\n"
    + manifest(
        "helm.toolkit.fluxcd.io/v2",
        "HelmRelease",
        "kuberay",
        "spec:\n  interval: 1h\n  targetNamespace: default\n  install: {remediation: {retries: 3}}\n"
        "  chart: {spec: {chart: kuberay-operator, version: 1.x, sourceRef: {kind: HelmRepository, name: kuberay}}}\n",
        "rayfleet",
    )
)
RAY = manifest("ray.io/v1", "RayCluster", "mine", "spec: {}\n", "default")


def said(workspace: Workspace, outcome: str) -> list[tuple[str, str]]:
    """Subject and words."""
    out = CliRunner().invoke(cli, ["check", "flux", "--layers", "kustomize", "--format", "json"])
    return [(row["subject"], row["what"]) for row in json.loads(out.stdout)["findings"] if row["outcome"] == outcome]


def lay(workspace: Workspace, layer: str, content: str) -> None:
    workspace.write(COMPONENT + "resources: [more.yaml]\n", f"{OVERLAY}/{layer}/kustomization.yaml")
    workspace.write(content, f"{OVERLAY}/{layer}/more.yaml")


def test_what_an_overlay_adds_may_be_pruned(built: Workspace) -> None:
    lay(built, "platform", f"{NAMESPACE}---\n{CLAIM}")
    assert found(built) == []
    (row,) = said(built, "noted")
    what = 'an overlay\'s Namespace "team" and 1 more are pruned when they leave Git, with all that is inside'
    assert row == ("aks-eastus and 1 more", what)


def test_the_operators_namespace_may_not_even_of_an_overlay(built: Workspace) -> None:
    path = "/metadata/annotations/kustomize.toolkit.fluxcd.io~1prune"
    patches = f"patches:\n  - target: {{kind: Namespace}}\n    patch: |\n      - {{op: remove, path: {path}}}\n"
    built.write(COMPONENT + patches, f"{OVERLAY}/platform/kustomization.yaml")
    assert [row["what"] for row in found(built)] == [
        f'its Namespace "{name}" is pruned when it leaves Git, and all that is in it with it'
        for name in ("anyscale-operator", "gpu-operators")
    ]


def test_an_overlays_release_only_warns(built: Workspace) -> None:
    lay(built, "operators", KUBERAY)
    lay(built, "workloads", RAY)
    assert found(built) == []
    rows = said(built, "warned")
    assert {subject for subject, _ in rows} == {"aks-eastus and 1 more"}
    whole = "\n".join(what for _, what in rows)
    for part in (
        'the version of its release kuberay is "1.x"',
        "its release kuberay is uninstalled when its install fails",
        "layer operators is ready before it is: Flux retries until the kinds are there",
    ):
        assert part in whole
    assert "releaseName" not in whole
    out = json.loads(built.run("check", "flux", "--layers", "kustomize", "--format", "json").stdout)
    claims = {row["claim"] for row in out["findings"] if row["outcome"] == "warned"}
    assert {"flux/overlay-version-not-pinned", "flux/overlay-retry-uninstalls"} <= claims


def test_an_overlays_release_beside_what_needs_it_fails(built: Workspace) -> None:
    lay(built, "operators", f"{KUBERAY}\n---\n{RAY}")
    (row,) = found(built)
    assert "is in the layer of release kuberay, which installs its kind: neither is ever applied" in row["what"]


def test_a_layer_that_others_wait_for_cannot_wait_for_an_overlays_release(built: Workspace) -> None:
    lay(built, "operators", KUBERAY)
    lay(built, "platform", RAY)
    (row,) = found(built)
    assert "for which layer platform does not wait" in row["what"]
