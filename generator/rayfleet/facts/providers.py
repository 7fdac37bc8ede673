"""Azure's resource providers: those that a deployment needs registered, and how their limits are asked for."""

from __future__ import annotations

COMPUTE = "Microsoft.Compute"
NETWORK = "Microsoft.Network"
FEATURES = "Microsoft.Features"

#: Registered in every subscription (ARM docs, resource-providers-and-types, 2026-08).
ALWAYS_REGISTERED = frozenset({"microsoft.authorization", "microsoft.resources"})
#: AKS makes its nodes there, and wants it registered (AKS docs, learn/quick-kubernetes-deploy).
OF_NODES = COMPUTE
#: The feature that a subscription needs for it (AKS docs, enable-host-encryption).
ENCRYPTION_AT_HOST = "EncryptionAtHost"

#: API versions of the questions (REST docs: resources/providers, resources/features).
PROVIDERS_VERSION = "2021-04-01"
FEATURES_VERSION = "2021-07-01"
#: The same of how much of a limit is used, by provider (REST docs: compute/usage, virtualnetwork/usages), and what
#: lists it for people (Azure CLI docs, vm and network).
USAGES_VERSIONS = {COMPUTE: "2024-07-01", NETWORK: "2024-05-01"}
USAGES_COMMANDS = {COMPUTE: "az vm list-usage", NETWORK: "az network list-usages"}
#: The version of the list of VM sizes, which takes a filter by location alone (REST docs, compute/resource-skus).
SKUS_VERSION = "2021-07-01"
#: The version that disks and snapshots are read with (REST docs, compute/snapshots).
DISKS_VERSION = "2024-03-02"
