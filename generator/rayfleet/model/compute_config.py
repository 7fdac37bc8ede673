"""Anyscale compute configs: GPU work tries the clusters in routing order, and takes the first that has room.

Anyscale falls through the order for jobs; workspaces and services stay with one cloud resource
(docs.anyscale.com/clouds/multi-cloud).
"""

from __future__ import annotations

from dataclasses import dataclass

from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet
from rayfleet.model.instance_type import InstanceType

# The head only coordinates: enough CPUs for the dashboard and the global control store.
HEAD_CPUS = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """One cluster to try."""

    cluster: Cluster
    head: InstanceType
    worker: InstanceType
    market: str
    max_nodes: int


@dataclass(frozen=True, slots=True)
class ComputeConfig:
    """The clusters that have an accelerator, in order."""

    accelerator: str
    choices: tuple[Choice, ...]


def compute_configs(fleet: Fleet) -> list[ComputeConfig]:
    """One for each accelerator of the fleet, of the clusters that Anyscale knows; without any it has no choices yet."""
    configs = []
    for accelerator in fleet.accelerators:
        choices = (_choice(cluster, accelerator) for cluster in fleet.routed_clusters)
        configs.append(ComputeConfig(accelerator, tuple(filter(None, choices))))
    return configs


def _choice(cluster: Cluster, accelerator: str) -> Choice | None:
    whole = [shape for shape in cluster.ray.instance_types if shape.whole_node and shape.vm.accelerator == accelerator]
    if not whole or cluster.bindings.cloud_resource_id is None:
        return None
    worker = max(whole, key=lambda shape: (shape.gpus, shape.memory_gib))
    markets = {pool.spot for pool in worker.pools}
    market = "PREFER_SPOT" if len(markets) == 2 else "SPOT" if True in markets else "ON_DEMAND"
    return Choice(cluster, _head(cluster, worker), worker, market, sum(pool.maximum for pool in worker.pools))


def _head(cluster: Cluster, worker: InstanceType) -> InstanceType:
    """The shape nearest to what a head needs: of its workers' architecture, because one image serves both, and
    on-demand, because a head has no market type.
    """

    def rank(shape: InstanceType) -> tuple[bool, bool, int, int]:
        other = shape.vm.architecture != worker.vm.architecture
        return other, all(pool.spot for pool in shape.pools), shape.gpus, abs(shape.cpus - HEAD_CPUS)

    return min(cluster.ray.instance_types, key=rank)
