"""The door to Azure's SDK: questions to it, and its answers and exceptions in our words."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http.client import responses
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from rayfleet.azure.faults import Fault, Patience, Problem, problem_of
from rayfleet.azure.sign_in import SignIn, default_credential
from rayfleet.facts.identifiers import MANAGEMENT
from rayfleet.redact import replace_texts

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.rest import HttpRequest
    from azure.mgmt.resource.deployments import DeploymentsMgmtClient
    from azure.mgmt.resource.deploymentstacks import DeploymentStacksClient

T = TypeVar("T")

_SCOPE = f"{MANAGEMENT}/.default"
_CONNECT = 15.0  # seconds
_DIGITS = 9  # of seconds to wait: more is for ever too
_LONGEST_OPERATION = 3600.0  # seconds; of what-if, validation and deletions, not of deployments

# The SDK logs every answer that it cannot read, with a traceback, and where there is no log that is stderr. What is
# wrong is told once, by a Fault, and without what an answer may hold.
# urllib3 tells of every connection beyond the ten that it keeps.
for _name in ("azure", "urllib3"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


class SdkClients:
    """The SDK's clients, one a subscription, made when first needed; and what their exceptions mean."""

    def __init__(
        self, credential: TokenCredential | None, endpoint: str | None, patience: Patience, timeout: float, poll: float
    ) -> None:
        self.endpoint = (endpoint or MANAGEMENT).rstrip("/")
        self.patience = patience
        self.poll = poll
        self._local = endpoint is not None
        self._credential = credential
        self._sign_in: SignIn | None = None
        self._timeout = timeout
        self._clients: dict[str, DeploymentsMgmtClient] = {}
        self._stacks: dict[str, DeploymentStacksClient] = {}
        self._lock = Lock()

    def client(self, subscription: str) -> DeploymentsMgmtClient:
        """The client of a subscription."""
        with self._lock:
            if subscription not in self._clients:
                from azure.mgmt.resource.deployments import DeploymentsMgmtClient

                self._clients[subscription] = DeploymentsMgmtClient(
                    subscription_id=subscription, **self._client_arguments()
                )
            return self._clients[subscription]

    def stacks(self, subscription: str) -> DeploymentStacksClient:
        """The client of a subscription's deployment stacks."""
        with self._lock:
            if subscription not in self._stacks:
                from azure.mgmt.resource.deploymentstacks import DeploymentStacksClient

                self._stacks[subscription] = DeploymentStacksClient(
                    subscription_id=subscription, **self._client_arguments()
                )
            return self._stacks[subscription]

    def _client_arguments(self) -> dict[str, Any]:
        """The arguments that the SDK's clients are made with."""
        from azure.core.pipeline import policies
        from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

        credential = _NoCredential() if self._local else self._signed_in()
        # The SDK's own pipeline less three: retries (see azure.py); the registration of resource providers, which
        # changes a subscription unasked and waits without an end; and the logging of requests.
        chain = [
            policies.RequestIdPolicy(),
            policies.UserAgentPolicy(base_user_agent="rayfleet"),
            policies.ProxyPolicy(),
            policies.RedirectPolicy(),
            # The SDK sends a token over TLS only; to a test's server it sends none (facts/azure.md §5).
            *([] if self._local else [ARMChallengeAuthenticationPolicy(credential, _SCOPE)]),
            policies.SensitiveHeaderCleanupPolicy(),
        ]
        return {
            "credential": credential,
            "base_url": self.endpoint,
            "policies": chain,
            "connection_timeout": _CONNECT,
            "read_timeout": self._timeout,
        }

    def _signed_in(self) -> SignIn:
        if self._sign_in is None:
            self._sign_in = SignIn(self._credential or default_credential())
        return self._sign_in

    def ask_once(self, ask: Callable[[], T], secrets: tuple[str, ...] = ()) -> T:
        """The answer of ``ask``, without the secrets. Raises Fault for whatever the SDK raises."""
        from azure.core.exceptions import AzureError

        try:
            found: T = replace_texts(ask(), secrets)
        except AzureError as error:
            raise fault_of(error, secrets) from None
        except Fault as fault:
            raise fault.without_texts(secrets) from None
        # The SDK's models take an answer apart without looking first: what is JSON, and no deployment, ends in these.
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
            raise Fault("MalformedAnswer", "Azure's answer is not what it should be") from None
        return found

    def polling(self) -> dict[str, Any]:
        """The arguments that make the SDK wait for a long operation with our patience."""
        from azure.mgmt.core.polling.arm_polling import ARMPolling

        patience, began = self.patience, self.patience.clock()

        class Polling(ARMPolling):
            def _sleep(self, delay: float) -> None:
                _pause_until_limit(patience, began, delay)

        return {"cls": json_of, "polling": Polling(self.poll, path_format_arguments={"endpoint": self.endpoint})}

    def path_of(self, link: str) -> str:
        """The path and query of a link that Azure gave. Raises Fault for one that leads elsewhere: it would be followed
        with a token.
        """
        target, own = urlsplit(link), urlsplit(self.endpoint)
        if (target.scheme, target.netloc) != (own.scheme, own.netloc):
            raise Fault("ForeignLink", f"Azure's answer leads to another host: {target.netloc}")
        return f"{target.path}?{target.query}" if target.query else target.path


class _NoCredential:
    """The credential of a test's server: none."""

    def get_token(self, *scopes: str, **options: Any) -> Any:
        raise AssertionError("no token is asked for")


def follow(asking: SdkClients, client: DeploymentsMgmtClient, request: HttpRequest) -> dict[str, Any]:
    """The answer to a request; where Azure says that it is at work, what it says in the end. Raises Fault.

    ARM is at work in two ways (docs: azure-resource-manager/management/async-operations): Azure-AsyncOperation leads to
    a status until that is an end; Location answers 202 until it is done.
    """
    from azure.core.rest import HttpRequest

    def heard(asked: HttpRequest) -> tuple[Any, dict[str, Any]]:
        def ask() -> tuple[Any, dict[str, Any]]:
            response = _check_status(client.send_request(asked))
            return response, _mapping(response)

        return asking.ask_once(ask)

    began = asking.patience.clock()
    response, data = heard(request)
    status_link = response.headers.get("Azure-AsyncOperation", "")
    link = status_link or response.headers.get("Location", "")
    working = request.method != "GET" and bool(status_link or (link and response.status_code == 202))
    while working:
        _pause_until_limit(
            asking.patience, began, asking.poll if (wait := retry_after(response.headers)) is None else wait
        )
        following = HttpRequest("GET", f"{asking.endpoint}{asking.path_of(link)}")
        response, data = asking.patience.repeat(partial(heard, following))
        status = str(member(data, "status") or ("" if status_link else "succeeded")).lower()
        if status in {"failed", "canceled", "cancelled"}:
            problem = problem_of(data) or Problem("OperationFailed", f"the operation ended as {status}")
            raise Fault(problem.code, problem.message, response.status_code, None, problem.details)
        working = status != "succeeded" if status_link else response.status_code == 202
        link = response.headers.get("Azure-AsyncOperation" if status_link else "Location") or link
    return data


def fault_of(error: Any, secrets: tuple[str, ...] = ()) -> Fault:
    """The fault that an exception of the SDK's is."""
    from azure.core import exceptions as sdk

    response = getattr(error, "response", None)
    if isinstance(error, sdk.ServiceRequestTimeoutError | sdk.ServiceResponseTimeoutError):
        return Fault("NoAnswerInTime", "Azure did not answer in time")
    if isinstance(error, sdk.ServiceRequestError):
        return Fault("NoConnection", "Azure cannot be reached: is there a network, and a proxy that lets it through?")
    if isinstance(error, sdk.IncompleteReadError) or not isinstance(error, sdk.HttpResponseError) or response is None:
        return Fault("ConnectionDropped", "the connection to Azure was lost before the answer was whole")
    return fault_of_answer(response, secrets)


def fault_of_answer(response: Any, secrets: tuple[str, ...] = ()) -> Fault:
    """The fault that an answer is."""
    status: int = response.status_code
    problem = problem_of(replace_texts(_json_of_body(response), secrets))
    wait = retry_after(response.headers)
    if problem is not None:
        return Fault(problem.code, problem.message, status, wait, problem.details)
    if status < 300:
        return Fault("MalformedAnswer", "Azure's answer is not what it should be", status, wait)
    return Fault(f"Http{status}", f"Azure answered {status} {responses.get(status, '')}".rstrip(), status, wait)


def retry_after(headers: Any) -> float | None:
    """Seconds that an answer says to wait; None where it does not. A date is one too (RFC 9110, 10.2.3)."""
    written = (headers.get("Retry-After") or "").strip()
    if written.isascii() and written.isdecimal():
        return float(written[:_DIGITS])
    try:
        when = parsedate_to_datetime(written)
    except (TypeError, ValueError):
        return None
    return max(0.0, (when - datetime.now(when.tzinfo)).total_seconds())


def json_of(pipeline_response: Any, *_: Any) -> Any:
    """For the SDK's ``cls``: an answer as it was sent, not as the SDK's models have it."""
    return _content(pipeline_response.http_response)


def member(data: Any, *keys: str) -> Any:
    """The value at a path of keys; None where any step is missing."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _pause_until_limit(patience: Patience, began: float, seconds: float) -> None:
    if patience.clock() - began + seconds > _LONGEST_OPERATION:
        raise Fault("OperationWithoutEnd", f"given up: the operation takes more than {_LONGEST_OPERATION / 60:.0f} min")
    patience.pause(max(seconds, 0.0))


def _check_status(response: Any) -> Any:
    if response.status_code >= 300:
        raise fault_of_answer(response)
    return response


def _content(response: Any) -> Any:
    """An answer's JSON, ``{}`` for one without content. Raises ValueError where it is something else."""
    return response.json() if response.text().strip() else {}


def _mapping(response: Any) -> dict[str, Any]:
    found = _content(response)
    if not isinstance(found, dict):
        raise Fault("MalformedAnswer", "Azure's answer is no JSON object", response.status_code)
    return found


def _json_of_body(response: Any) -> Any:
    from azure.core.exceptions import AzureError

    try:
        return json.loads(response.text())
    except (AzureError, LookupError, RecursionError, ValueError):  # nothing that we can read says why
        return None
