"""The answers of Azure before steps begin: how they stand, whether they are valid, what they would change."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from rayfleet import fingerprint, threads
from rayfleet.azure.client import Azure
from rayfleet.azure.deployment_state import State
from rayfleet.azure.faults import Fault
from rayfleet.azure.stacks import Stacks, stack_state
from rayfleet.deploy import explain_failure, stack_changes, whatif
from rayfleet.deploy.explain_failure import Failure
from rayfleet.deploy.outcome import StepOutcome
from rayfleet.deploy.stack_changes import StackChange
from rayfleet.diagnostics import Diagnostic, excerpt, in_order, many
from rayfleet.facts.advice import advice_for
from rayfleet.redact import redact
from rayfleet.source.origin import Origin
from rayfleet.tree import Template, Tree, entries
from rayfleet.tree.azure_resources import azure_resources
from rayfleet.tree.deployment_steps import DeploymentStep

T = TypeVar("T")

_MOST_LINES = 500  # of a what-if that people are shown
_WORKERS = 8  # deployments that are judged side by side
# What a deployment after another may name before that one has made it.
_LATER = {"notfound", "parentresourcenotfound", "resourcenotfound"}


class DeploymentPlan(NamedTuple):
    """The steps of a tree, and whom to ask about them. ``stacks``: where they are deployed as deployment stacks;
    ``origin``: None where fleet.yaml cannot be read.
    """

    tree: Tree
    steps: Sequence[DeploymentStep]
    azure: Azure
    stacks: Stacks | None
    origin: Origin | None

    def hidden(self, text: str) -> str:
        """The same without values of parameters."""
        return str(redact(text, self.secrets))

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple({str(value) for step in self.steps for value in step.parameters.values()})

    def template(self, step: DeploymentStep) -> Template | None:
        return next((row for row in self.tree.templates if row.path == step.file), None)

    def refusal(self, fault: Fault) -> Diagnostic:
        """The diagnostic of a fault that ends all."""
        what = self.hidden(f"{fault.code}: {fault.message}")
        return Diagnostic("Azure", 0, 0, "", what, advice_for(fault.code, fault.message).fix)

    def failures(self, outcome: StepOutcome) -> list[Failure]:
        """The failures of a step."""
        step, whole = outcome.step, outcome.fault.problem if outcome.fault else None
        template = self.template(step)
        rows = explain_failure.failures(step.name, template, outcome.operations, whole, self.origin)
        return [row._replace(message=self.hidden(row.message)) for row in rows]


class WhatIf(NamedTuple):
    """The changes of a step: ``lines`` for people, ``data`` for machines. ``warnings`` stop nobody; ``unknown``:
    nobody can tell, and somebody should."""

    lines: list[str]
    data: dict[str, Any] | None
    warnings: list[Diagnostic]
    unknown: bool = False


# --- how they stand ---


def states(plan: DeploymentPlan) -> tuple[dict[str, State | None], dict[str, State | None]]:
    """The steps as they stand, and as they stand in the other way, as stacks or without. Raises Fault, StopRequest."""
    azure, stacks = plan.azure, plan.stacks
    own = _answers(plan, (stacks or azure).state)
    return own, _answers(plan, azure.state if stacks else partial(stack_state, azure))


def in_flight(states: Mapping[str, State | None]) -> list[str]:
    """The names of the deployments that somebody has started, and that have not ended."""
    return [name for name, state in states.items() if state and not state.ended]


def objections(plan: DeploymentPlan, others: Mapping[str, State | None]) -> Iterator[Diagnostic]:
    """Objections to steps that stand as deployments where stacks are wanted, or the other way round."""
    for step in plan.steps:
        other = others[step.name]
        if other and not other.ended:
            what = f"is in flight {'without' if plan.stacks else 'with'} --stack"
            yield Diagnostic(*step.side.place, step.name, what, "wait for its end, and run this again")
        elif other and not plan.stacks:
            what = "was deployed as a deployment stack, and the stack will not know what this run deploys"
            take_away = "az stack group delete --action-on-unmanage detachAll"
            fix = f"give --stack again; or delete the stack and keep its resources: {take_away}"
            yield Diagnostic(*step.side.place, step.name, what, fix).as_warning()


# --- whether they are valid ---


def validation(plan: DeploymentPlan) -> tuple[list[Diagnostic], dict[str, frozenset[str]]]:
    """The findings of validation in all steps, and a word about what cannot be validated yet; and of stacks the ids
    that their templates have. Raises Stopped."""
    found: list[Diagnostic] = []
    ids: dict[str, frozenset[str]] = {}
    answers = _ask_each(plan, plan.stacks.validate if plan.stacks else plan.azure.validate)
    for step in plan.steps:
        fault = answers[step.name]
        if not isinstance(fault, Fault):
            ids[step.name] = fault or frozenset()
        elif _may_pass_later(step, fault):
            found.append(_unknown_yet(step, f"cannot be validated yet: {_innermost(plan, fault)}"))
        else:
            rows = explain_failure.diagnostics(step.name, plan.template(step), fault.problem, plan.origin)
            found += [row._replace(what=plan.hidden(row.what)) for row in rows]
    return in_order(found), ids


# --- what they would change ---


def what_if(plan: DeploymentPlan, new: Collection[str], folder: str) -> Iterator[WhatIf]:
    """The changes of each step; all of them are kept in files below ``folder``. ``new`` names the steps that never
    were deployed. Raises Stopped."""
    answers = _ask_each(plan, plan.azure.what_if)
    for step in plan.steps:
        raw = answers[step.name]
        if isinstance(raw, Fault):
            yield _without_answer(plan, step, raw, new)
            continue
        kept = redact(raw, plan.secrets)
        if not whatif.readable(kept):
            what = "what-if failed: its answer has no list of changes"
            fix = "run rayfleet deploy again; az deployment group what-if says more"
            yield WhatIf([], None, [Diagnostic(*step.side.place, step.name, what, fix).as_warning()], unknown=True)
            continue
        found = whatif.summary(step.name, kept)
        file, warnings = _save(folder, step.name, kept)
        lines = [*_first_lines(whatif.lines(found)), *([f"  all of it: {file}"] if file else [])]
        yield WhatIf(lines, {**whatif.as_json(found), "raw": file}, warnings)


def _first_lines(lines: Iterable[str]) -> Iterator[str]:
    """Those that somebody reads: what should be seen first comes first."""
    rest = 0
    for number, line in enumerate(lines):
        if number < _MOST_LINES:
            yield excerpt(line)
        else:
            rest += 1
    if rest:
        yield f"  and {many(rest, 'more line')}"


def _without_answer(plan: DeploymentPlan, step: DeploymentStep, fault: Fault, new: Collection[str]) -> WhatIf:
    resources = len(entries(step.template, "resources"))
    if not _may_pass_later(step, fault):
        row = plan.refusal(fault)._replace(where=step.name)
        warning = row._replace(what=f"what-if failed: {row.what}").as_warning()
        return WhatIf([], None, [warning], unknown=True)
    if step.name in new:
        line = f"{step.name}: all new: {many(resources, 'resource')} to create"
        return WhatIf([line], {"deployment": step.name, "new": True, "resources": resources}, [])
    return WhatIf([], None, [_unknown_yet(step, f"what would change is not known yet: {_innermost(plan, fault)}")])


def stack_change(plan: DeploymentPlan, ids: Mapping[str, frozenset[str]]) -> list[StackChange]:
    """The resources that leave the stacks. ``ids``: those that ``validation`` has found. Raises Fault, StopRequest."""
    if plan.stacks is None:
        return []
    managed, rendered = _answers(plan, plan.stacks.managed_ids), frozenset(azure_resources(plan.tree))
    rows = [
        stack_changes.stack_change(step, managed[step.name], ids.get(step.name, frozenset()), rendered)
        for step in plan.steps
    ]
    return [row for row in rows if row.ids]


# --- inside ---


def _may_pass_later(step: DeploymentStep, fault: Fault) -> bool:
    """True where a step may fail only of what an earlier one is to make, or fails of its own deployment in flight.

    What it depends on is deployed before it in the same run, as rendered, however it stood: it may have failed
    half-way, have got a resource more, or have lost one. Were that an error, no run would ever mend it.
    """
    if fault.code in ("ResourceGroupNotFound", "DeploymentActive", "DeploymentStackInNonTerminalState"):
        return True
    codes = {problem.code.lower() for problem in fault.problem.innermost()}
    return codes <= _LATER and bool(step.depends_on)


def _innermost(plan: DeploymentPlan, fault: Fault) -> str:
    inner = next(fault.problem.innermost())
    return plan.hidden(f"{inner.code}: {inner.message}")


def _unknown_yet(step: DeploymentStep, what: str) -> Diagnostic:
    fix = "nothing to do: Azure judges it when it is deployed"
    return Diagnostic(*step.side.place, step.name, what, fix).as_warning()


def _answers(plan: DeploymentPlan, ask: Callable[[DeploymentStep], T]) -> dict[str, T]:
    """Azure's answer about each step, by its name. Raises Fault, StopRequest."""
    found: dict[str, T] = {}
    for name, answer in _ask_each(plan, ask).items():
        if isinstance(answer, Fault):
            raise answer
        found[name] = answer
    return found


def _ask_each(plan: DeploymentPlan, ask: Callable[[DeploymentStep], T]) -> dict[str, T | Fault]:
    """The same, with a Fault where it refuses. Raises StopRequest."""

    def one(step: DeploymentStep) -> T | Fault:
        try:
            return ask(step)
        except Fault as fault:
            return fault

    futures = threads.start([partial(one, step) for step in plan.steps], _WORKERS)
    threads.join(futures)
    return {step.name: future.result() for step, future in zip(plan.steps, futures, strict=True)}


def _save(folder: str, name: str, raw: Any) -> tuple[str | None, list[Diagnostic]]:
    """The file that has an answer of what-if; None, and a warning, where it cannot be kept, which stops nothing."""
    try:
        return _write_answer(folder, name, raw), []
    except OSError as error:
        what = f"what-if of {name} cannot be kept: {(error.strerror or 'no room').lower()}"
        file = str(error.filename or os.path.join(folder, fingerprint.FOLDER))
        return None, [Diagnostic(file, 0, 0, "", what, "free some space, or move it away").as_warning()]


def _write_answer(folder: str, name: str, raw: Any) -> str:
    """Writes an answer of what-if where only its owner reads it, and Git does not look; returns the file."""
    answers = os.path.normpath(os.path.join(folder, fingerprint.FOLDER, "what-if"))
    os.makedirs(answers, mode=0o700, exist_ok=True)
    with open(os.path.join(folder, fingerprint.FOLDER, ".gitignore"), "w", encoding="utf-8") as stream:
        stream.write("*\n")
    file = os.path.join(answers, re.sub(r"[^\w().-]|^\.+", "_", name) + ".json")
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(descriptor, 0o600)
        json.dump(raw, stream, indent=2)
    return file
