"""Charts: versions that were never released, and values that nothing reads, at their lines of fleet.yaml."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet.facts import charts
from rayfleet.source import read
from rayfleet.tree import get
from tests.testing.broken_trees import tree
from tests.testing.rendering import FLEETS, ROOT, from_text
from tests.testing.smallest_fleet import smallest


def warnings(own: dict[str, Any], *, kind: str = "application-routing") -> list[tuple[str, str]]:
    compiled = from_text(json.dumps(smallest(charts=own, gateway={"kind": kind})))
    return [(row.where, row.what) for row in compiled.warnings]


@pytest.mark.parametrize(
    ("charts", "where", "what"),
    [
        ({"anyscale-operator": {"values": {"operator": {"replica": 3}}}},
         "defaults.charts.anyscale-operator.values.operator.replica",
         'anyscale-operator 1.8.0 reads no value operator.replica (did you mean "replicas"?): it does nothing'),
        ({"anyscale-operator": {"values": {"workload": {}}}},
         "defaults.charts.anyscale-operator.values.workload",
         'anyscale-operator 1.8.0 reads no value workload (did you mean "workloads"?): it does nothing'),
        ({"anyscale-operator": {"version": "1.7.9"}},
         "defaults.charts.anyscale-operator.version",
         'anyscale-operator has no version 1.7.9 (did you mean "1.7.2"?)'),
    ],
)  # fmt: skip
def test_it_is_told_where_it_stands(charts: dict[str, Any], where: str, what: str) -> None:
    assert warnings(charts) == [(where, what)]


@pytest.mark.parametrize(
    "charts",
    [
        {"anyscale-operator": {"values": {"operator": {"replicas": 3, "nodeSelector": {"own": "label"}}}}},
        {"anyscale-operator": {"version": "1.9.0", "values": {"new": 1}}},  # of which nobody knows what it reads
        {"envoy-gateway": {"values": {"unread": 1}}},  # of a chart that no cluster has
    ],
)
def test_what_is_right_unknown_or_not_there_is_no_warning(charts: dict[str, Any]) -> None:
    assert warnings(charts) == []


def test_a_chart_of_a_gateway_is_judged_with_it() -> None:
    charts = {"envoy-gateway": {"values": {"deployment": {"replica": 1}}}}
    (found,) = warnings(charts, kind="envoy-gateway")
    assert found[0] == "defaults.charts.envoy-gateway.values.deployment.replica" and '"replicas"' in found[1]


def test_given_values_are_those_that_are_rendered() -> None:
    """Of the values that not every version of a chart reads."""
    needs = json.loads((ROOT / "schemas/versions.json").read_text())["charts"]
    for fleet in ("reference", *FLEETS):
        for path, content in tree(fleet).items():
            if not path.endswith("/values.yaml"):
                continue
            (chart,) = [row for row in charts.TABLE if row.name == path.split("/")[-2]]
            values = read(path, content).data
            rows = [row["value"] for row in needs.get(chart.artifact, {}).get("needs", ())]
            there = {row for row in rows if get(values, *row.split(".")) is not None}
            assert there <= {*chart.given, *chart.given_with_gateway}
            assert set(chart.given) <= there
