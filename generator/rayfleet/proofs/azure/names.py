"""Names that Azure takes, and every resource written once."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import many
from rayfleet.facts.resource_names import CLUSTER_NAMES, NameRule, name_rule
from rayfleet.facts.resource_types import CLUSTER
from rayfleet.proofs.azure.references import subject
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import Resource, Tree, text
from rayfleet.tree.arm_expression import is_expression


def judge(tree: Tree) -> Iterator[Finding]:
    """Every name, and every id."""
    found = [row for template in tree.templates for each in template.resources for row in _name(each)]
    found += _duplicates(tree)
    yield from found
    if tree.resources and not found:
        what = f"{many(len(tree.resources), 'resource')} have names that Azure accepts, and none is written twice"
        yield proved("arm/written-twice", "", what, next(iter(tree.resources.values())).side("name"))


def _name(resource: Resource) -> Iterator[Finding]:
    written = resource.written_name
    if not written:
        what = f"a resource of type {resource.type or 'none'} has no name"
        yield failed("arm/no-name", subject(resource.template), what, "name it", resource.side("name"))
    elif not is_expression(written):
        parts, kinds = written.count("/") + 1, resource.type.count("/")
        rule = name_rule(resource.type)
        if parts != kinds:
            # ARM docs, error-invalid-template: incorrect segment lengths.
            what = f"{written} has {many(parts, 'part')}, and its type {resource.type or 'none'} has {kinds}"
            yield failed(
                "arm/name-parts",
                subject(resource.template),
                what,
                "give the name one part for each",
                resource.side("name"),
            )
        elif rule and not rule.pattern.fullmatch(resource.name):
            yield _illegal_name(resource, "name", resource.name, rule)
    if resource.type == CLUSTER:
        for key, rule in CLUSTER_NAMES.items():
            value = text(resource.properties, key)
            if value and not is_expression(value) and not rule.pattern.fullmatch(value):
                yield _illegal_name(resource, key, value, rule, "properties")


def _illegal_name(resource: Resource, key: str, value: str, rule: NameRule, *above: str) -> Finding:
    what = f"Azure refuses {value!r}, {many(len(value), 'character')}, as {key} of {resource.type.rpartition('/')[2]}"
    return failed("arm/name-refused", subject(resource.template), what, f"use {rule.says}", resource.side(*above, key))


def _duplicates(tree: Tree) -> Iterator[Finding]:
    """Two that write one resource undo each other's writing."""
    seen: dict[str, Resource] = {}
    for template in tree.templates:
        for resource in template.resources:
            first = seen.setdefault(resource.id, resource)
            if first is not resource:
                what = f"{resource.type.rpartition('/')[2]} {resource.written_name} is written twice: the last one wins"
                sides = resource.side("name"), first.side("name")
                yield failed("arm/written-twice", subject(template), what, "write it once", *sides)
