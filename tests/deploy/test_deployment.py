"""One deployment through whatever goes wrong: started once, and done or reported in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rayfleet.azure.faults import Fault
from rayfleet.deploy.outcome import StepProgress
from rayfleet.deploy.run import run
from tests.stand_ins.azure.arm_server import (
    Answer,
    ArmServer,
    answer,
    cut,
    drop,
    error,
    expire,
    garble,
    hash_of,
    late,
    operation,
    pass_on,
)
from tests.stand_ins.clock import Time
from tests.testing.deployments import BUSY, EAST, NO_QUOTA, POOL, carried, client, ends, one

# --- faults of a start ---

PASSING: dict[str, list[Answer]] = {
    "throttled": [error(429, "SubscriptionRequestsThrottled", retry_after=7)] * 3,
    "another operation": [error(409, "AnotherOperationInProgress")] * 2,
    "a conflict": [error(409, "Conflict", "x", details=[{"code": "RetryableError", "message": "y"}])],
    "internal error": [error(500, "InternalServerError")],
    "bad gateway, in HTML": [answer(502, b"<html>", Content_Type="text/html")],
    "unavailable": [answer(503, None, 2)],
    "gateway timeout": [answer(504)],
    "timeout of the request": [error(408, "RequestTimeout")],
    "dropped before it was taken": [drop(), drop()],
    "dropped after it was taken": [drop(after=True)],
    "cut in the middle": [cut()],
    "malformed JSON": [garble(b'{"prop')],
    "HTML page": [garble(b"<html>", "text/html")],
    "empty answer": [garble(b"")],
    "another shape": [garble(b'{"properties": 5}')],
    "taken late": [late(2)],
    "several": [drop(), error(429, "x", retry_after=1), answer(503), error(409, "AnotherOperationInProgress")],
    "the group is not known everywhere yet": [error(404, "ResourceGroupNotFound")] * 2,
    "said to be active, and is not": [error(409, "DeploymentActive")],
}


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("state", ["", "Succeeded", "Failed"])
def test_faults_of_a_start_that_pass(server: ArmServer, name: str, state: str) -> None:
    row = server.deployments[EAST.name]
    row.state, row.seen = state, 99
    server.script("PUT", "eastus", *PASSING[name])
    time = Time()
    found = one(server, time)
    assert (found.end, found.fault, found.adopted) == ("succeeded", None, False)
    assert (found.starts, row.starts, row.clashes) == (1, 1, 0)
    if name == "throttled":
        assert time.waits.count(7.0) == 3


LASTING: dict[str, tuple[Answer, str]] = {
    "throttled for an hour": (error(429, "TooManyRequests", retry_after=3600), "given up"),
    "throttled without an end": (error(429, "TooManyRequests", retry_after=1), "given up after 30 tries"),
    "unavailable for long": (answer(503), "given up after 6 tries"),
    "no connection for long": (drop(), "given up after 6 tries"),
    "signed out": (error(401, "ExpiredAuthenticationToken", "it expired"), "it expired"),
    "not allowed": (error(403, "AuthorizationFailed", "may not"), "may not"),
    "no such group": (error(404, "ResourceGroupNotFound", "not there"), "not there"),
    "invalid": (error(400, "InvalidTemplate", "bad"), "bad"),
    "group being deleted": (error(409, "ResourceGroupBeingDeleted", "going"), "going"),
    "unregistered": (error(409, "MissingSubscriptionRegistration", "'Microsoft.Compute'"), "Microsoft.Compute"),
    "quota of deployments": (error(409, "DeploymentQuotaExceeded", "800"), "800"),
    "always active, never seen": (error(409, "DeploymentActive", "still"), "still"),
}


@pytest.mark.parametrize("name", LASTING)
def test_faults_of_a_start_that_last_are_reported(server: ArmServer, name: str) -> None:
    act, says = LASTING[name]
    server.script("PUT", "eastus", *[act] * 99)
    time = Time()
    found = one(server, time)
    assert found.end == "failed" and found.fault is not None and says in found.fault.message
    assert server.deployments[EAST.name].starts == found.starts == 0
    assert time.passed < 1200


def test_whether_it_was_started_cannot_be_seen(server: ArmServer) -> None:
    """Neither an end nor a failure: the next run finds it."""
    server.script("PUT", "eastus", drop(after=True))
    server.script("GET", "eastus", pass_on(), *[error(403, "AuthorizationFailed")] * 9)
    found = one(server)
    assert found.end == "left running" and found.fault is not None and "is not known" in found.fault.message
    server.forget_scripts()
    assert one(server).end == "succeeded" and server.deployments[EAST.name].starts == 1


def test_an_answer_that_does_not_come_is_looked_for(server: ArmServer, expired: list[float]) -> None:
    server.script("PUT", "eastus", expire(), expire(after=True))
    found = one(server)
    assert len(expired) == 2
    assert (found.end, found.starts, server.deployments[EAST.name].starts) == ("succeeded", 1, 1)


def test_a_step_without_a_value_for_its_parameter_is_not_sent(server: ArmServer) -> None:
    step = replace(EAST, needs=("token",))
    found = carried(server, step)["eastus"]
    assert found.fault is not None and (found.end, found.fault.code) == ("failed", "ParameterMissing")
    assert server.requests == []


# --- faults on the way ---


def test_looks_that_fail_now_and_then(server: ArmServer) -> None:
    server.deployments[EAST.name].polls = 9
    faults = [
        drop(),
        answer(503),
        garble(b"{"),
        cut(),
        error(429, "x", retry_after=9),
        answer(502, b"<html>"),
        answer(500),
    ]
    server.script("GET", "eastus", pass_on(), *[act for fault in faults for act in (fault, pass_on())])
    found = one(server)
    assert (found.end, found.starts, server.unused) == ("succeeded", 1, [])


def test_looks_that_fail_for_minutes(server: ArmServer) -> None:
    """A network that is down for a while ends nothing."""
    server.script("GET", "eastus", pass_on(), pass_on(), *[drop()] * 40)
    time = Time()
    found = one(server, time)
    assert (found.end, found.starts, server.unused) == ("succeeded", 1, [])
    assert 200 < time.passed < 1200


@pytest.mark.parametrize("act", [drop(), answer(503), error(403, "AuthorizationFailed"), error(401, "Expired")])
def test_one_that_is_lost_sight_of_is_left_running(server: ArmServer, act: Answer) -> None:
    server.script("GET", "eastus", pass_on(), pass_on(), *[act] * 999)
    time = Time()
    found = one(server, time)
    assert found.end == "left running" and found.fault is not None
    assert "the next run finds it" in found.fault.message
    assert found.state is not None and found.state.status == "Running"
    assert time.passed < 3600
    server.forget_scripts()
    assert one(server).end == "succeeded" and server.deployments[EAST.name].starts == 1


def test_one_that_vanishes_is_reported(server: ArmServer) -> None:
    server.deployments[EAST.name].ends = ""
    found = one(server)
    assert found.fault is not None and (found.end, found.fault.code) == ("failed", "DeploymentVanished")
    assert found.starts == server.deployments[EAST.name].starts == 1


def test_one_that_is_not_everywhere_yet_has_not_vanished(server: ArmServer) -> None:
    server.script("GET", "eastus", pass_on(), *[error(404, "DeploymentNotFound")] * 3)
    assert one(server).end == "succeeded"


def test_one_that_someone_cancels(server: ArmServer) -> None:
    server.deployments[EAST.name].ends = "Canceled"
    found = one(server)
    assert found.fault is not None and (found.end, found.fault.code) == ("failed", "DeploymentCanceled")
    assert found.starts == 1


def test_states_that_nobody_knows_are_on_the_way(server: ArmServer) -> None:
    server.deployments[EAST.name].working = "Evaluating"
    assert one(server).end == "succeeded"


def test_one_without_an_end_is_left_running(server: ArmServer) -> None:
    server.deployments[EAST.name].polls = 10**9
    azure = client(server)
    azure.poll = 900.0
    (found,) = run(azure, [EAST])
    assert found.end == "left running" and found.fault is not None and found.fault.code == "DeploymentWithoutEnd"


def test_outputs_that_do_not_come_are_named(server: ArmServer) -> None:
    server.deployments[EAST.name].outputs = {}
    found = one(server)
    assert (found.end, found.lacks) == ("succeeded", ("aks_eastus",))


def test_outputs_that_come_a_moment_later(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    outputs, row.outputs = row.outputs, {}

    def later(method: str, path: str) -> None:
        if row.state == "Succeeded":
            row.outputs = outputs

    server.before = later
    found = one(server)
    assert found.lacks == () and found.state is not None and set(found.state.outputs) == {"aks_eastus"}


# --- failures ---


def test_a_failure_that_passes_is_started_again(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.operations = [operation("t4", POOL, "Failed", error=BUSY)]
    row.turns = [{"ends": "Failed"}, {"ends": "Failed"}, {"ends": "Succeeded"}]
    found = one(server)
    assert (found.end, found.starts, row.starts) == ("succeeded", 3, 3)


def test_a_failure_that_should_pass_and_does_not(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.ends, row.operations = "Failed", [operation("t4", POOL, "Failed", error=BUSY)]
    found = one(server)
    assert (found.end, found.starts, row.starts) == ("failed", 3, 3)
    assert found.fault is not None and [row.code for row in found.fault.problem.innermost()] == [
        "AnotherOperationInProgress"
    ]


def test_stopped_before_it_is_started_again_it_has_failed(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.ends, row.operations = "Failed", [operation("t4", POOL, "Failed", error=BUSY)]
    time = Time()

    def stop(progress: StepProgress) -> None:
        if "started again" in progress.words:
            time.stop.set()

    found = carried(server, EAST, time=time, observe=stop)["eastus"]
    assert (found.end, found.starts, len(found.operations), row.starts) == ("failed", 1, 1, 1)
    assert found.fault is not None and found.state is not None and found.state.status == "Failed"


def test_a_failure_of_two_kinds_is_not_started_again(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.ends = "Failed"
    row.operations = [operation("t4", POOL, "Failed", error=BUSY), operation("cpu", POOL, "Failed", error=NO_QUOTA)]
    found = one(server)
    assert (found.end, found.starts, len(found.operations)) == ("failed", 1, 2)


def test_a_failure_deep_in_a_nested_deployment(server: ArmServer) -> None:
    nested = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Resources/deployments/inner"
    row = server.deployments[EAST.name]
    row.ends = "Failed"
    row.operations = [operation("inner", "Microsoft.Resources/deployments", "Failed", nested)]
    server.deployments["inner"].state = "Failed"
    server.deployments["inner"].operations = [operation("t4", POOL, "Failed", error=NO_QUOTA)]
    found = one(server)
    assert [(row.deployment, row.resource_name) for row in found.operations] == [(EAST.name, "inner"), ("inner", "t4")]


def test_operations_that_cannot_be_read_hide_no_failure(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.ends, row.error = "Failed", {"code": "DeploymentFailed", "message": "m", "details": [NO_QUOTA]}
    server.script("GET", "operations", *[drop()] * 99)
    found = one(server)
    assert found.fault is not None and [problem.code for problem in found.fault.details] == ["QuotaExceeded"]


def test_an_adopted_one_that_fails_for_good_is_reported(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.state, row.template_hash, row.ends = "Running", hash_of(EAST.template), "Failed"
    row.operations = [operation("t4", POOL, "Failed", error=NO_QUOTA)]
    found = one(server)
    assert (found.end, found.adopted, row.starts) == ("failed", True, 0)


def test_operations_are_watched_when_asked_for(server: ArmServer) -> None:
    server.deployments[EAST.name].operations = [operation("vnet", "Microsoft.Network/virtualNetworks")]
    seen: list[StepProgress] = []
    carried(server, EAST, observe=seen.append, watch=True)
    assert [len(row.operations) for row in seen if row.event == "working"] == [1, 1, 1]


def test_faults_never_come_through(server: ArmServer) -> None:
    server.script("GET", ".", *[error(403, "No")] * 99)
    outcomes = carried(server)
    assert list(ends(outcomes).values()) == ["failed", "skipped", "skipped", "skipped"]
    assert isinstance(outcomes["resource-group"].fault, Fault)
