"""Objections to a plan: each is found before the first step, and all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network

from rayfleet.azure.deletable import DeletionRefusal, guard
from rayfleet.azure.resource_id import type_of
from rayfleet.diagnostics import Diagnostic, printable
from rayfleet.facts.late_values import CLIENT_ID, PRINCIPAL_ID
from rayfleet.facts.resource_types import CLUSTER, DELETION_ORDER, ROLE_ASSIGNMENT, VNET
from rayfleet.retire.step import RetirementStep, owner_names
from rayfleet.tree import Resource, Tree, entries, text
from rayfleet.tree.arm_expression import Call, identity
from rayfleet.tree.azure_resources import AzureResource, resource_subject

_ANY_GUID = "00000000-0000-0000-0000-000000000000"


def refusals(step: RetirementStep, gone: Mapping[str, AzureResource], rendered: frozenset[str]) -> Iterator[Diagnostic]:
    """Steps that would be refused in the end are refused now."""
    if step.kept:
        return
    target = f"{step.role.scope}/providers/{ROLE_ASSIGNMENT}/{_ANY_GUID}" if step.role else step.id
    try:
        guard(target, rendered)
        if step.role and type_of(step.role.identity) not in DELETION_ORDER:
            raise DeletionRefusal("nobody knows whose role it is")
    except DeletionRefusal as refused:
        fix = "check it, and delete it by hand if nothing uses it"
        yield Diagnostic(*gone[step.key].side().place, printable(step.what), str(refused), fix)


def still_there(whole: Iterable[str], base: Tree, now: Tree) -> Iterator[Diagnostic]:
    """A cluster that goes while one of its name is rendered elsewhere: Anyscale knows both by the one name."""
    there, before = {row.name: row for row in now.of_type(CLUSTER)}, {row.name: row for row in base.of_type(CLUSTER)}
    for name in whole:
        if name in there:
            what = (
                f"it leaves {_scope_text(before[name])} and is rendered in {_scope_text(there[name])}: "
                "both would have one cloud resource"
            )
            fix = f"give the new cluster another name; then {name} can be retired"
            yield Diagnostic(*there[name].side("name").place, name, what, fix)


def _scope_text(row: Resource) -> str:
    scope = row.template.scope
    return f"resource group {scope.resource_group} of subscription {scope.subscription}"


def references(gone: Mapping[str, AzureResource], now: Tree) -> Iterator[Diagnostic]:
    """Resources that are still rendered and name what goes: a peering, a rule, a role."""
    for resource in now.resources.values():
        for named in _referenced_ids(resource):
            key = next((key for key in _with_parents(named) if key in gone), None)
            if key:
                what = (
                    f"{resource_subject(resource, now)} still refers to {printable(key.rpartition('/providers/')[2])}"
                )
                yield Diagnostic(*resource.side("name").place, "", what, "remove that from the fleet, and render")
                break


def _with_parents(identifier: str) -> Iterator[str]:
    while identifier.count("/") > 4:
        yield identifier
        identifier = identifier.rpartition("/")[0]


def _referenced_ids(resource: Resource) -> set[str]:
    """The ids that a resource names anywhere."""
    scope = resource.template.scope
    found = {*resource.depends_on, resource.scope_id or "", *(target for _, target in resource.references)}
    for _, node in resource.uses:
        for call in node.calls() if isinstance(node, Call) else ():
            found.add(identity(call, scope) or "")
    found.update(literal.lower() for literal in _literals(resource.data) if literal.startswith("/subscriptions/"))
    return found - {""}


def _literals(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from (key, *_literals(value))
    elif isinstance(data, list):
        for value in data:
            yield from _literals(value)


def shared_resources(whole: Iterable[str], now: Tree) -> Iterator[Diagnostic]:
    """Clusters that stay and are bound to an identity of one that goes."""
    bound = now.bindings
    stay = now.cluster_names
    for name in whole:
        for kind in (CLIENT_ID, PRINCIPAL_ID):
            value = text(bound.data, "clusters", name, kind, "value") if bound else ""
            for other in sorted(stay - {name}) if bound and value else ():
                if bound and text(bound.data, "clusters", other, kind, "value").lower() == value.lower():
                    what = f"it is bound to the {kind} of {name}, which goes"
                    fix = "run rayfleet bind: every cluster has an identity of its own"
                    yield bound.diagnostic(("clusters", other, kind), what, fix)


def primary_cluster(whole: Iterable[str], base: Tree) -> Diagnostic | None:
    """The cluster that was registered first carries the whole cloud (facts: Anyscale, traps)."""
    first = primary(base)
    if first not in whole:
        return None
    row = next(row for row in base.unread_clusters() if row.name == first)
    what = "its cloud resource is the cloud's primary one, which Anyscale does not remove by itself"
    fix = (
        f"keep {first}; or register the other clusters with a new cloud (anyscale.cloud in fleet.yaml), and delete "
        "the old one with anyscale cloud delete"
    )
    return Diagnostic(*row.side("name").place, first, what, fix)


def primary(tree: Tree) -> str:
    """The cluster that is registered first: of the primary region, in which the subscription's deployments are kept,
    or else of all, the one with the lowest network. Empty where there is none.
    """
    names = owner_names(tree)
    lowest: dict[str, int] = {}
    for row in tree.of_type(VNET):
        for prefix in entries(row.properties, "addressSpace", "addressPrefixes"):
            lowest[names.get(row.id, "")] = _address(prefix)
    regions = {row.location for row in tree.deployments if not row.scope.resource_group}
    clusters = list(tree.unread_clusters())
    found = [row for row in clusters if row.region in regions] or clusters
    return min((lowest.get(row.name, 2**32), row.name) for row in found)[1] if found else ""


def _address(prefix: object) -> int:
    try:
        return int(ip_network(str(prefix), strict=False).network_address)
    except ValueError:
        return 2**32
