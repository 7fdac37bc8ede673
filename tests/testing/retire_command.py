"""``rayfleet retire`` of the reference fleet, as users run it, against servers that have it."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from click.testing import Result

from rayfleet.tree import Tree
from rayfleet.tree.files import Files, OnDisk
from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import Answer, ArmServer, answer, hash_of
from tests.testing.git import git
from tests.testing.reference_names import CLOUD, EAST_ID, GROUP, SUB, WEST_ID
from tests.testing.workspace import Workspace

AKS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-westus2"
NODES = "MC_aks-westus2"
IN_NODES = f"/subscriptions/{SUB}/resourceGroups/{NODES}/providers"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/aksmultiregionsa"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/aks-westus2-vnet"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-westus2"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
CONTROL, WORKLOAD = "55555555-5555-4555-8555-555555555555", "44444444-4444-4444-8444-444444444444"
STACK = f"{GROUP}/providers/Microsoft.Resources/deploymentStacks/aks-multi-region-westus2"
ROLES = "/providers/Microsoft.Authorization/roleAssignments"
ON_ACCOUNT, ON_VNET = (f"{scope}{ROLES}/{uuid.uuid5(uuid.NAMESPACE_DNS, scope)}" for scope in (ACCOUNT, VNET))
# Every resource of the cluster that is deleted, in the order in which it is.
ORDER = [
    f"{AKS}/providers/Microsoft.KubernetesConfiguration/fluxConfigurations/rayfleet",
    f"{AKS}/providers/Microsoft.KubernetesConfiguration/extensions/flux",
    f"{IDENTITY}-workload/federatedIdentityCredentials/anyscale-operator_anyscale-operator",
    ON_ACCOUNT,
    *(f"{AKS}/agentPools/{pool}" for pool in ("a100", "cpu", "t4")),
    AKS,
    ON_VNET,
    f"{IDENTITY}-control-plane",
    f"{IDENTITY}-workload",
    f"{VNET}/subnets/aks-nodes",
    f"{NETWORK}/natGateways/aks-westus2-nat",
    f"{NETWORK}/publicIPAddresses/aks-westus2-nat-ip-1",
    f"{NETWORK}/publicIPAddresses/aks-westus2-nat-ip-2",
    f"{NETWORK}/networkSecurityGroups/aks-westus2-nodes-nsg",
    VNET,
]
KEPT = [ACCOUNT, f"{ACCOUNT}/blobServices/default/containers/aks-anyscale-blob"]


class Arm(ArmServer):
    """With what a cluster has, role assignments that can be listed, and stacks that can be taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[str] = []
        self.detached: list[dict[str, list[str]]] = []  # the queries with which stacks were taken away
        self.before = self._look

    def fill(self) -> None:
        for path in [*ORDER, *KEPT, GROUP, AKS.replace("westus2", "eastus")]:
            self.documents[path] = {"id": path}
        self.documents[AKS] = {"id": AKS, "properties": {"nodeResourceGroup": NODES, "provisioningState": "Succeeded"}}
        for kind in ("Compute/disks", "Compute/snapshots", "Storage/storageAccounts"):
            self.documents[f"{IN_NODES}/Microsoft.{kind}"] = {"value": []}
        for name, principal in (("control-plane", CONTROL), ("workload", WORKLOAD)):
            self.documents[f"{IDENTITY}-{name}"] = {"properties": {"principalId": principal}}
        for scope, role, principal in ((ACCOUNT, BLOB_CONTRIBUTOR, WORKLOAD), (VNET, NETWORK_CONTRIBUTOR, CONTROL)):
            self.documents[f"{scope}{ROLES}"] = {
                "value": [
                    assignment(scope, role, principal, str(uuid.uuid5(uuid.NAMESPACE_DNS, scope))),
                    assignment(scope, role, "66666666-5555-4555-8555-555555555555"),  # somebody else's
                    assignment(scope, "b24988ac-6180-42a0-ab88-20f7382dd24c", principal),  # another role
                    assignment(GROUP, role, principal),  # inherited
                ]
            }

    def serve(self, method: str, path: str, body: Any) -> Answer:
        """As ever, and a stack can be taken away."""
        found = re.search(r"/deploymentStacks/([^/?]+)\?", path)
        if method == "DELETE" and found:
            self.detached.append(parse_qs(urlsplit(path).query))
            self.stacks.pop(found[1], None)
            return answer(200, {})
        return super().serve(method, path, body)

    def _look(self, method: str, path: str) -> None:
        where = unquote(path.partition("?")[0])
        with self.lock:
            if method == "DELETE" and where in self.documents:
                self.deleted.append(where)
                listing = self.documents.get(where.rpartition("/")[0])
                if listing and "value" in listing:
                    name = where.rpartition("/")[2]
                    listing["value"] = [row for row in listing["value"] if not row["id"].endswith(name)]


def assignment(scope: str, role: str, principal: str, name: str = "") -> dict[str, Any]:
    identifier = f"{scope}{ROLES}/{name or uuid.uuid5(uuid.NAMESPACE_DNS, scope + role + principal)}"
    definition = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {
        "id": identifier,
        "properties": {"scope": scope, "roleDefinitionId": definition, "principalId": principal},
    }


def registered(**names: str) -> dict[str, list[dict[str, Any]]]:
    """The fleet's cloud, with resources by id."""
    return {CLOUD: [{"name": name.replace("_", "-"), "cloud_resource_id": row} for name, row in names.items()]}


BOTH = registered(aks_eastus=EAST_ID, aks_westus2=WEST_ID)


def commit(words: str = "commit") -> None:
    git("add", "-A")
    git("commit", "--allow-empty", "-m", words)


def change(fleet: Workspace, old: str, new: str) -> None:
    """Changes fleet.yaml as one does: edit, render, commit."""
    fleet.edit(old, new)
    fleet.run("render")
    commit()


def deployed(server: ArmServer) -> None:
    """As if what is rendered had been deployed."""
    tree = Tree(Files("rendered", OnDisk("rendered")))
    for template in tree.templates:
        assert template.deployment
        row = server.deployments[template.deployment.name]
        row.state, row.starts = "Succeeded", 1
        row.template_hash = hash_of(template.source.data)


def data(fleet: Workspace, *arguments: str, code: int = 0) -> Any:
    return json.loads(fleet.run("retire", "--format", "json", *arguments, code=code).stdout)


def go(fleet: Workspace, *arguments: str, code: int = 0) -> Result:
    return fleet.run("retire", "--run", "--yes", *arguments, code=code)


def ids(found: Any, state: str = "to do") -> list[str]:
    return [row["id"] for row in found["steps"] if row["state"] == state]


def untouched(server: Arm, stand_in: StandIn) -> bool:
    return not server.asked("DELETE", "") and stand_in.changes == []
