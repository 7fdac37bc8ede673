"""Which late values a fleet waits for, where each of them comes from, and what is run for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rayfleet.model.bindings import FROM_ANYSCALE, FROM_DEPLOYMENT
from rayfleet.model.fleet import Fleet


class Wanted(NamedTuple):
    """The late values of one cluster: ``producers`` by kind, and what those producers call it. ``prints`` are the
    commands, by kind, that print a value among others.
    """

    cluster: str
    region: str
    deployment: str
    output: str
    resource: str
    producers: Mapping[str, str]
    prints: Mapping[str, str]

    def next_step(self, kinds: Iterable[str]) -> str:
        """How these values come about. What Anyscale is given has the principal id in it."""
        if set(kinds) & set(FROM_DEPLOYMENT):
            return f"{self.deploy}, then rayfleet bind"
        return f"run rayfleet register --cluster {self.cluster}, then rayfleet bind"

    @property
    def deploy(self) -> str:
        """What deploys it."""
        return f"run rayfleet deploy --region {self.region}"


def wanted(fleet: Fleet) -> list[Wanted]:
    """The late values of every cluster, in the fleet's order."""
    found = []
    for cluster in fleet.clusters:
        deployment = fleet.deployment_of[cluster.name]
        outputs = _outputs(deployment.scope.resource_group or fleet.resource_group, deployment.name)
        prints = {**dict.fromkeys(FROM_DEPLOYMENT, outputs), FROM_ANYSCALE: _cloud(fleet.anyscale.cloud)}
        found.append(
            Wanted(
                cluster=cluster.name,
                region=cluster.region,
                deployment=deployment.name,
                output=cluster.output,
                resource=cluster.cloud_resource,
                producers=fleet.producers(cluster),
                prints=prints,
            )
        )
    return found


# Both say what they need: a resource group and a name (Azure CLI reference, az deployment group show); a name or an id
# (anyscale 0.26.112, cloud get).


def _outputs(resource_group: str, deployment: str) -> str:
    return (
        f"az deployment group show --resource-group {resource_group} --name {deployment} "
        "--query properties.outputs --output json"
    )


def _cloud(name: str) -> str:
    return f"anyscale cloud get --name {name} --output-format json"
