"""What a deployment does in Azure, from the first question to the last answer."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click

from rayfleet import fleet_files
from rayfleet.cli import before
from rayfleet.cli.bind import outstanding
from rayfleet.cli.looking import Looking
from rayfleet.cli.printing import DEFAULT_FLEET
from rayfleet.cli.progress import Progress, draws
from rayfleet.cli.signals import INTERRUPTED, interruptible, waited
from rayfleet.cli.telling import Told, show
from rayfleet.deploy import stack_changes
from rayfleet.diagnostics import Diagnostic, Invalid, errors, in_order, many
from rayfleet.fleet_files import FleetFiles

if TYPE_CHECKING:
    from rayfleet.deploy.deployment import Outcome
    from rayfleet.deploy.explain_failure import Failure
    from rayfleet.deploy.stack_changes import Leaving
    from rayfleet.source.origin import Origin
    from rayfleet.tree import Tree
    from rayfleet.tree.deployment_steps import DeploymentStep


class How(NamedTuple):
    """How a deployment is carried out. ``poll``: seconds between two looks at one; ``asks``: somebody can answer;
    ``regions``: all of them where none is named.
    """

    poll: float
    stack: bool
    only_look: bool
    yes: bool
    yes_delete: bool
    asks: bool
    regions: tuple[str, ...]


class Deploying:
    """One run: the steps, the client, and what of it is told."""

    def __init__(
        self,
        where: FleetFiles,
        tree: Tree,
        steps: Sequence[DeploymentStep],
        how: How,
        stop: Event,
        told: Told,
    ) -> None:
        """``stop`` is set by a signal."""
        from rayfleet.azure.client import Azure
        from rayfleet.azure.faults import Fault, Patience
        from rayfleet.azure.stacks import Stacks

        self.where = where
        self.tree = tree
        self.steps = steps
        self.how = how
        self.told = told
        self.stop = stop
        try:
            self.azure = Azure(steps[0].scope.subscription, patience=Patience(self.stop), poll=how.poll)
        except Fault as fault:
            raise Invalid([Diagnostic("environment", 0, 0, "", fault.message, "unset it")]) from None
        self.templates = {template.path: template for template in tree.templates}
        self.origin = _origin(where)
        stacks = Stacks(self.azure) if how.stack else None
        self.look = Looking(self.azure, stacks, tree, steps, told, self.origin)

    def go(self, allowed: before.Allowed) -> NoReturn:
        """All that comes after the files were judged. Ends the run."""
        from rayfleet.azure.faults import Fault, Stopped

        try:
            with interruptible(self.stop, "stopping", self.told.at_once):
                new, found = self.look.known(waits=not self.how.only_look)
                self._go_on(found)
                gate = before.of_azure(self.azure, self.tree, self.steps, new, allowed)
                self._go_on(waited(lambda: in_order(gate)))
                found, ids = self.look.validated()
                self._go_on(found)
                failed = self.look.looked(self.where.beside)
                left = self.look.leaving(ids)
        except Fault as fault:
            self.told.refuse([self.look.refusal(fault)])
        except Stopped:
            raise KeyboardInterrupt from None
        if self.stop.is_set():  # after the last question to Azure
            raise KeyboardInterrupt
        if self.how.only_look:
            self.told.end("planned", 1 if failed else 0)
        self._agree(left)
        self._run({row.step.name for row in left if row.deleted})

    def _go_on(self, found: list[Diagnostic]) -> None:
        if errors(found):
            self.told.refuse(found)
        self.told.warn(found)

    def _agree(self, left: list[Leaving]) -> None:
        """Asks; ends the run where somebody declines, or nobody can be asked."""
        subscriptions = ", ".join(dict.fromkeys(step.scope.subscription for step in self.steps))
        start = f"Start {many(len(self.steps), 'deployment')} in subscription {subscriptions}?"
        delete = stack_changes.question(left)
        if delete and not self.how.yes_delete and not self.how.asks:
            fix = "give --yes-delete too; or deploy without --stack, which deletes nothing"
            rows = [
                Diagnostic(*row.step.side.place, row.step.name, f"its stack would delete {key}", fix)
                for row in left
                for key in row.deleted
            ]
            self.told.refuse(rows)
        questions = [*([] if self.how.yes else [start]), *([delete] if delete and not self.how.yes_delete else [])]
        if not all(click.confirm(question, err=True) for question in questions):
            self.told.say("nothing was started", err=True)
            self.told.end("declined", 1)

    def _run(self, deletes: set[str]) -> NoReturn:
        """Deploys, and ends with what came of it."""
        from rayfleet.azure.stacks import Stacks
        from rayfleet.deploy.run import run

        live = draws()
        totals = [(step.name, len(step.template.get("resources") or ())) for step in self.steps]
        progress = Progress(totals, live)
        client = Stacks(self.azure, deletes) if self.how.stack else self.azure
        with interruptible(self.stop, "Azure goes on with what it has in hand", self.told.at_once):
            self.told.begin(self.steps, progress)
            with progress.showing():
                outcomes = waited(lambda: run(client, self.steps, lambda row: show(progress, row), watch=live))
            self.told.tell(outcomes, self._failures)
            self._end(outcomes)

    def _end(self, outcomes: Sequence[Outcome]) -> NoReturn:
        """Says what comes next, and ends the run."""
        again = self._command("deploy", *(word for region in self.how.regions for word in ("--region", region)))
        again += " --stack" if self.how.stack else ""
        left = [row.step.name for row in outcomes if row.ended == "left running"]
        if self.stop.is_set() and any(row.ended != "succeeded" and not row.fault for row in outcomes):
            self.told.say(f"Azure goes on with: {', '.join(left) or 'nothing'}", err=True)
            self.told.say(f"to go on: run {again} again; it picks up what is in flight by its name", err=True)
            self.told.end("interrupted", INTERRUPTED)
        if any(row.ended != "succeeded" or row.lacks for row in outcomes):
            self.told.say(f"what failed can be deployed again: run {again}", err=True)
            self.told.end("failed", 1)
        following = self._command("bind" if self._to_bind(outcomes) else "status")
        self.told.say(f"next: {following}", fg="green")
        self.told.end("succeeded", 0, next=following)

    def _to_bind(self, outcomes: Sequence[Outcome]) -> bool:
        """Whether what was put out is other than what is bound; where nobody can tell, bind does."""
        try:
            return outstanding(self.where, {row.step.name: row.state.outputs for row in outcomes if row.state})
        except Invalid:
            return True

    def _command(self, name: str, *words: str) -> str:
        """A command of rayfleet's about this fleet."""
        own = ["-f", self.where.fleet] if self.where.fleet != DEFAULT_FLEET else []
        if name == "deploy" and self.where.output != fleet_files.locate(self.where.fleet, None).output:
            own += ["-o", self.where.output]
        return shlex.join(["rayfleet", name, *own, *words])

    def _failures(self, outcome: Outcome) -> list[Failure]:
        from rayfleet.deploy import explain_failure

        step, whole = outcome.step, outcome.fault.problem if outcome.fault else None
        rows = explain_failure.failures(
            step.name, self.templates.get(step.file), outcome.operations, whole, self.origin
        )
        return [row._replace(message=self.look.hidden(row.message)) for row in rows]


def _origin(where: FleetFiles) -> Origin | None:
    """fleet.yaml, for the places that it has; None where it cannot be read: the deployment goes by rendered/."""
    from rayfleet.source import read
    from rayfleet.source.origin import Origin

    try:
        return Origin(read(where.fleet, fleet_files.read_bytes(where.fleet, "")))
    except Invalid:
        return None
