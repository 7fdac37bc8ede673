"""What a retirement asks of Azure and Anyscale: what is done already, and then step after step."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

import click

from generator.cli import asking
from generator.cli.printing import report
from generator.diagnostics import Diagnostic, printable

if TYPE_CHECKING:
    from generator.deploy.azure import Azure, Fault
    from generator.deploy.faults import Patience
    from generator.retire.step import Plan, Step

INTERRUPTED = 130  # what a shell calls a command that SIGINT ended: 128 and the signal's number
_LOOKING = 30.0  # seconds, for all of Azure's answers
_AGAIN = "run rayfleet retire --run again: what is gone counts as done"


class Retiring:
    """A plan, and the state of each of its steps: to do, done, kept, or not seen."""

    def __init__(self, plan: Plan, bound: dict[str, str] | None = None, poll: float = 5.0) -> None:
        """``bound``: the principal ids in bindings.yaml, by cluster."""
        self.plan = plan
        self.states = ["kept" if step.kept else "not seen" for step in plan.steps]
        self.failures: list[Diagnostic] = []
        self._bound = bound or {}
        self._poll = poll

    # --- looking ---

    def look(self, must: bool) -> list[Diagnostic]:
        """Finds out what is done already. What cannot be seen is said; where it ``must`` be, that blocks the plan."""
        found = [*self._look_at_anyscale(), *self._look_at_azure()]
        done = {step.cluster for step, state in zip(self.plan.steps, self.states, strict=True) if state == "done"}
        if self.plan.primary and self.plan.primary.where in done & self._unregistered():
            rest = [row for row in self.plan.blocked if row is not self.plan.primary]
            self.plan = self.plan._replace(blocked=rest)
        if must:
            self.plan = self.plan._replace(blocked=[*self.plan.blocked, *found])
            return []
        return [row.as_warning() for row in found]

    def _unregistered(self) -> set[str]:
        from generator.retire.step import ANYSCALE

        rows = zip(self.plan.steps, self.states, strict=True)
        return {step.cluster for step, state in rows if step.kind == ANYSCALE and state == "done"}

    def _look_at_anyscale(self) -> list[Diagnostic]:
        from generator.anyscale.command import Cli, Fault
        from generator.retire.carry import is_removed
        from generator.retire.step import ANYSCALE

        for number, step in enumerate(self.plan.steps):
            if step.kind == ANYSCALE:
                try:
                    self.states[number] = "done" if is_removed(Cli(reading=_LOOKING), step) else "to do"
                except Fault as fault:
                    return [Diagnostic("Anyscale", 0, 0, "", fault.what, fault.fix)]
        return []

    def _look_at_azure(self) -> list[Diagnostic]:
        from generator.deploy.azure import Fault
        from generator.deploy.faults import Patience
        from generator.retire.carry import is_done

        steps = {str(number): step for number, step in enumerate(self.plan.steps) if self._is_azures(step)}
        if not steps:
            return []
        stop, until = Event(), time.monotonic() + _LOOKING
        try:
            azure = self._azure(next(iter(steps.values())), Patience(stop), _LOOKING)
            asks = {name: partial(is_done, azure, step, self._principals(step)) for name, step in steps.items()}
            first = next(iter(asks))
            # The first one alone: threads that load the SDK by two of its ends at once wait for each other.
            found, faults = asking.within(until, {first: asks.pop(first)})
            if found:
                more = asking.within(until, asks)
                found, faults = found | more[0], faults | more[1]
        except Fault as fault:
            found, faults = {}, {"": fault}
        except ModuleNotFoundError as missing:
            if not str(missing.name).startswith("azure"):
                raise
            what = f"{missing.name} is not installed: Azure's client libraries are an extra"
            return [Diagnostic("Azure", 0, 0, "", what, "pip install 'rayfleet[deploy]'")]
        finally:
            stop.set()
        for name, done in found.items():
            self.states[int(name)] = "done" if done else "to do"
        said = {f"{fault.code}: {fault.message}": fault for fault in faults.values()}
        return [Diagnostic("Azure", 0, 0, "", words, _fix(fault, "")) for words, fault in said.items()]

    # --- carrying out ---

    def carry_out(self, ask: bool, say: Callable[[str], object]) -> tuple[str, int]:
        """Step after step, to the first that fails or is declined. Returns the outcome and an exit code."""
        for number, step in enumerate(self.plan.steps):
            if self.states[number] != "to do":
                continue
            of = f" of {step.cluster}" if step.cluster else ""
            try:
                if ask and not click.confirm(printable(f"delete {step.what}{of}?"), err=True):
                    say(f"{step.what}{of} stays, and all that comes after it; {_AGAIN}")
                    return "declined", 1
                say(f"deleting {step.what}{of} ...")
                failure = self._carry_out(step)
            except (KeyboardInterrupt, click.Abort):
                say(f"interrupted at {step.what}{of}: Azure goes on with what it has in hand; {_AGAIN}")
                return "interrupted", INTERRUPTED
            if failure:
                self.failures.append(failure)
                report([failure])
                return "failed", 1
            self.states[number] = "done"
            say(f"{step.what}{of} is gone")
        return "done", 0

    def _carry_out(self, step: Step) -> Diagnostic | None:
        """What went wrong with a step."""
        from generator.anyscale.command import Cli
        from generator.anyscale.command import Fault as AnyscaleFault
        from generator.deploy.allowed import Refused
        from generator.deploy.azure import Fault
        from generator.deploy.faults import Patience
        from generator.retire.carry import delete, remove

        try:
            if self._is_azures(step):
                delete(self._azure(step, Patience(), 60.0), step, self.plan, self._principals(step))
                return None
            cli = Cli()
            remove(cli, step)
            if cli.interrupted:
                raise KeyboardInterrupt
        except Fault as fault:
            return Diagnostic(step.what, 0, 0, "", f"{fault.code}: {fault.message}", _fix(fault, step.id))
        except AnyscaleFault as fault:
            return Diagnostic(step.what, 0, 0, "", fault.what, fault.fix)
        except Refused as refused:
            return Diagnostic(step.what, 0, 0, "", f"it is not deleted: {refused}", "look at it, and delete it by hand")
        return None

    def _azure(self, step: Step, patience: Patience, timeout: float) -> Azure:
        from generator.deploy.azure import Azure

        return Azure(step.id.split("/")[2], patience=patience, timeout=timeout, poll=self._poll)

    def _is_azures(self, step: Step) -> bool:
        from generator.retire.step import ANYSCALE

        return step.kind != ANYSCALE and not step.kept

    def _principals(self, step: Step) -> list[str]:
        return [self._bound[step.cluster]] if step.cluster in self._bound else []


def _fix(fault: Fault, identifier: str) -> str:
    from generator.deploy.advice import about

    if fault.code == "ScopeLocked":  # Azure docs, lock-resources
        where = f" --resource {identifier}" if identifier else ""
        return f"somebody locked it, and knows why: az lock list{where}; without the lock, {_AGAIN}"
    if fault.code == "NotSignedIn" or fault.status in (401, 403):
        return about(fault.code, fault.message).fix
    return f"mend that; then {_AGAIN}"
