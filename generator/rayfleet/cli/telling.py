"""What a deployment tells: people line by line, machines in one object at the end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import click

from rayfleet.cli.printing import aside, echo_json, mute, report
from rayfleet.cli.signals import deaf
from rayfleet.diagnostics import Diagnostic, in_order, many, printable

if TYPE_CHECKING:
    from rayfleet.cli.progress import Progress
    from rayfleet.deploy import deployment
    from rayfleet.deploy.deployment import Ended, Outcome
    from rayfleet.deploy.explain_failure import Failure
    from rayfleet.tree.deployment_steps import DeploymentStep

_ENDED: tuple[Ended, ...] = ("succeeded", "failed", "skipped", "left running")
_SHOW_CURSOR = "\x1b[?25h"  # which a table on a terminal hides


@dataclass
class Told:
    """All that is told in the end."""

    form: str
    diagnostics: list[Diagnostic] = field(default_factory=list)
    what_if: list[dict[str, Any]] = field(default_factory=list)
    stacks: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    steps: Sequence[DeploymentStep] = ()  # those that are carried out, once they are
    progress: Progress | None = None

    @property
    def started(self) -> bool:
        """Whether Azure may have something in hand of this run's."""
        return self.progress is not None

    def begin(self, steps: Sequence[DeploymentStep], progress: Progress) -> None:
        """From here on Azure may have something in hand."""
        self.steps, self.progress = steps, progress

    def say(self, line: str, err: bool = False, **style: Any) -> None:
        """A line for people: machines get it all at once. A deployment that goes on does not stop for one that nobody
        takes.
        """
        if self.form != "text":
            return
        if err:
            aside(line, **style)
            return
        try:
            click.echo(click.style(line, **style) if style else line)
        except OSError:
            if not self.started:
                raise
            mute(1)

    def warn(self, rows: Iterable[Diagnostic]) -> None:
        """Keeps and shows diagnostics that stop nobody."""
        kept = in_order(rows)
        self.diagnostics += kept
        if self.form == "text":
            report(kept)

    def refuse(self, rows: Iterable[Diagnostic]) -> NoReturn:
        """Ends with what speaks against it."""
        kept = in_order(rows)
        self.diagnostics += kept
        if self.form == "text":
            report(kept)
            count = sum(row.severity == "error" for row in kept)
            aside(f"{many(count, 'error')}; nothing was deployed")
        self.end("refused", 1)

    def end(self, outcome: str, code: int, **more: Any) -> NoReturn:
        """Ends with an exit code; machines get everything."""
        deaf()
        if self.form == "json":
            try:
                echo_json({**self._everything(outcome), **more})
            except OSError as error:
                mute(1)
                aside(f"what came of it cannot be written: {(error.strerror or 'no room').lower()}")
                code = code or 1
        sys.exit(code)

    def at_once(self) -> None:
        """The last word where a second signal ends the command amid anything: past Python's streams, which may be at
        work beneath.
        """
        left = [name for name, step in self._unsaid().items() if self._so_far(step) == "left running"]
        goes_on = f"Azure may go on with: {', '.join(left) or 'nothing'}" if self.started else "nothing was started"
        cursor = _SHOW_CURSOR if self.progress and self.progress.live else ""
        _write(2, f"{cursor}\ninterrupted; {goes_on}\n")
        if self.form == "json":
            found = self._everything("interrupted")
            found["deployments"] = [*self.deployments, *map(self._as_it_stands, self._unsaid().values())]
            _write(1, json.dumps(found) + "\n")

    def _everything(self, outcome: str) -> dict[str, Any]:
        rows = [row._asdict() for row in self.diagnostics]
        found = {"outcome": outcome, "diagnostics": rows, "whatIf": self.what_if, "stacks": self.stacks}
        return {**found, "deployments": self.deployments}

    def _unsaid(self) -> dict[str, DeploymentStep]:
        said = {row["name"] for row in self.deployments}
        return {step.name: step for step in self.steps if step.name not in said}

    def _so_far(self, step: DeploymentStep) -> Ended:
        """How a deployment ends that nobody looks at any more: it may be on its way to Azure before it is told of."""
        rows = self.progress.rows if self.progress else {}
        state = rows[step.name].state
        if any(rows[name].state != "succeeded" for name in step.depends_on if name in rows):
            return "skipped"
        return next((ended for ended in _ENDED if ended == state), "left running")

    def _as_it_stands(self, step: DeploymentStep) -> dict[str, Any]:
        from rayfleet.deploy.deployment import Outcome

        return _as_json(Outcome(step, self._so_far(step)), [])

    def tell(self, outcomes: Iterable[Outcome], why: Callable[[Outcome], list[Failure]]) -> None:
        """Tells how deployments ended; ``why`` explains one that failed."""
        for row in outcomes:
            failures = why(row) if row.ended != "succeeded" and row.fault else []
            self.deployments.append(_as_json(row, failures))
            for failure in failures:
                self.say(f"{printable_lines(str(failure))}\n    fix: {printable(failure.fix)}", err=True)
            if row.ended == "skipped" and row.because:
                self.say(f"{row.step.name}: not started, because {row.because} did not succeed", err=True)
            if row.lacks:
                what = f"{row.step.name}: succeeded without its outputs {', '.join(row.lacks)}"
                self.say(f"{what}\n    fix: deploy it again, which puts them out anew", err=True)
        counts = {ended: sum(row["state"] == ended for row in self.deployments) for ended in _ENDED}
        self.say(", ".join(f"{count} {ended}" for ended, count in counts.items() if count))


def printable_lines(text: str) -> str:
    """Text of Azure's on as many lines, with whatever could steer a terminal written out."""
    return "\n".join(map(printable, text.split("\n")))


def _as_json(row: Outcome, failures: list[Failure]) -> dict[str, Any]:
    outputs = row.state.outputs if row.state and row.ended == "succeeded" else {}
    return {
        "name": row.step.name,
        "id": row.step.id,
        "location": row.step.location,
        "state": row.ended,
        "azure": row.state.status if row.state else None,
        "correlationId": row.state.correlation_id if row.state else None,
        "pickedUp": row.adopted,
        "starts": row.starts,
        "seconds": round(row.seconds, 1),
        "because": row.because or None,
        "errors": [failure._asdict() for failure in failures],
        "outputs": {name: value.get("value") for name, value in outputs.items() if isinstance(value, dict)},
        "lacks": list(row.lacks),
    }


def _write(stream: int, text: str) -> None:
    data = text.encode()
    with suppress(OSError):
        while data:
            data = data[os.write(stream, data) :]


_STATES = {"started": "running", "again": "running", "adopted": "picked up", "waiting": "waiting"}


def show(progress: Progress, row: deployment.StepProgress) -> None:
    """Shows what is told of a deployment that goes on."""
    name, known = row.step.name, progress.rows[row.step.name]
    done = len({operation.resource_id for operation in row.operations if operation.status == "Succeeded"})
    if row.outcome:
        ended = row.outcome.ended
        progress.update(name, ended, known.total if ended == "succeeded" else None)
    elif row.what == "working":
        state = "running" if known.state == "waiting" else known.state
        progress.update(name, state, done if row.operations else None, known.note if state == known.state else "")
    else:
        note = "started again" if row.what == "again" else row.words
        progress.update(name, _STATES[row.what], None, note)
