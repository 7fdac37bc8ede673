"""Azure Resource Manager: the one client. Plain data goes in and comes out, and whatever goes wrong is a Fault.

The SDK retries nothing here: its retry policy would send a PUT again whose answer was lost, and so start a deployment
twice. Reading is repeated by Patience; starting is up to ``run``, which looks first.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from generator.deploy.answers import Asking, follow, json_of, member
from generator.deploy.faults import Fault, Patience, Problem, problem_of
from generator.deploy.hiding import forms
from generator.deploy.plan import Scope, Step

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.resource.deployments import DeploymentsMgmtClient

T = TypeVar("T")

ENDPOINT = "RAYFLEET_ARM_ENDPOINT"  # for tests: a server on this machine, to which no token is sent
_LOCAL = re.compile(r"http://127\.0\.0\.1:\d{1,5}/?")
_NESTED = "microsoft.resources/deployments"
_DEPLOYMENT_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)(?:/resourceGroups/(?P<group>[^/]+))?"
    r"/providers/Microsoft\.Resources/deployments/(?P<name>[^/]+)",
    re.IGNORECASE,
)
# ARM's own (azure-mgmt-resource-deployments 2.0.0, ProvisioningState). Any other one means that it is still at work:
# the RPC of resource providers knows only these as ends.
_ENDS = frozenset({"Succeeded", "Failed", "Canceled", "Deleted"})


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

    @property
    def ended(self) -> bool:
        return self.status in _ENDS

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


class Azure:
    """The deployments of subscriptions, and whatever else Resource Manager has by path. Threads may share it."""

    def __init__(
        self,
        subscription: str,
        credential: TokenCredential | None = None,
        endpoint: str | None = None,
        patience: Patience | None = None,
        timeout: float = 60.0,
        poll: float = 5.0,
    ) -> None:
        """``timeout``: seconds in which an answer must go on; ``poll``: seconds between two looks at an operation,
        where Azure names no time. Raises Fault for an ``endpoint`` that is not on this machine.
        """
        self.subscription = subscription
        self.patience = patience or Patience()
        endpoint = endpoint or os.environ.get(ENDPOINT) or None
        if endpoint and not _LOCAL.fullmatch(endpoint):
            raise Fault("EndpointNotLocal", f"{ENDPOINT} is for tests on http://127.0.0.1:<port>, and nothing else")
        self.poll = poll
        self._asking = Asking(credential, endpoint, self.patience, timeout, poll)

    # --- deployments ---

    def validate(self, step: Step) -> None:
        """Has ARM check a template and its parameters; nothing is changed. Raises Fault, with all that is wrong."""
        on, group, how = self._client(step.scope).deployments, step.scope.resource_group, self._asking.long()
        body = _body(step)

        def ask() -> None:
            poller = (
                on.begin_validate(group, step.name, body, **how)
                if group
                else on.begin_validate_at_subscription_scope(step.name, body, **how)
            )
            # ARM also says 200 to a template that it found wrong (facts/azure.md §5).
            if not isinstance(_unless_error(poller.result()).get("properties"), dict):
                raise Fault("MalformedAnswer", "the answer to the validation says nothing", 200)

        self._read(ask, _secrets(step))

    def what_if(self, step: Step) -> dict[str, Any]:
        """What a deployment would change, as ARM predicts it: ``{"status": ..., "changes": [...]}``. Raises Fault."""
        on, group, how = self._client(step.scope).deployments, step.scope.resource_group, self._asking.long()
        body = _body(step)
        body["properties"]["whatIfSettings"] = {"resultFormat": "FullResourcePayloads"}

        def ask() -> dict[str, Any]:
            poller = (
                on.begin_what_if(group, step.name, body, **how)
                if group
                else on.begin_what_if_at_subscription_scope(step.name, body, **how)
            )
            answer = _unless_error(poller.result())
            changes = member(answer, "properties", "changes")
            if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
                raise Fault("MalformedAnswer", "the answer to what-if has no list of changes", 200)
            return {"status": answer.get("status") or "Succeeded", **answer["properties"]}

        return self._read(ask, _secrets(step))

    def begin(self, step: Step) -> State:
        """Starts a deployment and does not wait for it. Asked once: a Fault that is ``unheard`` may have started it."""
        client, scope = self._client(step.scope), step.scope
        how: dict[str, Any] = {"polling": False, "cls": json_of}
        name, body = step.name, _body(step)

        def ask() -> Any:
            if scope.resource_group:
                return client.deployments.begin_create_or_update(scope.resource_group, name, body, **how).result()
            return client.deployments.begin_create_or_update_at_subscription_scope(name, body, **how).result()

        return _state(self._asking.once(ask, _secrets(step)), step.name)

    def state(self, step: Step) -> State | None:
        """A deployment as it stands; None where there is none of this name. Raises Fault."""
        client, scope = self._client(step.scope), step.scope

        def ask() -> Any:
            if scope.resource_group:
                return client.deployments.get(scope.resource_group, step.name, cls=json_of)
            return client.deployments.get_at_subscription_scope(step.name, cls=json_of)

        try:
            return self.patience.insist(lambda: _state(self._asking.once(ask, _secrets(step)), step.name))
        except Fault as fault:
            if fault.status == 404:  # DeploymentNotFound, or ResourceGroupNotFound before the first deployment
                return None
            raise

    def operations(self, step: Step) -> list[Operation]:
        """What became of each resource, those of nested deployments after the deployment that is one. Raises Fault."""
        return list(self._operations(step.scope, step.name, _secrets(step), {step.name}))

    def template_hash(self, step: Step) -> str:
        """ARM's own hash of the template, which ``State.template_hash`` is too; empty where ARM gives none."""
        client = self._client(step.scope)
        answer = self._read(lambda: client.deployments.calculate_template_hash(step.template, cls=json_of), ())
        found = member(answer, "templateHash")
        return found if isinstance(found, str) else ""

    # --- anything else ---

    def request(self, method: str, path: str, api_version: str, body: object = None) -> dict[str, Any]:
        """Any other request: ``path`` begins with ``/subscriptions/`` or ``/providers/``. Operations that run long are
        waited for. An answer without content is ``{}``. Raises Fault; 404 is one too, with that status.
        """
        client = self._client(Scope(self.subscription, ""))
        # Not before the client, which loads the SDK under a lock: two threads that load parts of it would wait for
        # each other.
        from azure.core.rest import HttpRequest

        def ask() -> dict[str, Any]:
            request = HttpRequest(method, f"{{endpoint}}{path}", params={"api-version": api_version}, json=body)
            return follow(self._asking, client, request)

        # A POST may be anything: it is not sent again where it may have been heard.
        return ask() if method == "POST" else self.patience.insist(ask)

    def pages(self, path: str, api_version: str) -> list[Any]:
        """Everything in a list that ARM gives in pages (``value``, ``nextLink``). Raises Fault."""
        answer = self.request("GET", path, api_version)
        found = _values(answer)
        seen = set()
        while (link := answer.get("nextLink")) and isinstance(link, str) and link not in seen:
            seen.add(link)
            answer = self.request("GET", self._asking.path_of(link), api_version)
            found += _values(answer)
        return found

    # --- inside ---

    def _client(self, scope: Scope) -> DeploymentsMgmtClient:
        return self._asking.client(scope.subscription)

    def _read(self, ask: Callable[[], T], secrets: tuple[str, ...]) -> T:
        return self.patience.insist(lambda: self._asking.once(ask, secrets))

    def _operations(self, scope: Scope, name: str, secrets: tuple[str, ...], seen: set[str]) -> Iterator[Operation]:
        client = self._client(scope)

        def ask() -> list[Any]:
            rows, group = client.deployment_operations, scope.resource_group
            found = rows.list(group, name) if group else rows.list_at_subscription_scope(name)
            return [row.as_dict() for row in found]

        for row in self._read(ask, secrets):
            operation = _operation(row, name)
            yield operation
            nested = _DEPLOYMENT_ID.fullmatch(operation.resource_id)
            if operation.resource_type.lower() == _NESTED and nested and operation.resource_id.lower() not in seen:
                seen.add(operation.resource_id.lower())
                inner = Scope(nested["subscription"], nested["group"] or "")
                yield from self._operations(inner, nested["name"], secrets, seen)


def _body(step: Step) -> Any:
    parameters = {name: {"value": value} for name, value in step.parameters.items()}
    properties = {"mode": "Incremental", "template": step.template, "parameters": parameters}
    return {"properties": properties, **({"location": step.location} if step.at_subscription else {})}


def _secrets(step: Step) -> tuple[str, ...]:
    """The values to keep out of every message, longest first. What is shorter is no secret, and in every message."""
    values = (value for value in step.parameters.values() if isinstance(value, str) and len(value) > 3)
    found = {form for value in values for form in (*forms(value), json.dumps(value)[1:-1])}
    return tuple(sorted(found, key=len, reverse=True))


def _unless_error(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise Fault("MalformedAnswer", "Azure's answer is no JSON object", 200)
    if problem := problem_of(answer) if answer.get("error") else None:
        raise Fault(problem.code, problem.message, 200, None, problem.details)
    return answer


def _state(data: Any, name: str) -> State:
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


def _operation(row: Any, deployment: str) -> Operation:
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


def _values(answer: Any) -> list[Any]:
    found = member(answer, "value")
    if not isinstance(found, list):
        raise Fault("MalformedAnswer", "the answer is no list", 200)
    return list(found)


__all__ = ["ENDPOINT", "Azure", "Fault", "Operation", "Problem", "State"]
