"""Noise of what-if: differences that are none.

Azure's what-if compares what a template says with what a GET of the resource gives. A GET gives more: defaults, states,
ids; and what ``reference()`` reads is known only later. So most of what it calls a change is none (Azure docs,
deploy-what-if; arm-template-whatif#128). What is folded away is counted, with the reason.
"""

from __future__ import annotations

import re
from typing import Any

from rayfleet.facts.azure_defaults import DEFAULTS, NEVER_FILLED_IN
from rayfleet.redact import HIDDEN, secret

_READ_ONLY = {
    "currentOrchestratorVersion", "creationTime", "etag", "eTag", "lastModifiedTime", "managedBy", "nodeImageVersion",
    "powerState", "provisioningState", "resourceGuid", "resourceUID", "systemData", "uniqueId",
}  # fmt: skip
# A template names an identity; Azure adds what it has of it.
_OF_IDENTITIES = {"clientId", "principalId"}
# A GET of a cluster gives all pools; a template has those there that the cluster is made with, and a PUT with those
# leaves the others alone, but takes no new one (azure facts, section 2.4; Azure/bicep#9644).
INLINE_POOL = re.compile(r"properties\.agentPoolProfiles\[([^\]]*)\]")
# What the template says whole, or says only where the fleet has it: what is missing goes. Elsewhere Azure fills in its
# defaults.
WHOLE = {
    "adminGroupObjectIDs", "allowedOrigins", "authorizedIPRanges", "autoScalerProfile", "availabilityZones",
    "configurationSettings", "corsRules", "httpsUser", "ipRules", "kustomizations", "nodeLabels", "nodeTaints",
    "provider", "rules", "securityRules", "sshKnownHosts", "substitute", "tags", "userAssignedIdentities",
    "virtualNetworkRules",
}  # fmt: skip
# Azure's own words for nothing.
_NOTHING = {path[-1]: value for rows in DEFAULTS.values() for path, value in rows.items()}


# Azure's words for a setting that is not there.
_UNSET: tuple[Any, ...] = (None, False, 0, "", "0", "0%", [], {})
#: The reason of a difference that somebody has made in Azure: a template that does not say it leaves it as it is.
BY_HAND = "set by hand, and kept"


def noise(path: str, kind: str, before: Any, after: Any, element: bool) -> str:
    """The reason why a difference is none; empty where it is one. ``kind``: Azure's, in lower case; ``element``: of
    a list."""
    steps = set(re.split(r"[.\[\]]+", path))
    if kind == "noeffect":
        return "has no effect"
    if steps & _READ_ONLY or (kind == "delete" and steps & _OF_IDENTITIES):
        return "read-only"
    if before is None and secret(path) and _secrets_only(after):
        return "a secret, which Azure never gives back"
    if kind == "delete" and INLINE_POOL.fullmatch(path):
        return "a node pool, which is a resource of its own"
    if isinstance(after, str) and after.startswith("[") and after.endswith("]") and not after.startswith("[["):
        return "known only when deployed"
    if _comparable(path, before) == _comparable(path, after) != HIDDEN:
        return "the same, written in another way"
    default = before is not None and before == _NOTHING.get(path.rpartition(".")[2])
    if kind == "delete" and not element and not default and _is_set_by_hand(path, before):
        return BY_HAND
    if kind == "delete" and not element and (default or not steps & WHOLE):
        return "filled in by Azure"
    return ""


def _is_set_by_hand(path: str, value: Any) -> bool:
    """True where a pool has a setting that AKS gives none by itself."""
    inside = INLINE_POOL.match(path)
    first = path[inside.end() :].lstrip(".") if inside else path.removeprefix("properties.")
    return first.partition(".")[0] in NEVER_FILLED_IN and _has_value(path, value)


def _has_value(path: str, value: Any) -> bool:
    """True where a setting, or one inside it, is more than Azure's word for nothing."""
    if isinstance(value, dict):
        return any(_has_value(f"{path}.{key}", row) for key, row in value.items())
    return value not in _UNSET and value != _NOTHING.get(path.rpartition(".")[2])


def _secrets_only(value: Any) -> bool:
    """True where all of it is hidden: switches and numbers beside a secret are to be seen."""
    if isinstance(value, dict | list):
        return bool(value) and all(map(_secrets_only, value.values() if isinstance(value, dict) else value))
    return bool(value == HIDDEN)


def _comparable(path: str, value: Any) -> Any:
    """A value as Azure compares it: ids and regions without case, a list of words without order, empty as nothing."""
    if isinstance(value, str) and value.lower().startswith("/subscriptions/"):
        return value.lower()
    if isinstance(value, str) and path.rpartition(".")[2] == "location":
        return "".join(value.split()).lower()
    if isinstance(value, list) and all(isinstance(row, str) for row in value):
        return sorted(_comparable("", row) for row in value) or None
    return None if value in ("", {}) else value
