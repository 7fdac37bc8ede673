"""References of ARM templates: each leads to a resource that they, or one deployed before, make before it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from rayfleet.diagnostics import many
from rayfleet.facts.resource_types import ROLE_ASSIGNMENT, ROLE_DEFINITION
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.source import Path
from rayfleet.tree import Resource, Side, Template, Tree, entries
from rayfleet.tree.arm_expression import Call, identity
from rayfleet.tree.arm_order import dependencies, earlier_deployments
from rayfleet.tree.arm_template import references
from rayfleet.tree.azure_resources import resource_subject, resource_title

# What Azure has by itself (Azure docs, built-in-roles).
BUILT_IN = (f"/{ROLE_DEFINITION.lower()}/",)
_ASSIGNMENTS = f"/{ROLE_ASSIGNMENT.lower()}/"
# Where nothing is known yet that Azure only knows afterwards (ARM docs, template-functions-resource: reference).
EARLY = ("name", "type", "apiVersion", "location", "dependsOn", "condition", "copy")


def judge(tree: Tree) -> Iterator[Finding]:
    """Every resource and every output of every template."""
    waits = {row.name: earlier_deployments(tree, row.name) for row in tree.deployments}
    for template in tree.templates:
        found = [*_cycle(template), *_outputs(template, tree, waits)]
        for resource in template.resources:
            found += _dependencies(resource, tree)
            found += _early_references(resource)
            found += _unordered_references(resource, tree, waits)
        yield from found
        if template.resources and not found:
            what = f"{many(len(template.resources), 'resource')}, and nothing is named before it is made"
            yield proved("arm/not-made", subject(template), what, Side(template.source, ("resources",)))


def subject(template: Template) -> str:
    """The name of an ARM template in findings: that of its deployment."""
    return template.deployment.name if template.deployment and template.deployment.name else template.path


# --- dependsOn ---


def _cycle(template: Template) -> Iterator[Finding]:
    waits = {key: [row for row in found.depends_on if row in template.by_id] for key, found in template.by_id.items()}
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        resources = [template.by_id[key] for key in error.args[1][1:]]
        resource_subject = ", ".join(row.written_name for row in resources)
        what = (
            f"{resource_subject} wait for each other" if len(resources) > 1 else f"{resource_subject} waits for itself"
        )
        yield failed(
            "arm/dependency-circle",
            subject(template),
            what,
            "let one of them not wait",
            *(row.side("dependsOn") for row in resources),
        )


def _dependencies(resource: Resource, tree: Tree) -> Iterator[Finding]:
    """ARM accepts dependencies on resources of the same template (ARM docs, resource-dependency)."""
    template = resource.template
    for index, (written, target) in enumerate(
        zip(entries(resource.data, "dependsOn"), resource.depends_on, strict=True)
    ):
        if target in template.by_id or any(row.written_name == written for row in template.resources):
            continue
        side = resource.side("dependsOn", index)
        other = tree.resources.get(target)
        if not isinstance(written, str):
            what = f"{resource_subject(resource, tree)} depends on no id"
            yield failed("arm/dependency-no-id", subject(template), what, "write resourceId(...)", side)
        elif other:
            title = resource_title(target, tree)
            what = f"{resource_subject(resource, tree)} depends on {title}, which another template makes"
            fix = f"let the deployment depend on {subject(other.template)}: ARM accepts only what its template makes"
            yield failed("arm/dependency-elsewhere", subject(template), what, fix, side, other.side("name"))
        else:
            what = f"{resource_subject(resource, tree)} depends on {resource_title(target, tree)}, which nothing makes"
            yield failed("arm/not-made", subject(template), what, "correct the name, or remove it", side)


def _early_references(resource: Resource) -> Iterator[Finding]:
    """No reference() where Azure must know before anything is made."""
    places: list[tuple[Path, Call]] = [
        (use.path, use.node)
        for use in resource.uses
        if use.path[:1] and use.path[0] in EARLY and isinstance(use.node, Call)
    ]
    for path, node in places:
        late = [call.name for call in node.calls() if call.name.lower() == "reference"]
        if late:
            what = f"the {path[0]} of {resource.type} is made with reference(), which Azure cannot know by then"
            yield failed(
                "arm/reference-too-early",
                subject(resource.template),
                what,
                "make it of ids and text",
                resource.side(*path),
            )


# --- what is named ---


def _unordered_references(resource: Resource, tree: Tree, waits: dict[str, set[str]]) -> Iterator[Finding]:
    """Neither an id nor reference() waits by itself for what it names by id (ARM docs, resource-dependency)."""
    earlier = dependencies(resource)
    readable = all(row.startswith("/") for row in resource.depends_on)
    for target, (path, verb) in _referenced_ids(resource).items():
        if target in earlier or any(kind in target for kind in BUILT_IN):
            continue
        other = tree.resources.get(target)
        said = f"{resource_subject(resource, tree)} {verb} {resource_title(target, tree)}"
        side = resource.side(*path)
        if other is None:
            # Of a template that nothing deploys nobody knows where it would be deployed to.
            if resource.template.deployment and ("(" not in target or _ASSIGNMENTS in target):
                fix = "correct the name, or let a template make it"
                yield failed("arm/not-made", subject(resource.template), f"{said}, which nothing makes", fix, side)
        elif target in resource.template.by_id:
            if readable:
                fix = f"add {resource_title(target, tree)} to its dependsOn"
                waited = resource.template.by_id[target].side("name")
                yield failed(
                    "arm/not-waited-for",
                    subject(resource.template),
                    f"{said} without waiting for it",
                    fix,
                    side,
                    waited,
                )
        else:
            yield from _deployment_order(resource.template, other, said, side, waits)


def _referenced_ids(resource: Resource) -> dict[str, tuple[Path, str]]:
    """Every id that it needs, with the first place that says so; ids in its name are only text."""
    found: dict[str, tuple[Path, str]] = {}
    for path, target in resource.references:
        if target.startswith("/"):
            found.setdefault(target, (path, "reads"))
    for use in resource.uses:
        if use.path[0] != "name" and isinstance(use.node, Call):
            for call in use.node.calls():
                named = identity(call, resource.template.scope)
                if named:
                    found.setdefault(named.lower(), (use.path, "names"))
    if resource.scope_id is None and resource.type.count("/") > 1:
        found.setdefault(resource.parent_id, (("name",), "belongs to"))
    return found


def _deployment_order(
    template: Template, other: Resource, what: str, side: Side, waits: dict[str, set[str]]
) -> Iterator[Finding]:
    """Of another template: one deployed before."""
    if template.deployment is None or other.template.deployment is None:
        return  # deployments says so
    own, theirs = template.deployment, other.template.deployment
    if theirs.name != own.name and theirs.name not in waits.get(own.name, ()):
        said = f"{what}, which {theirs.name} makes, but need not come first"
        fix = f"let {own.name} depend on {theirs.name}"
        yield failed("arm/made-too-late", subject(template), said, fix, side, own.side.at("dependsOn"))


def _outputs(template: Template, tree: Tree, waits: dict[str, set[str]]) -> Iterator[Finding]:
    """Outputs are read at the end: what they read is there if the template or one before makes it."""
    for path, target in references(template.output_uses, template.scope):
        if target in template.by_id or not target.startswith("/") or "(" in target:
            continue
        said, side = f"the output {path[1]} reads {resource_title(target, tree)}", Side(template.source, path)
        other = tree.resources.get(target)
        if other:
            yield from _deployment_order(template, other, said, side, waits)
        elif template.deployment:
            fix = "correct the name, or remove the output"
            yield failed("arm/not-made", subject(template), f"{said}, which nothing makes", fix, side)
