"""Limits that AKS, Azure Resource Manager and Entra set, and numbers below which a pool does not work."""

from __future__ import annotations

# --- AKS ---

#: Nodes of a pool and of a cluster, pools of a cluster, clusters of a subscription (AKS docs, quotas-skus-regions,
#: 2026-08; ARM schema of 2026-05-01, managedClusters_agentPools: maxCount).
NODES_A_POOL, NODES_A_CLUSTER, POOLS_A_CLUSTER = 1_000, 5_000, 100
CLUSTERS_A_SUBSCRIPTION = 5_000
#: In a region of a subscription: that of an Enterprise Agreement; others begin with less (the same page).
CLUSTERS_A_REGION = 100
#: Times that a pool takes nodes aside in one upgrade, until AKS may start none by itself: it estimates more than 24
#: hours then. A report, and no figure of AKS's own (MicrosoftDocs/architecture-center#4427, 2024-05-22: more than 200
#: nodes, one at a time).
MOST_UPGRADE_BATCHES = 200
#: The Free tier's nodes of a cluster, a recommendation that AKS enforces for support (AKS docs,
#: free-standard-pricing-tiers).
NODES_A_FREE_CLUSTER = 1_000
#: Pods of a node (ARM schema, agentPools; AKS docs, quotas-skus-regions, and use-system-pools for those).
MAX_PODS, LEAST_PODS, LEAST_SYSTEM_PODS = 250, 10, 30
#: Minors that nodes may be behind their control plane, which is Kubernetes' own rule (AKS docs,
#: upgrade-aks-control-plane, 2026-07-30; Kubernetes docs, version-skew-policy).
MINORS_BEHIND = 3
#: vCPUs, memory and nodes of a system pool (AKS docs, use-system-pools).
SYSTEM_VCPUS, SYSTEM_GIB, SYSTEM_NODES = 4, 4, 2
#: Hours that a maintenance window stays open (ARM schema, managedClusters_maintenanceConfigurations).
WINDOW_HOURS = (4, 24)
#: GiB of an OS disk; 0 is what the VM size brings (ARM schema, managedClusters_agentPools).
OS_DISK_GIB = (0, 2_048)
#: The decimals of a spot price in US dollars; -1 is up to the price on demand (AKS docs, spot-node-pool).
SPOT_PRICE_DECIMALS = 5
ANY_SPOT_PRICE = -1

# --- Azure Resource Manager ---

#: Bytes of a template and of one resource, characters of an expression, and counts in a template (ARM docs,
#: templates/best-practices: template limits, 2026-11).
MAX_TEMPLATE, MAX_RESOURCE, MAX_EXPRESSION = 4 * 2**20, 2**20, 24_576
MAX_RESOURCES, MAX_PARAMETERS, MAX_OUTPUTS = 800, 256, 64

# --- Entra ---

#: Federated credentials of an identity (Entra docs, workload-identity-federation-considerations; AKS docs,
#: workload-identity-overview).
MAX_CREDENTIALS = 20


def is_spot_price(price: float) -> bool:
    """True where Azure takes the price for a spot node."""
    return price == ANY_SPOT_PRICE or (price > 0 and round(price, SPOT_PRICE_DECIMALS) == price)
