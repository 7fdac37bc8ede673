"""Every printed command is one that the command lines take."""

from __future__ import annotations

import pytest

from rayfleet.facts.resource_types import CLUSTER, DELETION_ORDER, MAINTENANCE_WINDOW, ROLE_ASSIGNMENT
from rayfleet.retire import commands
from rayfleet.retire.plan import plan
from rayfleet.retire.step import STACK, RetirementStep
from tests.testing.broken_trees import rendered, tree
from tests.testing.printed_commands import judged
from tests.testing.reference_names import GROUP, SUB
from tests.testing.rendering import ROOT
from tests.testing.retire_command import ACCOUNT, VNET

FLEETS = sorted(file.stem for file in (ROOT / "tests/fleets").glob("*.yaml"))


def of_plan(fleet: str) -> list[RetirementStep]:
    """All steps of a fleet that is gone as a whole."""
    return plan(rendered(tree(fleet)), rendered({"azure/deployments.json": b'{"deployments": []}'}), "cloud").steps


@pytest.mark.parametrize("fleet", ["reference", *FLEETS])
def test_every_command_of_a_plan(fleet: str) -> None:
    steps = [step for step in of_plan(fleet) if not step.kept]
    assert steps
    for step in steps:
        if step.role:  # found by its id, later
            assert step.command == ""
        else:
            judged(step.command)
    assert not any(step.command for step in of_plan(fleet) if step.kept)


def test_every_type_has_one() -> None:
    steps = {step.kind for fleet in ("reference", *FLEETS) for step in of_plan(fleet) if step.command}
    assert {*DELETION_ORDER, STACK} - steps == {ROLE_ASSIGNMENT.lower(), MAINTENANCE_WINDOW.lower()}
    cluster = f"{GROUP}/providers/{CLUSTER}/c"
    judged(commands.command(MAINTENANCE_WINDOW.lower(), f"{cluster}/maintenanceConfigurations/default"))
    judged(commands.of_roles([f"{ACCOUNT}/x", f"{VNET}/y"]))
    assert commands.of_locks(cluster) == f"az lock list --subscription {SUB}"
    judged(commands.of_locks(cluster))


@pytest.mark.parametrize("command", ["az aks delete --ids x --yes", "az aks delete --name x --resource-group y"])
def test_a_command_that_no_command_line_takes(command: str) -> None:
    with pytest.raises(AssertionError):
        judged(command)
