"""What a plan becomes by what Azure and Anyscale still have of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rayfleet.azure.stacks import LastDeployment
from rayfleet.diagnostics import Diagnostic
from rayfleet.retire.remains import Remains, RetireOverrides, blocked_plan, data_loss, undeployed_steps, with_remains
from rayfleet.retire.step import ANYSCALE, RetirementPlan, RetirementStep, RoleGrant

NONE = RetireOverrides(False, False, False)
NOTHING = Remains({}, {}, [], [], [])
ROW = Diagnostic("file", 1, 2, "where", "what", "fix")
PRIMARY = ROW._replace(where="a", what="it is the primary one")


def step(cluster: str = "a", kind: str = ANYSCALE, **more: object) -> RetirementStep:
    return RetirementStep(cluster, kind, "what", "id", "why", "command")._replace(**more)


def plan(*steps: RetirementStep, **more: object) -> RetirementPlan:
    return RetirementPlan(list(steps), [], None, [], {}, frozenset())._replace(**more)


# --- states -----------------------------------------------------------------------------------------------------------


def test_states_are_those_that_were_seen() -> None:
    steps = [step("a"), step("b"), step("c", kept=True)]
    seen = NOTHING._replace(states={1: "done"})
    assert with_remains(plan(*steps), ["not seen", "not seen", "kept"], seen) == (
        plan(*steps), ["not seen", "done", "kept"],
    )  # fmt: skip


def test_a_step_is_about_what_was_found() -> None:
    role = step(kind="roles", id="", command="", role=RoleGrant("scope", "role", "identity", "v"))
    resource = step(cloud="cloud")
    other = step(kind="other")
    there = {0: ["/one", "/two"], 1: ["old-name"], 2: ["id"]}
    seen = NOTHING._replace(states=dict.fromkeys(there, "to do"), there=there)
    found, states = with_remains(plan(role, resource, other), ["not seen"] * 3, seen)
    assert states == ["to do"] * 3
    assert [(row.id, row.command) for row in found.steps] == [
        ("/one", "az role assignment delete --ids /one /two"),
        ("old-name", "anyscale cloud resource delete --cloud cloud --resource old-name --yes"),
        ("id", "command"),
    ]


@pytest.mark.parametrize(
    ("row", "registered", "state", "proven", "free"),
    [
        (step(), {}, "done", False, True),  # no cluster's was ever registered
        (step(), {}, "not seen", False, False),
        (step(bound="cldrsrc"), {}, "done", False, False),
        (step(bound="cldrsrc"), {"b": ("cloud", "id")}, "done", True, True),
        (step(), {"b": ("cloud", "id")}, "done", False, False),
        (step("b"), {}, "done", True, False),  # another cluster's
        (step(kind="microsoft.x/y"), {}, "done", True, False),
    ],
)
def test_the_primary_cluster_is_free_once_it_is_registered_no_more(
    row: RetirementStep, registered: dict[str, tuple[str, str]], state: str, proven: bool, free: bool
) -> None:
    blocked = plan(row, blocked=[PRIMARY, ROW], primary=PRIMARY, registered=registered)
    seen = NOTHING._replace(states={0: state}, proven=frozenset({0} if proven else ()))
    assert with_remains(blocked, ["not seen"], seen)[0].blocked == ([ROW] if free else [PRIMARY, ROW])


# --- what blocks ------------------------------------------------------------------------------------------------------


def test_what_cannot_be_seen_blocks_where_it_must_be_seen() -> None:
    unseen, against, note = (ROW._replace(line=line) for line in (3, 2, 1))
    rows = [NOTHING._replace(unseen=[unseen]), NOTHING._replace(blocked=[against], notes=[note])]
    start = plan(blocked=[ROW._replace(line=9)])
    found, notes = blocked_plan(start, rows, must=True)
    assert ([row.line for row in found.blocked], notes) == ([2, 3, 9], [note])
    found, notes = blocked_plan(start, rows, must=False)
    assert ([row.line for row in found.blocked], notes) == ([2, 9], [note, unseen.as_warning()])


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (LastDeployment("Succeeded", "", True), ""),
        (LastDeployment("Succeeded", "", False), "was deployed with another template"),
        (LastDeployment("Succeeded", "", None), "was deployed with another template"),
        (LastDeployment(""), "was never deployed"),
        (LastDeployment("Failed", "", True), "is Failed"),
        (LastDeployment("Running"), "is Running"),
    ],
)
def test_what_serves_clusters_that_stay_waits_for_the_deployment(state: LastDeployment, words: str) -> None:
    steps = {"d": SimpleNamespace(side=SimpleNamespace(place=("deployments.json", 1, 2)))}
    found = undeployed_steps({"d": state}, steps, NONE)
    end = ", and clusters that stay may still use what is deleted"
    assert [(row.where, row.what) for row in found] == ([("d", f"it {words}{end}")] if words else [])
    assert all(row.fix.startswith("run rayfleet deploy first") and "--allow-undeployed" in row.fix for row in found)
    allowed = undeployed_steps({"d": state}, steps, NONE._replace(undeployed=True))
    assert allowed == [row.as_warning() for row in found]


def test_data_that_goes_with_a_cluster() -> None:
    rows = [f"disk pvc-{number}" for number in range(12)]
    found = list(data_loss("a", "MC_a", rows, NONE))
    assert [row.what for row in found[:2]] == [
        f"disk pvc-{number} is in MC_a, which goes with the cluster" for number in (0, 1)
    ]
    assert len(found) == 11 and found[-1].what.startswith("2 more like these is in MC_a")
    assert len(list(data_loss("a", "MC_a", rows[:10], NONE))) == 10
    assert {(row.severity, row.where) for row in found} == {("error", "a")} and "--allow-disk-loss" in found[0].fix
    allowed = data_loss("a", "MC_a", rows, NONE._replace(disk_loss=True))
    assert list(allowed) == [row.as_warning() for row in found]
    assert list(data_loss("a", "", [], NONE)) == []
