"""The tables of rendered/README.md: the capacity of the fleet, and the files that still wait for bindings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rayfleet.diagnostics import many
from rayfleet.model.fleet import Fleet

# Mermaid pictures of more than a few boxes a region cannot be read.
CLUSTERS_SHOWN = 4


class PendingRow(Protocol):
    """An output that waits for bindings."""

    @property
    def path(self) -> str: ...
    @property
    def cluster(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Capacity:
    """GPUs of one accelerator and capacity type in a region. Counts are GPUs, except ``nodes``."""

    region: str
    accelerator: str
    capacity_type: str
    least: int
    most: int
    nodes: int


@dataclass(frozen=True, slots=True)
class ClusterLine:
    """A row of the table of clusters."""

    name: str
    region: str
    kubernetes_version: str
    vnet: str
    pools: str
    max_nodes: int
    gateway: str


@dataclass(frozen=True, slots=True)
class PictureRegion:
    """A region of the picture, with as many of its clusters as a picture can show."""

    number: int
    region: str
    clusters: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class DeploymentLine:
    """A row of the table of deployments."""

    name: str
    scope: str
    template: str
    after: str


@dataclass(frozen=True, slots=True)
class PendingLine:
    """A row of the table of outputs that wait."""

    path: str
    needs: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the page shows beside the fleet's own properties."""

    size: str
    registration: str
    groups: tuple[PictureRegion, ...]
    clusters: tuple[ClusterLine, ...]
    capacity: tuple[Capacity, ...]
    deployments: tuple[DeploymentLine, ...]
    pending: tuple[PendingLine, ...]
    credential: bool
    git_identities: bool
    encryption_at_host: bool


def overview(fleet: Fleet, pending: Sequence[PendingRow]) -> Overview:
    """The page's figures."""
    return Overview(
        size=f"{many(len(fleet.clusters), 'cluster')} in {many(len(fleet.region_order), 'region')}",
        registration=fleet.primary_cluster.name,
        groups=tuple(_groups(fleet)),
        clusters=tuple(
            ClusterLine(
                name=cluster.name,
                region=cluster.region,
                kubernetes_version=cluster.infrastructure.kubernetes_version,
                vnet=str(cluster.network.vnet),
                pools=", ".join(pool.name for pool in cluster.pools),
                max_nodes=cluster.infrastructure.max_nodes,
                gateway=f"{cluster.gateway_kind}, {'public' if cluster.gateway.public else 'private'}",
            )
            for cluster in fleet.routed_clusters
        ),
        capacity=tuple(_capacity(fleet)),
        deployments=tuple(
            DeploymentLine(
                name=deployment.name,
                scope=deployment.scope.resource_group or "subscription",
                template=f"{deployment.template}.json",
                after=", ".join(deployment.depends_on) or "nothing",
            )
            for deployment in fleet.deployments
        ),
        pending=tuple(PendingLine(f"rendered/{row.path}", ", ".join(row.needs)) for row in pending),
        credential=fleet.gitops.auth in ("sshKey", "httpsToken"),
        git_identities=fleet.gitops.auth == "azureIdentity",
        encryption_at_host=any(cluster.infrastructure.encryption_at_host for cluster in fleet.clusters),
    )


def _groups(fleet: Fleet) -> list[PictureRegion]:
    names: dict[str, list[str]] = {region: [] for region in fleet.region_order}
    for cluster in fleet.routed_clusters:
        names[cluster.region].append(cluster.name)
    return [
        PictureRegion(number, region, tuple(inside[:CLUSTERS_SHOWN]), max(0, len(inside) - CLUSTERS_SHOWN))
        for number, (region, inside) in enumerate(names.items(), start=1)
    ]


def _capacity(fleet: Fleet) -> list[Capacity]:
    sums: dict[tuple[int, str, str, str], list[int]] = {}
    for cluster, pool in fleet.pools():
        if pool.gpu:
            rank = fleet.region_order.index(cluster.region)
            kind = "spot" if pool.spot else "on-demand"
            total = sums.setdefault((rank, cluster.region, pool.vm.accelerator, kind), [0, 0, 0])
            total[0] += pool.minimum * pool.vm.gpus
            total[1] += pool.maximum * pool.vm.gpus
            total[2] += pool.maximum
    return [
        Capacity(region, accelerator, kind, least, most, nodes)
        for (_, region, accelerator, kind), (least, most, nodes) in sorted(sums.items())
    ]
