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

    @property
    def head_on_gpus(self) -> bool:
        """True where a head has no pool without GPUs, and takes a node that has them."""
        return self.head.gpus > 0


@dataclass(frozen=True, slots=True)
class ComputeConfig:
    """The clusters that have an accelerator, in order; ``waiting`` are those that Anyscale does not know yet."""

    accelerator: str
    choices: tuple[Choice, ...]
    waiting: tuple[Cluster, ...]


def compute_configs(fleet: Fleet) -> list[ComputeConfig]:
    """One for each accelerator of the fleet, of the clusters that Anyscale knows; without any it has no choices yet."""
    configs = []
    for accelerator in fleet.accelerators:
        found = [choice for cluster in fleet.routed_clusters if (choice := choice_of(cluster, accelerator))]
        able = [choice for choice in found if choice.max_nodes]
        known = tuple(choice for choice in able if choice.cluster.bindings.cloud_resource_id is not None)
        waiting = tuple(choice.cluster for choice in able if choice not in known)
        configs.append(ComputeConfig(accelerator, known, waiting))
    return configs


def choice_of(cluster: Cluster, accelerator: str) -> Choice | None:
    """The head and workers that a cluster has for an accelerator; without any node for workers, where the head takes
    the only one.
    """
    whole = [shape for shape in cluster.ray.instance_types if shape.whole_node and shape.vm.accelerator == accelerator]
    if not whole:
        return None
    worker = max(whole, key=lambda shape: (shape.gpus, shape.memory_gib))
    markets = {pool.spot for pool in worker.pools}
    market = "PREFER_SPOT" if len(markets) == 2 else "SPOT" if True in markets else "ON_DEMAND"
    head = _head(cluster, worker)
    most = sum(pool.maximum for pool in worker.pools) - _shares_nodes(worker, head)
    return Choice(cluster, head, worker, market, max(most, 0))


def _shares_nodes(worker: InstanceType, head: InstanceType) -> bool:
    """True where a head can only run on a node that workers would take."""
    return all(pool.spot or pool in worker.pools for pool in head.pools)


def _head(cluster: Cluster, worker: InstanceType) -> InstanceType:
    """The shape nearest to what a head needs: of its workers' architecture, because one image serves both, on-demand,
    because a head has no market type, and with the fewest GPUs, apart from theirs if it can be.
    """

    def rank(shape: InstanceType) -> tuple[bool, bool, int, bool, int]:
        other = shape.vm.architecture != worker.vm.architecture
        spot = all(pool.spot for pool in shape.pools)
        return other, spot, shape.gpus, _shares_nodes(worker, shape), abs(shape.cpus - HEAD_CPUS)

    return min(cluster.ray.instance_types, key=rank)
