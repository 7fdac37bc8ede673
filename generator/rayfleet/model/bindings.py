"""Values known only after deployment. Each is told apart by what it is and by who produced it, never by its shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ClusterBindings:
    """The late values of one cluster, None until they are bound.

    ``client_id`` and ``principal_id`` are the two ids of the same workload identity: software signs in with the
    first, roles are granted to the second. ``cloud_resource_id`` is Anyscale's (``cldrsrc_...``). ``node_pools`` are
    the pools that exist in Azure: their node counts belong to the autoscaler.
    """

    client_id: str | None = None
    principal_id: str | None = None
    cloud_resource_id: str | None = None
    node_pools: tuple[str, ...] = ()


#: What the deployment of a cluster hands out as one output, and is bound as one.
FROM_DEPLOYMENT = ("clientId", "principalId", "nodePools")
FROM_ANYSCALE = "cloudResourceId"
#: The keys of a cluster in bindings.yaml, in their order, as the attributes they become.
KINDS = {
    "clientId": "client_id",
    "principalId": "principal_id",
    "nodePools": "node_pools",
    FROM_ANYSCALE: "cloud_resource_id",
}

NONE = ClusterBindings()


def build(data: Mapping[str, Any]) -> dict[str, ClusterBindings]:
    """The bindings by cluster, from the data of a bindings.yaml that its schema accepts."""
    return {name: _cluster(values) for name, values in data["clusters"].items()}


def _cluster(values: Mapping[str, Any]) -> ClusterBindings:
    found = {attribute: values[kind]["value"] for kind, attribute in KINDS.items() if kind in values}
    if "node_pools" in found:
        found["node_pools"] = tuple(found["node_pools"])
    return ClusterBindings(**found)
