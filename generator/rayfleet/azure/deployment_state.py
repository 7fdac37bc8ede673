"""The state of a deployment in Azure, and the operations on its resources, as values."""

from __future__ import annotations

from typing import Any, NamedTuple

from rayfleet.azure.faults import Fault, Problem, problem_of
from rayfleet.azure.sdk import member

# ARM's own (azure-mgmt-resource-deployments 2.0.0, ProvisioningState). Any other one means that it is still at work:
# the RPC of resource providers knows only these as ends.
ENDS = frozenset({"Succeeded", "Failed", "Canceled", "Deleted"})


class State(NamedTuple):
    """A deployment as Azure last knew it."""

    name: str
    status: str  # Succeeded, Failed, Canceled; anything else is on its way there
    correlation_id: str
    timestamp: str  # of the last change, RFC 3339
    duration: str  # ISO 8601
    outputs: dict[str, Any]  # as ARM gives them: {"name": {"type": ..., "value": ...}}
    error: Problem | None
    template_hash: str
    stack: bool = False  # it is of a deployment stack

    @property
    def ended(self) -> bool:
        return self.status in ENDS

    @property
    def succeeded(self) -> bool:
        return self.status == "Succeeded"


class Operation(NamedTuple):
    """One resource of a deployment, as far as Azure got with it."""

    deployment: str  # the name of the deployment it is of, nested ones included
    action: str  # Create, Read, EvaluateDeploymentOutput ...
    status: str  # Succeeded, Failed, Running ...
    resource_type: str
    resource_name: str
    resource_id: str
    error: Problem | None
    timestamp: str
    duration: str


def state_of(data: Any, name: str) -> State:
    """Raises Fault where it is no deployment."""
    status = member(data, "properties", "provisioningState")
    if not isinstance(status, str) or not status:
        raise Fault("MalformedAnswer", f"the answer about {name} has no provisioning state", 200)
    properties = data["properties"]
    outputs = properties.get("outputs")
    return State(
        name=name,
        status=status,
        correlation_id=_text(properties, "correlationId"),
        timestamp=_text(properties, "timestamp"),
        duration=_text(properties, "duration"),
        outputs=outputs if isinstance(outputs, dict) else {},
        error=problem_of(properties.get("error")),
        template_hash=_text(properties, "templateHash"),
    )


def operation_of(row: Any, deployment: str) -> Operation:
    properties = member(row, "properties") or {}
    target = member(properties, "targetResource") or {}
    return Operation(
        deployment=deployment,
        action=_text(properties, "provisioningOperation"),
        status=_text(properties, "provisioningState"),
        resource_type=_text(target, "resourceType"),
        resource_name=_text(target, "resourceName"),
        resource_id=_text(target, "id"),
        error=problem_of(properties.get("statusMessage")),
        timestamp=_text(properties, "timestamp"),
        duration=_text(properties, "duration"),
    )


def _text(data: Any, key: str) -> str:
    found = member(data, key)
    return found if isinstance(found, str) else ""
