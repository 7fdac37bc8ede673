"""Ray on a cluster, as Anyscale runs it: who its pods are, and which shapes they may have."""

from __future__ import annotations

from dataclasses import dataclass

from rayfleet.model.instance_type import InstanceType
from rayfleet.model.service_account import OPERATOR, ServiceAccount


@dataclass(frozen=True, slots=True)
class Ray:
    """Anyscale's runtime."""

    service_accounts: tuple[ServiceAccount, ...]
    instance_types: tuple[InstanceType, ...]
    redis_endpoint: str | None
    image_registry: str | None

    @property
    def own_service_accounts(self) -> tuple[ServiceAccount, ...]:
        """The accounts that the fleet names, beside the operator's."""
        return tuple(account for account in self.service_accounts if account != OPERATOR)
