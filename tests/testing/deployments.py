"""Runs the reference fleet's deployments against a test's Resource Manager, in time that passes at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfleet.azure.client import Azure
from rayfleet.deploy.outcome import StepOutcome
from rayfleet.deploy.run import run
from rayfleet.tree import deployment_steps
from rayfleet.tree.deployment_steps import DeploymentStep
from tests.stand_ins.azure.arm_server import ArmServer
from tests.stand_ins.clock import Time
from tests.testing.broken_trees import rendered, tree


def reference(parameters: Mapping[str, object] | None = None) -> dict[str, DeploymentStep]:
    """The steps of the reference fleet by the end of their names: resource-group, shared, eastus, westus2."""
    steps = deployment_steps.steps(rendered(tree()), parameters)
    return {step.name.removeprefix("aks-multi-region-"): step for step in steps}


STEPS = reference()
GROUP, SHARED, EAST, WEST = (STEPS[name] for name in ("resource-group", "shared", "eastus", "westus2"))
ALL = tuple(STEPS.values())
POOL = "Microsoft.ContainerService/managedClusters/agentPools"
BUSY = {"code": "Conflict", "message": '{"error": {"code": "AnotherOperationInProgress", "message": "wait"}}'}
NO_QUOTA = {"code": "QuotaExceeded", "message": "no quota"}


def promise_outputs(server: ArmServer) -> None:
    """Every deployment ends with the outputs of its template."""
    for step in ALL:
        server.deployments[step.name].outputs = {name: {"type": "string", "value": "v"} for name in step.outputs}


def client(server: ArmServer, time: Time | None = None) -> Azure:
    """The client, in the time of ``time``."""
    patience = (time or Time()).patience
    return Azure(EAST.scope.subscription, endpoint=server.url, patience=patience, timeout=3600)


def carried(server: ArmServer, *steps: DeploymentStep, time: Time | None = None, **how: Any) -> dict[str, StepOutcome]:
    """The outcomes by the end of the names; of all steps without any."""
    outcomes = run(client(server, time), steps or ALL, **how)
    assert [row.step for row in outcomes] == list(steps or ALL)
    return {row.step.name.removeprefix("aks-multi-region-"): row for row in outcomes}


def one(server: ArmServer, time: Time | None = None) -> StepOutcome:
    """The outcome of eastus alone."""
    (found,) = carried(server, EAST, time=time).values()
    return found


def ends(outcomes: dict[str, StepOutcome]) -> dict[str, str]:
    """How each ended."""
    return {name: row.end for name, row in outcomes.items()}
