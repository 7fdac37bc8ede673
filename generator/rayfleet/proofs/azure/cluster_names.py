"""Names that two clusters must not share."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.resource_types import CLUSTER
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import Resource, Tree, text


def judge(tree: Tree) -> Iterator[Finding]:
    """Node resource groups and DNS prefixes of all clusters."""
    rows = tree.of_type(CLUSTER)
    found = [*_node_groups(tree, rows), *_prefixes(rows)]
    yield from found
    if rows and not found:
        what = "every cluster has a node resource group and a DNS prefix of its own"
        yield proved("arm/node-group-twice", "", what, rows[0].side("properties", "nodeResourceGroup"))


def _node_groups(tree: Tree, rows: list[Resource]) -> Iterator[Finding]:
    """AKS makes the group, and refuses one that is there (AKS docs, faq: node resource group)."""
    deployed = {(row.scope.subscription.lower(), row.scope.resource_group.lower()): row for row in tree.deployments}
    seen: dict[tuple[str, str], Resource] = {}
    for cluster in rows:
        group = text(cluster.properties, "nodeResourceGroup")
        key = (cluster.template.scope.subscription.lower(), group.lower())
        side = cluster.side("properties", "nodeResourceGroup")
        first = seen.setdefault(key, cluster) if group else cluster
        if first is not cluster:
            what = f"its node resource group {group} is that of {first.name} too: AKS refuses the second"
            fix = "name a group of its own"
            other = first.side("properties", "nodeResourceGroup")
            yield failed("arm/node-group-twice", cluster.name, what, fix, side, other)
        elif group and key in deployed:
            what = f"its node resource group {group} is one that is deployed into: AKS wants to make its own"
            yield failed(
                "arm/node-group-twice", cluster.name, what, "name a group of its own", side, deployed[key].side
            )


def _prefixes(rows: list[Resource]) -> Iterator[Finding]:
    """The API server's name begins with the prefix, by which people tell clusters apart."""
    seen: dict[str, Resource] = {}
    for cluster in rows:
        prefix = text(cluster.properties, "dnsPrefix").lower()
        first = seen.setdefault(prefix, cluster) if prefix else cluster
        if first is not cluster:
            what = f"its dnsPrefix {prefix} is that of {first.name} too: their API servers are taken for each other"
            sides = (row.side("properties", "dnsPrefix") for row in (cluster, first))
            yield failed("arm/dns-prefix-twice", cluster.name, what, "write the name of the cluster", *sides)
