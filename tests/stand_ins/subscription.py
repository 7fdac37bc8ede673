"""The subscription and the Anyscale in which the commands that a page shows are run: empty, or with the fleet in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import NAMESPACE_DNS, uuid5

import pytest
import yaml

from rayfleet.tree import Tree
from rayfleet.tree.files import Files, OnDisk
from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import Answer, ArmServer, answer, hash_of
from tests.stand_ins.azure.vm_offers import offered

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
PROVIDERS = ("compute", "containerservice", "kubernetesconfiguration", "managedidentity", "network", "storage")
REGIONS = ("eastus", "westus2", "swedencentral", "westeurope")
CLUSTERS = "Microsoft.ContainerService/managedClusters"
ISSUERS = "https://eastus.oic.prod-aks.azure.com"
LIMITS = ("cores", "lowPriorityCores", "standardDDSv5Family")


class Subscription(ArmServer):
    """Has every registration and quota, and at first no resource group. A deployment hands out what its template
    promises. ``documents`` are by paths in lower case: Azure's have any case.
    """

    def __init__(self, identifier: str = SUBSCRIPTION) -> None:
        super().__init__()
        self.resource_groups = set()
        providers = f"/subscriptions/{identifier}/providers"
        for name in PROVIDERS:
            self.documents[f"{providers}/microsoft.{name}"] = {"registrationState": "Registered"}
        compute = f"{providers}/microsoft.compute"
        feature = f"{providers}/microsoft.features/providers/microsoft.compute/features/encryptionathost"
        self.documents[feature] = {"properties": {"state": "Registered"}}
        self.documents[f"{compute}/skus"] = offered(REGIONS)
        for region in REGIONS:
            usages = [{"name": {"value": name}, "limit": 9999, "currentValue": 0} for name in LIMITS]
            self.documents[f"{compute}/locations/{region}/usages"] = {"value": usages}
            addresses = {"name": {"value": "StandardSkuPublicIpAddresses"}, "limit": 20, "currentValue": 0}
            self.documents[f"{providers}/microsoft.network/locations/{region}/usages"] = {"value": [addresses]}

    def serve(self, method: str, path: str, body: Any) -> Answer:
        """As ever; a PUT is looked at first."""
        if method == "PUT" and (found := re.search(r"/deployment(s|Stacks)/([^/?]+)", path)):
            template = body["properties"]["template"]
            rows = template["resources"]
            rows = list(rows.values()) if isinstance(rows, dict) else rows
            groups = {row["name"] for row in rows if row["type"] == "Microsoft.Resources/resourceGroups"}
            self.resource_groups = (self.resource_groups or set()) | groups
            row = self.stacks[found[2]] if found[1] == "Stacks" else self.deployments[found[2]]
            row.outputs = handed_out(template.get("outputs", {}), row.outputs)
            self._make(unquote(urlsplit(path).path).partition("/providers/")[0], rows)
        where = unquote(urlsplit(path).path).lower()
        if where.endswith(f"/providers/{CLUSTERS}".lower()):
            return answer(200, {"value": list(self._clusters(where))})
        if where in self.documents:
            path = f"{where}?{urlsplit(path).query}"
        return super().serve(method, path, body)

    def _make(self, scope: str, rows: list[dict[str, Any]]) -> None:
        """The clusters of a template, and their pools."""
        for row in rows:
            if row["type"] in (CLUSTERS, f"{CLUSTERS}/agentPools"):
                name, _, pool = row["name"].partition("/")
                key = f"{scope}/providers/{CLUSTERS}/{name}{f'/agentPools/{pool}' if pool else ''}"
                made = {"id": key, "location": row.get("location"), "properties": nodes_of(name)}
                self.documents.setdefault(key.lower(), made)

    def _clusters(self, where: str) -> Iterator[dict[str, Any]]:
        """As Azure lists them, with the pools that are resources of their own."""
        for key, document in self.documents.items():
            if key.rpartition("/")[0] == where:
                below = [rest for other, rest in self.documents.items() if other.startswith(f"{key}/agentpools/")]
                pools = [{"name": rest["id"].rpartition("/")[2]} for rest in below]
                name = document["id"].rpartition("/")[2]
                properties = {**document.get("properties", {}), "agentPoolProfiles": pools}
                yield {**document, "name": name, "properties": properties}


def nodes_of(cluster: str) -> dict[str, Any]:
    """What a cluster says of its nodes."""
    return {"nodeResourceGroup": f"MC_{cluster}"}


def handed_out(promised: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """The outputs of a template, with an id for each expression: that which was handed out ``before``."""
    return {
        name: {**row, "value": evaluated(row["value"], before.get(name, {}).get("value"))}
        for name, row in promised.items()
    }


def evaluated(value: Any, before: Any) -> Any:
    """What an expression gives, or every one of a mapping: always the same id or issuer, which no other one gives."""
    if isinstance(value, dict):
        return {key: evaluated(inner, (before or {}).get(key)) for key, inner in value.items()}
    if not isinstance(value, str) or not value.startswith("["):
        return value
    made = str(uuid5(NAMESPACE_DNS, value))
    return before or (f"{ISSUERS}/{made}/" if value.endswith("issuerURL]") else made)


@contextmanager
def world(
    folder: Path, patch: pytest.MonkeyPatch, fleet: Path | None, identifier: str = SUBSCRIPTION
) -> Iterator[Subscription]:
    """Azure and ``anyscale`` as rayfleet finds them, through the environment. ``folder``: an empty one; ``fleet``: the
    folder of the fleet that is deployed, bound and registered there; ``identifier``: of the one subscription there is.
    """
    stand_in = StandIn(folder, patch)
    subscription = Subscription(identifier)
    with subscription:
        if fleet:
            bound = yaml.safe_load((fleet / "bindings.yaml").read_text())["clusters"]
            deployed(subscription, fleet, bound)
            resources = {name: row["cloudResourceId"]["value"] for name, row in bound.items()}
            stand_in.clouds = {"aks-multi-region": [registered(fleet, *row) for row in resources.items()]}
        patch.setenv("RAYFLEET_ARM_ENDPOINT", subscription.url)
        yield subscription


def deployed(subscription: Subscription, fleet: Path, bound: dict[str, Any]) -> None:
    """Puts what a fleet renders to into the subscription; ``bound``: the late values of its clusters."""
    tree = Tree(Files("rendered", OnDisk(str(fleet / "rendered"))))
    subscription.resource_groups = {row.scope.resource_group for row in tree.deployments if row.scope.resource_group}
    subscription.documents |= {row.id.lower(): {"id": row.id} for row in tree.resources.values()}
    for there in tree.of_type(CLUSTERS):
        subscription.documents[there.id.lower()]["properties"] = nodes_of(there.name)
    for template in tree.templates:
        if template.deployment:
            row = subscription.deployments[template.deployment.name]
            row.state, row.starts = "Succeeded", 1
            row.template_hash = hash_of(template.source.data)
            row.outputs = handed_out(template.source.data.get("outputs", {}), {})
    for cluster, values in bound.items():
        name = cluster.replace("-", "_")
        row = next(row for row in subscription.deployments.values() if name in row.outputs)
        row.outputs[name]["value"] |= {kind: values[kind]["value"] for kind in values if kind != "cloudResourceId"}


def registered(fleet: Path, cluster: str, identifier: str) -> dict[str, Any]:
    """A cloud resource as Anyscale has it."""
    file = fleet / "rendered/clusters" / cluster / "anyscale/cloud_resource.yaml"
    return {"cloud_resource_id": identifier, **yaml.safe_load(file.read_text())}
