"""Which late values a fleet waits for, and where each of them comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from generator.model.fleet import Fleet

#: What a deployment hands out as one output, and is bound as one.
FROM_DEPLOYMENT = ("clientId", "principalId", "nodePools")
FROM_ANYSCALE = "cloudResourceId"
#: The order in which bindings.yaml has them.
ORDER = (*FROM_DEPLOYMENT, FROM_ANYSCALE)


class Wanted(NamedTuple):
    """The late values of one cluster: ``producers`` by kind, and what those producers call it."""

    cluster: str
    deployment: str
    output: str
    resource: str
    producers: Mapping[str, str]


def wanted(fleet: Fleet) -> list[Wanted]:
    """The late values of every cluster, in the fleet's order."""
    return [
        Wanted(
            cluster=cluster.name,
            deployment=fleet.deployment_of[cluster.name].name,
            output=cluster.output,
            resource=cluster.cloud_resource,
            producers=fleet.producers(cluster),
        )
        for cluster in fleet.clusters
    ]
