"""How long a deployment is waited for, looked for and tried again: every wait, by a client that answers from a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rayfleet.azure.deployment_state import Operation, State
from rayfleet.azure.faults import Fault, Problem
from rayfleet.deploy.deployment import StepRun
from rayfleet.deploy.outcome import StepOutcome, StepProgress
from rayfleet.tree.deployment_steps import DeploymentStep
from tests.stand_ins.clock import Time
from tests.testing.deployments import EAST

Answer = State | Fault | None
OURS = "our hash"


def state(status: str, template_hash: str = OURS, error: Problem | None = None, timestamp: str = "") -> State:
    outputs = {name: {"value": 1} for name in EAST.outputs}
    return State(EAST.name, status, "", timestamp, "", outputs, error, template_hash)


RUNNING, DONE, BARE = state("Running"), state("Succeeded"), state("Succeeded")._replace(outputs={})
BUSY = state("Failed", error=Problem("AnotherOperationInProgress", "wait", "", ()))
UNHEARD, DOWN = Fault("NoAnswerInTime", "m"), Fault("Http503", "m", 503)
ACTIVE = Fault("DeploymentActive", "m", 409)
NO_GROUP = Fault("ResourceGroupNotFound", "m", 404)


class Listed:
    """Answers in turn; the last of the looks for ever."""

    def __init__(self, begins: Sequence[Answer], looks: Sequence[Answer], poll: float, own_hash: str) -> None:
        self.time = Time()
        self.patience = self.time.patience
        self.poll = poll
        self.begins, self.looks = list(begins), list(looks)
        self._own_hash = own_hash

    def begin(self, step: DeploymentStep) -> State:
        found = _answer(self.begins.pop(0))
        assert found
        return found

    def state(self, step: DeploymentStep) -> State | None:
        return _answer(self.looks.pop(0) if len(self.looks) > 1 else self.looks[0])

    def operations(self, step: DeploymentStep) -> list[Operation]:
        return []

    def template_hash(self, step: DeploymentStep) -> str:
        return self._own_hash


def _answer(answer: Answer) -> State | None:
    if isinstance(answer, Fault):
        raise answer
    return answer


def carried(
    begins: Sequence[Answer],
    looks: Sequence[Answer],
    poll: float = 10.0,
    step: DeploymentStep = EAST,
    own_hash: str = OURS,
) -> tuple[StepOutcome, list[float], list[str]]:
    """How it ended, the seconds of every wait, and what was told."""
    client, told = Listed(begins, looks, poll, own_hash), list[StepProgress]()
    outcome = StepRun(client, step, told.append).outcome()
    assert outcome.seconds == client.time.passed == sum(client.time.waits)
    assert client.begins == []
    return outcome, client.time.waits, [row.words for row in told if row.words]


@pytest.mark.parametrize(
    ("begins", "looks", "poll", "ended", "waits"),
    [
        # A start that was not heard of is looked for, each time twice as long after; then it is sent again.
        ([UNHEARD], [None, None, RUNNING, DONE], 10, "succeeded", [1, 10]),
        ([UNHEARD], [None, None, None, RUNNING, DONE], 10, "succeeded", [1, 2, 10]),
        ([UNHEARD, RUNNING], [*[None] * 6, DONE], 10, "succeeded", [1, 2, 4, 8, 1, 10]),
        # What passes is tried again, each time twice as long after.
        ([DOWN] * 5 + [RUNNING], [*[None] * 26, DONE], 10, "succeeded",
         [1, 2, 4, 8, 1, 1, 2, 4, 8, 2, 1, 2, 4, 8, 4, 1, 2, 4, 8, 8, 1, 2, 4, 8, 16, 10]),
        # A new group is not known everywhere yet; by the fifth try it would be.
        ([NO_GROUP] * 4 + [RUNNING], [None, DONE], 10, "succeeded", [1, 2, 4, 8, 10]),
        ([NO_GROUP] * 5, [None], 10, "failed", [1, 2, 4, 8]),
        # Half an hour without any look that goes well, and six hours for all of it.
        ([RUNNING], [None, DOWN], 600, "left running", [600] * 3),
        ([RUNNING], [None, DOWN], 900, "left running", [900] * 2),
        ([RUNNING], [None, DOWN, DOWN, RUNNING, DOWN, DOWN, DONE], 600, "succeeded", [600] * 6),
        ([RUNNING], [None, RUNNING], 7200, "left running", [7200] * 4),
        # Gone is what five looks in a row do not find.
        ([RUNNING], [None, *[None] * 5], 10, "failed", [10] * 5),
        ([RUNNING], [None, *[None] * 4, RUNNING, *[None] * 4, DONE], 10, "succeeded", [10] * 10),
        # A failure that passes is started again, twice, each time twice as long after.
        ([RUNNING] * 3, [None, BUSY, BUSY, DONE], 10, "succeeded", [10, 40, 10, 80, 10]),
        ([RUNNING] * 3, [None, BUSY], 10, "failed", [10, 40, 10, 80, 10]),
        # Outputs may come a moment later.
        ([RUNNING], [None, BARE, BARE, DONE], 10, "succeeded", [10, 1, 1]),
        ([RUNNING], [None, BARE], 10, "succeeded", [10, 1, 1, 1, 1, 1]),
    ],
)  # fmt: skip
def test_every_wait(begins: list[Answer], looks: list[Answer], poll: float, ended: str, waits: list[float]) -> None:
    outcome, found, _ = carried(begins, looks, poll)
    assert (outcome.end, found) == (ended, waits)


@pytest.mark.parametrize(("own_hash", "says"), [("", "does not say of which template"), ("x", "of another template")])
def test_of_which_template_one_in_flight_is(own_hash: str, says: str) -> None:
    outcome, _, told = carried([RUNNING], [RUNNING, DONE], own_hash=own_hash)
    assert (outcome.end, outcome.adopted, outcome.starts) == ("succeeded", False, 1)
    assert says in told[0]


def test_whose_parameters_one_in_flight_has() -> None:
    """The first start was not heard of, and the second refused because one runs. It may be the first, and where there
    are no parameters that is enough to know.
    """
    looks = [*[None] * 6, RUNNING, DONE]
    outcome, _, _ = carried([UNHEARD, ACTIVE], looks)
    assert (outcome.end, outcome.adopted, outcome.starts) == ("succeeded", False, 1)
    secret = replace(EAST, needs=("token",), parameters={"token": "x"})
    outcome, _, told = carried([UNHEARD, ACTIVE, RUNNING], looks, step=secret)
    assert (outcome.end, outcome.adopted, outcome.starts) == ("succeeded", False, 1)
    assert "was started with earlier token; it is started again after it ends" in told
