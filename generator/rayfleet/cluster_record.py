"""``clusters/<cluster>/cluster.json``: what a cluster is, for readers that should not have to know how it is made.

One file a cluster: together they are the registry of the fleet, and two branches never meet in one of them.
"""

from __future__ import annotations

import json
from typing import Any

from rayfleet.arm.template import generator_mark
from rayfleet.model.cluster import Cluster
from rayfleet.model.deployment import Scope
from rayfleet.model.fleet import Fleet
from rayfleet.model.node_pool import NodePool


def record(fleet: Fleet, cluster: Cluster) -> str:
    """The record of one cluster."""
    scope = fleet.deployment_of[cluster.name].scope
    mark = generator_mark("rayfleet/cluster_record.py", f"fleet.yaml clusters: {cluster.name}")
    row = {
        "metadata": {"_generator": mark},
        "name": cluster.name,
        "platform": cluster.infrastructure.platform.name,
        "region": cluster.region,
        "scope": {"subscriptionId": scope.subscription_id, "resourceGroup": scope.resource_group},
        "id": _id(scope, cluster),
        "order": [fleet.region_order.index(cluster.region) + 1, cluster.network.index],
        "nodePools": [_pool(pool) for pool in cluster.pools],
    }
    return json.dumps(row, indent=2, ensure_ascii=False) + "\n"


def _id(scope: Scope, cluster: Cluster) -> str:
    group = f"/subscriptions/{scope.subscription_id}/resourceGroups/{scope.resource_group}"
    return f"{group}/providers/{cluster.infrastructure.platform.resource_type}/{cluster.name}"


def _pool(pool: NodePool) -> dict[str, Any]:
    return {
        "name": pool.name,
        "mode": "system" if pool.system else "user",
        "size": pool.vm.name,
        "accelerator": pool.vm.accelerator if pool.gpu else None,
        "gpus": pool.vm.gpus,
        "capacityType": "spot" if pool.spot else "on-demand",
        "minimum": pool.minimum,
        "maximum": pool.maximum,
        "zones": [str(zone) for zone in pool.zones],
        "labels": pool.labels,
        "taints": [str(taint) for taint in pool.taints],
    }
