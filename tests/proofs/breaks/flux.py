"""Where the files of a tree that Flux follows are, and ways to change them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.testing.broken_trees import Edit, tree

EAST, WEST, SWEDEN = "azure/eastus.json", "azure/westus2.json", "azure/swedencentral.json"
HERE, THERE, ENVOY = "clusters/aks-eastus", "clusters/aks-westus2", "clusters/envoy"
ENTRY = f"{HERE}/flux/kustomization.yaml"
PLATFORM, OPERATORS, WORKLOADS = (f"{HERE}/flux/{name}.yaml" for name in ("platform", "operators", "workloads"))
NAMESPACES, GATEWAY = f"{HERE}/platform/namespaces.yaml", f"{HERE}/workloads/gateway.yaml"
CLAIM, VOLUME = f"{HERE}/platform/persistentvolumeclaim.yaml", f"{HERE}/platform/persistentvolume.yaml"
STORAGE_CLASS = f"{HERE}/platform/storageclass.yaml"
PLUGIN = f"{HERE}/operators/nvidia-device-plugin/helmrelease.yaml"
OPERATOR = f"{HERE}/operators/anyscale-operator/helmrelease.yaml"
ENVOY_RELEASE, ENVOY_SOURCE = (f"{ENVOY}/operators/envoy-gateway/{name}.yaml" for name in ("helmrelease", "repository"))
LISTS = {layer: f"{HERE}/{layer}/kustomization.yaml" for layer in ("platform", "operators", "workloads")}
CLUSTER = (EAST, '"name": "aks-eastus"')
# The end of what the Flux configuration of the first region follows.
PATH = './rendered/clusters/aks-eastus/flux"'


def arm(path: str, change: Callable[[dict[str, Any]], None], fleet: str = "reference") -> Edit:
    """Changes an ARM template as data."""
    old = tree(fleet)[path].decode()
    document = json.loads(old)
    change(document)
    return Edit(path, old, json.dumps(document, indent=2))


def flux(document: dict[str, Any]) -> dict[str, Any]:
    """The properties of the first Flux configuration of a template."""
    kind = "Microsoft.KubernetesConfiguration/fluxConfigurations"
    found: dict[str, Any] = next(row for row in document["resources"] if row["type"] == kind)["properties"]
    return found


def listed(layer: str, entry: str) -> Edit:
    """Adds a resource to a layer of the reference."""
    return Edit(LISTS[layer], "resources:\n", f'resources:\n  - "{entry}"\n')


def added(layer: str, name: str, manifest: str) -> tuple[Edit, Edit]:
    """Adds a manifest to a layer of the reference."""
    return Edit(f"{HERE}/{layer}/{name}", "", manifest), listed(layer, name)


def manifest(api: str, kind: str, name: str, more: str = "", namespace: str = "") -> str:
    where = f"\n  namespace: {namespace}" if namespace else ""
    return f"apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}{where}\n{more}"
