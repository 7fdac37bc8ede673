"""Carries deployments out: each as soon as those it depends on have succeeded, side by side, one writer an identity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from threading import Lock

from rayfleet import threads
from rayfleet.deploy.deployment import StepRun
from rayfleet.deploy.outcome import DeploymentClient, StepOutcome, StepProgress
from rayfleet.tree.deployment_steps import DeploymentStep, waves

#: Deployments at one time. Each is looked at every few seconds, and ARM lets a subscription read 25 times a second
#: (docs: azure-resource-manager/management/request-limits-and-throttling).
WORKERS = 32


def run(
    azure: DeploymentClient,
    steps: Iterable[DeploymentStep],
    observe: Callable[[StepProgress], None] = lambda progress: None,
    watch: bool = False,
) -> tuple[StepOutcome, ...]:
    """Carries out every step, and says how each ended, in their order; never raises Fault.

    One that fails stops what depends on it and nothing else. Once ``azure.patience.stop`` is set nothing more is
    started or looked at: what Azure has in hand it goes on with, and is ``left running``. ``observe`` is called from
    threads, one call at a time; ``watch`` has it told of operations too. What a step depends on and is not among the
    steps counts as done.
    """
    order = [step for wave in waves(steps) for step in wave]
    lock = Lock()

    def report(progress: StepProgress) -> None:
        with lock:
            observe(progress)

    outcomes: dict[str, StepOutcome] = {}
    working: dict[Future[StepOutcome], DeploymentStep] = {}
    try:
        while len(outcomes) < len(order):
            for step in order:
                if step.name in outcomes or step in working.values():
                    continue
                if (skipped := _skip(step, outcomes, azure)) is not None:
                    outcomes[step.name] = skipped
                    report(StepProgress(step, "ended", outcome=skipped))
                elif len(working) < WORKERS and _is_ready(step, order, outcomes, working.values()):
                    (future,) = threads.start([StepRun(azure, step, report, watch).outcome])
                    working[future] = step
            for future in threads.join_one(working):
                outcomes[working.pop(future).name] = future.result()
    except BaseException:
        azure.patience.stop.set()
        threads.join(working)  # they end soon
        raise
    return tuple(outcomes[step.name] for step in order)


def _skip(step: DeploymentStep, outcomes: Mapping[str, StepOutcome], azure: DeploymentClient) -> StepOutcome | None:
    """The outcome of a step that is not to be started; None for any other."""
    for name in step.depends_on:
        if (before := outcomes.get(name)) and before.end != "succeeded":
            return StepOutcome(step, "skipped", because=before.because if before.end == "skipped" else name)
    return StepOutcome(step, "skipped") if azure.patience.stop.is_set() else None


def _is_ready(
    step: DeploymentStep,
    order: list[DeploymentStep],
    outcomes: Mapping[str, StepOutcome],
    working: Iterable[DeploymentStep],
) -> bool:
    waits_for = {other.name for other in order} & set(step.depends_on)
    # Azure refuses writes to one identity that come at once (docs: entra/workload-id, federated identity credential
    # considerations: ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity).
    free = all(step.identities.isdisjoint(other.identities) for other in working)
    return waits_for <= set(outcomes) and free
