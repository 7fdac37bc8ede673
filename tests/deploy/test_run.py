"""Deployments in order and side by side, adopted where they are in flight, and left alone where someone stops."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from rayfleet import threads
from rayfleet.deploy.outcome import StepProgress
from tests.stand_ins.azure.arm_server import ArmServer, drop, error, hash_of, operation
from tests.stand_ins.clock import Time
from tests.testing.deployments import EAST, GROUP, NO_QUOTA, POOL, SHARED, WEST, carried, client, ends, one

# --- order ---


def test_all_of_the_reference_in_order(server: ArmServer) -> None:
    seen: list[StepProgress] = []
    outcomes = carried(server, observe=seen.append)
    assert set(ends(outcomes).values()) == {"succeeded"}
    assert all(row.starts == 1 and not row.adopted and not row.lacks and row.fault is None for row in outcomes.values())
    assert [row.starts for row in server.deployments.values()] == [1, 1, 1, 1]
    told = [(row.step.name, row.event) for row in seen]
    assert told.index((GROUP.name, "ended")) < told.index((SHARED.name, "started"))
    assert told.index((SHARED.name, "ended")) < told.index((EAST.name, "started"))
    assert [what for name, what in told if name == WEST.name] == ["started", *["working"] * 3, "ended"]
    assert seen[-1].outcome is not None and seen[-1].outcome.state is not None


def test_regions_run_side_by_side(server: ArmServer) -> None:
    meeting = Barrier(2)

    def meet(method: str, path: str) -> None:
        if method == "PUT" and ("eastus" in path or "westus2" in path):
            meeting.wait()  # until both are there at once

    server.before = meet
    assert set(ends(carried(server)).values()) == {"succeeded"}


def test_one_writer_an_identity(server: ArmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two templates that write federated credentials of one identity, at one time, would fail both."""
    same = [replace(step, identities=frozenset({"one"}), depends_on=()) for step in (EAST, WEST)]
    at_once: list[int] = []

    join_one = threads.join_one

    def joined(working: Collection[Any]) -> set[Any]:
        at_once.append(len(working))  # nothing more is started before one of these ends
        return join_one(working)

    monkeypatch.setattr(threads, "join_one", joined)
    assert set(ends(carried(server, *same)).values()) == {"succeeded"}
    assert at_once == [1, 1]


def test_a_failed_region_stops_nobody_else(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.ends, row.error = "Failed", {"code": "DeploymentFailed", "message": "see operations"}
    row.operations = [operation("t4", POOL, "Failed", error=NO_QUOTA), operation("vnet", "Microsoft.Network/x")]
    outcomes = carried(server)
    assert ends(outcomes) == {
        "resource-group": "succeeded", "shared": "succeeded", "eastus": "failed", "westus2": "succeeded"
    }  # fmt: skip
    east = outcomes["eastus"]
    assert east.fault is not None and east.fault.code == "DeploymentFailed"
    assert [(row.resource_name, row.error and row.error.code) for row in east.operations] == [("t4", "QuotaExceeded")]
    assert east.starts == row.starts == 1


def test_what_depends_on_a_failed_one_is_skipped_and_says_why(server: ArmServer) -> None:
    server.deployments[GROUP.name].ends = "Failed"
    outcomes = carried(server)
    assert list(ends(outcomes).values()) == ["failed", "skipped", "skipped", "skipped"]
    assert {row.because for row in outcomes.values()} == {"", GROUP.name}
    assert not server.asked("PUT", "eastus|shared")


def test_what_is_not_among_the_steps_counts_as_done(server: ArmServer) -> None:
    assert ends(carried(server, EAST)) == {"eastus": "succeeded"}


# --- in flight ---


def test_one_in_flight_is_adopted(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.state, row.template_hash = "Running", hash_of(EAST.template)
    seen: list[str] = []
    found = carried(server, EAST, observe=lambda progress: seen.append(progress.event))["eastus"]
    assert (found.end, found.adopted, found.starts, row.starts) == ("succeeded", True, 0, 0)
    assert seen[0] == "adopted"


def test_one_in_flight_of_another_template_is_waited_for_and_ours_follows(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.state, row.template_hash = "Running", "of an older commit"
    found = one(server)
    assert (found.end, found.adopted, found.starts, row.starts, row.clashes) == ("succeeded", False, 1, 1, 0)
    assert row.template_hash == hash_of(EAST.template)


def test_one_that_came_between_the_look_and_the_start_is_adopted(server: ArmServer) -> None:
    row = server.deployments[EAST.name]

    def between(method: str, path: str) -> None:
        if method == "PUT" and not row.state:
            row.state, row.template_hash = "Running", hash_of(EAST.template)

    server.before = between
    found = one(server)
    assert (found.end, found.adopted, found.starts, row.starts) == ("succeeded", True, 0, 0)


def test_another_that_came_between_is_waited_for(server: ArmServer) -> None:
    row = server.deployments[EAST.name]

    def between(method: str, path: str) -> None:
        if method == "PUT" and not row.state:
            row.state, row.template_hash = "Running", "of someone else's"

    server.before = between
    found = one(server)
    assert (found.end, found.adopted, found.starts, row.starts) == ("succeeded", False, 1, 1)


REFUSED = error(403, "AuthorizationFailed")


@pytest.mark.parametrize("template", [EAST.template, {"other": 1}], ids=["ours", "another"])
@pytest.mark.parametrize("between", [False, True])
def test_one_of_which_nobody_knows_the_template_is_waited_for_and_ours_follows(
    server: ArmServer, template: object, between: bool
) -> None:
    row = server.deployments[EAST.name]
    server.script("POST", "calculateTemplateHash", *[REFUSED] * 9)

    def running(method: str = "PUT", path: str = "") -> None:
        if method == "PUT" and not row.state:
            row.state, row.template_hash = "Running", hash_of(template)

    if between:
        server.before = running
    else:
        running()
    seen: list[StepProgress] = []
    found = carried(server, EAST, observe=seen.append)["eastus"]
    assert (found.end, found.adopted, found.starts, row.starts, row.clashes) == (
        "succeeded", False, 1, 1, int(between),
    )  # fmt: skip
    assert row.template_hash == hash_of(EAST.template)
    assert "Azure does not say of which template" in next(row.words for row in seen if row.words)


def test_one_of_which_the_template_is_known_in_the_end_only_is_adopted(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.state, row.template_hash = "Running", hash_of(EAST.template)
    server.script("POST", "calculateTemplateHash", REFUSED)
    found = one(server)
    assert (found.end, found.adopted, found.starts, row.starts) == ("succeeded", True, 0, 0)


def test_one_that_gave_way_to_another_is_not_ours(server: ArmServer) -> None:
    row = server.deployments[EAST.name]
    row.state, row.template_hash = "Running", hash_of(EAST.template)

    def gives_way(method: str, path: str) -> None:
        if row.seen == 2 and not row.starts:
            row.template_hash = "of someone else's"

    server.before = gives_way
    found = one(server)
    assert (found.end, found.adopted, found.starts, row.starts) == ("succeeded", False, 1, 1)
    assert row.template_hash == hash_of(EAST.template)


def test_a_start_that_was_not_heard_of_is_ours_though_azure_does_not_say_so(server: ArmServer) -> None:
    """Until its end nobody knows; then it is not started again."""
    server.script("POST", "calculateTemplateHash", REFUSED)
    server.script("PUT", "eastus", drop(after=True))
    found = one(server)
    assert (found.end, found.adopted, found.starts) == ("succeeded", False, 1)
    assert server.deployments[EAST.name].starts == 1


# --- in flight, with parameters ---

NEW = replace(EAST, needs=("gitHttpsToken",), parameters={"gitHttpsToken": "new-token"})


def given(server: ArmServer) -> object:
    """The parameters that the last start had."""
    return server.deployments[EAST.name].body["properties"]["parameters"]


def old(server: ArmServer) -> None:
    """One of our template runs with the credential of yesterday."""
    client(server).begin(replace(NEW, parameters={"gitHttpsToken": "old-token"}))


@pytest.mark.parametrize("ends", ["Succeeded", "Failed"])
def test_one_that_runs_with_other_parameters_is_started_once_more(server: ArmServer, ends: str) -> None:
    row = server.deployments[EAST.name]
    row.turns = [{"ends": ends}, {"ends": "Succeeded"}]
    old(server)
    seen: list[StepProgress] = []
    found = carried(server, NEW, observe=seen.append)["eastus"]
    assert (found.end, found.adopted, found.starts, row.starts, row.clashes) == ("succeeded", False, 1, 2, 0)
    assert given(server) == {"gitHttpsToken": {"value": "new-token"}}
    assert "earlier gitHttpsToken; it is started again after it ends" in next(row.words for row in seen if row.words)


def test_one_with_other_parameters_that_came_between_is_followed_by_ours(server: ArmServer) -> None:
    def between(method: str, path: str) -> None:
        if method == "PUT" and not server.deployments[EAST.name].starts:
            server.before = lambda *_: None
            old(server)

    server.before = between
    found = carried(server, NEW)["eastus"]
    assert (found.end, found.starts, server.deployments[EAST.name].starts) == ("succeeded", 1, 2)
    assert given(server) == {"gitHttpsToken": {"value": "new-token"}}


def test_ones_own_start_with_parameters_is_not_repeated(server: ArmServer) -> None:
    server.script("PUT", "eastus", drop(after=True))
    found = carried(server, NEW)["eastus"]
    assert (found.end, found.adopted, found.starts) == ("succeeded", False, 1)
    assert server.deployments[EAST.name].starts == 1


def test_the_time_that_others_take_is_not_ours(server: ArmServer) -> None:
    """One of another template that runs longer than anybody waits for a single answer."""
    row = server.deployments[EAST.name]

    def between(method: str, path: str) -> None:
        if method == "PUT" and not row.state:
            row.state, row.template_hash, row.polls = "Running", "of someone else's", 400
        elif method == "PUT":
            row.polls = 2

    server.before = between
    time = Time()
    found = one(server, time)
    assert (found.end, found.starts, row.starts) == ("succeeded", 1, 1)
    assert time.passed > 2000


def test_those_who_start_again_and_again_are_not_waited_for_without_an_end(server: ArmServer) -> None:
    row = server.deployments[EAST.name]

    def between(method: str, path: str) -> None:
        if method == "PUT":
            row.state, row.template_hash, row.seen = "Running", "of someone else's", 0

    server.before = between
    found = one(server)
    assert found.end == "failed" and found.fault and "given up after 6 tries" in found.fault.message


@pytest.mark.parametrize("state", ["Failed", "Canceled", "Succeeded", "Deleted"])
def test_one_that_has_ended_is_started_again(server: ArmServer, state: str) -> None:
    server.deployments[EAST.name].state = state
    found = one(server)
    assert (found.end, found.starts, found.adopted) == ("succeeded", 1, False)


# --- interrupted ---


def test_stopping_leaves_azure_at_work_and_the_next_run_goes_on(server: ArmServer) -> None:
    time = Time()

    def stop(progress: StepProgress) -> None:
        if progress.step is EAST and progress.event == "started":
            time.stop.set()

    server.deployments[EAST.name].polls = 10
    outcomes = carried(server, GROUP, SHARED, EAST, time=time, observe=stop)
    assert ends(outcomes) == {"resource-group": "succeeded", "shared": "succeeded", "eastus": "left running"}
    assert outcomes["eastus"].state is not None and not outcomes["eastus"].state.ended
    assert not server.asked("POST", "cancel")
    assert server.deployments[EAST.name].active
    again = one(server)
    assert (again.end, again.adopted, server.deployments[EAST.name].starts) == ("succeeded", True, 1)


def test_stopping_before_anything_starts_nothing(server: ArmServer) -> None:
    time = Time()
    time.stop.set()
    outcomes = carried(server, time=time)
    assert set(ends(outcomes).values()) == {"skipped"} and {row.because for row in outcomes.values()} == {""}
    assert server.requests == []


def test_a_bug_in_the_observer_shows_and_ends_the_run(server: ArmServer) -> None:
    def broken(progress: StepProgress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carried(server, observe=broken)
