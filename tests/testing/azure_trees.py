"""Two small trees of ARM templates, of which something differs."""

from __future__ import annotations

import json
from typing import Any

from rayfleet.changes.azure import azure_changes
from rayfleet.changes.change import Change
from rayfleet.facts.resource_types import CLUSTER
from rayfleet.tree import Tree
from rayfleet.tree.files import Files

SCOPE = {"subscriptionId": "s", "resourceGroup": "g"}
GROUP = "/subscriptions/s/resourcegroups/g/providers"


def files(*resources: dict[str, Any]) -> dict[str, bytes]:
    """A rendered tree with one template."""
    row = {"name": "fleet-eastus", "template": "eastus.json", "location": "eastus", "scope": SCOPE, "dependsOn": []}
    documents = {"azure/deployments.json": {"deployments": [row]}, "azure/eastus.json": {"resources": list(resources)}}
    return {path: json.dumps(document, indent=2).encode() for path, document in documents.items()}


def tree(*resources: dict[str, Any], folder: str = "rendered") -> Tree:
    """The same, read back."""
    return Tree(Files(folder, files(*resources)))


def resource(kind: str, name: str = "", /, **more: Any) -> dict[str, Any]:
    """A resource with a name of as many parts as its type has."""
    return {"type": kind, "name": name or "/".join("abcd"[: kind.count("/")]), **more}


def cluster(*pools: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A cluster with node pools inside it."""
    return resource(CLUSTER, "aks", location="eastus", properties={"agentPoolProfiles": list(pools), **properties})


def changed(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[Change]:
    """The changes between two lists of resources."""
    return azure_changes(tree(*before, folder="HEAD:rendered"), tree(*now))
