"""Changes that need an order between Git and Azure, against the base commit."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from rayfleet.facts.change_classes import rows
from rayfleet.facts.change_orders import change_orders
from rayfleet.package_files import SCHEMAS
from rayfleet.proofs import Report, forms
from tests.testing.broken_trees import BINDINGS, check
from tests.testing.rendering import REFERENCE, reference_with

ROUTING, ENVOY, NGINX = "application-routing", "envoy-gateway", "ingress-nginx"
TABLE = json.loads(Path(SCHEMAS, "ordered-changes.json").read_text())


@cache
def tree(*edits: tuple[str, str]) -> dict[str, bytes]:
    """The reference fleet with texts of its fleet.yaml replaced."""
    files = dict(reference_with(*edits).rendered())
    return {**files, BINDINGS: (REFERENCE / BINDINGS).read_bytes()}


def of_kind(kind: str) -> dict[str, bytes]:
    return tree(("defaults:\n", f"defaults:\n  gateway: {{kind: {kind}}}\n"))


def told(report: Report) -> list[tuple[str, str, str]]:
    """The claims about an order, whose they are, and the beginning of the first and the last step."""
    found = [row for row in report.of("warned") if row.claim in ("flux/merge-first", "flux/deploy-first")]
    return [(row.claim, row.subject, row.fix) for row in found]


@pytest.mark.parametrize(
    ("before", "after", "claim", "steps"),
    [
        (ENVOY, ROUTING, "merge-first", ["merge it", "kubectl delete deployment,service", "patch gatewayclass",
                                         "xargs kubectl delete", "rayfleet deploy; Flux then makes the Gateway again"]),
        (ENVOY, NGINX, "merge-first", ["merge it", "kubectl delete deployment,service", "patch gatewayclass"]),
        (ROUTING, ENVOY, "deploy-first", ["deploy it from its branch", "merge it"]),
        (NGINX, ROUTING, "merge-first", ["merge it", "channel: experimental", "rayfleet deploy"]),
    ],
)  # fmt: skip
def test_another_gateway(before: str, after: str, claim: str, steps: list[str]) -> None:
    """Once for all clusters, with the steps, and nothing else of what makes the order matter."""
    report = check(of_kind(after), base=of_kind(before))
    ((found, subject, fix),) = told(report)
    assert (found, subject) == (f"flux/{claim}", "aks-eastus and 1 more")
    places = [fix.index(step) for step in steps]
    assert places == sorted(places)
    assert not [row.what for row in report.of("warned") if "ingressProfile" in row.what]


@pytest.mark.parametrize(("before", "after"), [(ROUTING, NGINX), (NGINX, ENVOY), (ENVOY, ENVOY)])
def test_what_needs_no_order(before: str, after: str) -> None:
    assert told(check(of_kind(after), base=of_kind(before))) == []


@pytest.mark.parametrize(("before", "after"), [(ROUTING, NGINX), (NGINX, ROUTING), (NGINX, ENVOY), (ENVOY, NGINX)])
def test_the_way_in_is_another(before: str, after: str) -> None:
    """What becomes of its address and its name is said, whatever order there is."""
    gone = "Gateway" if after == NGINX else "HelmRelease"
    said = [row.what for row in check(of_kind(after), base=of_kind(before)).of("warned") if f'its {gone} "' in row.what]
    assert len(said) == 1 and "its load balancer and its address go with it, and its public name once" in said[0]


def test_another_class_is_another_way_in() -> None:
    for before, after in ((ROUTING, ENVOY), (ENVOY, ROUTING)):
        said = [row.what for row in check(of_kind(after), base=of_kind(before)).of("warned")]
        assert any(
            "another spec.gatewayClassName: it is deleted and made again: another controller" in what for what in said
        )


def test_another_branch_and_another_repository() -> None:
    branch = tree(("branch: main", "branch: other"))
    ((claim, _, fix),) = told(check(branch, base=tree()))
    assert claim == "flux/merge-first" and "git diff finds nothing between the two" in fix
    assert not [row for row in check(branch, base=tree()).of("warned") if row.claim == "arm/change-at-risk"]


def test_machines_and_people_are_told() -> None:
    report = check(of_kind(ENVOY), base=of_kind(ROUTING))
    rows = json.loads(forms.as_json(report, True))["findings"]
    (row,) = [row for row in rows if row["claim"] == "flux/deploy-first"]
    assert row["what"].startswith("deploy it before it is merged: AKS takes its definitions")
    assert "[flux/deploy-first]\n" in forms.text(report, True)


# --- the table --------------------------------------------------------------------------------------------------------


def test_the_table_is_whole() -> None:
    assert set(TABLE["fields"]) >= {key for row in TABLE["rows"] for key in row}
    assert {row["order"] for row in TABLE["rows"]} == set(TABLE["orders"])
    for order in change_orders():
        assert order.says and order.steps and order.general
        assert {mark.split(" ")[0] for mark in order.source.split("; ")} <= set(TABLE["sources"])


def test_every_change_of_an_order_has_a_class() -> None:
    """In the table of its system: what needs an order is no other change than theirs."""
    for order in change_orders():
        for change in order.changes:
            (path,) = change.row.paths
            assert any(row.concerns(path) for row in rows(change.type)), (change.type, path)


def test_the_first_change_tells_a_row_from_those_before() -> None:
    """The row that asks for more stands first."""
    kinds = [
        {(row.type, row.row.paths, row.row.before, row.row.after) for row in order.changes} for order in change_orders()
    ]
    assert not [later for index, later in enumerate(kinds) for other in kinds[:index] if other < later]
