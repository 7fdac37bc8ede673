"""The report of a deployment: people read it line by line, machines get all of it at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rayfleet.console.progress import Progress
from rayfleet.deploy.explain_failure import Failure
from rayfleet.deploy.outcome import ENDS, End, StepOutcome, StepProgress
from rayfleet.diagnostics import Diagnostic, excerpt, printable, printable_lines
from rayfleet.tree.deployment_steps import DeploymentStep

_SHOW_CURSOR = "\x1b[?25h"  # which a table on a terminal hides
_STATES = {"started": "running", "again": "running", "adopted": "picked up", "waiting": "waiting"}


class DeploymentReport:
    """All that machines are told. ``begin`` names the steps, once they are carried out."""

    def __init__(self) -> None:
        self.what_if: list[dict[str, Any]] = []
        self.stacks: list[dict[str, Any]] = []
        self.deployments: list[dict[str, Any]] = []
        self.next = ""
        self.unknown = False  # nobody can tell what some step would change, and somebody should
        self._steps: Sequence[DeploymentStep] = ()
        self._progress: Progress | None = None

    def begin(self, steps: Sequence[DeploymentStep], progress: Progress) -> None:
        """From here on Azure may have something in hand."""
        self._steps, self._progress = steps, progress

    @property
    def started(self) -> bool:
        """True where Azure may have something in hand of this run's."""
        return self._progress is not None

    def as_json(self, outcome: str, diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
        """All of it: deployments of which nobody knows the end yet as they stand."""
        rest = self._open().values() if outcome == "interrupted" else ()
        return {
            "outcome": outcome,
            "diagnostics": [row._asdict() for row in diagnostics],
            "whatIf": self.what_if,
            "stacks": self.stacks,
            "deployments": [
                *self.deployments,
                *(outcome_as_json(StepOutcome(step, self._end(step)), []) for step in rest),
            ],
            **({"next": self.next} if self.next else {}),
        }

    def last_words(self) -> str:
        """The last words of an interrupted run: the deployments that Azure may go on with."""
        left = [name for name, step in self._open().items() if self._end(step) == "left running"]
        goes_on = f"Azure may go on with: {', '.join(left) or 'nothing'}" if self.started else "nothing was started"
        cursor = _SHOW_CURSOR if self._progress and self._progress.live else ""
        return f"{cursor}\ninterrupted; {goes_on}\n"

    def _open(self) -> dict[str, DeploymentStep]:
        """The steps of which no end is reported yet."""
        reported = {row["name"] for row in self.deployments}
        return {step.name: step for step in self._steps if step.name not in reported}

    def _end(self, step: DeploymentStep) -> End:
        """The end of a deployment that nobody looks at any more: it may be on its way to Azure before it is told of."""
        rows = self._progress.rows if self._progress else {}
        state = rows[step.name].state
        if any(rows[name].state != "succeeded" for name in step.depends_on if name in rows):
            return "skipped"
        return next((end for end in ENDS if end == state), "left running")


def outcome_lines(outcome: StepOutcome, failures: Sequence[Failure]) -> Iterator[str]:
    """Lines about the end of a deployment, for people: nothing where all is well."""
    for failure in failures:
        told = failure._replace(message=excerpt(failure.message))
        yield f"{printable_lines(str(told))}\n    fix: {printable(failure.fix)}"
    if outcome.end == "skipped" and outcome.because:
        yield f"{outcome.step.name}: not started, because {outcome.because} did not succeed"
    if outcome.lacks:
        what = f"{outcome.step.name}: succeeded without its outputs {', '.join(outcome.lacks)}"
        yield f"{what}\n    fix: deploy it again to get them"


def outcome_counts(outcomes: Sequence[StepOutcome]) -> str:
    """``3 succeeded, 1 failed``."""
    found = {end: sum(outcome.end == end for outcome in outcomes) for end in ENDS}
    return ", ".join(f"{count} {end}" for end, count in found.items() if count)


def outcome_as_json(outcome: StepOutcome, failures: Sequence[Failure]) -> dict[str, Any]:
    """The same for machines."""
    outputs = outcome.state.outputs if outcome.state and outcome.end == "succeeded" else {}
    return {
        "name": outcome.step.name,
        "id": outcome.step.id,
        "location": outcome.step.location,
        "state": outcome.end,
        "azure": outcome.state.status if outcome.state else None,
        "correlationId": outcome.state.correlation_id if outcome.state else None,
        "pickedUp": outcome.adopted,
        "starts": outcome.starts,
        "seconds": round(outcome.seconds, 1),
        "because": outcome.because or None,
        "errors": [failure._asdict() for failure in failures],
        "outputs": {name: value.get("value") for name, value in outputs.items() if isinstance(value, dict)},
        "lacks": list(outcome.lacks),
    }


def show_progress(table: Progress, progress: StepProgress) -> None:
    """Shows the progress of a step in the table of all."""
    name, known = progress.step.name, table.rows[progress.step.name]
    done = len({operation.resource_id for operation in progress.operations if operation.status == "Succeeded"})
    if progress.outcome:
        table.update(name, progress.outcome.end, known.total if progress.outcome.end == "succeeded" else None)
    elif progress.event == "working":
        state = "running" if known.state == "waiting" else known.state
        table.update(name, state, done if progress.operations else None, known.note if state == known.state else "")
    else:
        note = "started again" if progress.event == "again" else progress.words
        table.update(name, _STATES[progress.event], None, note)
