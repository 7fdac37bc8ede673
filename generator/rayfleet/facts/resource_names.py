"""The names that Azure takes: the longest, in characters, and their form by the type of a resource."""

from __future__ import annotations

import re
from typing import NamedTuple

from rayfleet.facts.resource_types import (
    BLOB_SERVICE,
    CLUSTER,
    CONTAINER,
    EXTENSION,
    FEDERATED_CREDENTIAL,
    FLUX_CONFIGURATION,
    IDENTITY,
    LIFECYCLE_POLICY,
    MAINTENANCE_WINDOW,
    NAT_GATEWAY,
    NODE_POOL,
    NSG,
    PUBLIC_IP,
    RESOURCE_GROUP,
    STORAGE_ACCOUNT,
    SUBNET,
    VNET,
)

# The longest: Azure docs, resource-name-rules, 2026-08. A node's labels have the names of its resource group and of an
# overlay network, and so no more than a label takes (AKS docs, azure-cni-overlay).
NODE_RESOURCE_GROUP_LENGTH, DNS_PREFIX_LENGTH = 80, 54
RESOURCE_GROUP_LENGTH, DEPLOYMENT_LENGTH = 90, 64
#: Of a VNet, as overlay networking has it; of other resources of a network.
VNET_LENGTH, NETWORK_LENGTH = 63, 80
IDENTITY_LENGTH, CREDENTIAL_LENGTH = 128, 120
_LABEL, _POOL, _ACCOUNT = 63, 12, 24


class NameRule(NamedTuple):
    """``says`` completes "use ..."."""

    pattern: re.Pattern[str]
    says: str


def _rule(pattern: str, says: str) -> NameRule:
    return NameRule(re.compile(pattern, re.ASCII), says)


def _network_name(least: int, most: int) -> NameRule:
    """Of a network: from a letter or digit to no point and no hyphen."""
    more = rf"[-\w.]{{{max(least - 2, 0)},{most - 2}}}\w"
    pattern = rf"[A-Za-z0-9]({more})?" if least == 1 else rf"[A-Za-z0-9]{more}"
    return _rule(pattern, f"{least} to {most} letters, digits and _.-, from a letter or digit to no . or -")


def _identity_name(least: int, most: int) -> NameRule:
    """Of an identity: from a letter or digit."""
    pattern = rf"[A-Za-z0-9][-\w]{{{least - 1},{most - 1}}}"
    return _rule(pattern, f"{least} to {most} letters, digits and _-, from a letter or digit")


def _group_name(most: int, note: str = "") -> NameRule:
    pattern = rf"[-\w.()]{{0,{most - 1}}}[-\w()]"
    return _rule(pattern, f"1 to {most} letters, digits and -_.(), the last no point{note}")


_NETWORK = _network_name(1, NETWORK_LENGTH)
_DNS_LABEL = _rule(
    rf"[a-z0-9]([-a-z0-9]{{0,{_LABEL - 2}}}[a-z0-9])?", f"a DNS label: at most {_LABEL} of a-z, 0-9 and -"
)
_DEFAULT = _rule("default", "default, the only one")
_SCHEDULES = ("default", "aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
#: By the last part of the name (ARM docs, resource-name-rules; where that is silent, the patterns of the official ARM
#: schemas). Of types that are not here nothing is known.
NAME_RULES = {
    RESOURCE_GROUP: _group_name(_LABEL, ": it becomes a node label"),
    STORAGE_ACCOUNT: _rule(f"[a-z0-9]{{3,{_ACCOUNT}}}", f"3 to {_ACCOUNT} of a-z and 0-9"),
    BLOB_SERVICE: _DEFAULT,
    LIFECYCLE_POLICY: _DEFAULT,
    CONTAINER: _rule(
        rf"(?=.{{3,{_LABEL}}}$)[a-z0-9]+(-[a-z0-9]+)*",
        f"3 to {_LABEL} of a-z, 0-9 and single hyphens between them",
    ),
    VNET: _network_name(2, VNET_LENGTH),
    SUBNET: _network_name(1, VNET_LENGTH),
    NSG: _NETWORK,
    PUBLIC_IP: _NETWORK,
    NAT_GATEWAY: _NETWORK,
    IDENTITY: _identity_name(3, IDENTITY_LENGTH),
    FEDERATED_CREDENTIAL: _identity_name(3, CREDENTIAL_LENGTH),
    CLUSTER: _rule(
        rf"[A-Za-z0-9]([-\w]{{0,{_LABEL - 2}}}[A-Za-z0-9])?",
        f"1 to {_LABEL} letters, digits and _-, from and to a letter or digit",
    ),
    NODE_POOL: _rule(f"[a-z][a-z0-9]{{0,{_POOL - 1}}}", f"1 to {_POOL} of a-z and 0-9, from a letter"),
    MAINTENANCE_WINDOW: _rule("|".join(_SCHEDULES), f"{', '.join(_SCHEDULES[:2])} or {_SCHEDULES[2]}"),
    EXTENSION: _DNS_LABEL,
    FLUX_CONFIGURATION: _DNS_LABEL,
}
#: Names that are properties of a cluster (AKS docs, use-system-pools limitations; ARM schema).
CLUSTER_NAMES = {
    "nodeResourceGroup": _group_name(NODE_RESOURCE_GROUP_LENGTH),
    "dnsPrefix": _rule(
        rf"[A-Za-z0-9]([-A-Za-z0-9]{{0,{DNS_PREFIX_LENGTH - 2}}}[A-Za-z0-9])?",
        f"1 to {DNS_PREFIX_LENGTH} letters, digits and -, from and to a letter or digit",
    ),
}
_BY_TYPE = {kind.lower(): rule for kind, rule in NAME_RULES.items()}


def name_rule(kind: str) -> NameRule | None:
    """The rule of a type, in any case."""
    return _BY_TYPE.get(kind.lower())
