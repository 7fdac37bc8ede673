"""Microsoft.ContainerService/managedClusters: the AKS cluster and when it may be maintained."""

from __future__ import annotations

from typing import Any

from rayfleet.arm import identity, network
from rayfleet.arm.expression import Expression, property_of, resource_id
from rayfleet.arm.node_pools import pool_properties
from rayfleet.arm.template import Resource, checkov_skip
from rayfleet.facts.resource_types import CLUSTER, MAINTENANCE_WINDOW, PUBLIC_IP, api_version
from rayfleet.facts.workload_identity import ISSUER
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet

# Upgrade channels that leave the minor version behind that the fleet names.
MINOR_CHANNELS = ("stable", "rapid")
# The two schedules whose names AKS gives a meaning: upgrades of Kubernetes and of node images.
SCHEDULES = ("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")


def cluster_id(cluster: Cluster) -> Expression:
    """The id of the AKS cluster."""
    return resource_id(CLUSTER, cluster.name)


def managed_cluster(fleet: Fleet, cluster: Cluster) -> Resource:
    """The cluster with its system pools. User pools are resources of their own; a PUT of the cluster leaves them be."""
    control_plane = identity.identity_id(cluster.control_plane_identity)
    return {
        "type": CLUSTER,
        "apiVersion": api_version(CLUSTER),
        "name": cluster.name,
        "location": cluster.region,
        "tags": fleet.tags,
        "metadata": checkov_skip(**_skips(cluster)),
        "dependsOn": [
            control_plane,
            identity.network_role_id(cluster),
            network.subnet_id(cluster),
            *(network.public_ip_ids(cluster) if cluster.infrastructure.authorized_ip_ranges else []),
        ],
        "sku": {"name": "Base", "tier": cluster.infrastructure.tier},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {control_plane: {}}},
        "properties": {
            **_version(cluster),
            "dnsPrefix": cluster.dns_prefix,
            "nodeResourceGroup": cluster.node_resource_group,
            "enableRBAC": True,
            "disableLocalAccounts": not cluster.infrastructure.local_accounts,
            "aadProfile": {
                "managed": True,
                "enableAzureRBAC": True,
                "tenantID": fleet.tenant_id,
                "adminGroupObjectIDs": fleet.admin_group_ids,
            },
            "oidcIssuerProfile": {"enabled": True},
            "securityProfile": {
                "workloadIdentity": {"enabled": True},
                "imageCleaner": {"enabled": True, "intervalHours": 168},
            },
            "storageProfile": {
                "blobCSIDriver": {"enabled": True},
                "diskCSIDriver": {"enabled": True},
                "fileCSIDriver": {"enabled": True},
                "snapshotController": {"enabled": True},
            },
            "networkProfile": _network_profile(cluster),
            "apiServerAccessProfile": _api_server(cluster),
            "ingressProfile": _ingress(cluster),
            "autoScalerProfile": _autoscaler(cluster.infrastructure.autoscaler),
            "autoUpgradeProfile": {
                "upgradeChannel": cluster.infrastructure.upgrades.channel,
                "nodeOSUpgradeChannel": cluster.infrastructure.upgrades.node_os_channel,
            },
            "agentPoolProfiles": [
                {"name": pool.name, **pool_properties(fleet, cluster, pool)} for pool in cluster.inline_pools
            ],
        },
    }


def maintenance(cluster: Cluster) -> list[Resource]:
    """The weekly window, for both of AKS's schedules."""
    upgrades = cluster.infrastructure.upgrades
    window = {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": upgrades.day}},
        "durationHours": upgrades.duration_hours,
        "utcOffset": upgrades.utc_offset,
        "startTime": upgrades.start_time,
    }
    return [
        {
            "type": MAINTENANCE_WINDOW,
            "apiVersion": api_version(MAINTENANCE_WINDOW),
            "name": f"{cluster.name}/{schedule}",
            "dependsOn": [cluster_id(cluster)],
            "properties": {"maintenanceWindow": window},
        }
        for schedule in SCHEDULES
    ]


def late_values(cluster: Cluster) -> dict[str, Any]:
    """Outputs of the template with the cluster's late values, which only Azure knows; bindings.yaml takes them over."""
    workload = cluster.workload_identity
    return {
        "clientId": identity.identity_property(workload, "clientId"),
        "principalId": identity.identity_property(workload, "principalId"),
        "oidcIssuerUrl": property_of(CLUSTER, cluster_id(cluster), ISSUER),
        "nodePools": [pool.name for pool in cluster.pools],
    }


def _version(cluster: Cluster) -> dict[str, str]:
    support = {
        "supportPlan": "AKSLongTermSupport" if cluster.infrastructure.tier == "Premium" else "KubernetesOfficial"
    }
    if cluster.deployed and cluster.infrastructure.upgrades.channel in MINOR_CHANNELS:
        return support  # the channel has moved on, and going back is refused
    return {"kubernetesVersion": cluster.infrastructure.kubernetes_version, **support}


def _network_profile(cluster: Cluster) -> dict[str, Any]:
    addresses = cluster.network
    return {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkDataplane": addresses.dataplane,
        "networkPolicy": addresses.policy,
        "podCidr": str(addresses.pods),
        "serviceCidr": str(addresses.services),
        "dnsServiceIP": addresses.dns_service_ip,
        "outboundType": "userAssignedNATGateway",
        "loadBalancerSku": "standard",
    }


def _api_server(cluster: Cluster) -> dict[str, Any]:
    if not cluster.infrastructure.authorized_ip_ranges:
        return {"disableRunCommand": True}
    # Behind a NAT gateway AKS does not add the cluster's own addresses, without which its nodes lose the API.
    own = [
        Expression(f"format('{{0}}/32', {property_of(PUBLIC_IP, address, 'ipAddress')})")
        for address in network.public_ip_ids(cluster)
    ]
    return {"disableRunCommand": True, "authorizedIPRanges": [*cluster.infrastructure.authorized_ip_ranges, *own]}


def _ingress(cluster: Cluster) -> dict[str, Any]:
    on = cluster.gateway.kind.by_aks
    implementations = {"appRoutingIstio": {"mode": "Enabled" if on else "Disabled"}}
    return {
        "gatewayAPI": {"installation": "Standard" if on else "Disabled"},
        # webAppRouting.enabled is the older NGINX add-on's, and left alone.
        "webAppRouting": {"gatewayAPIImplementations": implementations},
    }


def _autoscaler(profile: dict[str, Any]) -> dict[str, str]:
    # AKS accepts strings, booleans and numbers included.
    return {
        "expander": profile["expander"],
        "scan-interval": profile["scanInterval"],
        "scale-down-unneeded-time": profile["scaleDownUnneededTime"],
        "scale-down-delay-after-add": profile["scaleDownDelayAfterAdd"],
        "max-node-provision-time": profile["maxNodeProvisionTime"],
        "max-graceful-termination-sec": str(profile["maxGracefulTerminationSeconds"]),
        "balance-similar-node-groups": str(profile["balanceSimilarNodeGroups"]).lower(),
        "skip-nodes-with-local-storage": str(profile["skipNodesWithLocalStorage"]).lower(),
        "skip-nodes-with-system-pods": str(profile["skipNodesWithSystemPods"]).lower(),
    }


def _skips(cluster: Cluster) -> dict[str, str]:
    """Checks of checkov that do not apply, each with its reason."""
    skips = {
        "CKV_AZURE_4": "Azure Monitor for containers is the team's choice, by overlay or policy.",
        "CKV_AZURE_8": "The dashboard add-on no longer exists in AKS.",
        "CKV_AZURE_172": "No secret comes from a Key Vault; the check wants a boolean where the API takes text.",
    }
    if not cluster.infrastructure.authorized_ip_ranges:
        skips["CKV_AZURE_6"] = "apiServer.authorizedIpRanges of the fleet is empty; Entra guards the API."
    if not cluster.infrastructure.encryption_at_host:
        skips["CKV_AZURE_227"] = "encryptionAtHost of the fleet is off."
    if cluster.infrastructure.upgrades.channel == "none":
        skips["CKV_AZURE_171"] = "upgrades.channel of the fleet is none."
    if cluster.infrastructure.local_accounts:
        skips["CKV_AZURE_141"] = "localAccounts of the fleet is on."
    if any(not pool.ephemeral_os_disk for pool in cluster.infrastructure.system_pools):
        skips["CKV_AZURE_226"] = (
            "The system pool's VM size carries no ephemeral OS disk, or the fleet wants a managed one."
        )
    if any(pool.max_pods < 50 for pool in cluster.infrastructure.system_pools):
        skips["CKV_AZURE_168"] = "maxPods of the system pool is what the fleet asks for."
    return skips
