"""One run of deploy: the steps of rendered/azure judged, previewed, agreed to, and carried out."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Sequence
from threading import Event
from typing import NamedTuple

from rayfleet import fleet_files, threads
from rayfleet.azure.client import Azure
from rayfleet.azure.faults import Fault, Patience, StopRequest
from rayfleet.azure.stacks import Stacks
from rayfleet.bind.session import has_new_values
from rayfleet.console.progress import Progress, can_draw
from rayfleet.console.recorder import Recorder
from rayfleet.console.signals import INTERRUPTED, interruptible
from rayfleet.deploy import preflight, preview, report, stack_changes
from rayfleet.deploy.outcome import StepOutcome
from rayfleet.deploy.preflight import DeployOverrides
from rayfleet.deploy.preview import DeploymentPlan
from rayfleet.deploy.report import DeploymentReport
from rayfleet.deploy.run import run
from rayfleet.deploy.stack_changes import StackChange
from rayfleet.diagnostics import Diagnostic, Invalid, WrongOption, did_you_mean, errors, in_order, many, printable
from rayfleet.fleet_files import DEFAULT_FLEET, FleetFiles
from rayfleet.source import read
from rayfleet.source.origin import Origin
from rayfleet.tree import Tree, deployment_steps, load
from rayfleet.tree.deployment_steps import DeploymentStep

_COLORS = {"!": "yellow", "+": "green", "-": "red", "~": "yellow"}


class DeployOptions(NamedTuple):
    """The options of a run. ``poll``: seconds between two looks at a deployment; ``regions``: all of them where none
    is named; ``confirm`` and ``ask_hidden`` ask somebody, None where nobody can answer."""

    poll: float
    stack: bool
    only_look: bool
    yes: bool
    yes_delete: bool
    regions: tuple[str, ...]
    confirm: Callable[[str], bool] | None
    ask_hidden: Callable[[str], str] | None


def deploy(where: FleetFiles, options: DeployOptions, overrides: DeployOverrides, recorder: Recorder) -> int:
    """All of it; the exit code. Raises Invalid, KeyboardInterrupt."""
    told = DeploymentReport()
    recorder.answer = lambda outcome: told.as_json(outcome, recorder.diagnostics)
    recorder.last_words = told.last_words
    recorder.standing = lambda: "Azure goes on" if told.begun else "nothing was started"
    tree = load.tree(where, "auto")
    try:
        steps = _judged(where, tree, options, overrides, recorder)
    finally:
        if tree.kustomize:
            tree.kustomize.close()
    subject = _subject(where, tree, steps, options, recorder.stop)
    changes = _previewed(subject, where, options, overrides, recorder, told)
    if options.only_look:
        return recorder.end("planned", int(told.unknown))
    if not _agreed(subject, changes, options, recorder):
        recorder.note("nothing was started")
        return recorder.end("declined", 1)
    outcomes = _carried_out(subject, {row.step.name for row in changes if row.deleted}, recorder, told)
    return _end(where, options, outcomes, recorder, told)


# --- before Azure is asked ---


def _judged(
    where: FleetFiles, tree: Tree, options: DeployOptions, overrides: DeployOverrides, recorder: Recorder
) -> tuple[DeploymentStep, ...]:
    """The steps, with their parameters, once nothing of the files speaks against them. Raises Invalid."""
    steps = _chosen(deployment_steps.steps(tree), options.regions)
    found = in_order(preflight.of_files(where, tree, overrides))
    values: dict[str, str] = {}
    try:
        values = preflight.parameters(steps, None if errors(found) else options.ask_hidden)
    except Invalid as invalid:
        found = in_order([*found, *invalid.diagnostics])
    if errors(found):
        raise Invalid(found)
    recorder.show(found)
    names = {step.name for step in steps}
    return tuple(step for step in deployment_steps.steps(tree, values) if step.name in names)


def _chosen(every: tuple[DeploymentStep, ...], regions: Sequence[str]) -> tuple[DeploymentStep, ...]:
    known = sorted({step.location for step in every})
    for region in regions:
        if region not in known:
            what = f"nothing is deployed to {region!r}{did_you_mean(region, known)}; known: {', '.join(known)}"
            raise WrongOption("--region", what)
    return deployment_steps.selected(every, regions)


def _subject(
    where: FleetFiles, tree: Tree, steps: Sequence[DeploymentStep], options: DeployOptions, stop: Event
) -> DeploymentPlan:
    try:
        azure = Azure(steps[0].scope.subscription, patience=Patience(stop), poll=options.poll)
    except Fault as fault:
        raise Invalid([Diagnostic("environment", 0, 0, "", fault.message, "unset it")]) from None
    return DeploymentPlan(tree, steps, azure, Stacks(azure) if options.stack else None, _origin(where))


def _origin(where: FleetFiles) -> Origin | None:
    """fleet.yaml, for the places that it has; None where it cannot be read: the deployment goes by rendered/."""
    try:
        return Origin(read(where.fleet, fleet_files.read_bytes(where.fleet, "")))
    except Invalid:
        return None


# --- Azure's own judgement ---


def _previewed(
    subject: DeploymentPlan,
    where: FleetFiles,
    options: DeployOptions,
    overrides: DeployOverrides,
    recorder: Recorder,
    told: DeploymentReport,
) -> list[StackChange]:
    """Shows what would change; what leaves the stacks. Raises Invalid for what speaks against it."""
    try:
        with interruptible(recorder.stop, "stopping", recorder.at_once):
            states, others = preview.states(subject)
            for name in preview.in_flight(states):
                waits = "" if options.only_look else ": this run waits for its end"
                recorder.note(f"{name} is in flight{waits}")
            new = {name for name, state in states.items() if state is None}
            _go_on(recorder, preview.objections(subject, others))
            gate = preflight.of_azure(subject.azure, subject.tree, subject.steps, new, overrides)
            _go_on(recorder, threads.result(lambda: in_order(gate)))
            found, ids = preview.validation(subject)
            _go_on(recorder, found)
            _show_what_if(subject, new, where.beside, recorder, told)
            changes = preview.stack_change(subject, ids)
            _show_stacks(changes, recorder, told)
    except Fault as fault:
        raise Invalid([subject.refusal(fault)]) from None
    except StopRequest:
        raise KeyboardInterrupt from None
    if recorder.stop.is_set():  # after the last question to Azure
        raise KeyboardInterrupt
    return changes


def _go_on(recorder: Recorder, rows: Iterable[Diagnostic]) -> None:
    """Shows what stops nobody. Raises Invalid for what does."""
    found = in_order(rows)
    if errors(found):
        raise Invalid(found)
    recorder.show(found)


def _show_what_if(
    subject: DeploymentPlan, new: Collection[str], beside: str, recorder: Recorder, told: DeploymentReport
) -> None:
    for change in preview.what_if(subject, new, beside):
        for line in change.lines:
            recorder.say(printable(line), _COLORS.get(line.strip()[:1], "") if line.startswith("  ") else "")
        if change.data:
            told.what_if.append(change.data)
        recorder.show(change.warnings)
        told.unknown = told.unknown or change.unknown


def _show_stacks(changes: Iterable[StackChange], recorder: Recorder, told: DeploymentReport) -> None:
    for row in changes:
        told.stacks.append(stack_changes.as_json(row))
        for line in stack_changes.lines(row):
            recorder.say(printable(line), "red" if line.startswith("  -") else "")


def _agreed(subject: DeploymentPlan, changes: list[StackChange], options: DeployOptions, recorder: Recorder) -> bool:
    """True where somebody agrees. Raises Invalid where nobody can be asked."""
    subscriptions = ", ".join(dict.fromkeys(step.scope.subscription for step in subject.steps))
    start = f"Start {many(len(subject.steps), 'deployment')} in subscription {subscriptions}?"
    delete = stack_changes.question(changes)
    if delete and not options.yes_delete and not options.confirm:
        fix = "give --yes-delete too; or deploy without --stack, which deletes nothing"
        raise Invalid(
            Diagnostic(*row.step.side.place, row.step.name, f"its stack would delete {key}", fix)
            for row in changes
            for key in row.deleted
        )
    questions = [*([] if options.yes else [start]), *([delete] if delete and not options.yes_delete else [])]
    return all(options.confirm(question) for question in questions) if options.confirm else True


# --- the deployment ---


def _carried_out(
    subject: DeploymentPlan, deletes: Collection[str], recorder: Recorder, told: DeploymentReport
) -> tuple[StepOutcome, ...]:
    """Carries the steps out, and tells how each ended. ``deletes``: the stacks that delete what leaves them."""
    live = can_draw()
    totals = [(step.name, len(step.template.get("resources") or ())) for step in subject.steps]
    progress = Progress(totals, live)
    client = Stacks(subject.azure, deletes) if subject.stacks else subject.azure
    with interruptible(recorder.stop, "Azure continues with what it is doing", recorder.at_once):
        told.begin(subject.steps, progress)
        recorder.started = True
        with progress.showing():
            outcomes = threads.result(
                lambda: run(client, subject.steps, lambda row: report.show(progress, row), watch=live)
            )
        for row in outcomes:
            failures = subject.failures(row) if row.ended != "succeeded" and row.fault else []
            told.deployments.append(report.as_json(row, failures))
            for line in report.lines(row, failures):
                recorder.note(line)
        recorder.say(report.counts(outcomes))
        return outcomes


def _end(
    where: FleetFiles,
    options: DeployOptions,
    outcomes: Sequence[StepOutcome],
    recorder: Recorder,
    told: DeploymentReport,
) -> int:
    """Says what comes next; the exit code."""
    again = _command(where, "deploy", *(word for region in options.regions for word in ("--region", region)))
    again += " --stack" if options.stack else ""
    left = [row.step.name for row in outcomes if row.ended == "left running"]
    if recorder.stop.is_set() and any(row.ended != "succeeded" and not row.fault for row in outcomes):
        recorder.note(f"Azure goes on with: {', '.join(left) or 'nothing'}")
        recorder.note(f"to continue: run {again} again; it finds deployments that are running by their names")
        return recorder.end("interrupted", INTERRUPTED)
    if any(row.ended != "succeeded" or row.lacks for row in outcomes):
        recorder.note(f"to deploy what failed again: run {again}")
        return recorder.end("failed", 1)
    told.next = _command(where, "bind" if _to_bind(where, outcomes) else "status")
    recorder.say(f"next: {told.next}", "green")
    return recorder.end("succeeded", 0)


def _to_bind(where: FleetFiles, outcomes: Sequence[StepOutcome]) -> bool:
    """True where the outputs are other than what is bound; where nobody can tell, bind does."""
    try:
        return has_new_values(where, {row.step.name: row.state.outputs for row in outcomes if row.state})
    except Invalid:
        return True


def _command(where: FleetFiles, name: str, *words: str) -> str:
    """A command of rayfleet's about this fleet."""
    own = ["-f", where.fleet] if where.fleet != DEFAULT_FLEET else []
    if name == "deploy" and where.output != fleet_files.locate(where.fleet, None).output:
        own += ["-o", where.output]
    return shlex.join(["rayfleet", name, *own, *words])
