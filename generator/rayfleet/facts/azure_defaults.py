"""Values that Azure takes where a template has none: written out, they are no change (azure-mgmt-containerservice
41.8.0 and -kubernetesconfiguration-fluxconfigurations 1.0.0, the texts of the models)."""

from __future__ import annotations

from collections.abc import Mapping

from rayfleet.facts.resource_types import CLUSTER, FLUX_CONFIGURATION, NODE_POOL

#: By type in lower case: the values, by the whole path of the property.
DEFAULTS: Mapping[str, Mapping[tuple[str, ...], object]] = {
    CLUSTER.lower(): {
        ("properties", "networkProfile", "loadBalancerSku"): "standard",
        ("properties", "autoUpgradeProfile", "upgradeChannel"): "none",
        ("properties", "autoUpgradeProfile", "nodeOSUpgradeChannel"): "NodeImage",
    },
    NODE_POOL.lower(): {
        ("properties", "osType"): "Linux",
        ("properties", "scaleSetEvictionPolicy"): "Delete",
        ("properties", "scaleDownMode"): "Delete",
        ("properties", "enableNodePublicIP"): False,
        ("properties", "gpuProfile", "driver"): "Install",
    },
    FLUX_CONFIGURATION.lower(): {("properties", "gitRepository", "provider"): "Generic"},
}

#: Properties of a node pool, and of one inside its cluster, that AKS fills in with nothing of its own, below
#: ``properties``: where one has a value, somebody has set it (the same texts; AKS docs, custom-node-configuration,
#: use-capacity-reservation-groups, upgrade-aks-node-pools-rolling, 2026-08-21).
NEVER_FILLED_IN = frozenset(
    {
        "capacityReservationGroupID", "creationData", "gpuInstanceProfile", "gpuProfile", "hostGroupID",
        "kubeletConfig", "linuxOSConfig", "nodePublicIPPrefixID", "podSubnetID", "proximityPlacementGroupID",
        "upgradeSettings",
    }
)  # fmt: skip
