"""What a deployment does in Azure, from the first question to the last answer."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from generator import fingerprint, places
from generator.cli import before
from generator.cli.progress import Progress, on_terminal
from generator.cli.telling import Told, show
from generator.diagnostics import Diagnostic, Invalid, errors, in_order, many, printable

if TYPE_CHECKING:
    from generator.deploy.carry import Outcome
    from generator.deploy.explain import Failure
    from generator.deploy.faults import Fault
    from generator.deploy.plan import Step
    from generator.origin import Origin
    from generator.rendered import Rendered

T = TypeVar("T")

INTERRUPTED = 130  # what a shell calls a command that SIGINT ended: 128 and the signal's number
_AT_ONCE = 8  # deployments that are judged side by side
NEXT = "rayfleet bind"
# What a deployment after another may name before that one has made it.
_LATER = {"notfound", "parentresourcenotfound", "resourcenotfound"}


class Deploying:
    """One run: the steps, the client, and what of it is told."""

    def __init__(
        self, where: places.Places, rendered: Rendered, steps: Sequence[Step], poll: float, told: Told
    ) -> None:
        from generator.deploy.azure import Azure
        from generator.deploy.faults import Fault, Patience

        self.where = where
        self.rendered = rendered
        self.steps = steps
        self.told = told
        self.stop = Event()
        self.patience = Patience(self.stop)
        try:
            self.azure = Azure(steps[0].scope.subscription, patience=self.patience, poll=poll)
        except Fault as fault:
            raise Invalid([Diagnostic("environment", 0, 0, "", fault.message, "unset it")]) from None
        self.secrets = tuple({str(value) for step in steps for value in step.parameters.values()})
        self.templates = {template.path: template for template in rendered.templates}
        self.origin = _origin(where)

    def go(self, allowed: before.Allowed, only_look: bool, yes: bool) -> NoReturn:
        """All that comes after the files were judged. Ends the run."""
        from generator.deploy.faults import Fault, Stopped

        try:
            with self._interruptible("stopping"):
                new = self._known()
                gate = before.of_azure(self.azure, self.rendered, self.steps, new, allowed)
                self._go_on(_waited(lambda: in_order(gate)))
                self._go_on(self._validated(new))
                failed = self._looked(new)
        except Fault as fault:
            self.told.refuse([self._refusal(fault)])
        except Stopped:
            raise KeyboardInterrupt from None
        if only_look:
            self.told.end("planned", 1 if failed else 0)
        if not yes and not click.confirm(self._question(), err=True):
            self.told.say("nothing was started", err=True)
            self.told.end("declined", 1)
        self._run()

    def _run(self) -> NoReturn:
        """Deploys, and ends with what came of it."""
        from generator.deploy.run import run

        live = on_terminal()
        totals = [(step.name, len(step.template.get("resources") or ())) for step in self.steps]
        progress = Progress(totals, live)
        words = "Azure goes on with what it has in hand"
        self.told.started = True
        with self._interruptible(words), progress.showing():
            outcomes = _waited(lambda: run(self.azure, self.steps, lambda row: show(progress, row), watch=live))
        self.told.tell(outcomes, lambda outcome: self._failures(outcome))
        left = [row.step.name for row in outcomes if row.ended == "left running"]
        if self.stop.is_set() and any(row.ended != "succeeded" and not row.fault for row in outcomes):
            self.told.say(f"Azure goes on with: {', '.join(left) or 'nothing'}", err=True)
            self.told.say("to go on: run rayfleet deploy again; it picks up what is in flight by its name", err=True)
            self.told.end("interrupted", INTERRUPTED)
        if any(row.ended != "succeeded" for row in outcomes):
            self.told.say("what failed can be deployed again: run rayfleet deploy", err=True)
            self.told.end("failed", 1)
        self.told.say(f"next: {NEXT}", fg="green")
        self.told.end("succeeded", 0, next=NEXT)

    def _failures(self, outcome: Outcome) -> list[Failure]:
        from generator.deploy import explain

        step, whole = outcome.step, outcome.fault.problem if outcome.fault else None
        rows = explain.failures(step.name, self.templates.get(step.file), outcome.operations, whole, self.origin)
        return [row._replace(message=self._hidden(row.message)) for row in rows]

    # --- before ---

    def _known(self) -> set[str]:
        """The names of the deployments that never were. Raises Fault."""
        states = self._each(self.azure.state)
        if faults := [state for state in states.values() if isinstance(state, Exception)]:
            raise faults[0]
        for name, state in states.items():
            if state and not getattr(state, "ended", True):
                self.told.say(f"{name} is in flight: it will be picked up, not started again", err=True)
        return {name for name, state in states.items() if state is None}

    def _go_on(self, found: list[Diagnostic]) -> None:
        if errors(found):
            self.told.refuse(found)
        self.told.warn(found)

    def _refusal(self, fault: Fault) -> Diagnostic:
        from generator.deploy.advice import about

        what = self._hidden(f"{fault.code}: {fault.message}")
        return Diagnostic("Azure", 0, 0, "", what, about(fault.code, fault.message).fix)

    def _validated(self, new: set[str]) -> list[Diagnostic]:
        """What validation finds in all steps; of what cannot be validated yet, that."""
        from generator.deploy import explain

        found = []
        for step, fault in self._faults(self.azure.validate):
            if self._too_early(step, fault, new):
                what = f"cannot be validated yet: {fault.code}"
                fix = "nothing to do: Azure judges it when it is deployed"
                found.append(Diagnostic(*step.side.place, step.name, what, fix).as_warning())
                continue
            rows = explain.diagnostics(step.name, self.templates.get(step.file), fault.problem, self.origin)
            found += [row._replace(what=self._hidden(row.what)) for row in rows]
        return in_order(found)

    def _too_early(self, step: Step, fault: Fault, new: set[str]) -> bool:
        """Whether a step fails only of what an earlier one makes, or of its own deployment that is in flight."""
        if fault.code in ("ResourceGroupNotFound", "DeploymentActive"):
            return True
        codes = {problem.code.lower() for problem in fault.problem.innermost()}
        return codes <= _LATER and bool(new.intersection(step.depends_on))

    def _looked(self, new: set[str]) -> bool:
        """Shows what would change; whether that is unknown of a step."""
        from generator.deploy import whatif
        from generator.deploy.hiding import hidden

        failed = False
        for name, raw in self._each(self.azure.what_if).items():
            step = next(step for step in self.steps if step.name == name)
            if isinstance(raw, Exception):
                failed = self._not_looked(step, raw, new) or failed
                continue
            kept = hidden(raw, self.secrets)
            found = whatif.summary(name, kept)
            file = _keep(self.where.beside, name, kept)
            self.told.what_if.append({**whatif.as_json(found), "raw": file})
            for line in whatif.lines(found):
                self.told.say(printable(line), fg=_COLORS.get(line.strip()[:1]) if line.startswith("  ") else None)
            self.told.say(f"  all of it: {file}")
        return failed

    def _not_looked(self, step: Step, fault: Exception, new: set[str]) -> bool:
        from generator.deploy.faults import Fault

        if not isinstance(fault, Fault):
            raise fault
        resources = len(step.template.get("resources") or ())
        if self._too_early(step, fault, new) and step.name in new:
            self.told.say(f"{step.name}: all new: {many(resources, 'resource')} to create")
            self.told.what_if.append({"deployment": step.name, "new": True, "resources": resources})
            return False
        row = self._refusal(fault)._replace(where=step.name)
        self.told.warn([row._replace(what=f"what-if failed: {row.what}").as_warning()])
        return True

    def _question(self) -> str:
        subscriptions = ", ".join(dict.fromkeys(step.scope.subscription for step in self.steps))
        return f"Start {many(len(self.steps), 'deployment')} in subscription {subscriptions}?"

    # --- inside ---

    def _each(self, ask: Callable[[Step], T]) -> dict[str, T | Exception]:
        """What Azure answers to each step, asked side by side; a Fault where it refuses. Raises Stopped."""
        from generator.deploy.faults import Fault

        def one(step: Step) -> T | Exception:
            try:
                return ask(step)
            except Fault as fault:
                return fault

        def all_of_them() -> list[T | Exception]:
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                return list(threads.map(one, self.steps))

        return dict(zip([step.name for step in self.steps], _waited(all_of_them), strict=True))

    def _faults(self, ask: Callable[[Step], object]) -> Iterator[tuple[Step, Fault]]:
        from generator.deploy.faults import Fault

        for step, answer in zip(self.steps, self._each(ask).values(), strict=True):
            if isinstance(answer, Fault):
                yield step, answer

    def _hidden(self, text: str) -> str:
        from generator.deploy.hiding import hidden

        return str(hidden(text, self.secrets))

    @contextmanager
    def _interruptible(self, words: str) -> Iterator[None]:
        """The first Ctrl-C ends the waiting, the second the run: what Azure does is not ours to end."""

        def interrupt(*_: object) -> None:
            if self.stop.is_set():
                os._exit(INTERRUPTED)
            self.stop.set()
            with suppress(RuntimeError):  # it came amid another line
                click.echo(f"\n{words} (again: at once)", err=True)

        old = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)


def _waited(work: Callable[[], T]) -> T:
    """What ``work`` returns or raises, done in a thread while this one stays free to hear signals.

    Python runs a signal's handler in the main thread, and one that comes just before that blocks on a lock is heard
    only after: for a lock of another thread's that may be never. Nor may a handler find the lock held that it wants.
    """
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(work)
        while not wait([future], timeout=_HEARS).done:
            pass
        return future.result()


_HEARS = 0.1  # seconds after which a signal is heard at the latest
_COLORS = {"!": "yellow", "+": "green", "-": "red", "~": "yellow"}


def _origin(where: places.Places) -> Origin | None:
    """fleet.yaml, for the places that it has; None where it cannot be read: the deployment goes by rendered/."""
    from generator.origin import Origin
    from generator.source import read

    try:
        return Origin(read(where.fleet, places.read_bytes(where.fleet, "")))
    except Invalid:
        return None


def _keep(beside: str, name: str, raw: object) -> str:
    """Writes an answer of what-if where only its owner reads it, and Git does not look; returns the file."""
    folder = os.path.normpath(os.path.join(beside, fingerprint.FOLDER, "what-if"))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with open(os.path.join(beside, fingerprint.FOLDER, ".gitignore"), "w", encoding="utf-8") as stream:
        stream.write("*\n")
    file = os.path.join(folder, re.sub(r"[^\w().-]|^\.+", "_", name) + ".json")
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(descriptor, 0o600)
        json.dump(raw, stream, indent=2)
    return file
