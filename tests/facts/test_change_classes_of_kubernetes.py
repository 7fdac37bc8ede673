"""The table of what becomes of objects of Kubernetes: whole, sourced, and with a row for all that is rendered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rayfleet.changes.kubernetes import comparable, objects
from rayfleet.facts.change_classes import ChangeRow, Steps, classes, classify, rows
from rayfleet.facts.change_directions import STEPS
from rayfleet.package_files import SCHEMAS
from tests.testing.broken_trees import rendered
from tests.testing.rendering import FLEETS, compiled, reference

TABLE = json.loads(Path(SCHEMAS, "kubernetes-changes.json").read_text())
ROWS = [(kind, row) for kind, written in TABLE["types"].items() for row in written]
LEGEND = json.loads(Path(SCHEMAS, "azure-changes.json").read_text())["fields"]
POD = "Pod"  # of no row


def test_every_row_says_all_that_the_legend_asks_for() -> None:
    legend = {name for names in LEGEND for name in names.split(", ")}
    assert len(ROWS) > 100
    for kind, row in ROWS:
        assert row.keys() <= legend, (kind, row)
        assert row["class"] in classes(POD) and row["paths"] and row["source"], (kind, row)
        assert row.get("step", "down") in STEPS, (kind, row)


def test_every_class_and_every_source_is_some_rows() -> None:
    assert {row["class"] for _, row in ROWS} == set(classes(POD))
    marks = {source.split(" ", 1)[0] for _, row in ROWS for source in row["source"].split("; ")}
    assert marks == set(TABLE["sources"])


def test_no_row_stands_behind_one_that_fits_always() -> None:
    always = {"class", "paths", "says", "fix", "source", "unrendered"}
    for kind in TABLE["types"]:
        closed: set[str] = set()
        for row in TABLE["types"][kind]:
            assert not closed & set(row["paths"]), (kind, row)
            closed |= set(row["paths"]) if row.keys() <= always else set()


# --- what is rendered -------------------------------------------------------------------------------------------------


def _leaves(value: Any, *path: str) -> Iterator[Steps]:
    if isinstance(value, dict) and value:
        for key, row in value.items():
            yield from _leaves(row, *path, key)
    else:
        yield path


@cache
def _rendered() -> frozenset[tuple[str, Steps]]:
    """The kind and the path of every property of every test fleet."""
    found: set[tuple[str, Steps]] = set()
    for fleet in [reference(), *(compiled(name, bound) for name in FLEETS for bound in (False, True))]:
        files = dict(fleet.rendered())
        tree = rendered(files)
        for row in (row for file in files if file.startswith("clusters/") for row in objects(tree, file, [])):
            for key, value in comparable(row).items():
                found |= {(row.kind, path) for path in _leaves(value, key)}
    return frozenset(found)


def test_every_property_that_is_rendered_has_a_row() -> None:
    assert len(_rendered()) > 150
    assert [(kind, path) for kind, path in _rendered() if not any(row.concerns(path) for row in rows(kind))] == []


def test_every_row_is_about_something_rendered_or_says_why_not() -> None:
    apart = {"metadata.name", "layer"}
    for kind, row in ROWS:
        for path in set(row["paths"]) - apart:
            only = ChangeRow("in place", (tuple(path.split(".")),))
            there = any(
                known == kind and any(only.concerns(steps[:length]) for length in range(1, len(steps) + 1))
                for known, steps in _rendered()
            )
            assert there != ("unrendered" in row), (kind, path)


# --- by direction -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "path", "before", "after", "expected"),
    [
        ("PersistentVolume", "spec.csi.volumeHandle", "a", "b", "refused"),
        ("PersistentVolume", "spec.mountOptions", ["a"], ["b"], "ignored"),
        ("PersistentVolume", "spec.persistentVolumeReclaimPolicy", "Retain", "Delete", "data"),
        ("PersistentVolume", "spec.persistentVolumeReclaimPolicy", "Delete", "Retain", "in place"),
        ("PersistentVolume", "spec.nodeAffinity.required", None, "a", "in place"),
        ("PersistentVolume", "spec.nodeAffinity.required", "a", "b", "unclassified"),
        ("PersistentVolumeClaim", "spec.resources.requests.storage", 10, 20, "in place"),
        ("PersistentVolumeClaim", "spec.resources.requests.storage", 20, 10, "refused"),
        ("PersistentVolumeClaim", "spec.anything", 20, 10, "refused"),
        ("StorageClass.storage.k8s.io", "parameters.protocol", "fuse", "fuse2", "refused"),
        ("ConfigMap", "data.x", "a", "b", "in place"),
        ("GatewayClass.gateway.networking.k8s.io", "spec.controllerName", "a", "b", "refused"),
        ("Gateway.gateway.networking.k8s.io", "spec.gatewayClassName", "a", "b", "re-created"),
        ("HelmRelease.helm.toolkit.fluxcd.io", "spec.chart.spec.chart", "a", "b", "re-created"),
        ("HelmRelease.helm.toolkit.fluxcd.io", "spec.chart.spec.version", "1", "2", "rolling pods"),
        ("HelmRelease.helm.toolkit.fluxcd.io", "values.x", "1", "2", "rolling pods"),
        ("Kustomization.kustomize.toolkit.fluxcd.io", "spec.path", "a", "b", "data"),
        ("ResourceFlavor.kueue.x-k8s.io", "spec.topologyName", None, "a", "in place"),
        ("ResourceFlavor.kueue.x-k8s.io", "spec.topologyName", "a", None, "refused"),
        ("RayCluster.ray.io", "spec.managedBy", "a", None, "in place"),
        ("RayCluster.ray.io", "spec.managedBy", "a", "b", "refused"),
        ("RayCluster.ray.io", "spec.workerGroupSpecs.gpu", {"a": 1}, None, "data"),
        ("RayCluster.ray.io", "spec.workerGroupSpecs.gpu.maxReplicas", 1, 2, "in place"),
        ("RayCluster.ray.io", "spec.rayVersion", "2.40", "2.41", "ignored"),
        ("RayService.ray.io", "spec.rayClusterConfig.rayVersion", "2.40", "2.41", "rolling pods"),
        (POD, "spec.anything", 1, 2, "unclassified"),
    ],
)
def test_class(kind: str, path: str, before: Any, after: Any, expected: str) -> None:
    (found,) = classify(kind, tuple(path.split(".")), before, after)
    assert found.row.change_class == expected and found.row.sentence


def test_what_stands_beside_it_counts() -> None:
    for strategy, expected in (("Recreate", "re-created"), ("None", "ignored")):
        ray = {"spec": {"upgradeStrategy": {"type": strategy}}}
        (found,) = classify("RayCluster.ray.io", ("spec", "rayVersion"), "2.40", "2.41", ray)
        assert found.row.change_class == expected
    for immutable, expected in ((True, "refused"), (False, "in place")):
        (found,) = classify("ConfigMap", ("data", "x"), "a", "b", {"immutable": immutable})
        assert found.row.change_class == expected
    for chart, says in (("anyscale-operator", "Ray pods that start"), ("other", "as far as the chart")):
        release = {"spec": {"chart": {"spec": {"chart": chart}}}}
        (found,) = classify("HelmRelease.helm.toolkit.fluxcd.io", ("values", "patches"), [], ["x"], release)
        assert found.row.says.startswith(says)


def test_both_tables_have_words_of_their_own() -> None:
    (azure,), (kubernetes,) = (classify(kind, ("x",), 1, 2) for kind in ("Microsoft.Unknown/types", POD))
    assert azure.row.sentence != kubernetes.row.sentence
    assert "Azure" in azure.row.sentence and "becomes" in kubernetes.row.sentence
