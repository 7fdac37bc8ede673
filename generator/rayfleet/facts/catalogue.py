"""Azure's VM sizes and regions as dated tables (``schemas/vm-sizes.json``, ``schemas/azure-regions.json``)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from rayfleet.package_files import SCHEMAS

#: The image of nodes with these accelerators, which AKS makes of no other (Azure/AgentBaker PR 8854, 2026-07-08: GB200
#: and GB300 are of the arm64 image of Ubuntu 24.04). ``Ubuntu`` leaves the version to AKS.
IMAGES_OF_ACCELERATORS = {"GB200": ("Ubuntu", "Ubuntu2404"), "GB300": ("Ubuntu", "Ubuntu2404")}


_RDMA = re.compile(r"Standard_[A-Z]+\d+(-\d+)?[a-z]*r[a-z]*(_|$)")


@dataclass(frozen=True, slots=True)
class VmSize:
    """One VM size. Memory and disks in GiB; ``gpus`` is what a node exposes (1 for a fraction of a GPU)."""

    name: str
    vcpus: int
    memory_gib: float
    family: str
    architecture: str = "amd64"
    local_disk_gib: float = 0
    nvme_disk_gib: float = 0
    ephemeral_os_disk_gib: float = 0
    encryption_at_host: bool | None = None
    gpus: int = 0
    accelerator: str = ""
    gpu_memory_gib: float = 0
    gpu_vendor: str = ""
    mig_capable: bool = False

    @property
    def rdma(self) -> bool:
        """True where its nodes have InfiniBand: an r among the features that its name lists (Azure docs,
        vm-naming-conventions).
        """
        return _RDMA.match(self.name) is not None

    @property
    def gpu_resource(self) -> str:
        """The extended resource that the vendor's device plugin registers."""
        return f"{self.gpu_vendor}.com/gpu"


class Catalogue:
    """VM sizes and regions by Azure's own names; a fleet's ``vmSizes`` add to the sizes or override them."""

    def __init__(self, own_sizes: Mapping[str, Mapping[str, Any]]) -> None:
        self._rows: dict[str, Mapping[str, Any]] = {**_table("vm-sizes")["sizes"], **own_sizes}
        self._sizes: dict[str, VmSize] = {}
        self._regions: dict[str, Mapping[str, Any]] = _table("azure-regions")["regions"]

    def vm_size(self, name: str) -> VmSize | None:
        """The size called ``name``, None when nobody knows it."""
        if name not in self._sizes and name in self._rows:
            row = {_FIELDS[key]: value for key, value in self._rows[name].items()}
            self._sizes[name] = VmSize(name=name, **row)
        return self._sizes.get(name)

    @property
    def vm_size_names(self) -> list[str]:
        """Every known size."""
        return list(self._rows)

    @property
    def region_names(self) -> list[str]:
        """Every region of the public cloud."""
        return list(self._regions)

    def zones(self, region: str) -> tuple[int, ...]:
        """The availability zones of a region; none for a region without them or unknown."""
        return (1, 2, 3) if self._regions.get(region, {}).get("zones") else ()

    def has_standard_v2_nat(self, region: str) -> bool:
        """True where the region has zone-redundant NAT gateways."""
        return bool(self._regions.get(region, {}).get("natGatewayV2", True))

    def federates(self, region: str) -> bool:
        """True where identities in the region take federated credentials."""
        return bool(self._regions.get(region, {}).get("identityFederation", True))


@cache
def _table(name: str) -> dict[str, Any]:
    with open(f"{SCHEMAS}/{name}.json", "rb") as stream:
        table: dict[str, Any] = json.load(stream)
    return table


_FIELDS = {
    "vcpus": "vcpus",
    "memoryGib": "memory_gib",
    "family": "family",
    "architecture": "architecture",
    "localDiskGib": "local_disk_gib",
    "nvmeDiskGib": "nvme_disk_gib",
    "ephemeralOsDiskGib": "ephemeral_os_disk_gib",
    "encryptionAtHost": "encryption_at_host",
    "gpus": "gpus",
    "accelerator": "accelerator",
    "gpuMemoryGib": "gpu_memory_gib",
    "gpuVendor": "gpu_vendor",
    "migCapable": "mig_capable",
}
