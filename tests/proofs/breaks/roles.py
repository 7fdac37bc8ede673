"""Roles that are missing, and names that Azure would not take again."""

from __future__ import annotations

from tests.proofs.breaks.azure import (
    BLOB,
    BLOB_NAME,
    BLOB_PRINCIPAL,
    BLOB_SCOPE,
    EAST,
    IDENTITY,
    NETWORK,
    NETWORK_NAME,
    NETWORK_SCOPE,
    READER,
    ROLE,
    VOLUME,
    of,
    role_again,
    template,
    text,
    without,
)
from tests.testing.broken_trees import Break, Edit

BREAKS = (
    Break(
        "a role that only reads",
        (Edit(EAST, f"{ROLE}{BLOB}", f"{ROLE}{READER}"),),
        "aks-eastus-workload is Storage Blob Data Reader on aks-anyscale-blob of aksmultiregionsa, which is too little",
        ((EAST, READER), (VOLUME, "storageAccount")),
    ),
    Break(
        "a role that nobody knows",
        (Edit(EAST, f"{ROLE}{BLOB}", f"{ROLE}00000000-0000-4000-8000-000000000000"),),
        "aks-eastus-workload is role 00000000-0000-4000-8000-000000000000 on aks-anyscale-blob of aksmultiregionsa, "
        "and what that allows is not known here",
        ((EAST, "roleDefinitions"), (VOLUME, "storageAccount")),
        "warned",
    ),
    Break(
        "a role that is none",
        (Edit(EAST, f"{ROLE}{BLOB}", f"{ROLE}Contributor"),),
        "aks-eastus-workload is role contributor on aks-anyscale-blob of aksmultiregionsa, which is too little",
        ((EAST, "roleDefinitions"), (VOLUME, "storageAccount")),
    ),
    Break(
        "an identity that is said to be a user",
        (Edit(EAST, BLOB_PRINCIPAL + '": "ServicePrincipal"'.removeprefix('"'), BLOB_PRINCIPAL + ': "User"'),),
        "Storage Blob Data Contributor for aks-eastus-workload has the principalType User: Azure refuses it",
        ((EAST, '"principalType": "User"'),),
    ),
    Break(
        "a role granted to the client id",
        (Edit(EAST, BLOB_PRINCIPAL, BLOB_PRINCIPAL.replace(".principalId", ".clientId")),),
        "is granted to the client id of aks-eastus-workload: roles are granted to the principal id",
        ((EAST, "clientId"), (VOLUME, "storageAccount")),
    ),
    Break(
        "a role granted to somebody else",
        (Edit(EAST, BLOB_PRINCIPAL, BLOB_PRINCIPAL.replace("aks-eastus-workload", "aks-eastus-control-plane")),),
        "is granted to aks-eastus-control-plane, not to aks-eastus-workload",
        ((EAST, "principalId"), (VOLUME, "storageAccount")),
    ),
    Break(
        "a role on another container",
        (
            Edit(
                EAST,
                BLOB_SCOPE,
                BLOB_SCOPE.replace(
                    "storageAccounts', 'aksmultiregionsa'",
                    "storageAccounts/blobServices/containers', 'aksmultiregionsa', 'default', 'other'",
                ),
            ),
        ),
        "aks-eastus-workload is Storage Blob Data Contributor on other of aksmultiregionsa, not on aks-anyscale-",
        ((EAST, "'other'"), (VOLUME, "storageAccount")),
    ),
    Break(
        "a mount of another account",
        (Edit(VOLUME, 'storageAccount: "aksmultiregionsa"', "storageAccount: elsewhere"),),
        "aks-eastus-workload is Storage Blob Data Contributor on aksmultiregionsa, not on "
        "aks-anyscale-blob of elsewhere",
        ((EAST, '"scope"'), (VOLUME, "elsewhere")),
    ),
    Break(
        "no role at all",
        (template(EAST, without("roleAssignments", BLOB)),),
        "aks-eastus-workload is not Storage Blob Data Contributor on aks-anyscale-blob of aksmultiregionsa",
        ((EAST, "aks-eastus-workload"), (VOLUME, "storageAccount")),
    ),
    Break(
        "a name with what is not known yet",
        (Edit(EAST, f"[{BLOB_NAME}]", f"[guid({of('aks-eastus-workload')}, '{BLOB}')]"),),
        "aks-multi-region-eastus: the name of a role assignment is made with reference(), so it is another one",
        ((EAST, "guid(reference("),),
    ),
    Break(
        "a name that is no GUID",
        (Edit(EAST, f"[{BLOB_NAME}]", "blob-role"),),
        "the name of a role assignment is 'blob-role', which is no GUID",
        ((EAST, "blob-role"),),
    ),
    Break(
        "two grants of one name",
        (Edit(EAST, f"[{BLOB_NAME}]", f"[{NETWORK_NAME}]"),),
        "its name is also that of the assignment of Network Contributor on aks-eastus-vnet",
        ((EAST, "guid("), (EAST, "guid(")),
    ),
    Break(
        "a grant by two names",
        (template(EAST, role_again("10000000-0000-4000-8000-000000000000")),),
        "Storage Blob Data Contributor on aksmultiregionsa is granted to one principal twice, by two names",
        ((EAST, "10000000-0000"), (EAST, "guid(")),
    ),
    Break(
        "a young identity that Azure may not find",
        (
            Edit(
                EAST,
                BLOB_PRINCIPAL + '": "ServicePrincipal"'.removeprefix('"'),
                BLOB_PRINCIPAL.removesuffix(',\n        "principalType"'),
            ),
        ),
        "Storage Blob Data Contributor for aks-eastus-workload has no principalType",
        ((EAST, "principalId"),),
        outcome="warned",
    ),
)

CONTROL_PLANE = (
    Break(
        "a system-assigned identity, as in the reference",
        (Edit(EAST, '"type": "UserAssigned"', '"type": "SystemAssigned"'),),
        "aks-eastus: its control plane's identity is SystemAssigned: it can have no role before the cluster is made",
        ((EAST, "SystemAssigned"), (EAST, "vnetSubnetID")),
    ),
    Break(
        "an identity that no template makes",
        (
            text(
                EAST, f"\"[resourceId('{IDENTITY}', 'aks-eastus-control-plane')]\": {{}}", '"/subscriptions/s/mine": {}'
            ),
        ),
        "its control plane has mine, which no template makes",
        ((EAST, "userAssignedIdentities"),),
    ),
    Break(
        "no identity",
        (text(EAST, f"\"[resourceId('{IDENTITY}', 'aks-eastus-control-plane')]\": {{}}", ""),),
        "its control plane has 0 identities: it needs one",
        ((EAST, "userAssignedIdentities"),),
    ),
    Break(
        "no role on the subnet",
        (Edit(EAST, f"{ROLE}{NETWORK}", f"{ROLE}{READER}"),),
        "aks-eastus-control-plane is Storage Blob Data Reader on aks-nodes, which is too little",
        ((EAST, READER), (EAST, "vnetSubnetID")),
    ),
    Break(
        "a role on another VNet",
        (Edit(EAST, NETWORK_SCOPE, NETWORK_SCOPE.replace("aks-eastus-vnet", "aks-westus2-vnet")),),
        "aks-eastus-control-plane is Network Contributor on aks-westus2-vnet, not on aks-nodes",
        ((EAST, "aks-westus2-vnet"), (EAST, "vnetSubnetID")),
    ),
    Break(
        "a cluster that does not wait for the role, as in the reference",
        (
            Edit(
                EAST,
                "[extensionResourceId(resourceId('Microsoft.Network/virtualNetworks', 'aks-eastus-vnet'), "
                f"'Microsoft.Authorization/roleAssignments', {NETWORK_NAME})]",
                "[resourceId('Microsoft.Network/virtualNetworks', 'aks-eastus-vnet')]",
            ),
        ),
        "it does not wait for the role of its control plane aks-eastus-control-plane on aks-eastus-vnet",
        ((EAST, "dependsOn"), (EAST, "guid(")),
    ),
)
