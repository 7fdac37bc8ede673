"""What the breaks of bindings share: files, ids, and lines of the reference's bindings.yaml."""

from __future__ import annotations

from tests.testing.broken_trees import BINDINGS, Edit

EAST, WEST = "azure/eastus.json", "azure/westus2.json"
CLUSTER = "clusters/aks-eastus"
VALUES = f"{CLUSTER}/operators/anyscale-operator/values.yaml"
CLASS, VOLUME = (f"{CLUSTER}/platform/{name}.yaml" for name in ("storageclass", "persistentvolume"))
GATEWAY = f"{CLUSTER}/workloads/gateway.yaml"
RESOURCE = f"{CLUSTER}/anyscale/cloud_resource.yaml"
T4 = "anyscale/T4/compute_config.yaml"

CLIENT, PRINCIPAL = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
WEST_CLIENT = "33333333-3333-4333-8333-333333333333"
ID, WEST_ID = "cldrsrc_eastus0example0000000000", "cldrsrc_westus20example000000000"
DASHED = ID.replace("_", "-")
OUTPUT = "aks-multi-region-eastus.outputs.aks_eastus"
REGISTRATION = "anyscale.aks-multi-region.aks-eastus.cloud_resource_id"
POOLS = "[a100, cpu, sys, t4], producer: aks-multi-region-eastus"
CLIENT_LINE, POOLS_LINE, ID_LINE = (
    f"    clientId: {{value: {CLIENT}, producer: {OUTPUT}.clientId}}\n",
    f"    nodePools: {{value: [a100, cpu, sys, t4], producer: {OUTPUT}.nodePools}}\n",
    f"    cloudResourceId: {{value: {ID}, producer: {REGISTRATION}}}\n",
)
T4_POOL = '"vmSize": "Standard_NC16as_T4_v3",\n        "enableAutoScaling"'
LISTED = '"nodePools": [\n          "a100",\n          "cpu",\n          "sys",\n          "t4"'


def listing(layer: str, *resources: str) -> tuple[Edit, ...]:
    """Takes files out of a layer of aks-eastus."""
    return tuple(Edit(f"{CLUSTER}/{layer}/kustomization.yaml", f'  - "{name}"\n', "") for name in resources)


def bound(old: str, new: str) -> tuple[Edit, ...]:
    return (Edit(BINDINGS, old, new),)
