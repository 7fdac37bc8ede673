"""Clusters that nodes do not reach, that nobody administers, or that somebody enters round Entra."""

from __future__ import annotations

from tests.proofs.breaks.azure import EAST, WEST
from tests.testing.broken_trees import Break, Edit

NGINX = "azure/northeurope.json"
OWN = (
    ",\n            \"[format('{0}/32', "
    "reference(resourceId('Microsoft.Network/publicIPAddresses', 'nginx-nat-ip-1'), '2025-07-01').ipAddress)]\""
)
RBAC = '"enableAzureRBAC": true'
GROUP = '"00000000-0000-0000-0000-000000000003"'

#: Of the proof network.
REACH = (
    Break(
        "an API server that takes no nodes",
        (Edit(NGINX, OWN, ""),),
        "nginx: its nodes leave by nginx-nat-ip-1, which may not reach its API server: they never join",
        ((NGINX, "authorizedIPRanges"), (NGINX, "nginx-nat-ip-1")),
        fleet="every-choice",
    ),
    Break(
        "an API server that takes the nodes of another cluster",
        (Edit(NGINX, OWN, OWN.replace("nginx-nat-ip-1", "nginx-nat-ip-9")),),
        "nginx: its nodes leave by nginx-nat-ip-1, which may not reach its API server",
        ((NGINX, "authorizedIPRanges"), (NGINX, "nginx-nat-ip-1")),
        fleet="every-choice",
    ),
)

#: Of the proof identity.
ADMINISTRATORS = (
    Break(
        "no Entra",
        (
            Edit(
                EAST, '"managed": true,\n          "enableAzureRBAC"', '"managed": false,\n          "enableAzureRBAC"'
            ),
        ),
        "aks-eastus: nobody signs in to it by Entra",
        ((EAST, "aadProfile"),),
    ),
    Break(
        "nobody administers",
        (Edit(EAST, RBAC, RBAC.replace("true", "false")),),
        "aks-eastus: its Azure RBAC is off, and it names no group of administrators",
        ((EAST, "enableAzureRBAC"),),
    ),
    Break(
        "Azure RBAC off, with a group of administrators",
        (Edit(NGINX, RBAC, RBAC.replace("true", "false")),),
        "nginx: its Azure RBAC is off: roles that Azure grants on it have no effect",
        ((NGINX, "enableAzureRBAC"),),
        "warned",
        fleet="every-choice",
    ),
    Break(
        "local accounts that nobody asks for",
        (Edit(EAST, '"disableLocalAccounts": true', '"disableLocalAccounts": false'),),
        "aks-eastus: its local accounts are on, and nothing says that they are meant",
        ((EAST, "disableLocalAccounts"),),
    ),
    Break(
        "run command on",
        (Edit(EAST, '"disableRunCommand": true', '"disableRunCommand": false'),),
        "aks-eastus: its run command is on",
        ((EAST, "disableRunCommand"),),
    ),
)

#: Of the proof arm.
NAMES = (
    Break(
        "the node resource group of another cluster",
        (Edit(WEST, '"aks-multi-region-aks-westus2-nodes"', '"aks-multi-region-aks-eastus-nodes"'),),
        "aks-westus2: its node resource group aks-multi-region-aks-eastus-nodes is that of aks-eastus too",
        ((WEST, "nodeResourceGroup"), (EAST, "nodeResourceGroup")),
    ),
    Break(
        "a node resource group that is deployed into",
        (Edit(WEST, '"aks-multi-region-aks-westus2-nodes"', '"aks-multi-region"'),),
        "aks-westus2: its node resource group aks-multi-region is one that is deployed into",
        ((WEST, "nodeResourceGroup"),),
    ),
    Break(
        "the DNS prefix of another cluster",
        (Edit(WEST, '"dnsPrefix": "aks-westus2"', '"dnsPrefix": "aks-eastus"'),),
        "aks-westus2: its dnsPrefix aks-eastus is that of aks-eastus too",
        ((WEST, "dnsPrefix"), (EAST, "dnsPrefix")),
    ),
)
