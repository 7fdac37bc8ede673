"""The next step of a cluster, by what is known of it."""

from __future__ import annotations

import pytest

from rayfleet.azure.stacks import LastDeployment
from rayfleet.status.next_step import BoundValues, Facts, next_step, row

IDS = ("clientId", "principalId", "nodePools")
DONE = Facts(
    "a",
    "eastus",
    bound=BoundValues(),
    deployment="d",
    deployed=LastDeployment("Succeeded", "", True),
    in_azure=True,
    registered="yes",
    dirty=False,
    unpushed=False,
    branch="main",
)
LEFT = DONE._replace(in_fleet=False, deployment="", deployed=None, bound=BoundValues(left_over=True))
BLIND = DONE._replace(deployed=None, in_azure=None, registered=None)
DEPLOY, REGISTER, RETIRE = "rayfleet deploy --region eastus", "rayfleet register --cluster a", "rayfleet retire"
OLD, FAILED, NEVER = LastDeployment("Succeeded", "", False), LastDeployment("Failed"), LastDeployment("")


def lacks(*kinds: str) -> BoundValues:
    return BoundValues(missing=kinds)


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (DONE, "nothing"),
        *((DONE._replace(**{name: None}), "nothing, as far as was seen")
            for name in ("deployed", "in_azure", "registered", "dirty", "unpushed")),
        # bindings
        (DONE._replace(bound=None), "fix bindings.yaml"),
        (DONE._replace(bound=BoundValues(answered=True), stale=3, deployed=FAILED), "rayfleet bind"),
        (DONE._replace(bound=BoundValues(wrong=True), stale=None), "rayfleet bind"),
        # rendered
        (DONE._replace(stale=3), "rayfleet render"),
        (DONE._replace(stale=None), "rayfleet render"),
        (DONE._replace(unrendered=True), "rayfleet render"),
        (DONE._replace(unrendered=True, deployed=OLD), "rayfleet render"),
        (DONE._replace(unrendered=True, registered="no"), REGISTER),
        # nodes of an older Kubernetes
        (DONE._replace(behind=("sys",)), "upgrade its node pools: see below"),
        (DONE._replace(behind=("sys",), dirty=True), "commit"),
        (DONE._replace(behind=("sys",), deployed=OLD), DEPLOY),
        # the first deployment
        (DONE._replace(deployed=NEVER, bound=lacks(*IDS, "cloudResourceId"), dirty=True), f"commit and {DEPLOY}"),
        (DONE._replace(deployed=FAILED, bound=lacks(*IDS)), DEPLOY),
        (DONE._replace(deployed=LastDeployment("Running")), f"wait: {DEPLOY} looks on"),
        (DONE._replace(deployed=LastDeployment("Failed", stack=True)), f"{DEPLOY} --stack"),
        (DONE._replace(before=LastDeployment("Running", stack=True)), f"wait: {DEPLOY} --stack looks on"),
        (DONE._replace(before=FAILED), DEPLOY),
        (DONE._replace(before=LastDeployment("Running")), f"wait: {DEPLOY} looks on"),
        (DONE._replace(bound=lacks(*IDS)), DEPLOY),  # it has no such output
        (DONE._replace(in_azure=False), DEPLOY),
        (BLIND._replace(bound=lacks(*IDS), dirty=True), f"commit and {DEPLOY}, then rayfleet bind"),
        (BLIND._replace(bound=lacks(*IDS), unrendered=True), "rayfleet render"),
        # registering comes before the second
        (DONE._replace(registered="no", bound=lacks("cloudResourceId"), deployed=OLD, dirty=True), REGISTER),
        (DONE._replace(registered="no"), REGISTER),
        (DONE._replace(registered="no", after="b"), f"rayfleet register --cluster b, then {REGISTER}"),
        (BLIND._replace(bound=lacks("cloudResourceId")), REGISTER),
        (DONE._replace(bound=lacks("cloudResourceId")), "rayfleet bind"),
        (DONE._replace(deployed=OLD, dirty=True, registered="differs"), f"commit and {DEPLOY}"),
        (DONE._replace(before=OLD, unpushed=True), DEPLOY),
        (DONE._replace(registered="differs", dirty=True), "change it in Anyscale: see below"),
        # sharing
        (DONE._replace(dirty=True, unpushed=True), "commit"),
        (DONE._replace(unpushed=True), "push or merge to main: Flux follows it"),
        # pools
        (DONE._replace(left_pools=("p",), bound=BoundValues(answered=True)), f"{RETIRE} --cluster a, then with --run"),
        (DONE._replace(left_pools=("p",), deployed=OLD), DEPLOY),
        (DONE._replace(left_pools=("p",), unrendered=True), "rayfleet render"),
        (DONE._replace(left_pools=("p",), dirty=True), "commit"),
        # a cluster that left
        (LEFT, f"{RETIRE} --cluster a, then with --run"),
        (LEFT._replace(meant="b"), f"name b a again, if it is the same; else {RETIRE} --cluster a, then with --run"),
        (LEFT._replace(base="abc"), f"{RETIRE} --base abc --cluster a, then with --run"),
        (LEFT._replace(stale=1), "rayfleet render"),
        (LEFT._replace(stale=None), "rayfleet render"),
        (LEFT._replace(unrendered=True), "rayfleet render"),
        (LEFT._replace(dirty=True, undeployed=True), "commit"),
        (LEFT._replace(unpushed=True, undeployed=True), "push or merge to main: Flux follows it"),
        (LEFT._replace(undeployed=True), "rayfleet deploy"),
        (LEFT._replace(in_azure=False), f"{RETIRE} --cluster a, then with --run"),
        (LEFT._replace(registered="no"), f"{RETIRE} --cluster a, then with --run"),
        (LEFT._replace(in_azure=False, registered="no"),
            "take clusters.a out of bindings.yaml, once rayfleet retire finds all done"),
        (LEFT._replace(in_azure=None, registered=None), f"{RETIRE} --cluster a, then with --run"),
    ],
)  # fmt: skip
def test_the_next_step(facts: Facts, step: str) -> None:
    assert next_step(facts) == step


def test_every_column_says_what_was_not_seen() -> None:
    facts = Facts("a", "eastus", stale=None, bound=None, deployment="d", registered=None)
    assert row(facts)[2:6] == ("not seen", "not seen", "d: not seen", "not seen")


@pytest.mark.parametrize("when", ["", "yesterday", "2026-11-01T00:01:02.1234567Z", "2026-11-01T00:01:02+00:00"])
def test_times(when: str) -> None:
    shown = row(Facts("a", "eastus", deployment="d", deployed=LastDeployment("Succeeded", when))).deployment
    assert shown == f"d: Succeeded{' 2026-11-01 00:01Z' if when.startswith('2') else f' {when}' if when else ''}"
