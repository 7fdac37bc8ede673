"""The AKS part of a cluster: its managedClusters resource, and all that leads from it in ARM."""

from __future__ import annotations

from functools import cached_property

from rayfleet.facts import platforms
from rayfleet.facts.catalogue import Catalogue
from rayfleet.facts.resource_types import FLUX_CONFIGURATION, NODE_POOL
from rayfleet.tree.arm_template import Resource, Template
from rayfleet.tree.node_pool import Pool, arm_pool
from rayfleet.tree.place import Side, entries, text


class AksCluster:
    """A managedClusters resource with its node pools and whatever else ARM has of it."""

    def __init__(self, resource: Resource, catalogue: Catalogue) -> None:
        self.resource = resource
        self.template: Template = resource.template
        self.name = resource.name
        self._catalogue = catalogue

    @property
    def id(self) -> str:
        return self.resource.id

    @property
    def platform(self) -> str:
        """The name of its platform."""
        return platforms.of_type(self.resource.type).name

    def side(self, *path: str | int) -> Side:
        """A value of the managedClusters resource."""
        return self.resource.side(*path)

    @property
    def region(self) -> str:
        return text(self.resource.data, "location")

    def children(self, kind: str) -> list[Resource]:
        """Resources of the template that are children of the cluster, or about it."""
        rows = self.template.of_type(kind)
        return [row for row in rows if (row.scope_id or row.parent_id) == self.id]

    @cached_property
    def pools(self) -> tuple[Pool, ...]:
        """Every node pool: those inside the cluster resource first."""
        found = []
        for index, profile in enumerate(entries(self.resource.properties, "agentPoolProfiles")):
            if isinstance(profile, dict):
                side = self.resource.side("properties", "agentPoolProfiles", index).at
                found.append(arm_pool(text(profile, "name"), profile, side, self._catalogue))
        for row in self.children(NODE_POOL):
            found.append(arm_pool(row.name, row.properties, row.side("properties").at, self._catalogue))
        return tuple(found)

    @cached_property
    def flux_configurations(self) -> list[Resource]:
        """The configurations that AKS's Flux extension follows."""
        return self.children(FLUX_CONFIGURATION)
