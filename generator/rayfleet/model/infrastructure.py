"""The infrastructure of a cluster: AKS itself, its network and its node pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rayfleet.facts import platforms
from rayfleet.facts.platforms import Platform
from rayfleet.model.network import Network
from rayfleet.model.node_pool import NodePool


@dataclass(frozen=True, slots=True)
class Upgrades:
    """Automatic upgrades and their weekly window."""

    channel: str
    node_os_channel: str
    max_surge: str
    drain_timeout_minutes: int | None
    undrainable_nodes: str | None
    day: str
    start_time: str
    utc_offset: str
    duration_hours: int


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """An AKS cluster and where it is deployed to."""

    resource_group: str
    kubernetes_version: str
    tier: str
    network: Network
    authorized_ip_ranges: tuple[str, ...]
    local_accounts: bool
    encryption_at_host: bool
    upgrades: Upgrades
    autoscaler: dict[str, Any]
    pools: tuple[NodePool, ...]

    @property
    def platform(self) -> Platform:
        return platforms.DEFAULT

    @property
    def system_pools(self) -> tuple[NodePool, ...]:
        """Pools that carry AKS's own pods."""
        return tuple(pool for pool in self.pools if pool.system)

    @property
    def mixed_architectures(self) -> bool:
        """True where Ray pods must say which CPU architecture they were built for."""
        return len({pool.vm.architecture for pool in self.pools if pool.ray}) > 1

    @property
    def infra(self) -> bool:
        """True where untainted infra pools carry the operators."""
        return any(pool.role == "infra" and not pool.system for pool in self.pools)

    @property
    def max_nodes(self) -> int:
        """Nodes when every pool is as large as it may get."""
        return sum(pool.maximum for pool in self.pools)
