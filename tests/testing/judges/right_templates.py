"""Resources of ARM that every judge takes, each type once, and templates of them."""

from __future__ import annotations

import copy
from typing import Any

from tests.testing.judges.arm_resources import Json

CLUSTER_ID = "[resourceId('Microsoft.ContainerService/managedClusters', 'aks-eastus')]"
CLUSTER_ISSUER = (
    "[reference(resourceId('Microsoft.ContainerService/managedClusters', 'aks-eastus'),"
    " '2026-05-01').oidcIssuerProfile.issuerURL]"
)
ADDRESS_ID = "[resourceId('Microsoft.Network/publicIPAddresses', 'pip-eastus')]"

SYSTEM_POOL: Json = {
    "name": "sys",
    "mode": "System",
    "type": "VirtualMachineScaleSets",
    "vmSize": "Standard_D8ds_v5",
    "count": 3,
    "maxPods": 110,
    "osDiskType": "Ephemeral",
    "availabilityZones": ["1", "2", "3"],
    "enableEncryptionAtHost": True,
    "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"],
    "upgradeSettings": {"maxSurge": "33%"},
}
CLUSTER: Json = {
    "type": "Microsoft.ContainerService/managedClusters",
    "apiVersion": "2026-05-01",
    "name": "aks-eastus",
    "location": "eastus",
    "tags": {"fleet": "example"},
    "sku": {"name": "Base", "tier": "Standard"},
    "identity": {
        "type": "UserAssigned",
        "userAssignedIdentities": {"[resourceId('x', 'id-aks-eastus')]": {}},
    },
    "properties": {
        "kubernetesVersion": "1.36",
        "dnsPrefix": "aks-eastus",
        "enableRBAC": True,
        "disableLocalAccounts": True,
        "aadProfile": {"managed": True, "enableAzureRBAC": True},
        "agentPoolProfiles": [SYSTEM_POOL],
        "apiServerAccessProfile": {"authorizedIPRanges": ["[format('{0}/32', 'x')]"]},
        "autoScalerProfile": {"scan-interval": "10s", "expander": "least-waste"},
        "autoUpgradeProfile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"},
        "azureMonitorProfile": {"metrics": {"enabled": True}},
        "networkProfile": {
            "networkPlugin": "azure",
            "networkPluginMode": "overlay",
            "networkDataplane": "cilium",
            "networkPolicy": "cilium",
            "podCidr": "100.64.0.0/12",
            "outboundType": "userAssignedNATGateway",
        },
        "oidcIssuerProfile": {"enabled": True},
        "securityProfile": {"workloadIdentity": {"enabled": True}},
        "storageProfile": {"blobCSIDriver": {"enabled": True}},
    },
}
RIGHT: dict[str, Json] = {
    "cluster": CLUSTER,
    "pool": {
        "type": "Microsoft.ContainerService/managedClusters/agentPools",
        "apiVersion": "2026-05-01",
        "name": "aks-eastus/t4",
        "dependsOn": [CLUSTER_ID],
        "properties": {
            "mode": "User",
            "type": "VirtualMachineScaleSets",
            "vmSize": "Standard_NC16as_T4_v3",
            "count": 0,
            "enableAutoScaling": True,
            "minCount": 0,
            "maxCount": 3,
            "maxPods": 110,
            "enableEncryptionAtHost": True,
            "scaleSetPriority": "Spot",
            "spotMaxPrice": -1,
            "nodeLabels": {"kubernetes.azure.com/scalesetpriority": "spot"},
            "gpuProfile": {"driver": "Install"},
        },
    },
    "maintenance": {
        "type": "Microsoft.ContainerService/managedClusters/maintenanceConfigurations",
        "apiVersion": "2026-05-01",
        "name": "aks-eastus/aksManagedAutoUpgradeSchedule",
        "properties": {
            "maintenanceWindow": {
                "durationHours": 4,
                "startTime": "02:00",
                "startDate": "2026-01-01",
                "schedule": {"weekly": {"dayOfWeek": "Sunday", "intervalWeeks": 1}},
            }
        },
    },
    "account": {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2026-04-01",
        "name": "examplefleetsa",
        "location": "eastus",
        "kind": "StorageV2",
        "sku": {"name": "Standard_GRS"},
        "properties": {
            "isHnsEnabled": True,
            "allowBlobPublicAccess": False,
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
            "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"},
        },
    },
    "blobs": {
        "type": "Microsoft.Storage/storageAccounts/blobServices",
        "apiVersion": "2026-04-01",
        "name": "examplefleetsa/default",
        "properties": {
            "cors": {
                "corsRules": [
                    {
                        "allowedOrigins": ["https://console.example"],
                        "allowedMethods": ["GET"],
                        "allowedHeaders": ["*"],
                        "exposedHeaders": [""],
                        "maxAgeInSeconds": 600,
                    }
                ]
            }
        },
    },
    "container": {
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
        "apiVersion": "2026-04-01",
        "name": "examplefleetsa/default/data",
        "properties": {"publicAccess": "None"},
    },
    "lifecycle": {
        "type": "Microsoft.Storage/storageAccounts/managementPolicies",
        "apiVersion": "2026-04-01",
        "name": "examplefleetsa/default",
        "properties": {
            "policy": {
                "rules": [
                    {
                        "name": "cool",
                        "type": "Lifecycle",
                        "definition": {
                            "filters": {"blobTypes": ["blockBlob"]},
                            "actions": {"baseBlob": {"tierToCool": {"daysAfterModificationGreaterThan": 30}}},
                        },
                    }
                ]
            }
        },
    },
    "nsg": {
        "type": "Microsoft.Network/networkSecurityGroups",
        "apiVersion": "2025-07-01",
        "name": "nsg-eastus",
        "location": "eastus",
        "properties": {
            "securityRules": [
                {
                    "name": "https",
                    "properties": {
                        "access": "Allow",
                        "direction": "Inbound",
                        "priority": 100,
                        "protocol": "Tcp",
                        "sourceAddressPrefix": "*",
                        "sourcePortRange": "*",
                        "destinationAddressPrefix": "*",
                        "destinationPortRange": "443",
                    },
                }
            ]
        },
    },
    "address": {
        "type": "Microsoft.Network/publicIPAddresses",
        "apiVersion": "2025-07-01",
        "name": "pip-eastus",
        "location": "eastus",
        "sku": {"name": "StandardV2"},
        "zones": ["1", "2", "3"],
        "properties": {"publicIPAllocationMethod": "Static"},
    },
    "nat": {
        "type": "Microsoft.Network/natGateways",
        "apiVersion": "2025-07-01",
        "name": "nat-eastus",
        "location": "eastus",
        "sku": {"name": "StandardV2"},
        "dependsOn": [ADDRESS_ID],
        "properties": {"idleTimeoutInMinutes": 10, "publicIpAddresses": [{"id": ADDRESS_ID}]},
    },
    "vnet": {
        "type": "Microsoft.Network/virtualNetworks",
        "apiVersion": "2025-07-01",
        "name": "vnet-eastus",
        "location": "eastus",
        "properties": {"addressSpace": {"addressPrefixes": ["10.192.0.0/16"]}},
    },
    "subnet": {
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "apiVersion": "2025-07-01",
        "name": "vnet-eastus/nodes",
        "properties": {
            "addressPrefix": "10.192.0.0/19",
            "defaultOutboundAccess": False,
            "natGateway": {"id": "[resourceId('Microsoft.Network/natGateways', 'nat-eastus')]"},
            "networkSecurityGroup": {"id": "[resourceId('x', 'nsg-eastus')]"},
            "privateEndpointNetworkPolicies": "Disabled",
        },
    },
    "identity": {
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "apiVersion": "2024-11-30",
        "name": "id-eastus",
        "location": "eastus",
        "properties": {"isolationScope": "Regional"},
    },
    "credential": {
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        "apiVersion": "2024-11-30",
        "name": "id-eastus/operator",
        "properties": {
            "issuer": CLUSTER_ISSUER,
            "subject": "system:serviceaccount:anyscale-operator:anyscale-operator",
            "audiences": ["api://AzureADTokenExchange"],
        },
    },
    "role": {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "scope": "[resourceId('Microsoft.Storage/storageAccounts', 'examplefleetsa')]",
        "name": "[guid('examplefleetsa', 'id-eastus')]",
        "properties": {
            "roleDefinitionId": "[subscriptionResourceId('x', 'y')]",
            "principalId": "[reference('x', '2024-11-30').principalId]",
            "principalType": "ServicePrincipal",
        },
    },
    "extension": {
        "type": "Microsoft.KubernetesConfiguration/extensions",
        "apiVersion": "2025-03-01",
        "name": "flux",
        "scope": CLUSTER_ID,
        "properties": {
            "extensionType": "microsoft.flux",
            "autoUpgradeMinorVersion": True,
            "scope": {"cluster": {"releaseNamespace": "flux-system"}},
            "configurationSettings": {"multiTenancy.enforce": "true"},
        },
    },
    "flux": {
        "type": "Microsoft.KubernetesConfiguration/fluxConfigurations",
        "apiVersion": "2025-04-01",
        "name": "fleet",
        "scope": CLUSTER_ID,
        "properties": {
            "scope": "cluster",
            "namespace": "flux-system",
            "sourceKind": "GitRepository",
            "gitRepository": {
                "url": "https://git.example/fleet",
                "repositoryRef": {"branch": "main"},
            },
            "kustomizations": {
                "cluster": {
                    "path": "rendered/clusters/aks-eastus/flux",
                    "prune": True,
                    "postBuild": {"substitute": {"clientId": "[reference('x').clientId]"}},
                }
            },
        },
    },
}
GROUP: Json = {
    "type": "Microsoft.Resources/resourceGroups",
    "apiVersion": "2025-04-01",
    "name": "aks-multi-region",
    "location": "eastus",
    "properties": {},
}


def template(*listed: Json, schema: str = "2019-04-01/deploymentTemplate") -> Json:
    """An ARM template in array form."""
    return {
        "$schema": f"https://schema.management.azure.com/schemas/{schema}.json#",
        "contentVersion": "1.0.0.0",
        "resources": list(listed),
    }


def subscription(*listed: Json) -> Json:
    """A template for a subscription, which may hold resource groups."""
    return template(*listed, schema="2018-05-01/subscriptionDeploymentTemplate")


def deployment(*listed: Json) -> Json:
    """A nested deployment into the resource group."""
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2025-04-01",
        "name": "fleet-eastus",
        "resourceGroup": "aks-multi-region",
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "Inner"},
            "template": template(*listed),
        },
    }


RIGHT_TEMPLATES = {
    **{name: template(resource) for name, resource in RIGHT.items()},
    "all": template(*RIGHT.values()),
    "nested": subscription(GROUP, deployment(*RIGHT.values())),
}


GONE: Any = object()


def changed(right: Json, path: str, value: Any) -> Json:
    """A copy with the value put at the path, or with the key removed for GONE."""
    wrong = copy.deepcopy(right)
    parent: Any = wrong
    *parents, last = (int(part) if part.isdigit() else part for part in path.split("/"))
    for part in parents:
        parent = parent[part]
    if value is GONE:
        del parent[last]
    else:
        parent[last] = value
    return wrong
