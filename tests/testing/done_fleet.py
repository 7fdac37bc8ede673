"""The reference fleet with everything done, as the values that files, Azure and Anyscale give of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import yaml

from rayfleet.anyscale.cloud import Cloud
from rayfleet.azure.clusters import ListedCluster
from rayfleet.azure.stacks import LastDeployment
from rayfleet.bind.file import read_bindings
from rayfleet.fleet_files import FleetFiles, cloud_resource_file
from rayfleet.status.from_clouds import FromAnyscale, FromAzure
from rayfleet.status.from_files import FromFiles
from rayfleet.tree.deployment_steps import steps
from tests.testing.broken_trees import BINDINGS, rendered, tree
from tests.testing.reference_names import CLOUD, EAST, EAST_CLUSTER, NAMES, RESOURCES, WEST, WEST_CLUSTER
from tests.testing.rendering import reference

POOLS = frozenset(("sys", "cpu", "t4", "a100"))


class Commits(NamedTuple):
    """The commits of a fleet: which clusters each has, the newest first, and the one that retire takes."""

    clusters: dict[str, set[str]]
    before: str | None = "HEAD~1"

    def clusters_at(self, commit: str) -> set[str]:
        return self.clusters.get(commit, set())

    def last_with(self, clusters: Collection[str]) -> dict[str, str]:
        return {name: commit for commit, names in reversed(self.clusters.items()) for name in names if name in clusters}

    def base(self) -> str | None:
        return self.before


BOTH = {EAST_CLUSTER, WEST_CLUSTER}
COMMITS = Commits({"HEAD": BOTH, "HEAD~1": BOTH})


def files() -> FromFiles:
    """All is rendered, committed and pushed."""
    documents = tree()
    read_back = rendered(documents)
    return FromFiles(
        where=FleetFiles("fleet.yaml", "rendered"),
        fleet=reference().fleet,
        blind=[],
        bindings=read_bindings(BINDINGS, documents[BINDINGS]),
        shaped=True,
        compiled=reference(),
        wrong=False,
        stale=[],
        dirty=[],
        unpushed=[],
        tree=read_back,
        steps={step.name: step for step in steps(read_back)},
        clusters={row.name: row for row in read_back.unread_clusters()},
    )


def bound(cluster: str) -> dict[str, Any]:
    """The values of a cluster in bindings.yaml but its cloud resource, as a deployment gives them."""
    values = yaml.safe_load(tree()[BINDINGS])["clusters"][cluster]
    return {kind: row["value"] for kind, row in values.items() if kind != "cloudResourceId"}


def azure(**changed: Any) -> FromAzure:
    """All is deployed as rendered, and the clusters are there."""
    states = {name: LastDeployment("Succeeded", "2026-11-01T00:01:02Z", True) for name in NAMES}
    for name, cluster in ((EAST, EAST_CLUSTER), (WEST, WEST_CLUSTER)):
        value = {"type": "object", "value": bound(cluster)}
        states[name] = states[name]._replace(outputs={cluster.replace("-", "_"): value})
    there = {name: ListedCluster(name.removeprefix("aks-"), POOLS) for name in (EAST_CLUSTER, WEST_CLUSTER)}
    return FromAzure(states, there)._replace(**changed)


def cloud(**resources: dict[str, Any]) -> Cloud:
    """The cloud of the fleet, with resources by name."""
    return Cloud(resources, {"name": CLOUD, "resources": list(resources.values())})


def registered() -> dict[str, dict[str, Any]]:
    """The resources of the fleet, as they are rendered."""
    return {
        name: {**yaml.safe_load(tree()[cloud_resource_file(name)]), "cloud_resource_id": identifier}
        for name, identifier in RESOURCES.items()
    }


def anyscale() -> FromAnyscale:
    """All is registered."""
    return FromAnyscale(asked=True, cloud=cloud(**registered()))
