"""The report of a deployment, line by line and as a whole."""

from __future__ import annotations

import pytest

from rayfleet.azure.deployment_state import Operation, State
from rayfleet.console.progress import Progress
from rayfleet.deploy.outcome import StepOutcome, StepProgress
from rayfleet.deploy.report import DeploymentReport, outcome_as_json, outcome_counts, outcome_lines, show_progress
from tests.testing.deployments import ALL, EAST, GROUP, SHARED, WEST

DONE = State("n", "Succeeded", "c", "t", "d", {"a": {"type": "Object", "value": {"b": 1}}, "c": "odd"}, None, "h")


def table(live: bool = False) -> Progress:
    return Progress([(step.name, 3) for step in ALL], live, lambda: 1.0)


def test_lines_are_about_what_is_not_well() -> None:
    assert list(outcome_lines(StepOutcome(EAST, "succeeded", DONE), [])) == []
    assert list(outcome_lines(StepOutcome(EAST, "skipped"), [])) == []  # it was stopped before
    assert list(outcome_lines(StepOutcome(EAST, "skipped", because=SHARED.name), [])) == [
        f"{EAST.name}: not started, because {SHARED.name} did not succeed"
    ]
    assert list(outcome_lines(StepOutcome(EAST, "succeeded", lacks=("a", "b")), [])) == [
        f"{EAST.name}: succeeded without its outputs a, b\n    fix: deploy it again to get them"
    ]


def test_counts() -> None:
    ends = [StepOutcome(EAST, end) for end in ("skipped", "succeeded", "failed", "succeeded")]
    assert outcome_counts(ends) == "2 succeeded, 1 failed, 1 skipped"
    assert outcome_counts([]) == ""


def test_one_for_machines() -> None:
    found = outcome_as_json(StepOutcome(EAST, "succeeded", DONE, adopted=True, starts=1, seconds=1.26), [])
    assert (found["name"], found["state"], found["azure"], found["correlationId"]) == (
        EAST.name, "succeeded", "Succeeded", "c",
    )  # fmt: skip
    assert (found["outputs"], found["pickedUp"], found["starts"], found["seconds"]) == ({"a": {"b": 1}}, True, 1, 1.3)
    assert outcome_as_json(StepOutcome(EAST, "failed", DONE), [])["outputs"] == {}
    skipped = outcome_as_json(StepOutcome(EAST, "skipped", because="x"), [])
    assert (skipped["azure"], skipped["because"], skipped["lacks"]) == (None, "x", [])


# --- an interruption --------------------------------------------------------------------------------------------------


def test_before_anything_began() -> None:
    report = DeploymentReport()
    assert not report.started and report.last_words() == "\ninterrupted; nothing was started\n"
    assert report.as_json("interrupted", [])["deployments"] == []


def test_what_azure_may_go_on_with() -> None:
    """A step may be on its way before anybody was told of it, once what it depends on has ended well."""
    report, progress = DeploymentReport(), table()
    report.begin(ALL, progress)
    progress.update(GROUP.name, "succeeded")
    report.deployments.append(outcome_as_json(StepOutcome(GROUP, "succeeded"), []))
    assert report.last_words() == f"\ninterrupted; Azure may go on with: {SHARED.name}\n"
    progress.update(SHARED.name, "succeeded")
    progress.update(EAST.name, "failed")
    rows = report.as_json("interrupted", [])["deployments"]
    assert {row["name"]: row["state"] for row in rows} == {
        GROUP.name: "succeeded", SHARED.name: "succeeded", EAST.name: "failed", WEST.name: "left running",
    }  # fmt: skip
    assert len(report.as_json("failed", [])["deployments"]) == 1
    progress.update(SHARED.name, "failed")
    rows = report.as_json("interrupted", [])["deployments"]
    assert {row["state"] for row in rows if row["name"] == WEST.name} == {"skipped"}


def test_the_cursor_that_a_table_hides_comes_back() -> None:
    report = DeploymentReport()
    report.begin(ALL, table(live=True))
    assert report.last_words().startswith("\x1b[?25h\ninterrupted; ")


def test_the_next_step_stands_where_there_is_one() -> None:
    report = DeploymentReport()
    assert "next" not in report.as_json("failed", [])
    report.next = "rayfleet bind"
    assert report.as_json("succeeded", [])["next"] == "rayfleet bind"


# --- the table of all -------------------------------------------------------------------------------------------------


def operation(name: str, status: str = "Succeeded") -> Operation:
    return Operation(EAST.name, "Create", status, "t", name, name, None, "", "")


@pytest.mark.parametrize(
    ("news", "row"),
    [
        ([StepProgress(EAST, "started")], ("running", 0, "")),
        ([StepProgress(EAST, "adopted")], ("picked up", 0, "")),
        ([StepProgress(EAST, "waiting", words="too many")], ("waiting", 0, "too many")),
        ([StepProgress(EAST, "again", words="lost")], ("running", 0, "started again")),
        ([StepProgress(EAST, "working")], ("running", 0, "")),
        ([StepProgress(EAST, "adopted"), StepProgress(EAST, "working")], ("picked up", 0, "")),
        ([StepProgress(EAST, "again"), StepProgress(EAST, "working")], ("running", 0, "started again")),
        ([StepProgress(EAST, "waiting", words="too many"), StepProgress(EAST, "working")], ("running", 0, "")),
        ([StepProgress(EAST, "working", operations=(operation("a"), operation("a"), operation("b", "Running")))],
            ("running", 1, "")),
        ([StepProgress(EAST, "ended", outcome=StepOutcome(EAST, "succeeded"))], ("succeeded", 3, "")),
        ([StepProgress(EAST, "ended", outcome=StepOutcome(EAST, "failed"))], ("failed", 0, "")),
    ],
)  # fmt: skip
def test_progress(news: list[StepProgress], row: tuple[str, int, str]) -> None:
    progress = table(live=True)
    for each in news:
        show_progress(progress, each)
    found = progress.rows[EAST.name]
    assert (found.state, found.done, found.note) == row
