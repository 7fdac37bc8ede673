"""What a deployment tells: people line by line, machines in one object at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import click

from generator.cli.printing import echo_json, report
from generator.diagnostics import Diagnostic, in_order, many, printable

if TYPE_CHECKING:
    from generator.cli.progress import Progress
    from generator.deploy import carry
    from generator.deploy.carry import Outcome
    from generator.deploy.explain import Failure


@dataclass
class Told:
    """All that is told in the end."""

    form: str
    diagnostics: list[Diagnostic] = field(default_factory=list)
    what_if: list[dict[str, Any]] = field(default_factory=list)
    stacks: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    started: bool = False

    def say(self, line: str, **style: Any) -> None:
        """A line for people: machines get it all at once."""
        if self.form == "text":
            click.secho(line, **style)

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
            click.echo(f"{many(count, 'error')}; nothing was deployed", err=True)
        self.end("refused", 1)

    def end(self, outcome: str, code: int, **more: Any) -> NoReturn:
        """Ends with an exit code; machines get everything."""
        if self.form == "json":
            rows = [row._asdict() for row in self.diagnostics]
            found = {"outcome": outcome, "diagnostics": rows, "whatIf": self.what_if, "stacks": self.stacks}
            echo_json({**found, "deployments": self.deployments, **more})
        sys.exit(code)

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
                self.say(f"{row.step.name}: succeeded without its outputs {', '.join(row.lacks)}", err=True)
        counts = {ended: sum(row["state"] == ended for row in self.deployments) for ended in _ENDED}
        self.say(", ".join(f"{count} {ended}" for ended, count in counts.items() if count))


_ENDED = ("succeeded", "failed", "skipped", "left running")


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


_STATES = {"started": "running", "again": "running", "adopted": "picked up", "waiting": "waiting"}


def show(progress: Progress, row: carry.Progress) -> None:
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
