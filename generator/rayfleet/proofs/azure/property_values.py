"""The values of properties, as Azure accepts them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rayfleet.diagnostics import many
from rayfleet.facts.azure_values import azure_values
from rayfleet.facts.property_values import Words
from rayfleet.facts.resource_types import CLUSTER, NODE_POOL, label
from rayfleet.proofs.azure.references import subject
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.proofs.values import misfits
from rayfleet.tree import Resource, Side, Template, Tree, entries, text
from rayfleet.tree.arm_expression import is_expression


class Owner(NamedTuple):
    """A resource, or a pool inside its cluster. ``who`` is its name in a sentence about ``subject``, and ``inside`` the
    steps of a path that ``side`` has already."""

    subject: str
    who: str
    type: str
    data: Any
    side: Side
    inside: int = 0


def judge(tree: Tree) -> Iterator[Finding]:
    """Every resource. An expression has its value later, and null is said elsewhere."""
    for template in tree.templates:
        found = [row for resource in template.resources for row in _resource(resource)]
        yield from found
        if template.resources and not found:
            what = f"Azure knows the values of {many(len(template.resources), 'resource')}"
            yield proved("arm/value", subject(template), what, Side(template.source, ("resources",)))


def _resource(resource: Resource) -> Iterator[Finding]:
    for owner in owners(resource):
        for misfit in misfits(owner.data, azure_values(owner.type)):
            if not is_expression(misfit.written):
                what, side = misfit.sentence(owner.who, "Azure"), owner.side.at(*misfit.path[owner.inside :])
                yield failed("arm/value", owner.subject, what, misfit.fix, side)


def owners(resource: Resource) -> Iterator[Owner]:
    """A resource, and the pools inside it where it is a cluster."""
    yield _owner(resource)
    yield from _inline_pools(resource)


def _owner(resource: Resource) -> Owner:
    cluster = _cluster(resource.template)
    if cluster is resource:
        return Owner(cluster.name, "it", resource.type, resource.data, resource.side())
    if cluster and (resource.scope_id or resource.parent_id) == cluster.id:
        called = "pool" if resource.type.lower() == NODE_POOL.lower() else label(resource.type)
        return Owner(cluster.name, f"its {called} {resource.name}", resource.type, resource.data, resource.side())
    who = f"the {label(resource.type)} {resource.written_name}"
    return Owner(subject(resource.template), who, resource.type, resource.data, resource.side())


def _inline_pools(resource: Resource) -> Iterator[Owner]:
    """The pools inside a cluster, as if each were a resource."""
    if resource.type.lower() != CLUSTER.lower():
        return
    path = ("properties", "agentPoolProfiles")
    for index, profile in enumerate(entries(resource.data, *path)):
        who, data = f"its pool {text(profile, 'name')}", {"properties": profile}
        yield Owner(resource.name, who, NODE_POOL, data, resource.side(*path, index), inside=1)


def unknown(kind: str, value: object, *path: str) -> bool:
    """True for a value that Azure does not know at a path: arm/value says so, and nothing else need be said of it."""
    rows = [row for row in azure_values(kind) if row.path == path]
    return value is not None and not is_expression(value) and not any(row.values.takes(value) for row in rows)


def has_unknown(resource: Resource) -> bool:
    """True for a resource with a word that Azure does not know: what it does, is unknown, and arm/value says so."""
    rows = [row for row in azure_values(resource.type) if isinstance(row.values, Words)]
    return any(not is_expression(misfit.written) for misfit in misfits(resource.data, rows))


def _cluster(template: Template) -> Resource | None:
    return next(iter(template.of_type(CLUSTER)), None)
