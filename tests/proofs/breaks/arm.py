"""The reference's ARM templates, for breaks: resources by type and name, and edits of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.testing.broken_trees import Edit, edited, tree

EAST, WEST, SHARED = "azure/eastus.json", "azure/westus2.json", "azure/shared.json"
LIST, GROUP = "azure/deployments.json", "azure/resource-group.json"
BASE = f"HEAD:rendered/{EAST}"


def position(kind: str, name: str, path: str = EAST) -> int:
    """Where the one resource of that type whose name begins so stands in a template."""
    rows = json.loads(tree()[path])["resources"]
    (found,) = [at for at, row in enumerate(rows) if row["type"] == kind and row["name"].startswith(name)]
    return found


NSG = position("Microsoft.Network/networkSecurityGroups", "aks-eastus-nodes-nsg")
IP = position("Microsoft.Network/publicIPAddresses", "aks-eastus-nat-ip-1")
NAT = position("Microsoft.Network/natGateways", "aks-eastus-nat")
VNET = position("Microsoft.Network/virtualNetworks", "aks-eastus-vnet")
SUBNET = position("Microsoft.Network/virtualNetworks/subnets", "aks-eastus-vnet/aks-nodes")
ROLE, ROLE_ON_ACCOUNT = (
    position("Microsoft.Authorization/roleAssignments", f"[guid(resourceId('{scope}'")
    for scope in ("Microsoft.Network/virtualNetworks", "Microsoft.Storage/storageAccounts")
)
CLUSTER = position("Microsoft.ContainerService/managedClusters", "aks-eastus")
A100, CPU, T4 = (
    position("Microsoft.ContainerService/managedClusters/agentPools", f"aks-eastus/{name}")
    for name in ("a100", "cpu", "t4")
)
WINDOW = position(
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations", "aks-eastus/aksManagedAutoUpgradeSchedule"
)
CREDENTIAL = position(
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", "aks-eastus-workload/"
)
EXTENSION = position("Microsoft.KubernetesConfiguration/extensions", "flux")
CONFIGURATION = position("Microsoft.KubernetesConfiguration/fluxConfigurations", "rayfleet")
STORAGE = position("Microsoft.Storage/storageAccounts", "aksmultiregionsa", SHARED)
BLOBS = position("Microsoft.Storage/storageAccounts/blobServices", "aksmultiregionsa/", SHARED)
CONTAINERS = position("Microsoft.Storage/storageAccounts/blobServices/containers", "aksmultiregionsa/", SHARED)
POLICY = position("Microsoft.Storage/storageAccounts/managementPolicies", "aksmultiregionsa/", SHARED)


def changed(path: str, change: Callable[[Any], object]) -> Edit:
    """A JSON file of the reference after a change of its data."""
    document = json.loads(tree()[path])
    change(document)
    return edited(path, document)


def resource(index: int, change: Callable[[Any], object], path: str = EAST) -> Edit:
    """A template after a change of one resource."""
    return changed(path, lambda document: change(document["resources"][index]))


def properties(index: int, *gone: str, **new: Any) -> Edit:
    """A template after a change of one resource's properties."""

    def change(row: Any) -> None:
        row["properties"] |= new
        for key in gone:
            del row["properties"][key]

    return resource(index, change)


def row(index: int, **new: Any) -> Edit:
    """deployments.json with other values in a row."""
    return changed(LIST, lambda document: document["deployments"][index].update(new))


def added(*rows: dict[str, Any], path: str = EAST) -> Edit:
    """A template with more resources."""
    return changed(path, lambda document: document["resources"].extend(rows))


def named(kind: str, name: str, **more: Any) -> dict[str, Any]:
    """A resource of our own."""
    return {"type": kind, "apiVersion": "2025-07-01", "name": name, "location": "eastus", "properties": {}, **more}


def identifier(kind: str, *names: str) -> str:
    """An expression with its id."""
    return f"[resourceId({', '.join(repr(part) for part in (kind, *names))})]"


VNETS, AKS = "Microsoft.Network/virtualNetworks", "Microsoft.ContainerService/managedClusters"
SUBNETS, POOLS = f"{VNETS}/subnets", f"{AKS}/agentPools"
ACCOUNT = identifier("Microsoft.Storage/storageAccounts", "aksmultiregionsa")
IDENTITY = "resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'aks-eastus-workload')"
KEYS = f"[listKeys({ACCOUNT[1:-1]}, '2026-04-01').keys]"
INLINE = {"mode": "User", "type": "VirtualMachineScaleSets", "vmSize": "Standard_D8ds_v5", "count": 1}
LATER = f"[reference({identifier(AKS, 'aks-eastus')[1:-1]}, '2026-05-01').fqdn]"
PARAMETER = {"gitHttpsToken": {"type": "securestring"}}
