"""Names that Azure takes, and every resource written once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rayfleet.diagnostics import many
from rayfleet.facts.resource_types import (
    BLOB_SERVICE,
    CLUSTER,
    CONTAINER,
    EXTENSION,
    FEDERATED_CREDENTIAL,
    FLUX_CONFIGURATION,
    IDENTITY,
    LIFECYCLE_POLICY,
    MAINTENANCE_WINDOW,
    NAT_GATEWAY,
    NODE_POOL,
    NSG,
    PUBLIC_IP,
    RESOURCE_GROUP,
    STORAGE_ACCOUNT,
    SUBNET,
    VNET,
)
from rayfleet.proofs.azure.references import subject
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import Resource, Tree, text
from rayfleet.tree.arm_expression import is_expression


class _NameRule(NamedTuple):
    """``says`` completes "use ..."."""

    pattern: re.Pattern[str]
    says: str


def _rule(pattern: str, says: str) -> _NameRule:
    return _NameRule(re.compile(pattern, re.ASCII), says)


_NETWORK = _rule(
    r"[A-Za-z0-9]([-\w.]{0,78}\w)?", "1 to 80 letters, digits and _.-, from a letter or digit to no . or -"
)
# An overlay network writes their names into node labels (AKS docs, azure-cni-overlay).
_LABELLED = "2 to 63 letters, digits and _.-, from a letter or digit to no . or -"
_DNS_LABEL = _rule(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "a DNS label: at most 63 of a-z, 0-9 and -")
_DEFAULT = _rule("default", "default, the only one")
# ARM docs, resource-name-rules; where that is silent, the patterns of the official ARM schemas. By the last part of the
# name; of types that are not here nothing is known.
RULES = {
    RESOURCE_GROUP: _rule(
        r"[-\w.()]{0,62}[-\w()]", "1 to 63 letters, digits and -_.(), the last no point: it becomes a node label"
    ),
    STORAGE_ACCOUNT: _rule("[a-z0-9]{3,24}", "3 to 24 of a-z and 0-9"),
    BLOB_SERVICE: _DEFAULT,
    LIFECYCLE_POLICY: _DEFAULT,
    CONTAINER: _rule(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*", "3 to 63 of a-z, 0-9 and single hyphens between them"),
    VNET: _rule(r"[A-Za-z0-9][-\w.]{0,61}\w", _LABELLED),
    SUBNET: _rule(r"[A-Za-z0-9]([-\w.]{0,61}\w)?", _LABELLED.replace("2", "1", 1)),
    NSG: _NETWORK,
    PUBLIC_IP: _NETWORK,
    NAT_GATEWAY: _NETWORK,
    IDENTITY: _rule(r"[A-Za-z0-9][-\w]{2,127}", "3 to 128 letters, digits and _-, from a letter or digit"),
    FEDERATED_CREDENTIAL: _rule(r"[A-Za-z0-9][-\w]{2,119}", "3 to 120 letters, digits and _-, from a letter or digit"),
    CLUSTER: _rule(
        r"[A-Za-z0-9]([-\w]{0,61}[A-Za-z0-9])?", "1 to 63 letters, digits and _-, from and to a letter or digit"
    ),
    NODE_POOL: _rule("[a-z][a-z0-9]{0,11}", "1 to 12 of a-z and 0-9, from a letter"),
    MAINTENANCE_WINDOW: _rule(
        "default|aksManagedAutoUpgradeSchedule|aksManagedNodeOSUpgradeSchedule",
        "default, aksManagedAutoUpgradeSchedule or aksManagedNodeOSUpgradeSchedule",
    ),
    EXTENSION: _DNS_LABEL,
    FLUX_CONFIGURATION: _DNS_LABEL,
}
# Names that are properties of a cluster (AKS docs, use-system-pools limitations; ARM schema).
_PROPERTIES = {
    "nodeResourceGroup": _rule(r"[-\w.()]{0,79}[-\w()]", "1 to 80 letters, digits and -_.(), the last no point"),
    "dnsPrefix": _rule(
        r"[A-Za-z0-9]([-A-Za-z0-9]{0,52}[A-Za-z0-9])?", "1 to 54 letters, digits and -, from and to a letter or digit"
    ),
}
_BY_TYPE = {kind.lower(): rule for kind, rule in RULES.items()}


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
        rule = _BY_TYPE.get(resource.type.lower())
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
        for key, rule in _PROPERTIES.items():
            value = text(resource.properties, key)
            if value and not is_expression(value) and not rule.pattern.fullmatch(value):
                yield _illegal_name(resource, key, value, rule, "properties")


def _illegal_name(resource: Resource, key: str, value: str, rule: _NameRule, *above: str) -> Finding:
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
