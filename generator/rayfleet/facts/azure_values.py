"""The values that Azure accepts of the properties that fleets write.

Words, ranges and forms are those of the official ARM schemas in the API versions of ``resource_types``
(Azure/azure-resource-manager-schemas, 2026-08-16). Where they say nothing, the source stands beside the row.
"""

from __future__ import annotations

from rayfleet.facts.limits import (
    LEAST_PODS,
    LEAST_SYSTEM_PODS,
    MAX_PODS,
    NODES_A_POOL,
    OS_DISK_GIB,
    WINDOW_HOURS,
)
from rayfleet.facts.network import NAT_IDLE_MINUTES, RULE_PRIORITIES
from rayfleet.facts.property_values import Exactly, Form, NumberRange, PropertyValues, Words, at
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
from rayfleet.facts.storage import SOFT_DELETE_DAYS

# azure-mgmt-containerservice 41.8.0, the texts of the properties of autoScalerProfile.
MINUTES = Form("[0-9]+m", "a number of minutes, such as 10m")
SECONDS = Form("[0-9]+s?", "a number of seconds, such as 10s")
_TRUTH = Words(("true", "false"))
_SWITCH = Words(("Enabled", "Disabled"))
_NODES = NumberRange(0, NODES_A_POOL, "nodes")
_SYSTEM_NODES = NumberRange(1, NODES_A_POOL, "nodes")
_SYSTEM = ("mode", "System")
_ID = Form("/subscriptions/.+/providers/.+", "an id, or an expression that gives one")
_DAYS = NumberRange(0, None, "days")
_SOFT_DELETE = NumberRange(*SOFT_DELETE_DAYS, "days")
_ACTION = "properties/policy/rules/*/definition/actions/baseBlob/*"
# Neither Ray's images nor Anyscale's run on Windows.
_WINDOWS = "on which neither Ray nor Anyscale runs"
_NO_SCALE_SET = "whose nodes rayfleet knows nothing of"
#: Zones of a region, as ARM writes them (Azure docs, availability-zones-overview).
ZONES = ("1", "2", "3")

_CLUSTER = (
    at("sku/name", Words(("Base", "Automatic"))),
    at("sku/tier", Words(("Free", "Standard", "Premium"))),
    at("identity/type", Words(("SystemAssigned", "UserAssigned", "None"))),
    at("properties/supportPlan", Words(("KubernetesOfficial", "AKSLongTermSupport"))),
    at("properties/autoScalerProfile/expander", Words(("least-waste", "most-pods", "priority", "random"))),
    at("properties/autoScalerProfile/scan-interval", SECONDS),
    at("properties/autoScalerProfile/scale-down-unneeded-time", MINUTES),
    at("properties/autoScalerProfile/scale-down-delay-after-add", MINUTES),
    at("properties/autoScalerProfile/max-node-provision-time", MINUTES),
    at("properties/autoScalerProfile/max-graceful-termination-sec", Form("[0-9]+", "a number of seconds, without s")),
    at("properties/autoScalerProfile/balance-similar-node-groups", _TRUTH),
    at("properties/autoScalerProfile/skip-nodes-with-local-storage", _TRUTH),
    at("properties/autoScalerProfile/skip-nodes-with-system-pods", _TRUTH),
    at("properties/autoUpgradeProfile/upgradeChannel", Words(("rapid", "stable", "patch", "node-image", "none"))),
    at(
        "properties/autoUpgradeProfile/nodeOSUpgradeChannel",
        Words(("None", "Unmanaged", "NodeImage", "SecurityPatch")),
    ),
    at("properties/ingressProfile/gatewayAPI/installation", Words(("Standard", "Disabled"))),
    at("properties/ingressProfile/webAppRouting/gatewayAPIImplementations/appRoutingIstio/mode", _SWITCH),
    # AKS docs, load-balancer-standard: the basic one is retired.
    at(
        "properties/networkProfile/loadBalancerSku",
        Words(("standard",), {"basic": "which Azure no longer makes"}, any_case=True),
    ),
    at("properties/networkProfile/networkDataplane", Words(("azure", "cilium"))),
    at("properties/networkProfile/networkPlugin", Words(("azure", "kubenet", "none"))),
    at("properties/networkProfile/networkPluginMode", Words(("overlay",))),
    at("properties/networkProfile/networkPolicy", Words(("none", "calico", "azure", "cilium"))),
    at(
        "properties/networkProfile/outboundType",
        Words(("loadBalancer", "userDefinedRouting", "managedNATGateway", "userAssignedNATGateway", "none")),
    ),
    at("properties/enableRBAC", Exactly(True, "without it nobody's rights are looked at")),
    *(
        at(
            f"properties/storageProfile/{driver}/enabled",
            Exactly(True, "its volumes are never mounted"),
        )
        for driver in ("diskCSIDriver", "fileCSIDriver", "snapshotController")
    ),
    at("properties/securityProfile/imageCleaner/enabled", Exactly(True, "old images stay on nodes")),
    # AKS docs, image-cleaner: a day to three months.
    at("properties/securityProfile/imageCleaner/intervalHours", NumberRange(24, 2_160, "hours")),
)
_POOL = (
    at("properties/mode", Words(("System", "User", "Gateway"))),
    at(
        "properties/type",
        Words(
            ("VirtualMachineScaleSets",),
            {"AvailabilitySet": "which Azure no longer makes", "VirtualMachines": _NO_SCALE_SET},
        ),
    ),
    at("properties/osType", Words(("Linux",), {"Windows": _WINDOWS})),
    at(
        "properties/osSKU",
        Words(
            ("Ubuntu", "AzureLinux", "AzureLinux3", "CBLMariner", "Ubuntu2204", "Ubuntu2404", "AzureContainerLinux"),
            {f"Windows{year}": _WINDOWS for year in (2019, 2022, 2025)},
        ),
    ),
    at("properties/osDiskType", Words(("Managed", "Ephemeral"))),
    at("properties/osDiskSizeGB", NumberRange(*OS_DISK_GIB, "GiB")),
    at("properties/scaleSetPriority", Words(("Regular", "Spot"))),
    at("properties/scaleSetEvictionPolicy", Words(("Delete", "Deallocate"))),
    at("properties/gpuProfile/driver", Words(("Install", "None"))),
    # azure-mgmt-containerservice 41.8.0, AgentPoolUpgradeSettings; 0 where maxUnavailable stands beside it.
    at(
        "properties/upgradeSettings/maxSurge",
        Form("[0-9]+%?", "a number of nodes as text, such as 1, or a percentage, such as 33%"),
    ),
    at("properties/upgradeSettings/drainTimeoutInMinutes", NumberRange(1, 1440, "minutes")),
    at("properties/upgradeSettings/undrainableNodeBehavior", Words(("Cordon", "Schedule"))),
    # The limits are AKS's (facts.limits).
    at("properties/maxPods", NumberRange(LEAST_SYSTEM_PODS, MAX_PODS, "pods"), _SYSTEM),
    at("properties/maxPods", NumberRange(LEAST_PODS, MAX_PODS, "pods")),
    *(at(f"properties/{key}", _SYSTEM_NODES, _SYSTEM) for key in ("count", "minCount", "maxCount")),
    *(at(f"properties/{key}", _NODES) for key in ("count", "minCount", "maxCount")),
    at("properties/availabilityZones/*", Words(ZONES)),
)
_WINDOW = (
    at("properties/maintenanceWindow/durationHours", NumberRange(*WINDOW_HOURS, "hours")),
    at(
        "properties/maintenanceWindow/schedule/weekly/dayOfWeek",
        Words(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")),
    ),
    at("properties/maintenanceWindow/schedule/weekly/intervalWeeks", NumberRange(1, 4, "weeks")),
    # The schema takes any two digits; AKS docs, planned-maintenance: a time of a day, and UTC-12:00 to UTC+14:00.
    at("properties/maintenanceWindow/startTime", Form("([01][0-9]|2[0-3]):[0-5][0-9]", "a time such as 02:00")),
    at(
        "properties/maintenanceWindow/utcOffset",
        Form("[-+](0[0-9]|1[0-3]):[0-5][0-9]|[+]14:00", "an offset such as +00:00 or -05:30"),
    ),
)
_FLUX = (
    at("properties/scope", Words(("cluster", "namespace"))),
    at("properties/sourceKind", Words(("GitRepository", "Bucket", "AzureBlob", "OCIRepository"))),
    at("properties/gitRepository/provider", Words(("Azure", "GitHub", "Generic"), any_case=True)),
    at("properties/waitForReconciliation", Exactly(False, "a deployment fails with any workload")),
    at("properties/kustomizations/*/wait", Exactly(False, "one layer that is not ready would hold up all others")),
)
_EXTENSION = (
    at("properties/autoUpgradeMinorVersion", Exactly(True, "AKS supports the newest minor version alone")),
    at("properties/releaseTrain", Exactly("Stable", "others are for trying")),
    # Azure docs, conceptual-gitops-flux2: where the extension's controllers and their accounts are.
    at("properties/scope/cluster/releaseNamespace", Exactly("flux-system", "Flux is looked for there")),
)
_RULE = (
    at("properties/access", Words(("Allow", "Deny"), any_case=True)),
    at("properties/direction", Words(("Inbound", "Outbound"), any_case=True)),
    at("properties/protocol", Words(("Tcp", "Udp", "Icmp", "Esp", "Ah", "*"), any_case=True)),
    # Azure docs, network-security-groups-overview.
    at("properties/priority", NumberRange(*RULE_PRIORITIES, "")),
)
_ACCOUNT = (
    at(
        "kind",
        Words(("Storage", "StorageV2", "BlobStorage", "FileStorage", "BlockBlobStorage")),
    ),
    at(
        "sku/name",
        Words(
            (
                *("Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Standard_ZRS", "Standard_GZRS"),
                *("Standard_RAGZRS", "Premium_LRS", "Premium_ZRS", "StandardV2_LRS", "StandardV2_GRS"),
                *("StandardV2_ZRS", "StandardV2_GZRS", "PremiumV2_LRS", "PremiumV2_ZRS"),
            )
        ),
    ),
    at("properties/accessTier", Words(("Hot", "Cool", "Cold", "Smart", "Premium"))),
    at("properties/minimumTlsVersion", Words(("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"))),
    at("properties/publicNetworkAccess", Words(("Enabled", "Disabled", "SecuredByPerimeter"), any_case=True)),
    at("properties/networkAcls/defaultAction", Words(("Allow", "Deny"), any_case=True)),
    # Azure docs, storage-network-security: exceptions; several are joined by commas.
    at(
        "properties/networkAcls/bypass",
        Form(
            "None|(Logging|Metrics|AzureServices)(, ?(Logging|Metrics|AzureServices))*",
            "AzureServices, Logging, Metrics or None",
        ),
    ),
    at("properties/allowCrossTenantReplication", Exactly(False, "data must not leave the tenant")),
    at("properties/defaultToOAuthAuthentication", Exactly(True, "the portal would sign in with the account's key")),
    at("properties/isLocalUserEnabled", Exactly(False, "local users sign in with passwords")),
)
_BLOBS = (
    at("properties/deleteRetentionPolicy/days", _SOFT_DELETE),
    at("properties/containerDeleteRetentionPolicy/days", _SOFT_DELETE),
    at(
        "properties/cors/corsRules/*/allowedMethods/*",
        Words(("DELETE", "GET", "HEAD", "MERGE", "POST", "OPTIONS", "PUT", "PATCH", "CONNECT", "TRACE")),
    ),
    at("properties/lastAccessTimeTrackingPolicy/name", Words(("AccessTimeTracking",))),
    # azure-mgmt-storage 25.3.0, LastAccessTimeTrackingPolicy: the one value, in days.
    at("properties/lastAccessTimeTrackingPolicy/trackingGranularityInDays", NumberRange(1, 1, "day")),
    at("properties/lastAccessTimeTrackingPolicy/blobType/*", Words(("blockBlob",))),
)
_POLICY = (
    at("properties/policy/rules/*/type", Words(("Lifecycle",))),
    # Azure docs, lifecycle-management-overview: append blobs are deleted only, and never move.
    at("properties/policy/rules/*/definition/filters/blobTypes/*", Words(("blockBlob", "appendBlob"))),
    at(f"{_ACTION}/daysAfterModificationGreaterThan", _DAYS),
    at(f"{_ACTION}/daysAfterLastAccessTimeGreaterThan", _DAYS),
)
#: By type, as Azure writes it. A pool inside its cluster has the rows of a node pool.
AZURE_VALUES: dict[str, tuple[PropertyValues, ...]] = {
    CLUSTER: _CLUSTER,
    NODE_POOL: _POOL,
    MAINTENANCE_WINDOW: _WINDOW,
    EXTENSION: _EXTENSION,
    FLUX_CONFIGURATION: _FLUX,
    ROLE_ASSIGNMENT: (
        at("properties/principalType", Words(("User", "Group", "ServicePrincipal", "ForeignGroup", "Device"))),
    ),
    NSG: tuple(row._replace(path=("properties", "securityRules", "*", *row.path)) for row in _RULE),
    f"{NSG}/securityRules": _RULE,
    NAT_GATEWAY: (
        at("sku/name", Words(("Standard", "StandardV2"))),
        # Azure docs, nat-gateway-resource.
        at("properties/idleTimeoutInMinutes", NumberRange(*NAT_IDLE_MINUTES, "minutes")),
        at("properties/publicIpAddresses/*/id", _ID),
    ),
    SUBNET: (
        at(
            "properties/defaultOutboundAccess",
            Exactly(False, "nodes leave by the NAT gateway"),
        ),
    ),
    PUBLIC_IP: (
        at("sku/name", Words(("Basic", "Standard", "StandardV2"))),
        at("sku/tier", Words(("Regional", "Global"))),
        at("properties/publicIPAllocationMethod", Words(("Static", "Dynamic"))),
        at("properties/publicIPAddressVersion", Words(("IPv4", "IPv6"))),
    ),
    STORAGE_ACCOUNT: _ACCOUNT,
    BLOB_SERVICE: _BLOBS,
    CONTAINER: (at("properties/publicAccess", Words(("None", "Blob", "Container"))),),
    LIFECYCLE_POLICY: _POLICY,
}
_BY_TYPE = {kind.lower(): rows for kind, rows in AZURE_VALUES.items()}


def azure_values(kind: str) -> tuple[PropertyValues, ...]:
    """The rows of a type, in any case."""
    return _BY_TYPE.get(kind.lower(), ())
