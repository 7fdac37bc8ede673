"""Flux's own controllers follow a fleet in a Git repository: the order of layers, what changes and what is pruned."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rayfleet.fleet_files import LAYERS
from tests.testing.broken_trees import check
from tests.testing.control_plane import flux
from tests.testing.control_plane.custom_resources import define
from tests.testing.control_plane.flux import Fleet
from tests.testing.control_plane.git_server import git_server
from tests.testing.control_plane.processes import control_plane
from tests.testing.control_plane.reference_edits import CLUSTER, CONTAINER, NO_GPUS, NO_OVERLAY, default, files
from tests.testing.git import git
from tests.testing.rendering import REFERENCE

GATEWAY = ("gateway.networking.k8s.io/v1", "Gateway")
CLASS = ("gateway.networking.k8s.io/v1", "GatewayClass")


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    repository = tmp_path / "repository"
    repository.mkdir()
    monkeypatch.chdir(repository)
    git("init")
    shutil.copytree(REFERENCE / "overlays", repository / "overlays")
    (tmp_path / "control-plane").mkdir()
    with control_plane(tmp_path / "control-plane") as running, git_server(repository) as url:
        define(running.api)
        running.controllers()
        flux.start(running)
        yield Fleet(running, repository, url, CLUSTER)


def test_the_first_sync_has_its_order(fleet: Fleet) -> None:
    assert fleet.sync(files()) == list(LAYERS)


def test_a_change_of_values_reaches_the_release_and_what_is_left_is_pruned(fleet: Fleet) -> None:
    fleet.sync(files())
    values = fleet.values("anyscale-operator")
    release, budget = fleet.release("nvidia-device-plugin"), ("policy/v1", "PodDisruptionBudget")
    assert release and fleet.api.objects(*budget)
    fleet.sync(files(*NO_GPUS, NO_OVERLAY))
    assert fleet.values("anyscale-operator") != values
    assert fleet.configmaps("anyscale-operator") == {fleet.values("anyscale-operator")}
    assert not fleet.release("nvidia-device-plugin") and not fleet.configmaps("nvidia-device-plugin")
    assert not fleet.api.objects(*budget)
    fleet.sync(files())
    assert fleet.values("anyscale-operator") == values
    assert fleet.release("nvidia-device-plugin") and fleet.api.objects(*budget)


def test_a_layer_that_kubernetes_refuses_fails_and_holds_the_next_until_it_is_put_right(fleet: Fleet) -> None:
    fleet.sync(files())
    values = fleet.values("anyscale-operator")
    commit = fleet.commit(files(CONTAINER, *NO_GPUS))
    fleet.hurry()
    said = fleet.until_failed("platform", commit)
    assert "PersistentVolume/blob-fuse2" in said and "immutable" in said
    assert fleet.values("anyscale-operator") == values
    fleet.sync(files(*NO_GPUS))
    assert fleet.values("anyscale-operator") != values


def test_the_gateway_waits_for_its_controller(fleet: Fleet) -> None:
    commit = fleet.commit(files(default("gateway: {kind: envoy-gateway}")))
    fleet.follow()
    assert fleet.until_applied(commit, ["platform"]) == ["platform"]
    assert fleet.waits("workloads", "operators")
    assert fleet.api.objects(*GATEWAY) == []
    fleet.install("envoy-gateway")
    assert fleet.until_applied(commit, ["operators", "workloads"]) == ["operators", "workloads"]
    assert fleet.api.objects(*GATEWAY)


def test_a_controller_leaves_before_what_it_finalizes_and_check_has_said_so(fleet: Fleet) -> None:
    envoy, nginx = (files(default(f"gateway: {{kind: {kind}}}")) for kind in ("envoy-gateway", "ingress-nginx"))
    (said,) = [row for row in check(nginx, "flux", base=envoy).of("warned") if row.claim == "flux/merge-first"]
    assert "Envoy Gateway leaves before its Gateway and class: the class stays, Terminating" in said.what

    commit = fleet.commit(envoy)
    fleet.follow()
    fleet.install("envoy-gateway")
    fleet.until_applied(commit, LAYERS)
    (row,) = fleet.api.objects(*CLASS)
    held = {"metadata": {"finalizers": ["gateway-exists-finalizer.gateway.networking.k8s.io"]}}
    fleet.api.ask("PATCH", fleet.api.path_of(row), held, "application/merge-patch+json")

    commit = fleet.commit(nginx)
    fleet.hurry()
    fleet.install("ingress-nginx")
    assert fleet.until_applied(commit, LAYERS) == list(LAYERS)  # all is well, says Flux
    assert not fleet.release("envoy-gateway")
    (row,) = fleet.api.objects(*CLASS)
    assert row["metadata"]["deletionTimestamp"] and fleet.api.objects(*GATEWAY) == []
