"""The properties that a template or an object of ours has to state: without one Azure, Flux or Kubernetes decides, and
another version of theirs may decide otherwise.

Those that Azure refuses to do without, and those whose loss another claim sees, are not among them. A property is
looked for where what it stands in is there.
"""

from __future__ import annotations

from collections.abc import Mapping

from rayfleet.facts.flux import FLUX, HELM, KUSTOMIZE
from rayfleet.facts.resource_types import (
    BLOB_SERVICE,
    CLUSTER,
    CONTAINER,
    EXTENSION,
    FLUX_CONFIGURATION,
    LIFECYCLE_POLICY,
    MAINTENANCE_WINDOW,
    NAT_GATEWAY,
    NODE_POOL,
    NSG,
    PUBLIC_IP,
    ROLE_ASSIGNMENT,
    STORAGE_ACCOUNT,
    SUBNET,
)

Steps = tuple[str, ...]


def _below(parent: str, *keys: str) -> tuple[str, ...]:
    return (parent, *(f"{parent}/{key}" for key in keys))


_AUTOSCALER = (
    "balance-similar-node-groups", "expander", "max-graceful-termination-sec", "max-node-provision-time",
    "scale-down-delay-after-add", "scale-down-unneeded-time", "scan-interval", "skip-nodes-with-local-storage",
    "skip-nodes-with-system-pods",
)  # fmt: skip
_GATEWAYS = "properties/ingressProfile/webAppRouting/gatewayAPIImplementations/appRoutingIstio"
_RULES = "properties/policy/rules/*"
_CORS = "properties/cors/corsRules/*"

_PATHS: Mapping[str, tuple[str, ...]] = {
    CLUSTER: (
        *_below("properties/autoScalerProfile", *_AUTOSCALER),
        *_below("properties/autoUpgradeProfile", "nodeOSUpgradeChannel", "upgradeChannel"),
        "properties/enableRBAC",
        "properties/ingressProfile",
        *_below("properties/ingressProfile/gatewayAPI", "installation"),
        "properties/ingressProfile/webAppRouting",
        "properties/ingressProfile/webAppRouting/gatewayAPIImplementations",
        *_below(_GATEWAYS, "mode"),
        "properties/networkProfile/loadBalancerSku",
        "properties/networkProfile/networkDataplane",
        "properties/networkProfile/networkPolicy",
        *_below("properties/securityProfile/imageCleaner", "enabled", "intervalHours"),
        *_below("properties/storageProfile/diskCSIDriver", "enabled"),
        *_below("properties/storageProfile/fileCSIDriver", "enabled"),
        *_below("properties/storageProfile/snapshotController", "enabled"),
        "properties/supportPlan",
    ),
    NODE_POOL: (
        "properties/enableAutoScaling",
        "properties/enableEncryptionAtHost",
        "properties/maxPods",
        "properties/mode",
        "properties/osDiskSizeGB",
        "properties/osDiskType",
        "properties/osSKU",
        "properties/osType",
        "properties/type",
        "properties/upgradeSettings/maxSurge",
    ),
    MAINTENANCE_WINDOW: (
        *_below("properties/maintenanceWindow", "durationHours", "schedule", "startTime", "utcOffset"),
        "properties/maintenanceWindow/schedule/weekly",
        "properties/maintenanceWindow/schedule/weekly/dayOfWeek",
        "properties/maintenanceWindow/schedule/weekly/intervalWeeks",
    ),
    EXTENSION: (
        "properties/autoUpgradeMinorVersion",
        "properties/releaseTrain",
        *_below("properties/scope/cluster", "releaseNamespace"),
        "properties/scope",
    ),
    FLUX_CONFIGURATION: (
        *_below("properties/gitRepository", "syncIntervalInSeconds", "timeoutInSeconds", "url"),
        "properties/kustomizations/*/prune",
        "properties/kustomizations/*/retryIntervalInSeconds",
        "properties/kustomizations/*/syncIntervalInSeconds",
        "properties/kustomizations/*/timeoutInSeconds",
        "properties/kustomizations/*/wait",
        "properties/sourceKind",
        "properties/waitForReconciliation",
    ),
    ROLE_ASSIGNMENT: ("scope",),
    NAT_GATEWAY: (
        "properties/idleTimeoutInMinutes",
        "properties/publicIpAddresses/*/id",
        *_below("sku", "name"),
    ),
    NSG: (
        "properties/securityRules/*/properties/destinationAddressPrefix",
        "properties/securityRules/*/properties/sourceAddressPrefix",
        "properties/securityRules/*/properties/sourcePortRange",
    ),
    PUBLIC_IP: ("properties/publicIPAddressVersion", "sku/tier"),
    SUBNET: ("properties/defaultOutboundAccess",),
    STORAGE_ACCOUNT: (
        "kind",
        "properties/accessTier",
        "properties/allowCrossTenantReplication",
        "properties/defaultToOAuthAuthentication",
        "properties/isLocalUserEnabled",
        *_below("properties/networkAcls", "bypass", "defaultAction"),
        "properties/publicNetworkAccess",
        "properties/supportsHttpsTrafficOnly",
        *_below("sku", "name"),
    ),
    BLOB_SERVICE: (
        *(f"{_CORS}/{key}" for key in
          ("allowedHeaders", "allowedMethods", "allowedOrigins", "exposedHeaders", "maxAgeInSeconds")),
        *_below("properties/lastAccessTimeTrackingPolicy", "blobType", "enable", "name", "trackingGranularityInDays"),
    ),
    CONTAINER: ("properties", "properties/publicAccess"),
    LIFECYCLE_POLICY: (
        "properties",
        "properties/policy",
        "properties/policy/rules",
        f"{_RULES}/enabled",
        f"{_RULES}/name",
        f"{_RULES}/type",
        *_below(f"{_RULES}/definition", "actions", "filters"),
        f"{_RULES}/definition/actions/baseBlob",
        f"{_RULES}/definition/filters/blobTypes",
        f"{_RULES}/definition/filters/prefixMatch",
    ),
}  # fmt: skip
#: By type, in lower case, the paths of its properties; ``*`` stands for every entry of a list and key of an object.
EXPLICIT_PROPERTIES: Mapping[str, tuple[Steps, ...]] = {
    kind.lower(): tuple(tuple(path.split("/")) for path in paths) for kind, paths in _PATHS.items()
}

_SOURCE = f"source{FLUX}"
_FIELDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    (HELM, "HelmRelease"): (
        "spec/chart/spec/interval",
        *_below("spec/driftDetection", "mode"),
        "spec/install/crds",
        "spec/install/strategy/retryInterval",
        "spec/maxHistory",
        "spec/timeout",
        "spec/upgrade/crds",
        "spec/upgrade/strategy/retryInterval",
    ),
    (KUSTOMIZE, "Kustomization"): ("spec/retryInterval", "spec/timeout"),
    (_SOURCE, "HelmRepository"): ("spec", "spec/interval"),
    (_SOURCE, "OCIRepository"): ("spec/interval", *_below("spec/layerSelector", "mediaType", "operation")),
    ("storage.k8s.io", "StorageClass"): ("allowVolumeExpansion", "volumeBindingMode"),
    ("", "PersistentVolume"): ("spec/persistentVolumeReclaimPolicy",),
    ("", "PersistentVolumeClaim"): ("spec/resources", "spec/resources/requests", "spec/resources/requests/storage"),
}
#: By API group and kind, the paths of an object's fields.
EXPLICIT_FIELDS: Mapping[tuple[str, str], tuple[Steps, ...]] = {
    kind: tuple(tuple(path.split("/")) for path in paths) for kind, paths in _FIELDS.items()
}
