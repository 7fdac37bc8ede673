"""Azure resources by the ids that they have there: what templates list, and node pools inside their clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rayfleet.facts.resource_types import CLUSTER, NODE_POOL, ROLE_ASSIGNMENT
from rayfleet.tree import Resource, Side, Template, Tree, get
from rayfleet.tree.arm_expression import is_expression
from rayfleet.tree.memo import once

_ASSIGNMENTS = f"/{ROLE_ASSIGNMENT.lower()}/"


class AzureResource(NamedTuple):
    """A resource, or a node pool inside its cluster: ``above`` leads to it in the cluster."""

    resource: Resource
    data: Mapping[str, Any]
    above: tuple[str | int, ...] = ()

    @property
    def kind(self) -> str:
        return NODE_POOL.lower() if self.above else self.resource.type.lower()

    @property
    def name(self) -> str:
        """Its name as it is written: of a pool inside its cluster after the cluster's."""
        own = self.resource.written_name
        return f"{own}/{get(self.data, 'properties', 'name')}" if self.above else own

    def side(self, path: tuple[str, ...] = ("name",)) -> Side:
        return self.resource.side(*self.above, *(path[1:] if self.above and path[0] == "properties" else path))


@once
def azure_resources(tree: Tree) -> dict[str, AzureResource]:
    """Every resource by id, and every node pool inside its cluster by the id that it has in Azure."""
    found = {key: AzureResource(row, row.data) for key, row in tree.resources.items()}
    for cluster in tree.of_type(CLUSTER):
        profiles = get(cluster.properties, "agentPoolProfiles")
        for index, profile in enumerate(profiles if isinstance(profiles, list) else ()):
            if isinstance(profile, dict):
                key = f"{cluster.id}/agentpools/{profile.get('name')}".lower()
                above = ("properties", "agentPoolProfiles", index)
                found.setdefault(key, AzureResource(cluster, {"properties": profile}, above))
    return found


def owner(row: AzureResource) -> str:
    """The name of the cluster that a resource belongs to, or else of the deployment that makes it."""
    template = row.resource.template
    cluster = template.by_id.get(owners(template).get(row.resource.id, ""))
    return cluster.name if cluster else template.deployment.name if template.deployment else ""


@once
def owners(template: Template) -> dict[str, str]:
    """The cluster of every resource of a template, as far as one has any."""
    leader = {key: key for key in template.by_id}

    def lead(key: str) -> str:
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    for key, row in template.by_id.items():
        for other in (*row.depends_on, row.parent_id, row.scope_id or ""):
            if other in leader:
                leader[lead(key)] = lead(other)
    clusters = {lead(row.id): row.id for row in template.of_type(CLUSTER) if row.id in leader}
    return {key: clusters.get(lead(key), "") for key in leader}


# --- in words ---


def resource_title(identifier: str, tree: Tree) -> str:
    """A resource as people say it: its kind and its name."""
    resource = tree.resources.get(identifier)
    if resource and not is_expression(resource.written_name):
        return f"{resource.type.rpartition('/')[2]} {resource.written_name}"
    if resource and resource.scope_id in tree.resources:
        return f"{resource.type.rpartition('/')[2]} on {resource_title(str(resource.scope_id), tree)}"
    if _ASSIGNMENTS in identifier:
        return "a role assignment"
    about, _, own = identifier.rpartition("/providers/")
    _, *pairs = own.split("/")
    return f"{pairs[-2]} {'/'.join(pairs[1::2])}" if about and len(pairs) > 1 else identifier or "nothing"


def resource_subject(resource: Resource, tree: Tree) -> str:
    """A resource as the subject of a sentence: by its name, or by what it is about where that is an expression."""
    named = not is_expression(resource.written_name)
    return resource.written_name if named else resource_title(resource.id, tree)
