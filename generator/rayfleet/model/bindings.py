"""Values known only after deployment. Each is told apart by what it is and by who produced it, never by its shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rayfleet.facts import late_values
from rayfleet.facts.late_values import CLIENT_ID, CLOUD_RESOURCE_ID, NODE_POOLS, PRINCIPAL_ID


@dataclass(frozen=True, slots=True)
class ClusterBindings:
    """The late values of one cluster by kind, none of them until they are bound."""

    values: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    def id(self, kind: str) -> str | None:
        """An id, None until it is bound."""
        found = self.values.get(kind)
        return found if isinstance(found, str) else None

    def missing(self, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """Those kinds that are not bound."""
        return tuple(kind for kind in kinds if kind not in self.values)

    @property
    def client_id(self) -> str | None:
        """The id of the workload identity that software signs in with."""
        return self.id(CLIENT_ID)

    @property
    def principal_id(self) -> str | None:
        """The id of the same identity that roles are granted to."""
        return self.id(PRINCIPAL_ID)

    @property
    def cloud_resource_id(self) -> str | None:
        """Anyscale's (``cldrsrc_...``)."""
        return self.id(CLOUD_RESOURCE_ID)

    @property
    def node_pools(self) -> tuple[str, ...]:
        """The pools that exist in Azure: their node counts belong to the autoscaler."""
        found = self.values.get(NODE_POOLS, ())
        return found if isinstance(found, tuple) else ()


NONE = ClusterBindings()


def build(data: Mapping[str, Any]) -> dict[str, ClusterBindings]:
    """The bindings by cluster, from the data of a bindings.yaml that its schema accepts."""
    return {name: _cluster(values) for name, values in data["clusters"].items()}


def _cluster(values: Mapping[str, Any]) -> ClusterBindings:
    bound = {kind: values[kind]["value"] for kind in late_values.kinds() if kind in values}
    return ClusterBindings({kind: tuple(value) if isinstance(value, list) else value for kind, value in bound.items()})
