"""The deployments in their order: the rows of deployments.json, each with its ARM template and its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from rayfleet.diagnostics import Diagnostic, Invalid, did_you_mean
from rayfleet.facts.identifiers import is_uuid
from rayfleet.facts.resource_names import DEPLOYMENT_LENGTH, RESOURCE_GROUP_LENGTH
from rayfleet.facts.resource_types import DEPLOYMENT, FEDERATED_CREDENTIAL
from rayfleet.tree import DEPLOYMENTS, DeploymentRow, Side, Template, Tree, entries, get
from rayfleet.tree.arm_expression import DeploymentScope

# What names in the path of a request are made of, so that nothing needs to be escaped (REST API, Deployments and
# Resource Groups): deployments.json may have been edited.
_NAME = re.compile(rf"(?!\.+$)[A-Za-z0-9_.()-]{{1,{DEPLOYMENT_LENGTH}}}")
# Empty for the subscription itself.
_GROUP = re.compile(
    rf"[A-Za-z0-9_.()-]{{0,{RESOURCE_GROUP_LENGTH - 1}}}[A-Za-z0-9_()-]|"
)  # empty: the subscription itself


@dataclass(frozen=True, eq=False)
class DeploymentStep:
    """One ARM deployment to carry out. What it prints as holds no value of a parameter."""

    name: str  # the same at every run: a deployment in flight is found again by it
    scope: DeploymentScope
    location: str  # where ARM keeps a deployment at subscription scope; never changes
    file: str  # azure/eastus.json, below rendered/
    template: dict[str, Any] = field(repr=False)
    needs: tuple[str, ...]  # the names of its parameters
    parameters: Mapping[str, object] = field(repr=False)  # their values: secrets
    depends_on: tuple[str, ...]
    identities: frozenset[str]  # ids, in lower case, of the identities whose federated credentials it writes
    side: Side = field(repr=False)  # its row in deployments.json

    @property
    def at_subscription(self) -> bool:
        """True where it deploys into the subscription itself, not into a resource group."""
        return not self.scope.resource_group

    @property
    def missing(self) -> tuple[str, ...]:
        """Its parameters that have no value yet."""
        return tuple(name for name in self.needs if name not in self.parameters)

    @cached_property
    def id(self) -> str:
        """The id of the deployment in Azure, where people look for it."""
        group = f"/resourceGroups/{self.scope.resource_group}" if self.scope.resource_group else ""
        return f"/subscriptions/{self.scope.subscription}{group}/providers/{DEPLOYMENT}/{self.name}"

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs that its template promises."""
        promised = self.template.get("outputs")
        return tuple(promised) if isinstance(promised, dict) else ()


def steps(tree: Tree, parameters: Mapping[str, object] | None = None) -> tuple[DeploymentStep, ...]:
    """Every deployment of rendered/, each after those it depends on; ``parameters`` are values by name, for all.

    Raises Invalid where rendered/ does not say what to deploy: it was edited, or it is half a tree.
    """
    templates = {template.deployment: template for template in tree.templates if template.deployment}
    rows = tree.deployments
    if found := [*tree.problems, *_mistakes(tree, rows, templates)]:
        raise Invalid(found)
    made = {row.name: _step(row, templates[row], parameters or {}) for row in rows}
    return tuple(step for wave in waves(made.values()) for step in wave)


def waves(steps: Iterable[DeploymentStep]) -> list[tuple[DeploymentStep, ...]]:
    """The steps in waves: all of a wave may run side by side, once the waves before have ended. What a step depends on
    and is not among the steps counts as done.
    """
    by_name = {step.name: step for step in steps}
    order = TopologicalSorter({name: _known_dependencies(by_name, step) for name, step in by_name.items()})
    order.prepare()
    found = []
    while ready := order.get_ready():
        found.append(tuple(by_name[name] for name in sorted(ready, key=list(by_name).index)))
        order.done(*ready)
    return found


def select(steps: Iterable[DeploymentStep], regions: Iterable[str]) -> tuple[DeploymentStep, ...]:
    """The steps of some regions, and what those depend on; all of them without any region."""
    every = tuple(steps)
    wanted = set(regions)
    if not wanted:
        return every
    by_name = {step.name: step for step in every}
    keep = [step.name for step in every if step.location in wanted]
    for name in keep:  # grows while it is read
        keep += [before for before in by_name[name].depends_on if before in by_name and before not in keep]
    return tuple(step for step in every if step.name in keep)


def _known_dependencies(by_name: Mapping[str, DeploymentStep], step: DeploymentStep) -> list[str]:
    return [name for name in step.depends_on if name in by_name]


def _step(row: DeploymentRow, template: Template, values: Mapping[str, object]) -> DeploymentStep:
    needs = tuple(name for name in entries(get(row.side.source.data, *row.side.path), "parameters"))
    return DeploymentStep(
        name=row.name,
        scope=row.scope,
        location=row.location,
        file=template.path,
        template=template.source.data,
        needs=needs,
        parameters={name: values[name] for name in needs if name in values},
        depends_on=row.depends_on,
        identities=frozenset(resource.parent_id for resource in template.of_type(FEDERATED_CREDENTIAL)),
        side=row.side,
    )


def _mistakes(
    tree: Tree, rows: tuple[DeploymentRow, ...], templates: Mapping[DeploymentRow, Template]
) -> Iterator[Diagnostic]:
    """Mistakes that keep the rows from being deployed."""
    fix = "run rayfleet render"
    if not rows and not tree.problems:
        yield Diagnostic(tree.files.name(DEPLOYMENTS), 0, 0, "", "there is nothing to deploy", fix)
    names = [row.name for row in rows]
    for row in rows:
        if not row.name or not row.scope.subscription or not row.location:
            yield Diagnostic(*row.side.place, "", "a deployment has no name, subscription or location", fix)
        elif not _NAME.fullmatch(row.name):
            yield Diagnostic(*row.side.at("name").place, row.name, "is no name that a deployment can have", fix)
        elif not is_uuid(row.scope.subscription) or not _GROUP.fullmatch(row.scope.resource_group):
            what = "goes to no subscription and resource group that Azure can have"
            yield Diagnostic(*row.side.place, row.name, what, fix)
        elif names.count(row.name) > 1:
            yield Diagnostic(*row.side.place, row.name, "two deployments have this name", fix)
        if row not in templates:
            yield Diagnostic(*row.side.at("template").place, row.name, f"there is no azure/{row.template}", fix)
        for before in row.depends_on:
            if before not in names:
                what = f"depends on {before}, which is not deployed{did_you_mean(before, names)}"
                yield Diagnostic(*row.side.at("dependsOn").place, row.name, what, fix)
    try:
        TopologicalSorter({row.name: row.depends_on for row in rows}).prepare()
    except CycleError as error:
        what = f"the deployments wait for each other: {' <- '.join(error.args[1])}"
        yield Diagnostic(tree.files.name(DEPLOYMENTS), 0, 0, "", what, fix)


__all__ = ["DeploymentScope", "DeploymentStep", "select", "steps", "waves"]
