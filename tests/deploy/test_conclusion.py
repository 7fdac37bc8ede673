"""How a run of deploy ends, by the outcomes of its steps, and which command comes next."""

from __future__ import annotations

import pytest

from rayfleet.azure.faults import Fault
from rayfleet.deploy.conclusion import Conclusion, command, conclude, deploy_command
from rayfleet.deploy.outcome import StepOutcome
from rayfleet.fleet_files import FleetFiles
from tests.testing.deployments import EAST, SHARED, WEST

DONE = StepOutcome(SHARED, "succeeded")
FAILED = StepOutcome(EAST, "failed", fault=Fault("X", "no"))
RUNNING = StepOutcome(WEST, "left running")
SKIPPED = StepOutcome(EAST, "skipped")
LACKING = StepOutcome(EAST, "succeeded", lacks=("aks_eastus",))
AGAIN = "to continue: run again again; it finds deployments that are running by their names"
MENDED = Conclusion("failed", 1, ("to deploy what failed again: run again",))


def interrupted(running: str) -> Conclusion:
    return Conclusion("interrupted", 130, (f"Azure goes on with: {running}", AGAIN))


@pytest.mark.parametrize(
    ("outcomes", "stopped", "conclusion"),
    [
        ([DONE], False, Conclusion("succeeded", 0)),
        ([DONE], True, Conclusion("succeeded", 0)),  # it came too late
        ([DONE, FAILED], False, MENDED),
        ([DONE, FAILED], True, MENDED),
        ([DONE, LACKING], False, MENDED),
        ([DONE, LACKING], True, MENDED),
        ([DONE, SKIPPED], False, MENDED),
        ([DONE, SKIPPED], True, interrupted("nothing")),
        ([DONE, FAILED, RUNNING], True, interrupted(WEST.name)),
        ([RUNNING, RUNNING._replace(step=EAST)], True, interrupted(f"{WEST.name}, {EAST.name}")),
        ([DONE, RUNNING._replace(fault=Fault("LostSight", "no"))], True, MENDED),
    ],
)
def test_conclusions(outcomes: list[StepOutcome], stopped: bool, conclusion: Conclusion) -> None:
    assert conclude(outcomes, stopped, "again") == conclusion


HERE = FleetFiles("fleet.yaml", "rendered")


@pytest.mark.parametrize(
    ("where", "regions", "stack", "line"),
    [
        (HERE, (), False, "rayfleet deploy"),
        (HERE, ("eastus", "westus2"), True, "rayfleet deploy --region eastus --region westus2 --stack"),
        (FleetFiles("./fleet.yaml", "./rendered"), (), False, "rayfleet deploy -f ./fleet.yaml"),
        (FleetFiles("a b/fleet.yaml", "out"), (), False, "rayfleet deploy -f 'a b/fleet.yaml' -o out"),
        (FleetFiles("fleet.yaml", "out"), ("eastus",), False, "rayfleet deploy -o out --region eastus"),
    ],
)
def test_what_to_run_again_has_the_same_options(
    where: FleetFiles, regions: tuple[str, ...], stack: bool, line: str
) -> None:
    assert deploy_command(where, regions, stack) == line


def test_other_commands_take_no_output() -> None:
    assert command(FleetFiles("fleet.yaml", "out"), "bind") == "rayfleet bind"
    assert command(FleetFiles("a/fleet.yaml", "out"), "status") == "rayfleet status -f a/fleet.yaml"
