"""What the breaks of identities share: files, ids, and expressions as templates write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.testing.broken_trees import Edit, tree

EAST, WEST = "azure/eastus.json", "azure/westus2.json"
CLUSTER = "clusters/aks-eastus"
VALUES = f"{CLUSTER}/operators/anyscale-operator/values.yaml"
RELEASE = f"{CLUSTER}/operators/anyscale-operator/helmrelease.yaml"
VOLUME, CLASS = (f"{CLUSTER}/platform/{name}.yaml" for name in ("persistentvolume", "storageclass"))
RESOURCE = f"{CLUSTER}/anyscale/cloud_resource.yaml"
CHOICES, ZOO = "azure/swedencentral.json", "azure/eastus.json"

CLIENT, PRINCIPAL = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
BLOB, NETWORK = "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "4d97b98b-1d4f-4787-a291-c67834d212e7"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
SUBJECT = "system:serviceaccount:anyscale-operator:anyscale-operator"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"


def of(identity: str, path: str = "principalId") -> str:
    """A property of an identity, as a template reads it."""
    return f"reference(resourceId('{IDENTITY}', '{identity}'), '2024-11-30').{path}"


def issuer(cluster: str, path: str = "issuerURL") -> str:
    """``issuer`` of a credential, as a template reads it."""
    kind = "Microsoft.ContainerService/managedClusters"
    return f"[reference(resourceId('{kind}', '{cluster}'), '2026-05-01').oidcIssuerProfile.{path}]"


def identity(name: str, region: str = "eastus") -> str:
    """An identity as its resource begins."""
    return f'"name": "{name}",\n      "location": "{region}"'


ISSUER = f'"issuer": "{issuer("aks-eastus")}"'
BLOB_PRINCIPAL = f'"principalId": "[{of("aks-eastus-workload")}]",\n        "principalType"'
NETWORK_PRINCIPAL = f'"principalId": "[{of("aks-eastus-control-plane")}]"'
BLOB_SCOPE = "\"scope\": \"[resourceId('Microsoft.Storage/storageAccounts', 'aksmultiregionsa')]\""
ROLE = "'Microsoft.Authorization/roleDefinitions', '"
OPERATOR = "operator:\n  replicas: 2"
POD_ACCOUNT = 'serviceAccount:\n    name: "anyscale-operator"'
NETWORK_SCOPE = "\"scope\": \"[resourceId('Microsoft.Network/virtualNetworks', 'aks-eastus-vnet')]\""
NETWORK_NAME = (
    "guid(resourceId('Microsoft.Network/virtualNetworks', 'aks-eastus-vnet'), "
    f"resourceId('{IDENTITY}', 'aks-eastus-control-plane'), '{NETWORK}')"
)
BLOB_NAME = (
    "guid(resourceId('Microsoft.Storage/storageAccounts', 'aksmultiregionsa'), "
    f"resourceId('{IDENTITY}', 'aks-eastus-workload'), '{BLOB}')"
)


def template(path: str, change: Callable[[list[dict[str, Any]]], object], fleet: str = "reference") -> Edit:
    """Changes the resources of a template."""
    old = tree(fleet)[path].decode()
    document = json.loads(old)
    change(document["resources"])
    return Edit(path, old, json.dumps(document, indent=2))


def text(path: str, old: str, new: str, fleet: str = "reference") -> Edit:
    """Replaces a text wherever it stands in a file."""
    whole = tree(fleet)[path].decode()
    assert old in whole
    return Edit(path, whole, whole.replace(old, new))


def more_credentials(count: int) -> Callable[[list[dict[str, Any]]], object]:
    """Adds credentials to the workload identity, each of which waits for the one before."""

    def change(resources: list[dict[str, Any]]) -> None:
        (first,) = (row for row in resources if row["type"].endswith("/federatedIdentityCredentials"))
        for number in range(count):
            copy = json.loads(json.dumps(first))
            copy["name"] = f"aks-eastus-workload/more{number}"
            copy["properties"]["subject"] = f"system:serviceaccount:default:more{number}"
            before = f"more{number - 1}" if number else "anyscale-operator_anyscale-operator"
            kind = first["type"]
            copy["dependsOn"].append(f"[resourceId('{kind}', 'aks-eastus-workload', '{before}')]")
            resources.append(copy)

    return change


def role_again(name: str) -> Callable[[list[dict[str, Any]]], object]:
    """Grants the data role once more, under another name."""

    def change(resources: list[dict[str, Any]]) -> None:
        (first,) = (row for row in resources if BLOB in row["name"])
        resources.append({**first, "name": name})

    return change


def without(kind: str, part: str = "") -> Callable[[list[dict[str, Any]]], object]:
    """Takes resources of a kind out whose name has a part."""

    def change(resources: list[dict[str, Any]]) -> None:
        resources[:] = [row for row in resources if not (row["type"].endswith(f"/{kind}") and part in row["name"])]

    return change


def git_trusts(subject: str) -> Edit:
    return text(ZOO, "system:serviceaccount:flux-system:source-controller", subject, "accelerators")
