"""Deployment stacks: deployments of which Azure keeps a list of what they made, so that it can take away what their
templates have no more (Azure docs, deployment-stacks; azure facts, section 2.5).

Of its own accord a stack here deletes nothing: what leaves it stays in Azure, unless somebody was shown it and agreed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from rayfleet.azure.client import Azure, deployment_of_id, secrets_of, without_error
from rayfleet.azure.deployment_state import ENDS, Operation, State, state_of
from rayfleet.azure.faults import Fault, problem_of
from rayfleet.azure.resource_id import type_and_name
from rayfleet.azure.sdk import json_of, member
from rayfleet.tree.deployment_steps import DeploymentStep

if TYPE_CHECKING:
    from azure.mgmt.resource.deploymentstacks import DeploymentStacksClient

# What happens to what a stack has when the stack itself goes (azure-mgmt-resource-deploymentstacks 1.0.0).
_UNMANAGED = (
    "unmanage_action_resources",
    "unmanage_action_resource_groups",
    "unmanage_action_management_groups",
    "unmanage_action_resources_without_delete_support",
)


class LastDeployment(NamedTuple):
    """A step as it was deployed last. ``status`` is empty where there was none, ``when`` RFC 3339; ``current`` says
    whether it was of the template that is rendered, None where nobody knows. ``outputs`` are as ARM gives them;
    ``stack``: it was deployed as a deployment stack.
    """

    status: str
    when: str = ""
    current: bool | None = None
    outputs: Mapping[str, Any] = {}
    stack: bool = False

    @property
    def running(self) -> bool:
        return self.status not in {"", *ENDS}

    @property
    def succeeded(self) -> bool:
        return self.status == "Succeeded"


class Stacks:
    """Deployment stacks of a subscription, asked for as ``Azure`` is asked for deployments. Threads may share it."""

    def __init__(self, azure: Azure, deletes: Collection[str] = ()) -> None:
        """``deletes``: the names of stacks that delete what leaves them."""
        self.patience = azure.patience
        self.poll = azure.poll
        self._azure = azure
        self._deletes = frozenset(deletes)

    def validate(self, step: DeploymentStep) -> frozenset[str]:
        """Has ARM check a template and its parameters. The ids that it has, in lower case; none where ARM names none.
        Raises Fault.
        """
        on, group, how = self._client(step).deployment_stacks, step.scope.resource_group, self._azure.sdk.polling()
        body = self._body(step)

        def ask() -> dict[str, Any]:
            poller = (
                on.begin_validate_stack_at_resource_group(group, step.name, body, **how)
                if group
                else on.begin_validate_stack_at_subscription(step.name, body, **how)
            )
            found = without_error(poller.result())
            if not isinstance(found.get("properties"), dict):
                raise Fault("MalformedAnswer", "the answer to the validation says nothing", 200)
            return found

        answer = self._azure.read(ask, secrets_of(step))
        return frozenset(key.lower() for key in _ids(answer, "validatedResources"))

    def begin(self, step: DeploymentStep) -> State:
        """Starts a stack's deployment and does not wait for it. Asked once, as ``Azure.begin`` is."""
        on, group = self._client(step).deployment_stacks, step.scope.resource_group
        how: dict[str, Any] = {"polling": False, "cls": json_of}
        body = self._body(step)

        def ask() -> Any:
            if group:
                return on.begin_create_or_update_at_resource_group(group, step.name, body, **how).result()
            return on.begin_create_or_update_at_subscription(step.name, body, **how).result()

        return _state(self._azure.sdk.ask_once(ask, secrets_of(step)), step.name)

    def state(self, step: DeploymentStep) -> State | None:
        """A stack as it stands, with the hash and the time of the deployment that it runs; None where there is none of
        this name. Raises Fault.
        """
        data = self._get(step)
        if data is None:
            return None
        state = _state(data, step.name)
        # A stack that has just been started names no deployment yet (recordings of azure-cli 2.60: "initializing").
        inner = deployment_of_id(_text(data, "deploymentId"))
        deployment = self._azure.deployment(*inner, secrets_of(step)) if inner else None
        if deployment is None:
            return state
        # Its outputs have their types; those of a stack are any object (REST API, Deployment Stacks - Get).
        return state._replace(
            template_hash=deployment.template_hash,
            timestamp=deployment.timestamp,
            outputs=deployment.outputs or state.outputs,
        )

    def managed_ids(self, step: DeploymentStep) -> tuple[str, ...]:
        """The ids of what a stack has; none where it is not there. What no id names (REST API: resources of Bicep
        extensions) goes by its type, so that nobody takes it for nothing. Raises Fault.
        """
        return tuple(_resource_label(row) for row in _rows(self._get(step), "resources"))

    def detach(self, step: DeploymentStep) -> None:
        """Takes a stack away and leaves all that it has: no resource is deleted. One that is not there is none too
        many. Raises Fault.
        """
        on, group, how = self._client(step).deployment_stacks, step.scope.resource_group, self._azure.sdk.polling()
        # As az stack has it: --action-on-unmanage detachAll (azure-cli 2.91.0, resource/custom.py).
        how |= dict.fromkeys(_UNMANAGED, "detach")

        def ask() -> None:
            poller = (
                on.begin_delete_at_resource_group(group, step.name, **how)
                if group
                else on.begin_delete_at_subscription(step.name, **how)
            )
            poller.result()

        try:
            self._azure.read(ask, secrets_of(step))
        except Fault as fault:
            if fault.status != 404:
                raise

    def operations(self, step: DeploymentStep) -> list[Operation]:
        """The operations on each resource, and on those that could not be taken away. Raises Fault."""
        data = self._get(step)
        inner = deployment_of_id(_text(data, "deploymentId"))
        found = self._azure.operations_of(*inner, secrets_of(step)) if inner else []
        return [*found, *_failed_operations(data, step.name)]

    def template_hash(self, step: DeploymentStep) -> str:
        """The same as of a deployment."""
        return self._azure.template_hash(step)

    # --- inside ---

    def _client(self, step: DeploymentStep) -> DeploymentStacksClient:
        return self._azure.sdk.stacks(step.scope.subscription)

    def _body(self, step: DeploymentStep) -> Any:
        away = "delete" if step.name in self._deletes else "detach"
        properties = {
            "template": step.template,
            "parameters": {name: {"value": value} for name, value in step.parameters.items()},
            "actionOnUnmanage": {
                "resources": away,
                "resourceGroups": "detach",
                "managementGroups": "detach",
                "resourcesWithoutDeleteSupport": "detach",
            },
            "denySettings": {"mode": "none"},
        }
        return {"properties": properties, **({"location": step.location} if step.at_subscription else {})}

    def _get(self, step: DeploymentStep) -> Any:
        on, group = self._client(step).deployment_stacks, step.scope.resource_group

        def ask() -> Any:
            if group:
                return on.get_at_resource_group(group, step.name, cls=json_of)
            return on.get_at_subscription(step.name, cls=json_of)

        try:
            return self._azure.read(ask, secrets_of(step))
        except Fault as fault:
            if fault.missing:  # the stack, or its resource group before the first deployment
                return None
            raise


def last_state(azure: Azure, step: DeploymentStep) -> State | None:
    """A step as it was deployed last: as a deployment, or as a stack. Raises Fault."""
    deployment = azure.state(step)
    stack = stack_state(azure, step, must=deployment is None)
    if deployment is None or stack is None:
        return deployment or stack
    return max(deployment, stack, key=lambda state: _time(state.timestamp))


def last_deployment(azure: Azure, step: DeploymentStep) -> LastDeployment:
    """A step as it was deployed last, and whether of the template that is rendered. Raises Fault."""
    state = last_state(azure, step)
    if state is None:
        return LastDeployment("")
    current = state.template_hash == azure.template_hash(step) if state.succeeded and state.template_hash else None
    return LastDeployment(state.status, state.timestamp, current, state.outputs, state.stack)


def stack_state(azure: Azure, step: DeploymentStep, must: bool = False) -> State | None:
    """A step as a stack, beside its deployment. Who may see no stacks has deployed none: None for them, unless it
    ``must`` be known. Raises Fault.
    """
    try:
        return Stacks(azure).state(step)
    except Fault as fault:
        if fault.status != 403 or must:
            raise
        return None


def _state(data: Any, name: str) -> State:
    """A stack's state in the words of deployments: Azure has the same ones, and writes them small."""
    state = state_of(data, name)
    when = member(data, "systemData", "lastModifiedAt")
    return state._replace(
        status=state.status[:1].upper() + state.status[1:],
        timestamp=when if isinstance(when, str) else "",
        stack=True,
    )


def _failed_operations(data: Any, name: str) -> list[Operation]:
    """Resources that a stack could not bring to its goal, as operations: with "deleteFailed" one was to be taken
    away."""
    stuck = {
        _resource_label(row).lower()
        for row in _rows(data, "resources")
        if str(member(row, "status")).lower() == "deletefailed"
    }
    found = []
    for row in _rows(data, "failedResources"):
        identifier = _resource_label(row)
        action = "Delete" if identifier.lower() in stuck else ""
        found.append(
            Operation(
                name, action, "Failed", *type_and_name(identifier), identifier, problem_of(member(row, "error")), "", ""
            )
        )
    return found


def _ids(data: Any, key: str) -> list[str]:
    found = (member(row, "id") for row in _rows(data, key))
    return [identifier for identifier in found if isinstance(identifier, str) and identifier]


def _resource_label(row: Any) -> str:
    """The name of a stack's resource: its id, or its type where it has none."""
    found = member(row, "id") or member(row, "type")
    return found if isinstance(found, str) else "a resource without a name"


def _rows(data: Any, key: str) -> list[Any]:
    found = member(data, "properties", key)
    return found if isinstance(found, list) else []


def _text(data: Any, key: str) -> str:
    found = member(data, "properties", key)
    return found if isinstance(found, str) else ""


def _time(written: str) -> float:
    """Seconds; 0 where it is no time."""
    try:
        return datetime.fromisoformat(written).timestamp()
    except ValueError:
        return 0.0
