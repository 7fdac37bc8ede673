"""The types of Azure resources that fleets are made of: API version, label, and whether one may ever be deleted.

The versions are the newest generally available ones that the official ARM schemas describe
(Azure/azure-resource-manager-schemas, 2026-08-16), so that schemas and SDK models judge the same shape.
"""

from __future__ import annotations

from typing import NamedTuple

RESOURCE_GROUP = "Microsoft.Resources/resourceGroups"
STORAGE_ACCOUNT = "Microsoft.Storage/storageAccounts"
BLOB_SERVICE = f"{STORAGE_ACCOUNT}/blobServices"
CONTAINER = f"{BLOB_SERVICE}/containers"
LIFECYCLE_POLICY = f"{STORAGE_ACCOUNT}/managementPolicies"
NSG = "Microsoft.Network/networkSecurityGroups"
PUBLIC_IP = "Microsoft.Network/publicIPAddresses"
NAT_GATEWAY = "Microsoft.Network/natGateways"
VNET = "Microsoft.Network/virtualNetworks"
SUBNET = f"{VNET}/subnets"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
FEDERATED_CREDENTIAL = f"{IDENTITY}/federatedIdentityCredentials"
ROLE_ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
CLUSTER = "Microsoft.ContainerService/managedClusters"
NODE_POOL = f"{CLUSTER}/agentPools"
MAINTENANCE_WINDOW = f"{CLUSTER}/maintenanceConfigurations"
EXTENSION = "Microsoft.KubernetesConfiguration/extensions"
FLUX_CONFIGURATION = "Microsoft.KubernetesConfiguration/fluxConfigurations"

# What fleets do not write, and rayfleet reads, asks for or names.
DEPLOYMENT = "Microsoft.Resources/deployments"
DEPLOYMENT_STACK = "Microsoft.Resources/deploymentStacks"
ROLE_DEFINITION = "Microsoft.Authorization/roleDefinitions"
PRIVATE_ENDPOINT = "Microsoft.Network/privateEndpoints"
DISK = "Microsoft.Compute/disks"
SNAPSHOT = "Microsoft.Compute/snapshots"


class ResourceType(NamedTuple):
    """``type`` as Azure writes it; ``label`` as people say it. ``deleted``: one that is no longer rendered may be.
    ``tags`` leads to the tags of one, empty where it takes none (ARM docs, tag-support; ARM schemas).
    """

    type: str
    api_version: str
    label: str
    deleted: bool = False
    tags: tuple[str, ...] = ()


_TAGS = ("tags",)

#: Those that may be deleted stand in the order in which they are: a type is deleted once somebody thought about it.
TYPES = (
    ResourceType(FLUX_CONFIGURATION, "2025-04-01", "Flux configuration", deleted=True),
    ResourceType(EXTENSION, "2025-03-01", "Flux extension", deleted=True),
    ResourceType(FEDERATED_CREDENTIAL, "2024-11-30", "federated credential", deleted=True),
    ResourceType(ROLE_ASSIGNMENT, "2022-04-01", "role assignment", deleted=True),
    ResourceType(MAINTENANCE_WINDOW, "2026-05-01", "maintenance window", deleted=True),
    ResourceType(NODE_POOL, "2026-05-01", "node pool", deleted=True, tags=("properties", "tags")),
    ResourceType(CLUSTER, "2026-05-01", "cluster", deleted=True, tags=_TAGS),
    ResourceType(IDENTITY, "2024-11-30", "identity", deleted=True, tags=_TAGS),
    ResourceType(SUBNET, "2025-07-01", "subnet", deleted=True),
    ResourceType(NAT_GATEWAY, "2025-07-01", "NAT gateway", deleted=True, tags=_TAGS),
    ResourceType(PUBLIC_IP, "2025-07-01", "public address", deleted=True, tags=_TAGS),
    ResourceType(NSG, "2025-07-01", "network security group", deleted=True, tags=_TAGS),
    ResourceType(VNET, "2025-07-01", "network", deleted=True, tags=_TAGS),
    ResourceType(RESOURCE_GROUP, "2025-04-01", "resource group", tags=_TAGS),
    ResourceType(STORAGE_ACCOUNT, "2026-04-01", "storage account", tags=_TAGS),
    ResourceType(BLOB_SERVICE, "2026-04-01", "blob service"),
    ResourceType(CONTAINER, "2026-04-01", "container"),
    ResourceType(LIFECYCLE_POLICY, "2026-04-01", "lifecycle policy"),
)
#: Types that no fleet writes, and that are judged where a template has them.
ADDED_TYPES = (DEPLOYMENT, ROLE_DEFINITION, PRIVATE_ENDPOINT)
#: The types of a template's outputs, in lower case (ARM docs, data types).
OUTPUT_TYPES = ("array", "bool", "int", "object", "securestring", "secureobject", "string")
_BY_TYPE = {row.type.lower(): row for row in TYPES}
#: The only types that are deleted, in lower case, in the order in which they are.
DELETION_ORDER = tuple(row.type.lower() for row in TYPES if row.deleted)


def resource_type(kind: str) -> ResourceType | None:
    """The row of a type, in any case; None for one that no fleet writes."""
    return _BY_TYPE.get(kind.lower())


def label(kind: str) -> str:
    """A type as people say it; as it is, where no fleet writes one."""
    row = resource_type(kind)
    return row.label if row else kind


def api_version(kind: str) -> str:
    """The version that a type is written and read with. Raises KeyError for one that no fleet writes."""
    return _BY_TYPE[kind.lower()].api_version


def provider(kind: str) -> str:
    """The resource provider of a type, in lower case and with the slash that ends it."""
    return kind.lower().partition("/")[0] + "/"
