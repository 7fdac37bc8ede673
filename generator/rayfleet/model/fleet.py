"""The whole fleet: what its clusters share, and the clusters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rayfleet.facts import control_planes, late_values
from rayfleet.facts.cidr import Cidr
from rayfleet.facts.control_planes import ControlPlane
from rayfleet.model.cluster import Cluster
from rayfleet.model.delivery import GitOps
from rayfleet.model.deployment import Deployment, Scope, regional_templates
from rayfleet.model.node_pool import NodePool
from rayfleet.model.storage import Storage


@dataclass(frozen=True, slots=True)
class Anyscale:
    """The Anyscale cloud."""

    cloud: str
    service_principal_app_id: str
    control_plane_url: str

    @property
    def control_plane(self) -> ControlPlane:
        return control_planes.known_or_assumed(self.control_plane_url)

    @property
    def audience(self) -> str:
        """The audience of the token that the operator asks Microsoft Entra for."""
        return f"api://{self.service_principal_app_id}/.default"


@dataclass(frozen=True, slots=True)
class Routing:
    """The way in which Anyscale chooses the cluster of a job; ``strategy`` is its own word."""

    strategy: str
    starting_timeout: str

    @property
    def flags(self) -> dict[str, str]:
        """The flags of every compute config. Without a strategy, Anyscale goes by a score of past launches
        (docs.anyscale.com/clouds/multi-cloud); the time that a cluster may take is documented with an order alone
        (Anyscale on Azure docs, cloud resources, 2026-10).
        """
        flags = {"cloud_resource_strategy": self.strategy}
        if self.strategy == "input_order":
            flags["cloud_resource_starting_timeout"] = self.starting_timeout
        return flags


@dataclass(frozen=True)
class Fleet:
    """Everything that is rendered follows from one of these."""

    name: str
    tenant_id: str
    subscription_id: str
    resource_group: str
    primary_region: str
    supernet: Cidr
    vnet_prefix: int
    admin_group_ids: tuple[str, ...]
    tags: dict[str, str]
    anyscale: Anyscale
    storage: Storage
    gitops: GitOps
    region_order: tuple[str, ...]
    routing: Routing
    clusters: tuple[Cluster, ...]

    @cached_property
    def deployments(self) -> tuple[Deployment, ...]:
        """ARM deployments in an order that respects what each depends on."""
        group = Scope(self.subscription_id, self.resource_group)
        first = Deployment(
            self._deployment("resource-group"), "resource-group", Scope(self.subscription_id, None), self.primary_region
        )
        shared = Deployment(self._deployment("shared"), "shared", group, self.primary_region, depends_on=(first.name,))
        regional = (
            Deployment(self._deployment(template), template, group, clusters[0].region, clusters, (shared.name,))
            for template, clusters in regional_templates(self.clusters).items()
        )
        return (first, shared, *regional)

    def _deployment(self, template: str) -> str:
        return f"{self.name}-{template}"

    @cached_property
    def deployment_of(self) -> dict[str, Deployment]:
        """The deployment that each cluster, by name, is in."""
        return {cluster.name: deployment for deployment in self.deployments for cluster in deployment.clusters}

    def producers(self, cluster: Cluster) -> dict[str, str]:
        """The producer of each late value of a cluster, by its key in bindings.yaml."""
        names = self.late_names(cluster)
        return {row.key: row.producer.address.format(**names, key=row.key) for row in late_values.TABLE}

    def late_names(self, cluster: Cluster) -> dict[str, str]:
        """The names that producers of late values know a cluster by, and what it is in."""
        deployment = self.deployment_of[cluster.name]
        return {
            "fleet": self.name,
            "cluster": cluster.name,
            "region": cluster.region,
            "resource_group": deployment.scope.resource_group or self.resource_group,
            "deployment": deployment.name,
            "output": cluster.output,
            "cloud": self.anyscale.cloud,
            "cloud_resource": cluster.cloud_resource,
        }

    def clusters_in(self, region: str) -> tuple[Cluster, ...]:
        """The clusters of a region."""
        return tuple(cluster for cluster in self.clusters if cluster.region == region)

    @cached_property
    def routed_clusters(self) -> tuple[Cluster, ...]:
        """Clusters in the order in which work tries them: by region, then by index."""
        rank = {region: at for at, region in enumerate(self.region_order)}
        return tuple(sorted(self.clusters, key=lambda cluster: (rank[cluster.region], cluster.network.index)))

    @cached_property
    def accelerators(self) -> tuple[str, ...]:
        """Every accelerator of the fleet, in order of name."""
        return tuple(sorted({name for cluster in self.clusters for name in cluster.gpus.accelerators}))

    @cached_property
    def primary_cluster(self) -> Cluster:
        """The cluster that is registered with Anyscale first."""
        primary = self.clusters_in(self.primary_region) or self.routed_clusters
        return min(primary, key=lambda cluster: cluster.network.index)

    def pools(self) -> list[tuple[Cluster, NodePool]]:
        """Every pool with its cluster."""
        return [(cluster, pool) for cluster in self.clusters for pool in cluster.pools]
