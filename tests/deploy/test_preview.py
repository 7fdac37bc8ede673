"""What Azure says before steps begin, and what each word of it stops."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rayfleet.azure.deployment_state import State
from rayfleet.azure.faults import Fault, Problem
from rayfleet.deploy import preview
from rayfleet.deploy.preview import DeploymentPlan, WhatIf
from rayfleet.tree.deployment_steps import DeploymentStep
from tests.testing import deployments
from tests.testing.broken_trees import rendered, tree
from tests.testing.deployments import ALL, EAST, GROUP, SHARED

TREE = rendered(tree())
NOT_FOUND = Fault("X", "see", 404, details=[Problem("ResourceNotFound", "there is no storage account")])
NO_GROUP = Fault("ResourceGroupNotFound", "no such group", 404)
BAD = Fault("InvalidTemplate", "bad", 400)


class Azure:
    """``answers``: by the end of a deployment's name; a Fault is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def validate(self, step: DeploymentStep) -> Any:
        found = self.answers.get(step.name.removeprefix("aks-multi-region-"))
        if isinstance(found, Fault):
            raise found
        return found

    what_if = state = managed_ids = validate


def plan(*steps: DeploymentStep, stacks: Azure | None = None, **answers: Any) -> DeploymentPlan:
    return DeploymentPlan(TREE, steps or ALL, Azure(**answers), stacks, None)


def state(status: str) -> State:
    return State("n", status, "c", "t", "d", {}, None, "h")


# --- how they stand ---------------------------------------------------------------------------------------------------


def test_what_is_in_flight() -> None:
    states = {"a": None, "b": state("Running"), "c": state("Failed"), "d": state("Succeeded")}
    assert preview.in_flight(states) == ["b"]


@pytest.mark.parametrize(
    ("stacks", "other", "severity", "words"),
    [
        (None, None, "", ""),
        (Azure(), None, "", ""),
        (Azure(), state("Succeeded"), "", ""),
        (Azure(), state("Running"), "error", "is in flight without --stack"),
        (None, state("Running"), "error", "is in flight with --stack"),
        (None, state("Succeeded"), "warning", "was deployed as a deployment stack"),
    ],
)
def test_steps_that_stand_in_the_other_way(stacks: Any, other: State | None, severity: str, words: str) -> None:
    found = list(preview.objections(plan(EAST, stacks=stacks), {EAST.name: other}))
    assert [row.severity for row in found] == ([severity] if severity else [])
    assert all(row.what.startswith(words) and row.where == EAST.name for row in found)


def test_as_stacks_and_without_both_are_asked() -> None:
    own, others = preview.states(plan(EAST, stacks=Azure(eastus="stack"), eastus="deployment"))
    assert (own, others) == ({EAST.name: "stack"}, {EAST.name: "deployment"})
    with pytest.raises(Fault, match="bad"):
        preview.states(plan(stacks=Azure(shared=BAD)))


# --- whether they are valid -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "fault", "severity", "words"),
    [
        ("eastus", BAD, "error", "InvalidTemplate: bad"),
        ("eastus", NO_GROUP, "warning", "cannot be validated yet: ResourceGroupNotFound: no such group"),
        ("eastus", Fault("DeploymentActive", "it runs", 409), "warning", "cannot be validated yet: DeploymentActive"),
        # what an earlier one is to make
        ("eastus", NOT_FOUND, "warning", "cannot be validated yet: ResourceNotFound: there is no storage account"),
        ("resource-group", NOT_FOUND, "error", "ResourceNotFound: there is no storage account"),
        ("eastus", Fault("X", "see", 400, details=[*NOT_FOUND.details, Problem("SkuNotAvailable", "not here")]),
            "error", "ResourceNotFound"),
    ],
)  # fmt: skip
def test_validation(step: str, fault: Fault, severity: str, words: str) -> None:
    found, ids = preview.validation(plan(**{step.replace("-", "_"): fault, step: fault}))
    assert {row.severity for row in found} == {severity}
    assert found[0].what.startswith(words)
    assert len(ids) == 3


def test_all_problems_of_validation_come_at_once() -> None:
    found, _ = preview.validation(plan(eastus=BAD, westus2=BAD, shared=NO_GROUP))
    assert sorted(row.severity for row in found) == ["error", "error", "warning"]


def test_no_value_of_a_parameter_is_said() -> None:
    secret = replace(EAST, parameters={"key": "hunter2hunter2"})
    fault = Fault("InvalidTemplate", "bad value hunter2hunter2", 400)
    (row,), _ = preview.validation(plan(secret, eastus=fault))
    assert row.what == "InvalidTemplate: bad value ***"
    (found,) = preview.what_if(plan(secret, eastus=fault), (), ".")
    assert found.warnings[0].what == "what-if failed: InvalidTemplate: bad value ***"


def test_the_ids_of_stacks() -> None:
    stacks = Azure(eastus=frozenset({"a"}), westus2=None)
    _, ids = preview.validation(plan(EAST, deployments.WEST, stacks=stacks))
    assert ids == {EAST.name: frozenset({"a"}), deployments.WEST.name: frozenset()}


# --- what they would change -------------------------------------------------------------------------------------------


def what_if(folder: Path, new: tuple[str, ...] = (), **answers: Any) -> WhatIf:
    (found,) = preview.what_if(plan(EAST, **answers), new, str(folder))
    return found


def test_an_answer_is_kept_where_only_its_owner_reads_it(tmp_path: Path) -> None:
    change = {"resourceId": EAST.id, "changeType": "Modify", "before": {"adminPassword": "x"}}
    found = what_if(tmp_path, eastus={"changes": [change]})
    file = tmp_path / f".rayfleet_cache/what-if/{EAST.name}.json"
    assert found.lines[-1] == f"  all of it: {file}" and found.data and found.data["raw"] == str(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and found.warnings == [] and not found.unknown
    assert json.loads(file.read_text())["changes"] == [change | {"before": {"adminPassword": "***"}}]


def test_many_changes_are_cut_with_where_all_of_them_are(tmp_path: Path) -> None:
    """What should be seen first is among what is shown."""
    changes = [
        {"resourceId": f"{EAST.id}{number}", "changeType": "Create", "after": {"x": "y" * 9}}
        for number in range(20_000)
    ]
    gone = {"resourceId": f"{EAST.id}gone", "changeType": "Delete"}
    found = what_if(tmp_path, eastus={"changes": [*changes, gone]})
    assert len(found.lines) == 502 and "is deleted" in found.lines[1]
    assert found.lines[-2:] == [
        "  and 19503 more lines",
        f"  all of it: {tmp_path}/.rayfleet_cache/what-if/{EAST.name}.json",
    ]
    assert found.data and len(found.data["changes"]) == 20_001


def test_a_long_line_is_cut(tmp_path: Path) -> None:
    delta = {"path": "properties.x", "propertyChangeType": "Modify", "before": "a" * 10**6, "after": "b"}
    change = {"resourceId": EAST.id, "changeType": "Modify", "delta": [delta]}
    assert max(map(len, what_if(tmp_path, eastus={"changes": [change]}).lines)) < 2_200


def test_an_answer_that_cannot_be_kept_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / ".rayfleet_cache").write_text("")
    found = what_if(tmp_path, eastus={"changes": []})
    assert found.data and found.data["raw"] is None and not any("all of it" in line for line in found.lines)
    assert [(row.severity, row.what.partition(":")[0]) for row in found.warnings] == [
        ("warning", f"what-if of {EAST.name} cannot be kept")
    ]


def test_an_answer_that_is_none(tmp_path: Path) -> None:
    found = what_if(tmp_path, eastus=BAD)
    assert (found.lines, found.data, found.unknown) == ([], None, True)
    assert (found.warnings[0].where, found.warnings[0].what) == (EAST.name, "what-if failed: InvalidTemplate: bad")


@pytest.mark.parametrize("answer", [{}, {"changes": None}, {"properties": {"changes": 5}}, [], None, "odd"])
def test_an_answer_without_changes_says_nothing(tmp_path: Path, answer: Any) -> None:
    """That is not the same as an answer that nothing changes."""
    found = what_if(tmp_path, eastus=answer)
    assert (found.lines, found.data, found.unknown) == ([], None, True)
    assert found.warnings[0].what == "what-if failed: its answer has no list of changes"


def test_one_that_comes_too_early(tmp_path: Path) -> None:
    """Of a new deployment everything is new; of another one nobody knows yet."""
    count = len(EAST.template["resources"])
    assert what_if(tmp_path, (EAST.name,), eastus=NO_GROUP) == WhatIf(
        [f"{EAST.name}: all new: {count} resources to create"],
        {"deployment": EAST.name, "new": True, "resources": count},
        [],
    )
    found = what_if(tmp_path, eastus=NOT_FOUND)
    assert (found.lines, found.data, found.unknown) == ([], None, False)
    words = "what would change is not known yet: ResourceNotFound: there is no storage account"
    assert [(row.severity, row.what) for row in found.warnings] == [("warning", words)]


# --- what leaves the stacks -------------------------------------------------------------------------------------------


def test_only_stacks_let_go_of_anything() -> None:
    assert preview.stack_change(plan(EAST), {}) == []
    pool = f"{EAST.id.partition('/providers/')[0]}/providers/Microsoft.ContainerService/managedClusters/x/agentPools/y"
    stacks = Azure(eastus=[pool], shared=[])
    found = preview.stack_change(plan(EAST, SHARED, stacks=stacks), {EAST.name: frozenset({"other"})})
    assert [(row.step, row.ids, row.deleted) for row in found] == [(EAST, (pool,), (pool,))]
    assert preview.stack_change(plan(GROUP, stacks=Azure(**{"resource-group": []})), {}) == []
