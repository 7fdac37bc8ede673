"""Signing in: asked for once, and what goes wrong is told with its reason, without a token or a secret."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock, Semaphore, Thread
from typing import Any, NamedTuple

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from rayfleet.azure.client import ENDPOINT, Azure
from rayfleet.azure.faults import Fault
from rayfleet.azure.sign_in import SignIn
from rayfleet.azure.stacks import Stacks
from rayfleet.facts.advice import advice_for
from tests.stand_ins.clock import Time
from tests.testing.azure_client import refused
from tests.testing.deployments import SHARED

ASSERTION = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2lnbmF0dXJl"


class Token(NamedTuple):
    token: str = "opaque"
    expires_on: int = 2**40


def chain(**tried: str) -> str:
    """What azure-identity 1.27.0 says of a chain of credentials that all failed."""
    rows = {
        "EnvironmentCredential": "EnvironmentCredential authentication unavailable. Environment variables are not "
        "fully configured.\nVisit https://aka.ms/azsdk/python/identity/environmentcredential/troubleshoot to",
        "WorkloadIdentityCredential": "WorkloadIdentityCredential authentication unavailable. The workload options are "
        "not fully configured.",
        "ManagedIdentityCredential": "ManagedIdentityCredential authentication unavailable, no response from the IMDS "
        "endpoint.",
        "SharedTokenCacheCredential": "Shared token cache unavailable",
        "AzureCliCredential": "Please run 'az login' to set up an account",
        "AzurePowerShellCredential": "PowerShell is not installed",
    }
    attempts = "\n\t".join(f"{name}: {said}" for name, said in {**rows, **tried}.items())
    head = "DefaultAzureCredential failed to retrieve a token from the included credentials."
    return f"{head}\nAttempted credentials:\n\t{attempts}\nTo mitigate this issue, please refer to the troubleshooting"


class Says:
    """A credential that fails each time with the next message, and then signs in."""

    def __init__(self, *messages: str) -> None:
        self.messages = list(messages)
        self.asked = 0

    def get_token(self, *scopes: str, **options: Any) -> Any:
        self.asked += 1
        if self.messages:
            raise ClientAuthenticationError(self.messages.pop(0))
        return Token()


def told(message: str) -> Fault:
    """What a first question to Azure ends with."""
    return refused(lambda: Azure("s", credential=Says(*[message] * 99), patience=Time().patience).state(SHARED))


# The message, words of the reason, words of the fix.
LASTING: dict[str, tuple[str, str, str]] = {
    "nobody is signed in": (chain(), "Please run 'az login' to set up an account", "az login"),
    "no az": (chain(AzureCliCredential="Azure CLI not found on path"), "Azure CLI not found", "install the Azure CLI"),
    "another repository's token": (
        chain(
            WorkloadIdentityCredential="Authentication failed: AADSTS700213: No matching federated identity record "
            "found for presented assertion subject 'repo:o@1/r@2:environment:azure'. Trace ID: 1 Correlation ID: 2"
        ),
        "AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:o@1/r@2:"
        "environment:azure'",
        "federated credential",
    ),
    "a workflow's sign-in is old": (
        chain(AzureCliCredential="ERROR: AADSTS700024: Client assertion is not within its valid time range."),
        "AADSTS700024: Client assertion is not within its valid time range",
        "sign in again",
    ),
    "a secret that is none": (
        chain(
            EnvironmentCredential="Authentication failed: AADSTS7000215: Invalid client secret provided.\r\nTrace ID"
        ),
        "AADSTS7000215: Invalid client secret provided",
        "AZURE_CLIENT_SECRET",
    ),
    "another tenant": (
        "Authentication failed: AADSTS700016: Application with identifier 'a' was not found in the directory 'b'.",
        "AADSTS700016: Application",
        "AZURE_TENANT_ID",
    ),
    "a second factor": (
        chain(AzureCliCredential="ERROR: AADSTS50076: Due to a configuration change you must use multi-factor"),
        "AADSTS50076: Due to a configuration change",
        "az login --tenant TENANT --scope",
    ),
    "a proxy that nobody trusts": (
        chain(AzureCliCredential="HTTPSConnectionPool: Max retries exceeded (SSLError: CERTIFICATE_VERIFY_FAILED)"),
        "CERTIFICATE_VERIFY_FAILED",
        "REQUESTS_CA_BUNDLE",
    ),
    "words nobody knows": ("first line\nsecond line", "no sign-in to Azure works: first line", "az login"),
    "no words": ("\n", "nothing says why", "az login"),
}


@pytest.mark.parametrize("name", LASTING)
def test_why_nobody_can_be_signed_in(name: str) -> None:
    message, why, fix = LASTING[name]
    fault = told(message)
    assert (fault.code, fault.passing, fault.status) == ("NotSignedIn", False, None)
    assert why in fault.message and fix in advice_for(fault.code, fault.message).fix
    assert "\n" not in fault.message and "Trace ID" not in fault.message and len(fault.message) < 400


PASSING = (
    chain(AzureCliCredential="Failed to invoke the Azure CLI"),
    chain(AzureCliCredential="ERROR: HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries"
          " exceeded with url: /x (Caused by NameResolutionError: Failed to resolve 'login.microsoftonline.com')"),
    chain(EnvironmentCredential="Authentication failed: <urllib3> Failed to establish a new connection: [Errno 101]"),
    "Authentication failed: AADSTS90033: A transient error has occurred. Please try again.",
)  # fmt: skip


@pytest.mark.parametrize("message", PASSING)
def test_what_passes_is_tried_again(message: str) -> None:
    time, credential = Time(), Says(message, message)
    azure = Azure("s", credential=credential, patience=time.patience)
    sign_in = SignIn(credential)
    assert azure.patience.repeat(lambda: sign_in.get_token("scope")).token == "opaque"
    assert (credential.asked, time.waits) == (3, [1.0, 2.0])
    fault = told(message)
    assert (fault.code, fault.passing, fault.unheard) == ("SignInUnavailable", True, False)
    assert "given up after 6 tries" in fault.message and "az account get-access-token" in advice_for(fault.code, "").fix


def test_other_exceptions_of_the_sdk_are_told_too() -> None:
    class Broken:
        def get_token(self, *_: str, **__: Any) -> Any:
            raise ServiceRequestError("Connection refused")

    assert refused(lambda: SignIn(Broken()).get_token("scope")).code == "SignInUnavailable"


@pytest.mark.parametrize("message", [f"bad assertion {ASSERTION} and hush-hush/1", chain(AzureCliCredential=ASSERTION)])
def test_no_token_and_no_secret_is_told(message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hush-hush/1")
    fault = told(message)
    assert "***" in fault.message and "hush" not in fault.message and "eyJ" not in fault.message


# --- the environment ---

ENVIRONMENTS: dict[str, dict[str, str]] = {
    "a credential that does not exist": {"AZURE_TOKEN_CREDENTIALS": "azurecli"},
    "no such certificate": {
        "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_CERTIFICATE_PATH": "/nonexistent.pem",
    },
    "no authority": {"AZURE_AUTHORITY_HOST": "http://x"},
    "no tenant": {"AZURE_TENANT_ID": "not a tenant!", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "hush-hush"},
}  # fmt: skip


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_that_is_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [key for key in os.environ if key.startswith("AZURE_")] + [ENDPOINT]:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in ENVIRONMENTS[name].items():
        monkeypatch.setenv(variable, value)
    azure = Azure("s", patience=Time().patience)
    asks: list[Callable[[], object]] = [
        lambda: azure.state(SHARED),
        lambda: azure.validate(SHARED),
        lambda: azure.begin(SHARED),
        lambda: azure.request("GET", "/subscriptions/s", "1"),
        lambda: Stacks(azure).state(SHARED),
    ]
    for ask in asks:
        fault = refused(ask)
        assert fault.code == "NotSignedIn" and "AZURE_" in fault.message and "hush" not in fault.message
        assert advice_for(fault.code, fault.message).fix.startswith("correct the variable")


# --- once ---


class Counted:
    """A lock that tells who comes to it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.came = Semaphore(0)

    def __enter__(self) -> None:
        self.came.release()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


@pytest.mark.parametrize(("messages", "answer"), [((), "opaque"), (("no",), "NotSignedIn")])
def test_threads_that_come_while_it_is_asked_get_that_answer(
    messages: tuple[str, ...], answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, found = Counted(), list[str]()

    class Slow(Says):
        def get_token(self, *scopes: str, **options: Any) -> Any:
            for _ in range(8):
                lock.came.acquire()
            return super().get_token(*scopes, **options)

    credential = Slow(*messages)
    sign_in = SignIn(credential)
    monkeypatch.setattr(sign_in, "_lock", lock)

    def ask() -> None:
        try:
            found.append(sign_in.get_token("scope").token)
        except Fault as fault:
            found.append(fault.code)

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, credential.asked) == ([answer] * 8, 1)


def test_who_comes_later_asks_again_and_a_challenge_is_ones_own() -> None:
    credential = Says()
    sign_in = SignIn(credential)
    for options in ({}, {}, {"claims": "x"}):
        assert sign_in.get_token("scope", **options).token == "opaque"
    assert credential.asked == 3
