"""The one client against a Resource Manager that is unwell: every fault has a name, and passes or is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rayfleet.azure.client import Azure
from rayfleet.azure.faults import StopRequest
from rayfleet.azure.sdk import retry_after
from tests.stand_ins.azure.arm_server import Answer, ArmServer, answer, cut, drop, error, expire, garble
from tests.stand_ins.clock import Time
from tests.testing.azure_client import API, ROOM, client, refused, state
from tests.testing.deployments import SHARED

FAULTS: dict[str, tuple[Answer, str, bool]] = {  # the answer, the code of the fault, whether it passes
    "401": (error(401, "ExpiredAuthenticationToken"), "ExpiredAuthenticationToken", False),
    "403": (error(403, "AuthorizationFailed"), "AuthorizationFailed", False),
    "404 of the subscription": (error(404, "SubscriptionNotFound"), "SubscriptionNotFound", False),
    "404 of no Azure": (answer(404, b"<html>no such page</html>", Content_Type="text/html"), "Http404", False),
    "404 of the tenant": (error(404, "TenantNotFound"), "TenantNotFound", False),
    "a portal that wants one to sign in": (answer(200, b"<html>Wi-Fi</html>"), "MalformedAnswer", True),
    "400": (error(400, "InvalidTemplate"), "InvalidTemplate", False),
    "409 active": (error(409, "DeploymentActive"), "DeploymentActive", False),
    "409 other operation": (error(409, "AnotherOperationInProgress"), "AnotherOperationInProgress", True),
    "409 unregistered": (
        error(409, "MissingSubscriptionRegistration", "use namespace 'Microsoft.Compute'"),
        "MissingSubscriptionRegistration",
        False,
    ),
    "409 group being deleted": (error(409, "ResourceGroupBeingDeleted"), "ResourceGroupBeingDeleted", False),
    "429": (error(429, "SubscriptionRequestsThrottled", retry_after=7), "SubscriptionRequestsThrottled", True),
    "500": (error(500, "InternalServerError"), "InternalServerError", True),
    "502 in HTML": (answer(502, b"<html>bad</html>", Content_Type="text/html"), "Http502", True),
    "503": (answer(503), "Http503", True),
    "504": (answer(504, b"upstream"), "Http504", True),
    "dropped before": (drop(), "ConnectionDropped", True),
    "dropped after": (drop(after=True), "ConnectionDropped", True),
    "cut in the middle": (cut(), "ConnectionDropped", True),
    "malformed JSON": (garble(b'{"properties": {"prov'), "MalformedAnswer", True),
    "HTML page": (garble(b"<html>sign in</html>", "text/html"), "MalformedAnswer", True),
    "empty": (garble(b""), "MalformedAnswer", True),
    "no JSON object": (garble(b"[]"), "MalformedAnswer", True),
    "JSON of another shape": (garble(b'{"properties": ["a"]}'), "MalformedAnswer", True),
    "no state": (garble(b'{"properties": {"provisioningState": null}}'), "MalformedAnswer", True),
    "not UTF-8": (garble(b"\xff\xfe{}"), "MalformedAnswer", True),
    "nested too deep": (garble(b"[" * 100_000), "MalformedAnswer", True),
    "an unknown status": (answer(418), "Http418", False),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_a_start_are_told_once_and_nothing_is_sent_again(server: ArmServer, name: str) -> None:
    act, code, passing = FAULTS[name]
    server.script("PUT", "shared", act)
    fault = refused(lambda: client(server).begin(SHARED))
    assert (fault.code, fault.passing) == (code, passing)
    assert fault.retry_after == (7.0 if name == "429" else None)
    assert "<html>" not in str(fault) and "\n" not in str(fault)
    assert server.asked("PUT", "shared") == 1 == len(server.requests)
    assert server.deployments[SHARED.name].starts == act.effect


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_a_look_pass_or_are_told(server: ArmServer, name: str) -> None:
    act, code, passing = FAULTS[name]
    time = Time()
    azure = client(server, time)
    azure.begin(SHARED)
    server.script("GET", "shared", act, act)
    if passing:
        assert state(azure).status == "Running" or state(azure).succeeded
        assert time.waits == ([7.0, 7.0] if name == "429" else [1.0, 2.0])
    else:
        assert refused(lambda: azure.state(SHARED)).code == code
        assert time.waits == []


@pytest.mark.parametrize(
    "name", ["403", "429", "503", "dropped before", "cut in the middle", "malformed JSON", "empty"]
)
@pytest.mark.parametrize("ask", ["validate", "what_if", "operations", "request"])
def test_faults_of_everything_else_pass_or_are_told(server: ArmServer, ask: str, name: str) -> None:
    act, code, passing = FAULTS[name]
    azure = client(server)
    azure.begin(SHARED)
    server.documents[f"{ROOM}/shared"] = {"a": 1}
    asks: dict[str, Callable[[], Any]] = {
        "validate": lambda: azure.validate(SHARED),
        "what_if": lambda: azure.what_if(SHARED),
        "operations": lambda: azure.operations(SHARED),
        "request": lambda: azure.request("GET", f"{ROOM}/shared", API),
    }
    server.script("POST" if ask in ("validate", "what_if") else "GET", "shared", act, act)
    if passing:
        asks[ask]()
    else:
        assert refused(asks[ask]).code == code


def test_an_answer_that_does_not_come(server: ArmServer, expired: list[float]) -> None:
    azure = client(server, timeout=7.0)
    server.script("PUT", "shared", expire(after=True))
    fault = refused(lambda: azure.begin(SHARED))
    assert (fault.code, fault.unheard, expired) == ("NoAnswerInTime", True, [7.0])
    assert server.deployments[SHARED.name].starts == 1


def test_nobody_listens() -> None:
    with ArmServer() as server:
        url = server.url
    time = Time()
    azure = Azure(SHARED.scope.subscription, endpoint=url, patience=time.patience)
    fault = refused(lambda: azure.state(SHARED))
    assert (fault.code, fault.status) == ("NoConnection", None)
    assert "given up after 6 tries" in fault.message and time.passed < 60


@pytest.mark.parametrize(
    ("wait", "says"),
    [(3600, "given up: the next try would be in 3600 s"), (60, "and 600 s of 600 s are spent"), (0, "after 30 tries")],
)
def test_throttling_is_waited_for_within_bounds(server: ArmServer, wait: int, says: str) -> None:
    time = Time()
    server.script("GET", "shared", *[error(429, "TooManyRequests", retry_after=wait)] * 99)
    fault = refused(lambda: client(server, time).state(SHARED))
    assert says in fault.message and fault.code == "TooManyRequests"
    assert time.passed <= 600


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("7", 7),
        (" 12 ", 12),
        ("9" * 400, 999_999_999),
        ("²", None),
        ("٣", None),
        ("-1", None),
        ("1.5", None),
        ("x", None),
    ],
)
def test_how_long_to_wait(written: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": written}) == seconds


def test_a_wait_of_any_length_is_told_in_seconds(server: ArmServer) -> None:
    server.script("GET", "shared", answer(429, {"error": {"code": "TooManyRequests", "message": "m"}}, "9" * 400))
    fault = refused(lambda: client(server).state(SHARED))
    assert "the next try would be in 999999999 s" in fault.message


def test_a_template_that_is_wrong(server: ArmServer) -> None:
    azure = client(server)
    details = [{"code": "Inner", "message": "the cause", "target": "x"}]
    server.script("POST", "validate", error(400, "InvalidTemplate", "bad", details=details))
    fault = refused(lambda: azure.validate(SHARED))
    assert (fault.code, fault.status, [row.code for row in fault.details]) == ("InvalidTemplate", 400, ["Inner"])
    server.deployments[SHARED.name].validation = {
        "code": "InvalidTemplateDeployment",
        "message": "m",
        "details": details,
    }
    fault = refused(lambda: azure.validate(SHARED))
    assert (fault.code, fault.status, fault.details[0].target) == ("InvalidTemplateDeployment", 200, "x")


def test_a_what_if_that_fails_on_the_way(server: ArmServer) -> None:
    failed = {"status": "Failed", "error": {"code": "InvalidTemplate", "message": "m"}}
    server.script("GET", "/operations/", answer(200, failed))
    assert refused(lambda: client(server).what_if(SHARED)).code == "InvalidTemplate"


@pytest.mark.parametrize("code", ["DeploymentNotFound", "ResourceGroupNotFound"])
def test_what_is_not_there_is_none(server: ArmServer, code: str) -> None:
    azure = client(server)
    azure.begin(SHARED)
    server.script("GET", "shared", error(404, code))
    assert azure.state(SHARED) is None


def test_a_group_that_is_not_there_has_no_deployments(server: ArmServer) -> None:
    server.resource_groups = set()
    azure = client(server)
    assert azure.state(SHARED) is None
    assert refused(lambda: azure.begin(SHARED)).code == "ResourceGroupNotFound"


def test_a_provider_is_not_registered_behind_ones_back(server: ArmServer) -> None:
    server.script("PUT", "shared", FAULTS["409 unregistered"][0])
    refused(lambda: client(server).begin(SHARED))
    assert not server.asked("POST", "register")


def test_waiting_ends_when_someone_stops(server: ArmServer) -> None:
    time = Time(stop_at=2)
    server.script("GET", "shared", *[error(503, "ServiceUnavailable")] * 5)
    with pytest.raises(StopRequest):
        client(server, time).state(SHARED)
    assert server.asked("GET", "shared") == 2


def test_an_operation_is_not_waited_for_when_someone_stops(server: ArmServer) -> None:
    time = Time()
    azure = Azure(SHARED.scope.subscription, endpoint=server.url, patience=time.patience, poll=1)
    time.stop.set()
    with pytest.raises(StopRequest):
        azure.what_if(SHARED)
