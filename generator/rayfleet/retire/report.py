"""The report of a retirement: a plan and the state of each of its steps, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rayfleet.diagnostics import Diagnostic, many
from rayfleet.retire.preparation import Preparation, short_commit

_SIGNS = {"to do": "-", "not seen": "?", "done": "=", "kept": "+"}


class RetirementReport:
    """A plan, and the state of each of its steps: to do, done, kept, or not seen."""

    def __init__(self, preparation: Preparation) -> None:
        self.plan = preparation.plan
        self.since = preparation.since
        self.bound = preparation.bound
        self.states = ["kept" if step.kept else "not seen" for step in self.plan.steps]

    def count(self, state: str) -> int:
        """The number of steps in a state."""
        return self.states.count(state)

    def lines(self, verbose: bool) -> Iterator[str]:
        """One line for all, and then each step that is left."""
        steps = self.plan.steps
        if not steps:
            lacks = "has nothing that rendered/ lacks; --base names an older commit"
            yield f"nothing to retire: {short_commit(self.since)} {lacks}"
            return
        counts = [f"{count} {state}" for state in _SIGNS if (count := self.count(state))]
        goes = f"{', '.join(self.plan.clusters)}: " if self.plan.clusters else ""
        yield f"{goes}{many(len(steps), 'step')}: {', '.join(counts)}; since {short_commit(self.since)}"
        for number, (step, state) in enumerate(zip(steps, self.states, strict=True), 1):
            if state == "done" and not verbose:
                continue
            yield f"{_SIGNS[state]} {number}. {step.title}: {state}"
            yield f"    why: {step.why}"
            if verbose:
                yield f"    id: {step.id}" if step.id else "    id: only Azure knows it"
                if step.command and state in ("to do", "not seen"):
                    yield f"    by hand: {step.command}"
        if verbose and any(step.command.startswith("az k8s-") for step in steps):
            yield "az k8s-configuration and az k8s-extension are extensions: az extension add --name NAME"

    def advice(self) -> Iterator[str]:
        """Advice on what is left over in bindings.yaml then."""
        if names := ", ".join(f"clusters.{name}" for name in self.plan.clusters if name in self.bound):
            yield f"next: take {names} out of bindings.yaml, run rayfleet render, and commit"
        for cluster, pools in self.plan.pools.items():
            where = f"clusters.{cluster}.nodePools"
            yield f"next: rayfleet bind, which takes {', '.join(pools)} out of {where} in bindings.yaml"
        if kept := self.count("kept"):
            yield f"{many(kept, 'resource')} kept: rayfleet deletes no storage account and no container"

    def as_json(self, outcome: str, diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
        """All of it for machines."""
        steps = [
            {
                "cluster": step.cluster or None,
                "type": step.kind,
                "what": step.what,
                "id": step.id or None,
                "why": step.why,
                "command": step.command or None,
                "state": state,
            }
            for step, state in zip(self.plan.steps, self.states, strict=True)
        ]
        left = {"clusters": [name for name in self.plan.clusters if name in self.bound], "nodePools": self.plan.pools}
        return {**without_plan(outcome, diagnostics, steps, self.plan.blocked), "leftInBindings": left}


def without_plan(
    outcome: str,
    diagnostics: Sequence[Diagnostic],
    steps: Sequence[object] = (),
    blocked: Sequence[Diagnostic] = (),
) -> dict[str, Any]:
    """The same before there is a plan."""
    return {
        "outcome": outcome,
        "steps": list(steps),
        "blocked": [row._asdict() for row in blocked],
        "diagnostics": [row._asdict() for row in diagnostics],
    }
