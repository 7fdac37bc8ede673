"""Azure Resource Manager: the one client. Plain data goes in and comes out, and whatever goes wrong is a Fault.

The SDK retries nothing here: its retry policy would send a PUT again whose answer was lost, and so start a deployment
twice. Reading is repeated by Patience; starting is up to ``run``, which looks first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from rayfleet.azure.deployment_state import Operation, State, operation_of, state_of
from rayfleet.azure.faults import Fault, Patience, problem_of
from rayfleet.azure.sdk import SdkClients, follow, json_of, member
from rayfleet.facts.resource_types import DEPLOYMENT
from rayfleet.redact import secret_forms
from rayfleet.tree.deployment_steps import DeploymentScope, DeploymentStep

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.resource.deployments import DeploymentsMgmtClient

T = TypeVar("T")

ENDPOINT = "RAYFLEET_ARM_ENDPOINT"  # for tests: a server on this machine, to which no token is sent
_LOCAL = re.compile(r"http://127\.0\.0\.1:\d{1,5}/?")
_DEPLOYMENT_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)(?:/resourceGroups/(?P<group>[^/]+))?"
    r"/providers/Microsoft\.Resources/deployments/(?P<name>[^/]+)",
    re.IGNORECASE,
)


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
        self.sdk = SdkClients(credential, endpoint, self.patience, timeout, poll)

    # --- deployments ---

    def validate(self, step: DeploymentStep) -> None:
        """Has ARM check a template and its parameters; nothing is changed. Raises Fault, with all that is wrong."""
        on, group, how = self._client(step.scope).deployments, step.scope.resource_group, self.sdk.polling()
        body = _body(step)

        def ask() -> None:
            poller = (
                on.begin_validate(group, step.name, body, **how)
                if group
                else on.begin_validate_at_subscription_scope(step.name, body, **how)
            )
            # ARM also says 200 to a template that it found wrong (facts/azure.md §5).
            if not isinstance(without_error(poller.result()).get("properties"), dict):
                raise Fault("MalformedAnswer", "the answer to the validation says nothing", 200)

        self.read(ask, secrets_of(step))

    def what_if(self, step: DeploymentStep) -> dict[str, Any]:
        """The changes that a deployment would make, as ARM predicts them: ``{"status": ..., "changes": [...]}``.
        Raises Fault."""
        on, group, how = self._client(step.scope).deployments, step.scope.resource_group, self.sdk.polling()
        body = _body(step)
        body["properties"]["whatIfSettings"] = {"resultFormat": "FullResourcePayloads"}

        def ask() -> dict[str, Any]:
            poller = (
                on.begin_what_if(group, step.name, body, **how)
                if group
                else on.begin_what_if_at_subscription_scope(step.name, body, **how)
            )
            answer = without_error(poller.result())
            changes = member(answer, "properties", "changes")
            if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
                raise Fault("MalformedAnswer", "the answer to what-if has no list of changes", 200)
            return {"status": answer.get("status") or "Succeeded", **answer["properties"]}

        return self.read(ask, secrets_of(step))

    def begin(self, step: DeploymentStep) -> State:
        """Starts a deployment and does not wait for it. Asked once: a Fault that is ``unheard`` may have started it."""
        client, scope = self._client(step.scope), step.scope
        how: dict[str, Any] = {"polling": False, "cls": json_of}
        name, body = step.name, _body(step)

        def ask() -> Any:
            if scope.resource_group:
                return client.deployments.begin_create_or_update(scope.resource_group, name, body, **how).result()
            return client.deployments.begin_create_or_update_at_subscription_scope(name, body, **how).result()

        return state_of(self.sdk.ask_once(ask, secrets_of(step)), step.name)

    def state(self, step: DeploymentStep) -> State | None:
        """A deployment as it stands; None where there is none of this name. Raises Fault."""
        return self.deployment(step.scope, step.name, secrets_of(step))

    def deployment(self, scope: DeploymentScope, name: str, secrets: tuple[str, ...]) -> State | None:
        """The same by scope and name."""
        client = self._client(scope)

        def ask() -> Any:
            if scope.resource_group:
                return client.deployments.get(scope.resource_group, name, cls=json_of)
            return client.deployments.get_at_subscription_scope(name, cls=json_of)

        try:
            return self.patience.repeat(lambda: state_of(self.sdk.ask_once(ask, secrets), name))
        except Fault as fault:
            if fault.missing:  # the deployment, or its resource group before the first one
                return None
            raise

    def operations(self, step: DeploymentStep) -> list[Operation]:
        """The operations on each resource, those of nested deployments after the deployment that is one. Raises
        Fault."""
        return self.operations_of(step.scope, step.name, secrets_of(step))

    def operations_of(self, scope: DeploymentScope, name: str, secrets: tuple[str, ...]) -> list[Operation]:
        """The same by scope and name."""
        return list(self._operations(scope, name, secrets, {name}))

    def template_hash(self, step: DeploymentStep) -> str:
        """ARM's own hash of the template, which ``State.template_hash`` is too; empty where ARM gives none."""
        client = self._client(step.scope)
        answer = self.read(lambda: client.deployments.calculate_template_hash(step.template, cls=json_of), ())
        found = member(answer, "templateHash")
        return found if isinstance(found, str) else ""

    # --- anything else ---

    def request(self, method: str, path: str, api_version: str, body: object = None) -> dict[str, Any]:
        """Any other request: ``path`` begins with ``/subscriptions/`` or ``/providers/``. Operations that run long are
        waited for. An answer without content is ``{}``. Raises Fault; 404 is one too, with that status.
        """
        client = self._client(DeploymentScope(self.subscription, ""))
        # Not before the client, which loads the SDK under a lock: two threads that load parts of it would wait for
        # each other.
        from azure.core.rest import HttpRequest

        def ask() -> dict[str, Any]:
            request = HttpRequest(method, f"{{endpoint}}{path}", params={"api-version": api_version}, json=body)
            return follow(self.sdk, client, request)

        # A POST may be anything: it is not sent again where it may have been heard.
        return ask() if method == "POST" else self.patience.repeat(ask)

    def pages(self, path: str, api_version: str) -> list[Any]:
        """Everything in a list that ARM gives in pages (``value``, ``nextLink``). Raises Fault."""
        answer = self.request("GET", path, api_version)
        found = _values(answer)
        seen = set()
        while (link := answer.get("nextLink")) and isinstance(link, str) and link not in seen:
            seen.add(link)
            answer = self.request("GET", self.sdk.path_of(link), api_version)
            found += _values(answer)
        return found

    def read(self, ask: Callable[[], T], secrets: tuple[str, ...]) -> T:
        """The answer of ``ask`` from the SDK, without the secrets; asked again while that may help. Raises Fault."""
        return self.patience.repeat(lambda: self.sdk.ask_once(ask, secrets))

    # --- inside ---

    def _client(self, scope: DeploymentScope) -> DeploymentsMgmtClient:
        return self.sdk.client(scope.subscription)

    def _operations(
        self, scope: DeploymentScope, name: str, secrets: tuple[str, ...], seen: set[str]
    ) -> Iterator[Operation]:
        client = self._client(scope)

        def ask() -> list[Any]:
            rows, group = client.deployment_operations, scope.resource_group
            found = rows.list(group, name) if group else rows.list_at_subscription_scope(name)
            return [row.as_dict() for row in found]

        for row in self.read(ask, secrets):
            operation = operation_of(row, name)
            yield operation
            nested = deployment_of_id(operation.resource_id)
            inner = operation.resource_type.lower() == DEPLOYMENT.lower()
            if inner and nested and operation.resource_id.lower() not in seen:
                seen.add(operation.resource_id.lower())
                yield from self._operations(*nested, secrets, seen)


def deployment_of_id(identifier: str) -> tuple[DeploymentScope, str] | None:
    """The scope and the name in the id of a deployment; None where it is none."""
    found = _DEPLOYMENT_ID.fullmatch(identifier)
    return (DeploymentScope(found["subscription"], found["group"] or ""), found["name"]) if found else None


def _body(step: DeploymentStep) -> Any:
    parameters = {name: {"value": value} for name, value in step.parameters.items()}
    properties = {"mode": "Incremental", "template": step.template, "parameters": parameters}
    return {"properties": properties, **({"location": step.location} if step.at_subscription else {})}


def secrets_of(step: DeploymentStep) -> tuple[str, ...]:
    """The secrets of a step, which no message may have."""
    return secret_forms(step.parameters.values())


def without_error(answer: Any) -> dict[str, Any]:
    """An answer of ARM's. Raises Fault where it is an error, which may come with 200."""
    if not isinstance(answer, dict):
        raise Fault("MalformedAnswer", "Azure's answer is no JSON object", 200)
    if problem := problem_of(answer) if answer.get("error") else None:
        raise Fault(problem.code, problem.message, 200, None, problem.details)
    return answer


def _values(answer: Any) -> list[Any]:
    found = member(answer, "value")
    if not isinstance(found, list):
        raise Fault("MalformedAnswer", "the answer is no list", 200)
    return list(found)


__all__ = ["ENDPOINT", "Azure", "Fault"]
