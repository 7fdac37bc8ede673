"""The names and ids of the reference fleet, and of what Azure and Anyscale have of it."""

from __future__ import annotations

SUB = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUB}/resourceGroups/aks-multi-region"
MANAGED_CLUSTERS = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters"
# The deployments.
NAMES = tuple(f"aks-multi-region-{name}" for name in ("resource-group", "shared", "eastus", "westus2"))
FIRST, SHARED, EAST, WEST = NAMES
# The clusters.
EAST_CLUSTER, WEST_CLUSTER = "aks-eastus", "aks-westus2"
CLOUD = "aks-multi-region"
EAST_ID, WEST_ID = "cldrsrc_eastus0example0000000000", "cldrsrc_westus20example000000000"
RESOURCES = {EAST_CLUSTER: EAST_ID, WEST_CLUSTER: WEST_ID}
# The lines of the clusters in fleet.yaml.
EAST_LINE = "  aks-eastus: {region: eastus, network: {index: 0}}\n"
WEST_LINE = "  aks-westus2: {region: westus2, network: {index: 1}}\n"
