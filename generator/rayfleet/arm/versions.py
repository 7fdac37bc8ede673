"""The pinned API version of every resource type, in one table.

The newest generally available ones that the official ARM schemas describe (Azure/azure-resource-manager-schemas,
2026-08-16), so that schemas and SDK models judge the same shape.
"""

from rayfleet.arm.expression import Expression, reference

API = {
    "Microsoft.Resources/resourceGroups": "2025-04-01",
    "Microsoft.Storage/storageAccounts": "2026-04-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2026-04-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "2026-04-01",
    "Microsoft.Storage/storageAccounts/managementPolicies": "2026-04-01",
    "Microsoft.Network/networkSecurityGroups": "2025-07-01",
    "Microsoft.Network/publicIPAddresses": "2025-07-01",
    "Microsoft.Network/natGateways": "2025-07-01",
    "Microsoft.Network/virtualNetworks": "2025-07-01",
    "Microsoft.Network/virtualNetworks/subnets": "2025-07-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2024-11-30",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": "2024-11-30",
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.ContainerService/managedClusters": "2026-05-01",
    "Microsoft.ContainerService/managedClusters/agentPools": "2026-05-01",
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations": "2026-05-01",
    "Microsoft.KubernetesConfiguration/extensions": "2025-03-01",
    "Microsoft.KubernetesConfiguration/fluxConfigurations": "2025-04-01",
}


def property_of(kind: str, identifier: Expression, path: str) -> Expression:
    """A property of a resource of a known kind, read with the version that it is written with."""
    return reference(identifier, API[kind], path)
