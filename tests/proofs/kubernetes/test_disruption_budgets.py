"""Disruption budgets: each lets a pod be evicted, or it is told."""

from __future__ import annotations

import pytest

from tests.proofs.breaks.disruption_budgets import BREAKS, BUDGET, budget, scaled, workload
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check

CLAIM = "versions/budget-allows-none"


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits)
    assert_seen(check(files, "versions"), files, "versions", case)


@pytest.mark.parametrize(
    "edits",
    [
        budget("maxUnavailable: 1"),
        budget('maxUnavailable: "1%"'),
        budget("minAvailable: 1", workload(2)),
        budget('minAvailable: "50%"', workload(2)),
        budget("minAvailable: 1", workload(1) + scaled(2)),
        budget("minAvailable: 1"),
        budget("minAvailable: 2", workload(2).replace("labels: {app: web}", "labels: {app: other}")),
        budget("minAvailable: 2", workload(2).replace("namespace: default", "namespace: other")),
    ],
    ids=["one", "a share", "one of two", "half", "scaled", "of what nobody renders", "of others", "elsewhere"],
)
def test_a_budget_that_allows_one_is_none(edits: tuple[Edit, ...]) -> None:
    """Where nobody knows how many replicas there are, nobody is blamed."""
    assert not [row for row in check(broken(edits), "versions").of("warned") if row.claim == CLAIM]


@pytest.mark.parametrize(
    ("expression", "blamed"),
    [
        ("{key: app, operator: In, values: [web]}", True),
        ("{key: app, operator: NotIn, values: [web]}", False),
        ("{key: app, operator: Exists}", True),
        ("{key: app, operator: DoesNotExist}", False),
    ],
)
def test_expressions_select(expression: str, blamed: bool) -> None:
    own, selector = budget("minAvailable: 2", workload(2)), "selector: {matchLabels: {app: web}}\n  minAvailable"
    written = (own[1].new or "").replace(selector, f"selector: {{matchExpressions: [{expression}]}}\n  minAvailable")
    report = check(broken((own[0], Edit(BUDGET, "", written))), "versions")
    assert any(row.claim == CLAIM for row in report.of("warned")) is blamed
