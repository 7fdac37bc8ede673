"""Advice on what AKS refuses of upgrades, zones, disks and the way out, by codes that were met in public reports."""

from __future__ import annotations

from rayfleet.facts.advice_row import AGAIN, EVICTION, UPGRADE_POOL, Advice

_TROUBLESHOOT = "Microsoft Learn, troubleshoot/azure/azure-kubernetes"
_ON_DISK = "use osDiskType: Managed, a smaller osDiskSizeGib, or a vmSize with a larger cache or local disk"
_WAY_OUT = (
    "nodes do not reach mcr.microsoft.com and the other addresses that AKS needs (AKS docs, outbound-rules): look at "
    f"the firewall, the routes and the DNS of the node subnet, then {AGAIN}"
)

ROWS = (
    # --- upgrades ---
    Advice(
        "UnsatisfiablePDB",
        f"{EVICTION}, then {AGAIN} (docs/upgrading.md)",
        source=f"{_TROUBLESHOOT}/error-codes/unsatisfiablepdb-error, 2023-10-27",
    ),
    Advice(
        "PodDrainFailure",
        f"a pod did not leave its node in time: {EVICTION}; or raise upgrades.drainTimeoutMinutes, then {AGAIN}",
        source=f"{_TROUBLESHOOT}/error-code-poddrainfailure, 2023-12-21",
    ),
    Advice(
        "UpgradeFailed",
        f"{EVICTION}; or raise upgrades.drainTimeoutMinutes, then upgrade the pool again: {UPGRADE_POOL}",
        message=r"drain|evict|disruption budget",
        source=f"{_TROUBLESHOOT}/error-code-poddrainfailure, 2023-12-21",
    ),
    Advice(
        "UpgradeFailed",
        f"mend what the message names, and upgrade the pool again, which goes on where it stopped: {UPGRADE_POOL}",
        source="AKS docs, upgrade-aks-node-pools-rolling, 2026-08-21",
    ),
    Advice(
        "NodePoolMcVersionIncompatible",
        "the pool that the message names is more than three minors behind: write the kubernetesVersion of before "
        f"again, upgrade the pool, and then go on: {UPGRADE_POOL}",
        leaf="kubernetesVersion",
        source="AKS docs, upgrade-aks-control-plane, 2026-07-30",
    ),
    Advice(
        "NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged",
        "a write of the cluster cannot change versions of pools: leave orchestratorVersion out of agentPoolProfiles, "
        f"and upgrade pools one by one: {UPGRADE_POOL}; if none is there, az aks upgrade moves control plane and pools "
        "together (docs/upgrading.md)",
        leaf="kubernetesVersion",
        source="Azure/azure-cli#22807, 2022-07-18; Azure/ARO-HCP#662, 2024-09-27",
    ),
    Advice(
        "OperationNotAllowed",
        "write the next minor version as kubernetesVersion: AKS takes one at a time; az aks get-upgrades "
        "--resource-group GROUP --name CLUSTER says what it offers",
        message=r"upgrad\w+ Kubernetes version .* is not allowed|available upgrades",
        leaf="kubernetesVersion",
        source=f"{_TROUBLESHOOT}, aks-upgrade-blocked, 2025-08-21",
    ),
    # --- zones and disks ---
    Advice(
        "AvailabilityZoneNotSupported",
        "choose from the zones that the message names, for the pool under nodePools.POOL.zones; or ask for access to "
        "the zone (Azure docs, region-access-request-process)",
        leaf="zones",
        source=f"{_TROUBLESHOOT}/error-codes/availabilityzonenotsupported-error, 2026",
    ),
    Advice(
        "VMCacheSizeTooSmall|VMTemporaryDiskTooSmall",
        f"an ephemeral OS disk does not fit on that VM size: {_ON_DISK}",
        leaf="osDiskSizeGib",
        source="rancher/rancher#33679, 2021-07-19; hashicorp/terraform-provider-azurerm#15200, 2022-02-01",
    ),
    Advice(
        "VMSizeDoesNotSupportEphemeralOS",
        "that VM size carries no ephemeral OS disk: use osDiskType: Managed, or another vmSize",
        leaf="osDiskType",
        source="Azure/AKS#2694, 2021-12-09",
    ),
    # AKS puts the disk where Compute does not take it, whatever it is told.
    Advice(
        "",
        "AKS finds no place for an ephemeral OS disk on that VM size: use osDiskType: Managed, or another vmSize",
        message=r"diff ?disk ?placement.* not supported",
        leaf="osDiskType",
        source="Azure/AKS#5602, 2026-02-10",
    ),
    # --- network ---
    Advice(
        ".*OutboundConnFail.*",
        _WAY_OUT,
        leaf="network",
        source=f"{_TROUBLESHOOT}/error-code-outboundconnfailvmextensionerror, 2024-12-30",
    ),
    Advice(
        "VMExtension.*",
        _WAY_OUT,
        message=r"outbound connection from agents|outboundconnfail|exit status=50\b",
        leaf="network",
        source=f"{_TROUBLESHOOT}/error-code-outboundconnfailvmextensionerror, 2024-12-30",
    ),
    Advice(
        "SubnetIsFull",
        "the node subnet has no address left, which upgrades need too: lower maxCount or upgrades.maxSurge, or give a "
        "new cluster a larger network.nodeSubnetPrefix",
        leaf="network",
        source=f"{_TROUBLESHOOT}/error-code-subnetisfull-upgrade, 2022-07-28",
    ),
    Advice(
        "ServiceCidrOverlapExistingSubnetsCidr",
        "a subnet of the VNet has addresses of network.serviceCidr: choose a range outside the VNet and what is peered "
        "with it, before the cluster is made",
        leaf="network",
        source=f"{_TROUBLESHOOT}, error-code-servicecidroverlapexistingsubnetscidr, 2026-09-25",
    ),
    # --- identities, extensions, properties ---
    Advice(
        "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
        f"somebody else writes federated credentials of that identity, and Entra takes one at a time: {AGAIN} when "
        "that has ended",
        source="Entra docs, workload-identity-federation-considerations, 2025",
    ),
    Advice(
        "ExtensionOperationFailed|ExtensionCreationFailed",
        "kubectl get pods -n flux-system, and az k8s-extension show, say what the extension waits for: nodes without "
        f"room, images that cannot be pulled, or a policy; mend that, then {AGAIN}",
        source="Azure docs, azure-arc/kubernetes/extensions-troubleshooting, 2026",
    ),
    Advice(
        "PropertyChangeNotAllowed",
        "Azure never changes that property of what is there: write the value of before again, or make a new one beside "
        "it under another name and retire this one; rayfleet check --base COMMIT says which changes are of the kind",
        source="ARM docs, common-deployment-errors, 2026",
    ),
)
