"""The one client against a Resource Manager that is well: what is asked, what comes back, what is told to nobody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from rayfleet.azure.client import ENDPOINT, Azure
from rayfleet.azure.faults import Fault, Patience, problem_of
from rayfleet.redact import replace_texts
from tests.stand_ins.azure.arm_server import ArmServer, answer, error, operation
from tests.stand_ins.clock import Time
from tests.testing.azure_client import API, ROOM, client, refused, state
from tests.testing.deployments import SHARED, STEPS
from tests.testing.processes import own_environment

# --- as it should be ---


@pytest.mark.parametrize("name", STEPS)
def test_a_deployment_from_the_first_look_to_its_outputs(server: ArmServer, name: str) -> None:
    step, azure = STEPS[name], client(server)
    row = server.deployments[step.name]
    row.outputs = {"a": {"type": "object", "value": {"b": [1, None]}}}
    assert azure.state(step) is None
    azure.validate(step)
    assert azure.what_if(step) == {"status": "Succeeded", "changes": []}
    assert row.starts == 0
    assert azure.begin(step).status == "Accepted"
    assert [state(azure, step).status for _ in range(3)] == ["Running", "Running", "Succeeded"]
    found = state(azure, step)
    assert (found.ended, found.succeeded, found.outputs) == (True, True, row.outputs)
    assert found.correlation_id == f"correlation-{step.name}-1" and found.timestamp and found.duration
    assert found.template_hash == azure.template_hash(step) != ""
    assert row.body["properties"] == {"mode": "Incremental", "template": step.template, "parameters": {}}
    assert row.body.get("location") == (step.location if step.at_subscription else None)


def test_parameters_are_sent_and_no_token_is(server: ArmServer) -> None:
    east = STEPS["eastus"]
    step = replace(east, needs=("token",), parameters={"token": "s3cret"})
    client(server).begin(step)
    assert server.deployments[step.name].body["properties"]["parameters"] == {"token": {"value": "s3cret"}}
    assert not any("authorization" in (name.lower() for name in row) for row in server.headers)


def test_what_if_keeps_the_raw_changes_and_asks_for_whole_payloads(server: ArmServer) -> None:
    changes = [{"resourceId": "/a", "changeType": "Modify", "delta": [{"path": "x", "before": 1, "after": 2}]}]
    server.deployments[SHARED.name].changes = changes
    server.polls_of_operations = 3
    assert client(server).what_if(SHARED)["changes"] == changes


def test_operations_are_walked_into_nested_deployments(server: ArmServer) -> None:
    nested = f"{ROOM}/resourceGroups/other/providers/Microsoft.Resources/deployments/inner"
    again = f"{ROOM}/resourceGroups/aks-multi-region/providers/Microsoft.Resources/deployments/{SHARED.name}"
    problem = {"code": "Conflict", "message": "m", "details": [{"code": "SkuNotAvailable", "message": "none left"}]}
    azure = client(server)
    azure.begin(SHARED)
    server.deployments[SHARED.name].operations = [
        operation("inner", "Microsoft.Resources/deployments", "Failed", nested),
        {"properties": {"provisioningOperation": "EvaluateDeploymentOutput", "provisioningState": "Succeeded"}},
    ]
    server.deployments["inner"].state = "Failed"
    server.deployments["inner"].operations = [
        operation("pool", "Microsoft.ContainerService/managedClusters/agentPools", "Failed", error=problem),
        operation(SHARED.name, "Microsoft.Resources/deployments", "Running", again),
    ]
    rows = azure.operations(SHARED)
    assert [(row.deployment, row.resource_name, row.status) for row in rows[:3]] == [
        (SHARED.name, "inner", "Failed"),
        ("inner", "pool", "Failed"),
        ("inner", SHARED.name, "Running"),
    ]
    assert rows[1].error is not None
    assert [row.code for row in rows[1].error.innermost()] == ["SkuNotAvailable"]
    assert len(rows) <= 6  # a circle ends


def test_requests_of_any_path_and_deletions_that_run_long(server: ArmServer) -> None:
    azure, path = client(server), f"{ROOM}/providers/Microsoft.Compute"
    server.documents[path] = {"registrationState": "NotRegistered"}
    server.documents[f"{path}/register"] = {"registrationState": "Registering"}
    server.polls_of_operations = 2
    assert azure.request("GET", path, API) == {"registrationState": "NotRegistered"}
    assert azure.request("POST", f"{path}/register", API) == {"registrationState": "Registering"}
    assert azure.request("PUT", path, API, {"a": 1}) == {"a": 1}
    assert azure.request("DELETE", path, API) == {"status": "Succeeded"}
    fault = refused(lambda: azure.request("GET", path, API))
    assert (fault.status, fault.code) == (404, "ResourceNotFound")


def test_a_deletion_that_fails_in_the_end(server: ArmServer) -> None:
    server.documents[f"{ROOM}/x"] = {}
    failed = {"status": "Failed", "error": {"code": "ScopeLocked", "message": "there is a lock"}}
    server.script("GET", "/operations/", answer(202, None, 0), answer(200, failed))
    fault = refused(lambda: client(server).request("DELETE", f"{ROOM}/x", API))
    assert (fault.code, fault.message, fault.passing) == ("ScopeLocked", "there is a lock", False)


def test_pages_are_read_to_the_last_and_lead_nowhere_else(server: ArmServer) -> None:
    path, azure = f"{ROOM}/usages", client(server)
    server.documents[path] = {"value": [1], "nextLink": f"{server.url}{path}/2?api-version=1"}
    server.documents[f"{path}/2"] = {"value": [2], "nextLink": f"{server.url}{path}/2?api-version=1"}
    server.script("GET", "/usages/2", answer(200, {"value": [2]}))
    assert azure.pages(path, API) == [1, 2]
    server.documents[path] = {"value": [1], "nextLink": "https://example.org/steal"}
    assert refused(lambda: azure.pages(path, API)).code == "ForeignLink"


def test_an_operation_that_leads_to_another_host_is_not_followed(server: ArmServer) -> None:
    server.script("DELETE", "/x", answer(202, None, 0, Location="https://example.org/steal"))
    assert refused(lambda: client(server).request("DELETE", f"{ROOM}/x", API)).code == "ForeignLink"


def test_an_operation_without_an_end_is_given_up(server: ArmServer) -> None:
    server.polls_of_operations = 10**6
    server.documents[f"{ROOM}/x"] = {}
    time = Time()
    azure = Azure(SHARED.scope.subscription, endpoint=server.url, patience=time.patience, poll=600)
    server.script("GET", "/operations/", *[answer(202)] * 20)
    assert refused(lambda: azure.request("DELETE", f"{ROOM}/x", API)).code == "OperationWithoutEnd"
    assert refused(lambda: azure.what_if(SHARED)).code == "OperationWithoutEnd"
    assert time.passed <= 2 * 3600


# --- what must not be told ---


@pytest.mark.parametrize(
    "url", ["http://example.org:80", "https://127.0.0.1:1", "http://127.0.0.1.example.org:80", "x"]
)
def test_no_other_endpoint_is_taken(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(lambda: Azure("s", endpoint=url)).code == "EndpointNotLocal"
    monkeypatch.setenv(ENDPOINT, url)
    assert refused(lambda: Azure("s")).code == "EndpointNotLocal"


def test_the_endpoint_comes_from_the_environment(server: ArmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, server.url)
    assert Azure(SHARED.scope.subscription, patience=Time().patience).state(SHARED) is None


@pytest.mark.parametrize("stage", ["begin", "validate", "state", "operations"])
def test_a_secret_that_azure_repeats_is_told_to_nobody(server: ArmServer, stage: str) -> None:
    secret = "s3cret/value+x"
    step = replace(SHARED, needs=("token",), parameters={"token": secret})
    azure = client(server)
    azure.begin(step)
    echo = {"code": "BadValue", "message": f"not {secret}", "details": [{"code": "In", "message": secret}]}
    row = server.deployments[step.name]
    row.state, row.error, row.validation = "Failed", echo, echo
    row.operations = [operation("a", "b/c", "Failed", error=echo)]
    asks: dict[str, Callable[[], object]] = {
        "begin": lambda: repr(refused(lambda: azure.begin(step)).problem),
        "validate": lambda: repr(refused(lambda: azure.validate(step)).problem),
        "state": lambda: repr(azure.state(step)),
        "operations": lambda: repr(azure.operations(step)),
    }
    server.script("PUT", "shared", error(400, "BadValue", f"not {secret}", details=echo["details"]))
    told = asks[stage]()
    assert "BadValue" in str(told) and secret not in str(told)


def test_nothing_is_logged_or_printed() -> None:
    """The SDK logs what it cannot read, with a traceback, and without a log that is stderr."""
    code = (
        "from tests.stand_ins.azure.arm_server import *; from tests.testing.deployments import *\n"
        "from rayfleet.azure.client import *; from rayfleet.azure.faults import *\n"
        "with ArmServer() as server:\n"
        "    azure = Azure('s', endpoint=server.url, patience=Time().patience)\n"
        "    server.script('PUT', 'shared', cut(), answer(502, b'<html>'), garble(b'<html>'))\n"
        "    for _ in range(3):\n"
        "        try: azure.begin(reference()['shared'])\n"
        "        except Fault: print('fault')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=own_environment(), capture_output=True, check=True, text=True
    )
    assert (done.stdout, done.stderr) == ("fault\n" * 3, "")


# --- errors in errors ---


def test_problems_of_every_shape() -> None:
    inner = '{"error": {"code": "Deep", "message": "cause"}}'
    found = problem_of(
        {"error": {"code": "A", "message": f"failed: {inner} (see log)", "details": [None, {"code": "B"}]}}
    )
    assert found is not None
    assert [row.code for row in found.innermost()] == ["B", "Deep"]
    assert problem_of({"error": "plain", "error_description": "d"}) == problem_of({"code": "plain", "message": "d"})
    nothing: list[object] = [None, {}, [], "text", "{", {"error": {}}, {"error": 1}, {"code": 0, "message": ""}, 5]
    assert [problem_of(data) for data in nothing] == [None] * len(nothing)
    assert problem_of({"code": 5, "message": ["x"]}) is not None
    assert problem_of({"message": "{not json}"}) is not None


def test_hiding_reaches_keys_lists_and_depths() -> None:
    assert replace_texts({"a-s3": ["s3", {"b": "x s3 y"}], "n": 3}, ["s3"]) == {
        "a-***": ["***", {"b": "x *** y"}],
        "n": 3,
    }


def test_patience_waits_longer_each_time() -> None:
    time = Time()
    with pytest.raises(Fault):
        Patience(None, lambda: time.now, time.wait).repeat(lambda: (_ for _ in ()).throw(Fault("x", "m", 503)))
    assert time.waits == [1.0, 2.0, 4.0, 8.0, 16.0]
