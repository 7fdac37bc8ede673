"""A node pool and all that follows from its VM size and capacity type: labels, taints, bounds, disks."""

from __future__ import annotations

from dataclasses import dataclass

from rayfleet.facts.catalogue import VmSize
from rayfleet.facts.labels import ACCELERATOR, ACCELERATOR_TYPE, CAPACITY_TYPE, CRITICAL_ADDONS, ROLE, SPOT_PRIORITY


@dataclass(frozen=True, slots=True)
class Taint:
    """A node taint."""

    key: str
    value: str
    effect: str

    @classmethod
    def parse(cls, text: str) -> Taint:
        """``key=value:Effect``; the schema has checked the form."""
        pair, effect = text.rsplit(":", 1)
        key, value = pair.split("=", 1)
        return cls(key, value, effect)

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}"


@dataclass(frozen=True, slots=True)
class NodePool:
    """One AKS node pool. Counts are nodes, disks GiB."""

    name: str
    system: bool
    role: str
    vm: VmSize
    count: int | None
    minimum: int
    maximum: int
    autoscaled: bool
    spot: bool
    spot_max_price: float
    zones: tuple[int, ...]
    max_pods: int
    ephemeral_os_disk: bool
    os_disk_size_gib: int
    os_sku: str
    own_labels: dict[str, str]
    own_taints: tuple[Taint, ...]
    dedicated_system: bool

    @property
    def ray(self) -> bool:
        """True where Ray pods run here."""
        return not self.system and self.role == "ray"

    @property
    def gpu(self) -> bool:
        """True where the nodes have GPUs."""
        return self.vm.gpus > 0

    @property
    def capacity_type(self) -> str:
        """Anyscale's word for the capacity type."""
        return "SPOT" if self.spot else "ON_DEMAND"

    @property
    def starting_count(self) -> int:
        """Nodes a new pool starts with: none for a GPU pool, unless the fleet says otherwise."""
        return self.minimum if self.count is None else self.count

    @property
    def labels(self) -> dict[str, str]:
        """Node labels, complete: a PUT replaces them all."""
        labels = dict(self.own_labels)
        if not self.system:
            labels[ROLE] = self.role
        if self.ray:
            labels[CAPACITY_TYPE] = self.capacity_type
        if self.gpu:
            labels[ACCELERATOR] = self.vm.accelerator
            labels[f"{self.vm.gpu_resource}.product"] = f"{self.vm.gpu_vendor.upper()}-{self.vm.accelerator}"
            labels[f"{self.vm.gpu_resource}.count"] = str(self.vm.gpus)
        if self.spot:
            labels[SPOT_PRIORITY] = "spot"
        return dict(sorted(labels.items()))

    @property
    def taints(self) -> tuple[Taint, ...]:
        """Node taints, complete. Those of the published strategy for Ray pools; none for infra pools."""
        taints = list(self.own_taints)
        if self.dedicated_system:
            taints.append(Taint(CRITICAL_ADDONS, "true", "NoSchedule"))
        if self.ray:
            taints.append(Taint(CAPACITY_TYPE, self.capacity_type, "NoSchedule"))
        if self.ray and self.gpu:
            taints.append(Taint(ACCELERATOR_TYPE, "GPU", "NoSchedule"))
            taints.append(Taint(self.vm.gpu_resource, "present", "NoSchedule"))
        if self.spot:
            taints.append(Taint(SPOT_PRIORITY, "spot", "NoSchedule"))
        return tuple(taints)

    @property
    def scratch_gib(self) -> float:
        """Disk that a file cache under /mnt may fill: what the OS leaves of the local disk, else the OS disk."""
        left = self.vm.local_disk_gib - (self.os_disk_size_gib if self.ephemeral_os_disk else 0)
        return left if left > 0 else self.os_disk_size_gib
