"""A retirement as it goes on: what is done already, then step after step, and what of it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rayfleet.cli import left
from rayfleet.cli.left import AGAIN, Allowed, Found
from rayfleet.cli.printing import report
from rayfleet.cli.progress import Progress
from rayfleet.cli.signals import INTERRUPTED, counted, interruptible
from rayfleet.diagnostics import Diagnostic, in_order, printable

if TYPE_CHECKING:
    from rayfleet.azure.client import Azure
    from rayfleet.azure.faults import Patience
    from rayfleet.retire.step import Plan, RetirementStep

T = TypeVar("T")

_HEARS = 0.1  # seconds after which a signal is heard at the latest
_GRACE = 1.0  # seconds for an answer that is under way when somebody asks to stop
_TELLS = 30.0  # seconds between two lines about one deletion


class Retiring:
    """A plan, and the state of each of its steps: to do, done, kept, or not seen."""

    def __init__(
        self, plan: Plan, bound: dict[str, str], allowed: Allowed, stop: Event, at_once: Callable[[], object]
    ) -> None:
        """``bound``: the principal ids in bindings.yaml, by cluster; ``stop`` and ``at_once``: those of ``heard``."""
        self.plan = plan
        self.states = ["kept" if step.kept else "not seen" for step in plan.steps]
        self.failures: list[Diagnostic] = []
        self._bound = bound
        self._allowed = allowed
        self._stop = stop
        self._at_once = at_once

    def count(self, state: str) -> int:
        """How many steps are in a state."""
        return self.states.count(state)

    # --- looking ---

    def look(self, must: bool) -> list[Diagnostic]:
        """Finds out what is done already, and what speaks against the rest. What cannot be seen is said; where it
        ``must`` be, that blocks the plan. Raises KeyboardInterrupt.
        """
        from rayfleet.retire.step import ANYSCALE

        rows: list[Found] = []
        if any(step.kind == ANYSCALE for step in self.plan.steps):
            with counted("stopping") as heard:
                rows.append(left.at_anyscale(self.plan, heard))
        rows.append(self._unless("stopping", self._at_azure))
        for found in rows:
            self._take(found)
        unseen = [row for found in rows for row in found.unseen]
        blocked = [*self.plan.blocked, *(row for found in rows for row in found.blocked), *(unseen if must else [])]
        self.plan = self.plan._replace(blocked=in_order(blocked))
        notes = [row for found in rows for row in found.notes]
        return notes if must else [*notes, *(row.as_warning() for row in unseen)]

    def _take(self, found: Found) -> None:
        from rayfleet.retire.commands import of_named, of_roles

        steps = list(self.plan.steps)
        for number, state in found.states.items():
            self.states[number] = state
            step, there = steps[number], found.there.get(number, [])
            if step.role and there:
                steps[number] = step._replace(id=there[0], command=of_roles(there))
            elif there and step.cloud:
                steps[number] = step._replace(id=there[0], command=of_named(step.cloud, there[0]))
        blocked = self.plan.blocked
        if self.plan.primary and any(self._is_unregistered(number, found) for number in found.states):
            blocked = [row for row in blocked if row is not self.plan.primary]
        self.plan = self.plan._replace(steps=steps, blocked=blocked)

    def _is_unregistered(self, number: int, found: Found) -> bool:
        """Whether the primary cluster's cloud resource is known not to be there, or no cluster's ever was."""
        from rayfleet.retire.step import ANYSCALE

        step, primary = self.plan.steps[number], self.plan.primary
        if step.kind != ANYSCALE or primary is None or step.cluster != primary.where:
            return False
        never = not step.bound and not self.plan.registered
        return number in found.proven or (never and found.states[number] == "done")

    def _at_azure(self) -> Found:
        return left.at_azure(self.plan, self._principals, self._allowed, self._azure_within(left.WAIT))

    # --- carrying out ---

    def carry_out(self, ask: bool, say: Callable[[str], object] | None) -> tuple[str, int]:
        """Step after step, to the first that fails or is declined. Returns the outcome and an exit code. ``say``: where
        people are told of it.
        """
        tell = say or (lambda line: None)
        for number, step in enumerate(self.plan.steps):
            if self.states[number] != "to do":
                continue
            try:
                if ask and not click.confirm(printable(f"delete {step.title}?"), err=True):
                    tell(f"{step.title} stays, and all that comes after it; {AGAIN}")
                    return "declined", 1
                progress = Progress([(step.title, 1)], live=False) if say else None
                failure, stopped = self._carry_out(step, progress)
            except (KeyboardInterrupt, click.Abort):
                tell(f"interrupted at {step.title}: what was begun goes on; {AGAIN}")
                return "interrupted", INTERRUPTED
            if failure:
                self.failures.append(failure)
                if say:
                    report([failure])
            else:
                self.states[number] = "done"
            if stopped:
                tell(f"interrupted after {step.title}; {AGAIN}")
                return "interrupted", INTERRUPTED
            if failure:
                return "failed", 1
        return "done", 0

    def _carry_out(self, step: RetirementStep, progress: Progress | None) -> tuple[Diagnostic | None, bool]:
        """What went wrong with a step, and whether somebody asked to stop. Raises KeyboardInterrupt where that is why
        nobody knows what became of it.
        """
        from rayfleet.retire.step import ANYSCALE

        if progress:
            progress.update(step.title, "deleting")
        if step.kind == ANYSCALE:
            failure, stopped = self._remove(step)
        else:
            failure, stopped = (
                self._unless(
                    "Azure goes on with what it has in hand", lambda: self._delete(step), progress, step.title
                ),
                self._stop.is_set(),
            )
        if progress:
            progress.update(step.title, "failed" if failure else "gone")
        return failure, stopped

    def _remove(self, step: RetirementStep) -> tuple[Diagnostic | None, bool]:
        from rayfleet.anyscale.command import Cli, CommandFault
        from rayfleet.retire.registration import remove

        with counted("waiting for what anyscale has begun") as heard:
            try:
                remove(Cli(heard=heard), step)
            except CommandFault as fault:
                return Diagnostic(step.title, 0, 0, "", fault.what, fault.fix), heard() > 0
            return None, heard() > 0

    def _delete(self, step: RetirementStep) -> Diagnostic | None:
        from rayfleet.azure.client import Fault
        from rayfleet.azure.deletable import Refused
        from rayfleet.azure.faults import Patience
        from rayfleet.facts.resource_types import CLUSTER
        from rayfleet.retire.delete import delete
        from rayfleet.retire.disks import held

        try:
            azure = self._azure_within(60.0)(step.subscription, Patience(self._stop))
            if (
                step.kind == CLUSTER.lower() and not self._allowed.disk_loss
            ):  # meanwhile somebody may have asked for a disk
                data = held(azure, step.id, step.api_version)
                for found in left.lost(step.cluster, *data, self._allowed):
                    return found
            delete(azure, step, self.plan, self._principals(step))
        except Fault as fault:
            said = f"{fault.code}: {fault.message}"
            return Diagnostic(step.title, 0, 0, "", said, left.fix(fault, step.id))
        except Refused as refused:
            fix = "look at it, and delete it by hand"
            return Diagnostic(step.title, 0, 0, "", f"it is not deleted: {refused}", fix)
        return None

    # --- inside ---

    def _unless(self, words: str, work: Callable[[], T], progress: Progress | None = None, title: str = "") -> T:
        """What ``work`` returns, done in a thread; KeyboardInterrupt where somebody asks to stop before that. What
        Azure was asked is not ours to end, so that the thread is left to itself.
        """
        answers: list[T] = []
        bugs: list[BaseException] = []

        def whole() -> None:
            from rayfleet.azure.faults import Stopped

            try:
                with suppress(Stopped):
                    answers.append(work())
            except BaseException as bug:  # raised again below
                bugs.append(bug)

        thread, began = Thread(target=whole, daemon=True), time.monotonic()
        told, stopped = began, 0.0
        with interruptible(self._stop, words, self._at_once):
            thread.start()
            while thread.is_alive():
                thread.join(_HEARS)
                now = time.monotonic()
                if self._stop.is_set():
                    stopped = stopped or now
                    if now - stopped > _GRACE:
                        break
                if progress and now - told > _TELLS:
                    told = now
                    progress.update(title, "deleting", note=f"for {_spent(now - began)} so far")
        if bugs:
            raise bugs[0]
        if not answers:
            raise KeyboardInterrupt
        return answers[0]

    def _azure_within(self, timeout: float) -> Callable[[str, Patience], Azure]:
        from rayfleet.azure.client import Azure

        return lambda subscription, patience: Azure(subscription, patience=patience, timeout=timeout)

    def _principals(self, step: RetirementStep) -> list[str]:
        return [self._bound[step.cluster]] if step.cluster in self._bound else []


def _spent(seconds: float) -> str:
    """``3:07``: minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def as_json(retiring: Retiring, outcome: str, notes: list[Diagnostic], bound: Collection[str]) -> dict[str, Any]:
    """All of it for machines."""
    plan = retiring.plan
    return {
        "outcome": outcome,
        "steps": [
            {
                "cluster": step.cluster or None,
                "type": step.kind,
                "what": step.what,
                "id": step.id or None,
                "why": step.why,
                "command": step.command or None,
                "state": state,
            }
            for step, state in zip(plan.steps, retiring.states, strict=True)
        ],
        "blocked": [row._asdict() for row in plan.blocked],
        "diagnostics": [row._asdict() for row in [*notes, *retiring.failures]],
        "leftInBindings": {"clusters": [name for name in plan.clusters if name in bound], "nodePools": plan.pools},
    }
