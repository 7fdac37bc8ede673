"""What Azure says of deployments before they begin: how they stand, whether they are valid, what they would change."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from rayfleet import fingerprint
from rayfleet.cli.signals import waited
from rayfleet.cli.telling import Told
from rayfleet.deploy import stack_changes
from rayfleet.diagnostics import Diagnostic, in_order, many, printable
from rayfleet.source.origin import Origin

if TYPE_CHECKING:
    from rayfleet.azure.client import Azure
    from rayfleet.azure.faults import Fault
    from rayfleet.azure.stacks import Stacks
    from rayfleet.deploy.stack_changes import Leaving
    from rayfleet.tree import Tree
    from rayfleet.tree.deployment_steps import DeploymentStep

T = TypeVar("T")

_AT_ONCE = 8  # deployments that are judged side by side
# What a deployment after another may name before that one has made it.
_LATER = {"notfound", "parentresourcenotfound", "resourcenotfound"}
_COLORS = {"!": "yellow", "+": "green", "-": "red", "~": "yellow"}


class Looking:
    """Questions about steps, asked side by side. ``stacks``: where they are deployed as deployment stacks."""

    def __init__(
        self,
        azure: Azure,
        stacks: Stacks | None,
        tree: Tree,
        steps: Sequence[DeploymentStep],
        told: Told,
        origin: Origin | None,
    ) -> None:
        self._azure = azure
        self._stacks = stacks
        self._rendered = tree
        self._steps = steps
        self._told = told
        self._origin = origin
        self._secrets = tuple({str(value) for step in steps for value in step.parameters.values()})
        self._templates = {template.path: template for template in tree.templates}
        self._new: set[str] = set()

    def known(self, waits: bool) -> tuple[set[str], list[Diagnostic]]:
        """The names of the deployments that never were, and what speaks against them as they stand. ``waits``: whether
        those in flight are waited for, and said to be. Raises Fault.
        """
        from rayfleet.azure.stacks import seen

        states = self._answers((self._stacks or self._azure).state)
        others = self._answers(self._azure.state if self._stacks else partial(seen, self._azure))
        self._new = {name for name, state in states.items() if state is None}
        found = []
        for step in self._steps:
            state, other = states[step.name], others[step.name]
            if state and not state.ended:
                self._told.say(f"{step.name} is in flight{': this run waits for its end' if waits else ''}", err=True)
            if other and not other.ended:
                what = f"is in flight {'without' if self._stacks else 'with'} --stack"
                found.append(Diagnostic(*step.side.place, step.name, what, "wait for its end, and run this again"))
            elif other and not self._stacks:
                what = "was deployed as a deployment stack, which does not learn of what this deploys"
                fix = "give --stack again; or take the stack away: az stack group delete --action-on-unmanage detachAll"
                found.append(Diagnostic(*step.side.place, step.name, what, fix).as_warning())
        return self._new, in_order(found)

    def validated(self) -> tuple[list[Diagnostic], dict[str, frozenset[str]]]:
        """What validation finds in all steps, of what cannot be validated yet, that; and of stacks the ids that their
        templates have.
        """
        from rayfleet.azure.faults import Fault
        from rayfleet.deploy import explain_failure

        found: list[Diagnostic] = []
        ids: dict[str, frozenset[str]] = {}
        answers = self._each(self._stacks.validate if self._stacks else self._azure.validate)
        for step in self._steps:
            fault = answers[step.name]
            if not isinstance(fault, Fault):
                ids[step.name] = fault or frozenset()
            elif self._too_early(step, fault):
                found.append(self._not_yet(step, f"cannot be validated yet: {self._words(fault)}"))
            else:
                rows = explain_failure.diagnostics(
                    step.name, self._templates.get(step.file), fault.problem, self._origin
                )
                found += [row._replace(what=self.hidden(row.what)) for row in rows]
        return in_order(found), ids

    def looked(self, beside: str) -> bool:
        """Shows what would change, and keeps all of it in files below ``beside``; whether some of it is unknown."""
        from rayfleet.azure.faults import Fault
        from rayfleet.azure.redact import hidden
        from rayfleet.deploy import whatif

        failed = False
        answers = self._each(self._azure.what_if)
        for step in self._steps:
            raw = answers[step.name]
            if isinstance(raw, Fault):
                failed = self._not_looked(step, raw) or failed
                continue
            kept = hidden(raw, self._secrets)
            found = whatif.summary(step.name, kept)
            for line in whatif.lines(found):
                self._told.say(printable(line), fg=_COLORS.get(line.strip()[:1]) if line.startswith("  ") else None)
            file = self._kept(beside, step.name, kept)
            self._told.what_if.append({**whatif.as_json(found), "raw": file})
            if file:
                self._told.say(f"  all of it: {file}")
        return failed

    def leaving(self, ids: dict[str, frozenset[str]]) -> list[Leaving]:
        """Shows what leaves the stacks. ``ids``: what ``validated`` has found in their templates. Raises Fault."""
        from rayfleet.tree.azure_resources import azure_resources

        if self._stacks is None:
            return []
        managed, rendered = self._answers(self._stacks.managed), frozenset(azure_resources(self._rendered))
        rows = [
            stack_changes.leaving(step, managed[step.name], ids.get(step.name, frozenset()), rendered)
            for step in self._steps
        ]
        found = [row for row in rows if row.ids]
        for row in found:
            self._told.stacks.append(stack_changes.as_json(row))
            for line in stack_changes.lines(row):
                self._told.say(printable(line), fg="red" if line.startswith("  -") else None)
        return found

    def hidden(self, text: str) -> str:
        """The same without values of parameters."""
        from rayfleet.azure.redact import hidden

        return str(hidden(text, self._secrets))

    def refusal(self, fault: Fault) -> Diagnostic:
        """What is said of a fault that ends all."""
        from rayfleet.facts.advice import about

        what = self.hidden(f"{fault.code}: {fault.message}")
        return Diagnostic("Azure", 0, 0, "", what, about(fault.code, fault.message).fix)

    # --- inside ---

    def _too_early(self, step: DeploymentStep, fault: Fault) -> bool:
        """Whether a step may fail only of what an earlier one is to make, or fails of its own deployment in flight.

        What it depends on is deployed before it in the same run, as rendered, however it stood: it may have failed
        half-way, have got a resource more, or have lost one. Were that an error, no run would ever mend it.
        """
        if fault.code in ("ResourceGroupNotFound", "DeploymentActive", "DeploymentStackInNonTerminalState"):
            return True
        codes = {problem.code.lower() for problem in fault.problem.innermost()}
        return codes <= _LATER and bool(step.depends_on)

    def _words(self, fault: Fault) -> str:
        inner = next(fault.problem.innermost())
        return self.hidden(f"{inner.code}: {inner.message}")

    def _not_yet(self, step: DeploymentStep, what: str) -> Diagnostic:
        fix = "nothing to do: Azure judges it when it is deployed"
        return Diagnostic(*step.side.place, step.name, what, fix).as_warning()

    def _not_looked(self, step: DeploymentStep, fault: Fault) -> bool:
        resources = len(step.template.get("resources") or ())
        if self._too_early(step, fault):
            if step.name in self._new:
                self._told.say(f"{step.name}: all new: {many(resources, 'resource')} to create")
                self._told.what_if.append({"deployment": step.name, "new": True, "resources": resources})
            else:
                self._told.warn([self._not_yet(step, f"what would change is not known yet: {self._words(fault)}")])
            return False
        row = self.refusal(fault)._replace(where=step.name)
        self._told.warn([row._replace(what=f"what-if failed: {row.what}").as_warning()])
        return True

    def _kept(self, beside: str, name: str, raw: Any) -> str | None:
        """The file that has an answer of what-if; None where it cannot be kept, which stops nothing."""
        try:
            return _keep(beside, name, raw)
        except OSError as error:
            what = f"what-if of {name} cannot be kept: {(error.strerror or 'no room').lower()}"
            file = str(error.filename or os.path.join(beside, fingerprint.FOLDER))
            self._told.warn([Diagnostic(file, 0, 0, "", what, "make room, or move it away").as_warning()])
            return None

    def _answers(self, ask: Callable[[DeploymentStep], T]) -> dict[str, T]:
        """What Azure answers to each step, by its name. Raises Fault, Stopped."""
        from rayfleet.azure.faults import Fault

        found: dict[str, T] = {}
        for name, answer in self._each(ask).items():
            if isinstance(answer, Fault):
                raise answer
            found[name] = answer
        return found

    def _each(self, ask: Callable[[DeploymentStep], T]) -> dict[str, T | Fault]:
        """The same, with a Fault where it refuses. Raises Stopped."""
        from rayfleet.azure.faults import Fault

        def one(step: DeploymentStep) -> T | Fault:
            try:
                return ask(step)
            except Fault as fault:
                return fault

        def all_of_them() -> list[T | Fault]:
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                return list(threads.map(one, self._steps))

        return dict(zip([step.name for step in self._steps], waited(all_of_them), strict=True))


def _keep(beside: str, name: str, raw: Any) -> str:
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
