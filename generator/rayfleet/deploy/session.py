"""One run of deploy: the steps of rendered/azure judged, previewed, agreed to, and carried out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from rayfleet import fleet_files, threads
from rayfleet.azure.client import Azure
from rayfleet.azure.faults import Fault, Patience, StopRequest
from rayfleet.azure.stacks import Stacks
from rayfleet.bind.session import has_new_values
from rayfleet.console.progress import Progress, can_draw
from rayfleet.console.recorder import Recorder
from rayfleet.console.signals import interruptible
from rayfleet.deploy import gate, preflight, preview, stack_changes
from rayfleet.deploy.conclusion import command, conclude, deploy_command
from rayfleet.deploy.outcome import StepOutcome
from rayfleet.deploy.preflight import DeployOverrides
from rayfleet.deploy.preview import DeploymentPlan
from rayfleet.deploy.report import DeploymentReport, outcome_as_json, outcome_counts, outcome_lines, show_progress
from rayfleet.deploy.run import run
from rayfleet.deploy.stack_changes import StackChange
from rayfleet.diagnostics import Diagnostic, Invalid, WrongOption, did_you_mean, errors, in_order, many, printable
from rayfleet.fleet_files import FleetFiles
from rayfleet.source import read
from rayfleet.source.origin import Origin
from rayfleet.tree import Tree, deployment_steps, entries, load
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


class DeploySession(NamedTuple):
    """The fleet and the options of a run, and what it reports to: ``recorder`` to people, ``report`` to machines."""

    where: FleetFiles
    options: DeployOptions
    overrides: DeployOverrides
    recorder: Recorder
    report: DeploymentReport


def deploy(where: FleetFiles, options: DeployOptions, overrides: DeployOverrides, recorder: Recorder) -> int:
    """All of it; the exit code. Raises Invalid, KeyboardInterrupt."""
    report = DeploymentReport()
    recorder.answer = lambda outcome: report.as_json(outcome, recorder.diagnostics)
    recorder.last_words = report.last_words
    recorder.standing = lambda: "Azure goes on" if report.started else "nothing was started"
    session = DeploySession(where, options, overrides, recorder, report)
    tree = load.tree(where, "auto")
    try:
        steps = _judge_files(session, tree)
    finally:
        if tree.kustomize:
            tree.kustomize.close()
    plan = _plan(session, tree, steps)
    changes = _preview(session, plan)
    if options.only_look:
        return recorder.end("planned", int(report.unknown))
    if not _confirm(session, plan, changes):
        recorder.note("nothing was started")
        return recorder.end("declined", 1)
    outcomes = _run_steps(session, plan, {row.step.name for row in changes if row.deleted})
    return _end(session, outcomes)


# --- before Azure is asked ---


def _judge_files(session: DeploySession, tree: Tree) -> tuple[DeploymentStep, ...]:
    """The steps, with their parameters, once nothing of the files speaks against them. Raises Invalid."""
    steps = _select(deployment_steps.steps(tree), session.options.regions)
    found = in_order(preflight.of_files(session.where, tree, session.overrides))
    values: dict[str, str] = {}
    try:
        values = preflight.parameters(steps, None if errors(found) else session.options.ask_hidden)
    except Invalid as invalid:
        found = in_order([*found, *invalid.diagnostics])
    if errors(found):
        raise Invalid(found)
    session.recorder.show(found)
    names = {step.name for step in steps}
    return tuple(step for step in deployment_steps.steps(tree, values) if step.name in names)


def _select(every: tuple[DeploymentStep, ...], regions: Sequence[str]) -> tuple[DeploymentStep, ...]:
    known = sorted({step.location for step in every})
    for region in regions:
        if region not in known:
            what = f"nothing is deployed to {region!r}{did_you_mean(region, known)}; known: {', '.join(known)}"
            raise WrongOption("--region", what)
    return deployment_steps.select(every, regions)


def _plan(session: DeploySession, tree: Tree, steps: Sequence[DeploymentStep]) -> DeploymentPlan:
    patience = Patience(session.recorder.stop)
    try:
        azure = Azure(steps[0].scope.subscription, patience=patience, poll=session.options.poll)
    except Fault as fault:
        raise Invalid([Diagnostic("environment", 0, 0, "", fault.message, "unset it")]) from None
    return DeploymentPlan(tree, steps, azure, Stacks(azure) if session.options.stack else None, _origin(session.where))


def _origin(where: FleetFiles) -> Origin | None:
    """fleet.yaml, for the places that it has; None where it cannot be read: the deployment goes by rendered/."""
    try:
        return Origin(read(where.fleet, fleet_files.read_bytes(where.fleet, "")))
    except Invalid:
        return None


# --- Azure's own judgement ---


def _preview(session: DeploySession, plan: DeploymentPlan) -> list[StackChange]:
    """Shows what would change; what leaves the stacks. Raises Invalid for what speaks against it."""
    recorder = session.recorder
    try:
        with interruptible(recorder.stop, "stopping", recorder.abort):
            states, others = preview.states(plan)
            for name in preview.in_flight(states):
                waits = "" if session.options.only_look else ": this run waits for its end"
                recorder.note(f"{name} is in flight{waits}")
            new = {name for name, state in states.items() if state is None}
            _refuse_errors(recorder, preview.objections(plan, others))
            gate = preflight.of_azure(plan.azure, plan.tree, plan.steps, new, session.overrides)
            _refuse_errors(recorder, threads.result(lambda: in_order(gate)))
            found, ids = preview.validation(plan)
            _refuse_errors(recorder, found)
            _show_what_if(session, plan, new)
            changes = preview.stack_change(plan, ids)
            _show_stacks(session, changes)
    except Fault as fault:
        raise Invalid([plan.refusal(fault)]) from None
    except StopRequest:
        raise KeyboardInterrupt from None
    if recorder.stop.is_set():  # after the last question to Azure
        raise KeyboardInterrupt
    return changes


def _refuse_errors(recorder: Recorder, rows: Iterable[Diagnostic]) -> None:
    """Shows what stops nobody. Raises Invalid for what does."""
    found = in_order(rows)
    if errors(found):
        raise Invalid(found)
    recorder.show(found)


def _show_what_if(session: DeploySession, plan: DeploymentPlan, new: Collection[str]) -> None:
    """Shows what would change. Raises Invalid where that is not known, and nobody is asked whether to go on."""
    report, options = session.report, session.options
    unseen: list[Diagnostic] = []
    for change in preview.what_if(plan, new, session.where.folder):
        for line in change.lines:
            session.recorder.say(printable(line), _COLORS.get(line.strip()[:1], "") if line.startswith("  ") else "")
        if change.data:
            report.what_if.append(change.data)
        report.unknown = report.unknown or change.unknown
        if change.unknown and options.yes and not options.only_look:
            unseen += gate.unseen_changes(change.warnings, session.overrides.unseen_changes)
        else:
            session.recorder.show(change.warnings)
    _refuse_errors(session.recorder, unseen)


def _show_stacks(session: DeploySession, changes: Iterable[StackChange]) -> None:
    for row in changes:
        session.report.stacks.append(stack_changes.as_json(row))
        for line in stack_changes.lines(row):
            session.recorder.say(printable(line), "red" if line.startswith("  -") else "")


def _confirm(session: DeploySession, plan: DeploymentPlan, changes: list[StackChange]) -> bool:
    """True where somebody agrees. Raises Invalid where nobody can be asked."""
    options = session.options
    delete = () if options.yes_delete else changes
    if not options.confirm and (refused := stack_changes.refuse_deletions(delete)):
        raise Invalid(refused)
    questions = [*([] if options.yes else [_start(plan.steps)]), *filter(None, [stack_changes.question(delete)])]
    return all(options.confirm(question) for question in questions) if options.confirm else True


def _start(steps: Sequence[DeploymentStep]) -> str:
    subscriptions = ", ".join(dict.fromkeys(step.scope.subscription for step in steps))
    return f"Start {many(len(steps), 'deployment')} in subscription {subscriptions}?"


# --- the deployment ---


def _run_steps(session: DeploySession, plan: DeploymentPlan, deletes: Collection[str]) -> tuple[StepOutcome, ...]:
    """Carries the steps out, and shows the outcome of each. ``deletes``: the stacks that delete what leaves them."""
    recorder, report = session.recorder, session.report
    live = can_draw()
    totals = [(step.name, len(entries(step.template, "resources"))) for step in plan.steps]
    progress = Progress(totals, live)
    client = Stacks(plan.azure, deletes) if plan.stacks else plan.azure
    with interruptible(recorder.stop, "Azure continues with what it is doing", recorder.abort):
        report.begin(plan.steps, progress)
        recorder.started = True
        with progress.live_table():
            outcomes = threads.result(
                lambda: run(client, plan.steps, lambda row: show_progress(progress, row), watch=live)
            )
        for outcome in outcomes:
            failures = plan.failures(outcome) if outcome.end != "succeeded" and outcome.fault else []
            report.deployments.append(outcome_as_json(outcome, failures))
            for line in outcome_lines(outcome, failures):
                recorder.note(line)
        recorder.say(outcome_counts(outcomes))
        return outcomes


def _end(session: DeploySession, outcomes: Sequence[StepOutcome]) -> int:
    """Says what comes next; the exit code."""
    where, options, recorder = session.where, session.options, session.recorder
    conclusion = conclude(outcomes, recorder.stop.is_set(), deploy_command(where, options.regions, options.stack))
    for note in conclusion.notes:
        recorder.note(note)
    if conclusion.outcome == "succeeded":
        session.report.next = command(where, "bind" if _has_new_values(where, outcomes) else "status")
        recorder.say(f"next: {session.report.next}", "green")
    return recorder.end(conclusion.outcome, conclusion.code)


def _has_new_values(where: FleetFiles, outcomes: Sequence[StepOutcome]) -> bool:
    """True where the outputs are other than what is bound; where nobody can tell, bind does."""
    try:
        return has_new_values(where, {row.step.name: row.state.outputs for row in outcomes if row.state})
    except Invalid:
        return True
