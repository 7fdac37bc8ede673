"""deployments.json: every template once, in an order that ends, into a resource group that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from rayfleet.diagnostics import did_you_mean, many, name_advice, nearest
from rayfleet.facts.identifiers import is_uuid
from rayfleet.facts.resource_names import DEPLOYMENT_LENGTH
from rayfleet.facts.resource_types import RESOURCE_GROUP
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import DeploymentRow, Side, Tree, entries, get, mapping
from rayfleet.tree.arm_order import earlier_deployments

# ARM docs, resource-name-rules: Microsoft.Resources/deployments.
_NAME = re.compile(rf"[-\w.()]{{1,{DEPLOYMENT_LENGTH}}}", re.ASCII)


def judge(tree: Tree) -> Iterator[Finding]:
    """The rows by themselves, then together."""
    source = tree.deployments_file
    if source is None:
        if tree.templates:
            what = "there is no deployments.json that can be read: nothing says how the templates are deployed"
            yield failed(
                "arm/no-deployments", "", what, "render again", *(Side(row.source) for row in tree.templates[:1])
            )
        return
    rows = tree.deployments
    found = [row for deployment in rows for row in _row(deployment, tree)]
    found += [*_templates(tree), *_order(rows), *_groups(tree)]
    yield from found
    if rows and not found:
        what = f"{many(len(rows), 'deployment')} deploy every template once, each after what it depends on"
        yield proved("arm/template-not-deployed", "", what, Side(source, ("deployments",)))


def _row(row: DeploymentRow, tree: Tree) -> Iterator[Finding]:
    subject = row.name or row.template
    if not _NAME.fullmatch(row.name):
        said = f"is {row.name!r}" if row.name else "is missing"
        fix = f"use 1 to {DEPLOYMENT_LENGTH} letters, digits and -_.()"
        yield failed("arm/deployment-name", subject, f"its name {said}, which Azure refuses", fix, row.side.at("name"))
    if not is_uuid(row.scope.subscription):
        said = f"is {row.scope.subscription!r}" if row.scope.subscription else "is missing"
        fix = "write the id of the subscription"
        yield failed(
            "arm/subscription-id",
            subject,
            f"its subscriptionId {said}, which is no GUID",
            fix,
            row.side.at("scope", "subscriptionId"),
        )
    if not row.scope.resource_group and not row.location:
        # ARM docs, deploy-to-subscription: location.
        what = "it has no location, which a deployment at subscription scope must have"
        yield failed(
            "arm/no-deployment-location", subject, what, "write one, and never change it", row.side.at("location")
        )
    yield from _parameters(row, subject, tree)


def _parameters(row: DeploymentRow, subject: str, tree: Tree) -> Iterator[Finding]:
    """The parameters of a deployment step against those of its ARM template."""
    template = next((found for found in tree.templates if found.deployment is row), None)
    if template is None:
        return
    side = row.side.at("parameters")
    listed = [
        name for name in entries(get(row.side.source.data, *row.side.path), "parameters") if isinstance(name, str)
    ]
    declared = mapping(template.source.data, "parameters")
    other = Side(template.source, ("parameters",))
    for name in listed:
        if name not in declared:
            what = f"it passes the parameter {name}, which {template.path} does not take"
            yield failed(
                "arm/unknown-parameter", subject, what, f"remove it{did_you_mean(name, declared)}", side, other
            )
    missing = [name for name in declared if name not in listed and "defaultValue" not in mapping(declared, name)]
    if missing:
        more = f" and {many(len(missing) - 1, 'other')}" if missing[1:] else ""
        what = f"it does not pass the parameter {missing[0]}{more}, which {template.path} needs"
        yield failed(
            "arm/missing-parameter",
            subject,
            what,
            f"add {missing[0]}{more} to its parameters",
            side,
            other.at(missing[0]),
        )


# --- together ---


def _templates(tree: Tree) -> Iterator[Finding]:
    names: dict[str, DeploymentRow] = {}
    by_template: dict[str, DeploymentRow] = {}
    for row in tree.deployments:
        if not row.template or f"azure/{row.template}" not in tree.files.content:
            what = f"it deploys {row.template or 'nothing'}, and there is no such template"
            yield failed("arm/no-template", row.name, what, "name a file of rendered/azure", row.side.at("template"))
        first = names.setdefault(row.name.lower(), row)
        if first is not row:
            what = f"another deployment is called {first.name} too: nobody can say which to wait for"
            yield failed(
                "arm/deployment-name-twice",
                row.name,
                what,
                "give each its own name",
                row.side.at("name"),
                first.side.at("name"),
            )
        twin = by_template.setdefault(row.template, row)
        if twin is not row:
            what = f"it deploys {row.template}, which {twin.name} deploys too"
            sides = row.side.at("template"), twin.side.at("template")
            yield failed("arm/template-deployed-twice", row.name, what, "deploy each template once", *sides)
    for template in tree.templates:
        if template.deployment is None:
            what, fix = "no row of deployments.json deploys it", "add a row, or remove the file"
            listed = [Side(source, ("deployments",)) for source in [tree.deployments_file] if source]
            yield failed("arm/template-not-deployed", template.path, what, fix, Side(template.source), *listed)


def _order(rows: tuple[DeploymentRow, ...]) -> Iterator[Finding]:
    """The deploy step takes them in order; each waits for rows above it."""
    names = {row.name: number for number, row in reversed(list(enumerate(rows)))}
    for number, row in enumerate(rows):
        for index, name in enumerate(row.depends_on):
            side = row.side.at("dependsOn", index)
            if name not in names:
                what = f"it depends on {name}, and there is no such deployment"
                yield failed(
                    "arm/unknown-deployment", row.name, what, f"correct the name{did_you_mean(name, names)}", side
                )
            elif names[name] > number:
                other = rows[names[name]].side.at("name")
                what = f"it comes before {name}, which it depends on"
                yield failed("arm/deployment-order", row.name, what, f"move it behind {name}", side, other)
    try:
        TopologicalSorter({row.name: [name for name in row.depends_on if name in names] for row in rows}).prepare()
    except CycleError as error:
        cycle = [rows[names[name]] for name in error.args[1][1:]]
        what = f"{', '.join(row.name for row in cycle)} wait for each other"
        yield failed(
            "arm/deployment-circle",
            cycle[0].name,
            what,
            "let one of them not wait",
            *(row.side.at("dependsOn") for row in cycle),
        )


def _groups(tree: Tree) -> Iterator[Finding]:
    """Resource groups against the order of deployments: one that makes a group comes before those that deploy into
    it."""
    groups = {row.id: row for row in tree.of_type(RESOURCE_GROUP)}
    for row in tree.deployments:
        subscription, group = row.scope
        if not group:
            continue
        made = groups.get(f"/subscriptions/{subscription}/providers/{RESOURCE_GROUP}/{group}".lower())
        side = row.side.at("scope", "resourceGroup")
        maker = made.template.deployment if made else None
        if made is None:
            by_name = {found.name: found for found in groups.values()}
            near = by_name.get(nearest(group, by_name)) or next(iter(by_name.values()), None)
            what = f"it deploys into the resource group {group}, which no template makes"
            fix = name_advice(group, by_name) or "let a template make it"
            yield failed("arm/no-resource-group", row.name, what, fix, side, *([near.side("name")] if near else []))
        elif maker and maker.name not in earlier_deployments(tree, row.name):
            what = f"it deploys into the resource group {group}, which {maker.name} makes, but need not come first"
            fix = f"let it depend on {maker.name}"
            yield failed("arm/resource-group-late", row.name, what, fix, row.side.at("dependsOn"), made.side("name"))
