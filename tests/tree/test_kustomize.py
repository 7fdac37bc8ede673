"""Layers as the real kustomize builds them: what overlays change is judged, and named."""

from __future__ import annotations

import pytest

from rayfleet.tree import RenderedCluster, Tree
from rayfleet.tree.files import Files, OnDisk
from rayfleet.tree.kustomize import Kustomize, find_binary
from tests.testing.rendering import ROOT
from tests.testing.workspace import Workspace

OVERLAY = "overlays/operator-availability/workloads/kustomization.yaml"

PATCH = """\
patches:
  - target: {kind: Gateway}
    patch: |
      - {op: replace, path: /spec/gatewayClassName, value: other}
"""


def east(workspace: Workspace) -> RenderedCluster:
    binary = find_binary(str(ROOT))
    assert binary is not None
    files = Files("rendered", OnDisk("rendered"))
    kustomize = Kustomize(binary, "rendered")
    found = next(iter(Tree(files, kustomize=kustomize).clusters()))
    assert found.layers  # read while the builds can be taken
    kustomize.close()
    return found


def test_every_layer_is_built_and_every_value_has_its_own_file(workspace: Workspace) -> None:
    workspace.run("render")
    cluster = east(workspace)
    assert all(layer.built and not layer.problems for layer in cluster.layers.values())
    (gateway,) = cluster.of_kind("Gateway")
    path = "rendered/clusters/aks-eastus/workloads/gateway.yaml"
    assert gateway.side("spec", "gatewayClassName").place == (path, 8, 21)
    assert "annotations" not in gateway.data["metadata"]
    assert cluster.operator is not None and cluster.operator.unresolved == []
    values = "rendered/clusters/aks-eastus/operators/anyscale-operator/values.yaml"
    assert cluster.operator.side("global", "cloudProvider").place == (values, 4, 18)


def test_what_an_overlay_adds_stands_in_the_overlay(workspace: Workspace) -> None:
    workspace.run("render")
    (budget,) = east(workspace).of_kind("PodDisruptionBudget")
    assert (
        budget.side("spec", "maxUnavailable").place[0]
        == "overlays/operator-availability/workloads/poddisruptionbudget.yaml"
    )


def test_what_an_overlay_changes_is_blamed_on_it(workspace: Workspace) -> None:
    workspace.write(workspace.read(OVERLAY) + PATCH, OVERLAY)
    workspace.run("render")
    (gateway,) = east(workspace).of_kind("Gateway")
    assert gateway.data["spec"]["gatewayClassName"] == "other"
    assert gateway.side("spec", "gatewayClassName").place[0] == OVERLAY
    assert gateway.side("metadata", "name").place[0] == "rendered/clusters/aks-eastus/workloads/gateway.yaml"


def test_a_layer_that_does_not_build_is_read_as_files_and_said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.run("render")
    workspace.edit("poddisruptionbudget.yaml", "nothing.yaml", OVERLAY)
    layer = east(workspace).layers["workloads"]
    assert not layer.built and "nothing.yaml" in layer.error
    assert [row.kind for row in layer.manifests] == ["Gateway"]
    monkeypatch.setenv("PATH", str(ROOT / ".tools/bin"))
    result = workspace.run("check", "network", code=1)
    path = "rendered/clusters/aks-eastus/workloads"
    assert f"{path}/kustomization.yaml:1:1: kustomize does not build the layer: " in result.stdout
    assert f"    fix: see kustomize build {path}\n" in result.stdout
