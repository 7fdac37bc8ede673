"""The GPUs of a cluster, and what Kubernetes must know to give them to pods."""

from __future__ import annotations

from dataclasses import dataclass

from rayfleet.model.node_pool import NodePool


@dataclass(frozen=True, slots=True)
class GpuSupport:
    """``pools`` are those with GPUs."""

    pools: tuple[NodePool, ...]

    def of_vendor(self, vendor: str) -> bool:
        """True where any pool has GPUs of the vendor."""
        return any(pool.vm.gpu_vendor == vendor for pool in self.pools)

    @property
    def accelerators(self) -> tuple[str, ...]:
        """The accelerators of the pools, in order of name."""
        return tuple(sorted({pool.vm.accelerator for pool in self.pools}))

    @property
    def taint_keys(self) -> tuple[str, ...]:
        """The keys of every taint on a pool: what a DaemonSet for GPUs must tolerate."""
        return tuple(sorted({taint.key for pool in self.pools for taint in pool.taints}))

    @property
    def resources(self) -> tuple[str, ...]:
        """The extended resources that the GPUs are asked for by."""
        return tuple(sorted({pool.vm.gpu_resource for pool in self.pools}))

    @property
    def nvidia_accelerators(self) -> tuple[str, ...]:
        """The accelerators that NVIDIA's device plugin serves."""
        return tuple(sorted({pool.vm.accelerator for pool in self.pools if pool.vm.gpu_vendor == "nvidia"}))
