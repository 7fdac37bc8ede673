"""Microsoft.ContainerService/managedClusters/agentPools: the node pools."""

from __future__ import annotations

from typing import Any

from rayfleet.arm.expression import Expression, resource_id
from rayfleet.arm.network import subnet_id
from rayfleet.arm.template import Resource, checkov_skip
from rayfleet.facts.labels import SCALE_FROM_ZERO_TAG
from rayfleet.facts.resource_types import CLUSTER, NODE_POOL, api_version
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet
from rayfleet.model.node_pool import NodePool


def child_pools(fleet: Fleet, cluster: Cluster) -> list[Resource]:
    """The pools outside the cluster resource, chained: AKS allows one write to a cluster at a time, few a minute."""
    resources: list[Resource] = []
    before: list[Expression] = [resource_id(CLUSTER, cluster.name)]
    for pool in cluster.child_pools:
        skips = {}
        if not cluster.infrastructure.encryption_at_host:
            skips["CKV_AZURE_227"] = "encryptionAtHost of the fleet is off."
        if pool.max_pods < 50:
            skips["CKV_AZURE_168"] = "maxPods of the pool is what the fleet asks for."
        resources.append(
            {
                "type": NODE_POOL,
                "apiVersion": api_version(NODE_POOL),
                "name": f"{cluster.name}/{pool.name}",
                **({"metadata": checkov_skip(**skips)} if skips else {}),
                "dependsOn": list(before),
                "properties": pool_properties(fleet, cluster, pool),
            }
        )
        before = [resource_id(CLUSTER, cluster.name), resource_id(NODE_POOL, cluster.name, pool.name)]
    return resources


def last_pool_id(cluster: Cluster) -> Expression:
    """The end of the chain: what must wait for every pool waits for this."""
    if not cluster.child_pools:
        return resource_id(CLUSTER, cluster.name)
    return resource_id(NODE_POOL, cluster.name, cluster.child_pools[-1].name)


def pool_properties(fleet: Fleet, cluster: Cluster, pool: NodePool) -> dict[str, Any]:
    """The properties that a pool has, as a resource of its own and inside its cluster."""
    properties: dict[str, Any] = {
        "mode": "System" if pool.system else "User",
        # Said even though it is the default: without it Azure's preflight gives spot pools a surge and refuses them.
        "type": "VirtualMachineScaleSets",
        "vmSize": pool.vm.name,
        **_counts(pool, cluster.exists(pool)),
        "osType": "Linux",
        "osSKU": pool.os_sku,
        "osDiskType": "Ephemeral" if pool.ephemeral_os_disk else "Managed",
        "osDiskSizeGB": pool.os_disk_size_gib,
        "maxPods": pool.max_pods,
        "vnetSubnetID": subnet_id(cluster),
        "enableEncryptionAtHost": cluster.infrastructure.encryption_at_host,
        # Both complete: a PUT replaces them.
        "nodeLabels": pool.labels,
        "nodeTaints": [str(taint) for taint in pool.taints],
    }
    if pool.zones:
        properties["availabilityZones"] = [str(zone) for zone in pool.zones]
    if pool.vm.gpu_vendor == "amd":
        # AKS installs no AMD driver and wants to be told so.
        properties["gpuProfile"] = {"driver": "None"}
    if pool.spot:
        # Delete, because deallocated nodes go on using quota. No upgradeSettings: AKS refuses a surge on spot pools.
        properties["scaleSetPriority"] = "Spot"
        properties["scaleSetEvictionPolicy"] = "Delete"
        properties["spotMaxPrice"] = pool.spot_max_price
    else:
        properties["upgradeSettings"] = _upgrade_settings(cluster)
    # AKS gives those of the cluster to no pool (AKS docs, use-tags).
    return {**properties, **_tags(fleet, pool)}


def _upgrade_settings(cluster: Cluster) -> dict[str, Any]:
    upgrades = cluster.infrastructure.upgrades
    settings = {
        "maxSurge": upgrades.max_surge,
        "drainTimeoutInMinutes": upgrades.drain_timeout_minutes,
        "undrainableNodeBehavior": upgrades.undrainable_nodes,
    }
    return {key: value for key, value in settings.items() if value is not None}


def _counts(pool: NodePool, exists: bool) -> dict[str, Any]:
    """The node count of a pool that exists is the autoscaler's; a deployment must not reset it."""
    if not pool.autoscaled:
        return {"count": pool.maximum, "enableAutoScaling": False}
    bounds = {"enableAutoScaling": True, "minCount": pool.minimum, "maxCount": pool.maximum}
    return bounds if exists else {"count": pool.starting_count, **bounds}


def _tags(fleet: Fleet, pool: NodePool) -> dict[str, dict[str, str]]:
    tags = dict(fleet.tags)
    if pool.vm.gpu_vendor == "amd":
        tags[SCALE_FROM_ZERO_TAG.format(resource=pool.vm.gpu_resource.replace("/", "_"))] = str(pool.vm.gpus)
    return {"tags": tags} if tags else {}
