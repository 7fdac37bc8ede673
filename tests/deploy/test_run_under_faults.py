"""Runs against a server that is unwell at random, and one more each against a well one: none lost, none twice, and
each credential arrives. The same as deployment stacks, some times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random

import pytest

from rayfleet.azure.client import Azure
from rayfleet.azure.stacks import Stacks
from rayfleet.deploy.outcome import DeploymentClient, StepOutcome
from rayfleet.deploy.run import run
from rayfleet.tree.deployment_steps import DeploymentStep
from tests.stand_ins.azure import arm_server as arm
from tests.stand_ins.azure.arm_server import (
    Answer,
    ArmServer,
    Deployment,
    answer,
    cut,
    drop,
    error,
    garble,
    operation,
    pass_on,
)
from tests.stand_ins.clock import Time
from tests.testing.deployments import reference
from tests.testing.extent import sampled, whole

STEPS = tuple(reference().values())
SCHEDULES = 200 if whole() else 40
OF_STACKS = 20
BATCH = 20
POOL = "Microsoft.ContainerService/managedClusters/agentPools"

PUTS: tuple[Answer, ...] = (
    drop(), drop(after=True), drop(after=True), cut(), arm.late(1), arm.late(3),
    garble(b""), garble(b"{"), garble(b"[]"), garble(b"<html>", "text/html"), garble(b'{"properties": {}}'),
    error(429, "TooManyRequests", retry_after=3), error(429, "TooManyRequests", retry_after=900),
    error(409, "AnotherOperationInProgress"), error(409, "DeploymentActive"), error(409, "ResourceGroupBeingDeleted"),
    error(404, "ResourceGroupNotFound"), error(403, "AuthorizationFailed"), error(400, "InvalidTemplate"), answer(500),
    answer(502, b"<html>"), answer(503, None, 1), answer(504), answer(408),
)  # fmt: skip
GETS: tuple[Answer, ...] = (
    drop(), cut(), garble(b""), garble(b'{"properties":'), garble(b"<html>", "text/html"), garble(b'{"properties": 1}'),
    error(429, "TooManyRequests", retry_after=5), answer(500), answer(502, b"<html>"), answer(503), answer(504),
    error(404, "DeploymentNotFound"),
)  # fmt: skip
LASTING = (error(401, "ExpiredAuthenticationToken"), error(403, "AuthorizationFailed"))
# Conflicts that pass, of a resource; and one that does not.
REASONS = ("AnotherOperationInProgress", "RetryableError", "QuotaExceeded")


@pytest.fixture(scope="module")
def server() -> Iterator[ArmServer]:
    with ArmServer() as found:
        yield found


def rows(server: ArmServer, stacks: bool) -> Mapping[str, Deployment]:
    return server.stacks if stacks else server.deployments


def unwell(random: Random, server: ArmServer, stacks: bool) -> None:
    """A schedule: what each deployment is at first, how it goes, and what becomes of the requests about it."""
    server.forget()
    for step in STEPS:
        row = rows(server, stacks)[step.name]
        row.outputs = {name: {"type": "string", "value": "v"} for name in step.outputs if random.random() < 0.97}
        row.state = random.choice(["", "", "", "Succeeded", "Failed", "Canceled", "Running"])
        row.template_hash = random.choice([arm.hash_of(step.template), "another"]) if row.state else ""
        row.polls = random.randrange(4)
        row.working = random.choice(["Running", "Running", "Updating", "NobodyKnows"])
        row.turns = [turn(random) for _ in range(6)]
        name = step.name.removeprefix("aks-multi-region-")
        server.script("PUT", name, *random.choices([*PUTS, pass_on()], k=random.choice([0, 0, 1, 2, 4])))
        many = random.choice([0, 1, 3, 7, 15])
        share = random.choice([0.2, 0.6, 1.0])
        looks = [random.choice(GETS) if random.random() < share else pass_on() for _ in range(many)]
        looks += [random.choice(LASTING)] if random.random() < 0.15 else []
        # Of a stack, the requests about the deployment that it runs too.
        server.script("GET", f"{name}(-[0-9]+)?(/operations)?[?]", *looks)


def turn(random: Random) -> dict[str, object]:
    """How one start of a deployment ends."""
    ends = random.choice(["Succeeded"] * 8 + ["Failed", "Failed", "Canceled", ""])
    failed = {"code": random.choice(REASONS), "message": "m"}
    rows = [operation("t4", POOL, "Failed", error=failed)] if ends == "Failed" else []
    return {"ends": ends, "operations": rows, "error": {"code": "DeploymentFailed", "message": "m"} if rows else None}


def well(server: ArmServer, stacks: bool) -> None:
    server.forget_scripts()
    for step in STEPS:
        row = rows(server, stacks)[step.name]
        row.turns, row.operations, row.error, row.polls = [], [], None, 0
        row.ends = "Succeeded"
        row.outputs = {name: {"type": "string", "value": "v"} for name in step.outputs}


def judge(row: Deployment, outcome: StepOutcome, before: int, stopped: bool) -> None:
    """Every deployment is done or reported, and is what it is reported as. ARM itself refuses a second start where the
    network held a request back, or where it said that a deployment does not exist which does or did: nobody can know.
    """
    doubts = row.late + row.denied
    known = range(outcome.starts - doubts, outcome.starts + doubts + 1)
    assert row.clashes <= doubts, "started while it was running"
    match outcome.end:
        case "succeeded":
            assert row.state == "Succeeded" and row.template_hash == arm.hash_of(outcome.step.template)
            if outcome.step.needs and not doubts:
                given = row.body["properties"]["parameters"]
                assert {name: value["value"] for name, value in given.items()} == outcome.step.parameters
            assert outcome.fault is None and row.starts - before in known
        case "failed":
            assert outcome.fault is not None and outcome.fault.code and outcome.fault.message
            seen = outcome.state is not None or outcome.starts
            assert not row.active or not seen, "lost: it runs, was seen or started, and is reported as failed"
            assert row.starts - before in known
        case "skipped":
            assert outcome.starts == row.starts - before == 0 and (outcome.because or stopped)
        case "left running":
            assert stopped or outcome.fault is not None
            assert row.starts - before in range(known.start, known.stop + 1), "more than one that was not heard of"


def schedule(server: ArmServer, seed: int, stacks: bool) -> tuple[StepOutcome, ...]:
    """One run that is judged, and after it one against a server that is well: it ends what was left."""
    random, kept = Random(seed), rows(server, stacks)
    unwell(random, server, stacks)
    time = Time(stop_at=random.choice([None, None, random.randrange(1, 30)]))
    secret = {step.name for step in STEPS if random.random() < 0.4}
    steps = with_token(secret, "of the first run")
    outcomes = run(client(server, time, stacks), steps)
    assert [outcome.step for outcome in outcomes] == list(steps)
    for outcome in outcomes:
        judge(kept[outcome.step.name], outcome, 0, time.stop.is_set())
    well(server, stacks)
    before = {name: row.starts for name, row in kept.items()}
    for outcome in run(client(server, Time(), stacks), with_token(secret, "of the second run")):
        judge(kept[outcome.step.name], outcome, before[outcome.step.name], False)
        assert outcome.end == "succeeded"
    assert not any("authorization" in (name.lower() for name in row) for row in server.headers)
    return outcomes


def with_token(names: set[str], token: str) -> tuple[DeploymentStep, ...]:
    """The steps; those of some names with a parameter."""
    had = {"needs": ("token",), "parameters": {"token": token}}
    return tuple(replace(step, **had) if step.name in names else step for step in STEPS)  # type: ignore[arg-type]


def client(server: ArmServer, time: Time, stacks: bool) -> DeploymentClient:
    azure = Azure(STEPS[0].scope.subscription, endpoint=server.url, patience=time.patience)
    return Stacks(azure) if stacks else azure


@sampled
@pytest.mark.parametrize(
    ("stacks", "first"),
    [(stacks, first) for stacks in (False, True) for first in range(0, OF_STACKS if stacks else SCHEDULES, BATCH)],
)
def test_none_is_lost_and_none_is_started_twice(server: ArmServer, stacks: bool, first: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(first, first + BATCH):
        try:
            outcomes = schedule(server, seed, stacks)
        except AssertionError as failed:
            failed.add_note(f"the schedule of seed {seed}")
            raise
        seen.update(outcome.end for outcome in outcomes)
        seen["adopted or started again"] += sum(outcome.adopted or outcome.starts > 1 for outcome in outcomes)
    # A batch in which one of these never comes would prove little.
    assert len(seen) == 5 and min(seen.values()) > 0, seen
