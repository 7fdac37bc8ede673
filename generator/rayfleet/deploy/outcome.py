"""The progress and the outcome of a deployment, as values; and the client that carries one out."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol, get_args

from rayfleet.azure.deployment_state import Operation, State
from rayfleet.azure.faults import Fault, Patience
from rayfleet.tree.deployment_steps import DeploymentStep

End = Literal["succeeded", "failed", "skipped", "left running"]
#: All of them, in the order in which they are counted.
ENDS: tuple[End, ...] = get_args(End)
StepEvent = Literal["started", "adopted", "waiting", "working", "again", "ended"]


class DeploymentClient(Protocol):
    """The client that carries a step out: ``Azure`` as a deployment, ``Stacks`` as a deployment stack. All
    raise Fault.
    """

    patience: Patience
    poll: float

    def state(self, step: DeploymentStep) -> State | None: ...

    def begin(self, step: DeploymentStep) -> State: ...

    def operations(self, step: DeploymentStep) -> list[Operation]: ...

    def template_hash(self, step: DeploymentStep) -> str: ...


class StepOutcome(NamedTuple):
    """The outcome of a step. ``left running``: it goes on in Azure, or may; the next run finds it by its name."""

    step: DeploymentStep
    end: End
    state: State | None = None  # as last seen
    fault: Fault | None = None  # why it failed, or why it was lost sight of
    operations: tuple[Operation, ...] = ()  # those that failed
    because: str = ""  # of a skipped one: the step that did not succeed; empty where it was stopped before its start
    adopted: bool = False  # it was in flight already, and is not of this run
    starts: int = 0  # how often this run started it
    lacks: tuple[str, ...] = ()  # outputs that its template promises and Azure did not give
    seconds: float = 0.0


class StepProgress(NamedTuple):
    """News of a step while it goes on."""

    step: DeploymentStep
    event: StepEvent
    state: State | None = None
    words: str = ""  # why it waits, or is started again
    operations: tuple[Operation, ...] = ()
    outcome: StepOutcome | None = None
    seconds: float = 0.0  # since the first look at it
