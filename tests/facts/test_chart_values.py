"""The table of charts' values and versions: whole, sourced, and true of all that rayfleet itself writes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rayfleet.facts import charts as rendered_charts
from rayfleet.facts.chart_values import charts
from rayfleet.facts.versions import number, table
from rayfleet.package_files import SCHEMAS
from tests.testing.broken_trees import rendered, tree
from tests.testing.rendering import FLEETS

TABLE = json.loads(Path(SCHEMAS, "chart-values.json").read_text())


def unknown(chart: str, values: Any) -> list[str]:
    return [".".join(row.path) for row in charts()[chart].unknown(values)]


def test_every_chart_has_a_row_with_its_source() -> None:
    assert set(TABLE["charts"]) == {chart.artifact for chart in rendered_charts.TABLE}
    for name, row in TABLE["charts"].items():
        assert row["source"] and date.fromisoformat(row["checked"]) <= date.fromisoformat(TABLE["date"])
        assert row["read"] in row["versions"] and len(row["values"]) > 40
        assert row["values"] == sorted(set(row["values"]))
        assert [number(text) for text in row["versions"]] == sorted(number(text) or () for text in row["versions"])
        assert row["versions"][-1] == table().chart(name)["newest"]["version"]


def test_no_path_is_below_another() -> None:
    for row in TABLE["charts"].values():
        above = {path[:at] for path in row["values"] for at in range(len(path)) if path[at] == "."}
        assert not above & set(row["values"])


@pytest.mark.parametrize("fleet", ["reference", *FLEETS])
def test_the_values_that_are_rendered_are_read(fleet: str) -> None:
    for cluster in rendered(tree(fleet), fleet).clusters():
        for release in cluster.releases.values():
            assert unknown(release.artifact, release.values) == []


@pytest.mark.parametrize(
    ("chart", "values", "said"),
    [
        ("anyscale-operator", {"operator": {"replica": 2}}, ["operator.replica"]),
        ("anyscale-operator", {"networking": {"gateway": {"className": "a"}}}, ["networking.gateway.className"]),
        ("anyscale-operator", {"operator": {"toleration": []}, "patch": []}, ["operator.toleration", "patch"]),
        ("anyscale-operator", {"workloads": {"instanceTypes": {"additional": {"mine": {"any": 1}}}}}, []),
        ("anyscale-operator", {"global": {"controlPlaneURL": "https://a"}, "patches": [{"any": 1}]}, []),
        ("nvidia-device-plugin", {"global": {"any": 1}, "config": {"map": {"mine": "a"}}, "migStrategy": None}, []),
        ("nvidia-device-plugin", {"devicePlugin": {"enable": True}}, ["devicePlugin.enable"]),
        ("gateway-helm", {"podDisruptionBudget": {"maxUnavailable": 1}, "config": {"envoyGateway": {"any": 1}}}, []),
        ("gateway-helm", {"deployment": {"pods": {}}}, ["deployment.pods"]),
        ("ingress-nginx", {"controller": {"nodeSelector": {"a.b/c": "d"}, "config": {"any": "1"}}}, []),
        ("ingress-nginx", {"controllers": {"a": 1}}, ["controllers"]),
        ("ingress-nginx", ["no map"], []),
    ],
)  # fmt: skip
def test_what_a_chart_reads(chart: str, values: Any, said: list[str]) -> None:
    assert unknown(chart, values) == said


@pytest.mark.parametrize(
    ("version", "released"),
    [("1.8.0", True), ("v1.8.0", True), ("1.7.3", False), ("1.8.1", None), ("0.9.2", None), ("latest", None)],
)
def test_versions_that_there_are(version: str, released: bool | None) -> None:
    assert charts()["anyscale-operator"].has_version(version) is released


def test_a_patch_of_the_series_is_known_and_another_series_is_not() -> None:
    known = charts()["gateway-helm"]
    assert known.knows("v1.9.1") and not known.knows("1.8.3") and not known.knows("latest")
