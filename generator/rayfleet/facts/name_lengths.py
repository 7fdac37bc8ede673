"""The longest names that Azure takes, in characters (Azure docs, resource-name-rules, 2026-08)."""

from __future__ import annotations

NODE_RESOURCE_GROUP, DNS_PREFIX = 80, 54
#: Of a VNet, as overlay networking has it; of other resources of a network.
VNET, NETWORK = 63, 80
IDENTITY, CREDENTIAL, DEPLOYMENT = 128, 120, 64
