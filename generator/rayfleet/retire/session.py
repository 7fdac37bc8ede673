"""One run of retire: a plan, what of it is done already, and then step after step."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from rayfleet import threads
from rayfleet.anyscale.command import Cli, CommandFault
from rayfleet.azure.client import Azure
from rayfleet.azure.deletable import DeletionRefusal
from rayfleet.azure.faults import Fault, Patience, StopRequest
from rayfleet.console.printing import echo_diagnostics
from rayfleet.console.progress import Progress, clock
from rayfleet.console.recorder import Recorder
from rayfleet.console.signals import INTERRUPTED, count_signals, interruptible
from rayfleet.diagnostics import Diagnostic, Invalid, in_order, many, printable
from rayfleet.facts.resource_types import CLUSTER
from rayfleet.fleet_files import FleetFiles
from rayfleet.retire import still_there
from rayfleet.retire.delete import delete
from rayfleet.retire.disks import cluster_data
from rayfleet.retire.preparation import prepare, uncommitted_files
from rayfleet.retire.registration import remove
from rayfleet.retire.remains import Remains, RetireOverrides, blocked_plan, data_loss, with_remains
from rayfleet.retire.report import RetirementReport, without_plan
from rayfleet.retire.step import ANYSCALE, RetirementStep
from rayfleet.retire.still_there import AGAIN

T = TypeVar("T")

_GRACE = 1.0  # seconds for an answer that is under way when somebody asks to stop
_TELLS = 30.0  # seconds between two lines about one deletion


class RetireOptions(NamedTuple):
    """The options of a run. ``confirm`` asks somebody; None where nobody is to be asked."""

    base: str | None
    clusters: tuple[str, ...]
    carry: bool
    offline: bool
    verbose: bool
    confirm: Callable[[str], bool] | None


def retire(where: FleetFiles, options: RetireOptions, overrides: RetireOverrides, recorder: Recorder) -> int:
    """All of it; the exit code. Raises Invalid, KeyboardInterrupt."""
    recorder.answer = lambda outcome: without_plan(outcome, recorder.diagnostics)
    recorder.standing = lambda: AGAIN if recorder.started else "nothing was deleted"
    prepared = prepare(where, options.base, options.clusters, options.carry)
    recorder.diagnostics += prepared.notes
    if options.carry:
        _refuse_dirty(where, overrides, recorder)
    report = RetirementReport(prepared)
    recorder.answer = lambda outcome: report.as_json(outcome, recorder.diagnostics)
    if not recorder.for_machines:
        recorder.last_words = lambda: "ended; what was started continues in Azure: run rayfleet retire again to see\n"
    if not options.offline and report.plan.steps:
        _look(report, overrides, recorder, must=options.carry)
    blocked = in_order(report.plan.blocked)
    for line in report.lines(options.verbose):
        recorder.say(printable(line))
    if not recorder.for_machines:
        echo_diagnostics([*recorder.diagnostics, *blocked])
    if blocked:
        recorder.note(f"{many(len(blocked), 'error')}; nothing was deleted")
        return recorder.end("blocked", 1)
    if not options.carry:
        if report.count("to do") or report.count("not seen"):
            recorder.say("next: rayfleet retire --run")
        return recorder.end("planned", 0)
    outcome, code = _carry_out(report, overrides, recorder, options.confirm)
    if outcome == "done":
        for line in report.advice():
            recorder.say(printable(line))
    return recorder.end(outcome, code)


def _refuse_dirty(where: FleetFiles, overrides: RetireOverrides, recorder: Recorder) -> None:
    """Raises Invalid where what is retired is not in Git, unless that was overridden."""
    dirty = uncommitted_files(where)
    if not overrides.dirty and any(row.severity == "error" for row in dirty):
        raise Invalid([*dirty, *recorder.diagnostics])
    recorder.diagnostics += [row.as_warning() for row in dirty]


# --- looking ---


def _look(report: RetirementReport, overrides: RetireOverrides, recorder: Recorder, must: bool) -> None:
    """Finds out what is done already, and what speaks against the rest. What cannot be seen is said; where it ``must``
    be, that blocks the plan. Raises KeyboardInterrupt.
    """
    rows: list[Remains] = []
    if any(step.kind == ANYSCALE for step in report.plan.steps):
        with count_signals("stopping") as heard:
            rows.append(still_there.at_anyscale(report.plan, heard))
    client = _azure_within(still_there.WAIT)
    rows.append(
        _unless_stopped(
            recorder, "stopping", lambda: still_there.at_azure(report.plan, _principals(report), overrides, client)
        )
    )
    for remains in rows:
        report.plan, report.states = with_remains(report.plan, report.states, remains)
    report.plan, notes = blocked_plan(report.plan, rows, must)
    recorder.diagnostics += notes


# --- carrying out ---


def _carry_out(
    report: RetirementReport, overrides: RetireOverrides, recorder: Recorder, confirm: Callable[[str], bool] | None
) -> tuple[str, int]:
    """Step after step, to the first that fails or is declined; the outcome and an exit code."""
    recorder.started = True
    for number, step in enumerate(report.plan.steps):
        if report.states[number] != "to do":
            continue
        try:
            if confirm and not confirm(printable(f"delete {step.title}?")):
                recorder.note(printable(f"{step.title} stays, and all that comes after it; {AGAIN}"))
                return "declined", 1
            failure, stopped = _delete_step(report, step, overrides, recorder)
        except KeyboardInterrupt:
            recorder.note(printable(f"interrupted at {step.title}: what was started continues; {AGAIN}"))
            return "interrupted", INTERRUPTED
        if failure:
            recorder.show([failure])
        else:
            report.states[number] = "done"
        if stopped:
            recorder.note(printable(f"interrupted after {step.title}; {AGAIN}"))
            return "interrupted", INTERRUPTED
        if failure:
            return "failed", 1
    return "done", 0


def _delete_step(
    report: RetirementReport, step: RetirementStep, overrides: RetireOverrides, recorder: Recorder
) -> tuple[Diagnostic | None, bool]:
    """The failure of a step, and True where somebody asked to stop. Raises KeyboardInterrupt where that is why
    nobody knows what became of it."""
    progress = None if recorder.for_machines else Progress([(step.title, 1)], live=False)
    if progress:
        progress.update(step.title, "deleting")
    if step.kind == ANYSCALE:
        failure, stopped = _remove(step)
    else:
        words = "Azure continues with what it is doing"
        work = lambda: _delete(report, step, overrides, recorder)  # noqa: E731
        failure, stopped = _unless_stopped(recorder, words, work, _teller(progress, step)), recorder.stop.is_set()
    if progress:
        progress.update(step.title, "failed" if failure else "gone")
    return failure, stopped


def _remove(step: RetirementStep) -> tuple[Diagnostic | None, bool]:
    with count_signals("waiting for the anyscale command that is running") as heard:
        try:
            remove(Cli(heard=heard), step)
        except CommandFault as fault:
            return Diagnostic(step.title, 0, 0, "", fault.what, fault.fix), heard() > 0
        return None, heard() > 0


def _delete(
    report: RetirementReport, step: RetirementStep, overrides: RetireOverrides, recorder: Recorder
) -> Diagnostic | None:
    principals = _principals(report)(step)
    try:
        azure = _azure_within(60.0)(step.subscription, Patience(recorder.stop))
        if step.kind == CLUSTER.lower() and not overrides.disk_loss:  # meanwhile somebody may have asked for a disk
            data = cluster_data(azure, step.id, step.api_version)
            for found in data_loss(step.cluster, *data, overrides):
                return found
        delete(azure, step, report.plan, principals)
    except Fault as fault:
        said = f"{fault.code}: {fault.message}"
        return Diagnostic(step.title, 0, 0, "", said, still_there.fix(fault, step.id))
    except DeletionRefusal as refused:
        fix = "check it, and delete it by hand"
        return Diagnostic(step.title, 0, 0, "", f"it is not deleted: {refused}", fix)
    return None


# --- inside ---


def _unless_stopped(
    recorder: Recorder, words: str, work: Callable[[], T], tell: Callable[[float], object] = lambda now: None
) -> T:
    """The result of ``work``, done in a thread; KeyboardInterrupt where somebody asks to stop before that. What
    Azure was asked is not ours to end, so that the thread is left to itself. ``tell`` is called all the while."""
    stopped = 0.0

    def leave() -> bool:
        nonlocal stopped
        now = time.monotonic()
        tell(now)
        if not recorder.stop.is_set():
            return False
        stopped = stopped or now
        return now - stopped > _GRACE

    with interruptible(recorder.stop, words, recorder.abort):
        (future,) = futures = threads.start([work])
        threads.join(futures, leave=leave)
    if not future.done():
        raise KeyboardInterrupt
    try:
        return future.result()
    except StopRequest:
        raise KeyboardInterrupt from None


def _teller(progress: Progress | None, step: RetirementStep) -> Callable[[float], object]:
    """Tells from time to time that a deletion goes on."""
    began = last = time.monotonic()

    def tell(now: float) -> None:
        nonlocal last
        if progress and now - last > _TELLS:
            last = now
            progress.update(step.title, "deleting", note=f"for {clock(now - began)} so far")

    return tell


def _azure_within(timeout: float) -> Callable[[str, Patience], Azure]:
    return lambda subscription, patience: Azure(subscription, patience=patience, timeout=timeout)


def _principals(report: RetirementReport) -> Callable[[RetirementStep], list[str]]:
    return lambda step: [report.bound[step.cluster]] if step.cluster in report.bound else []
