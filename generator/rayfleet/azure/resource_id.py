"""Ids of Azure resources, taken apart."""

from __future__ import annotations

from rayfleet.facts.resource_types import RESOURCE_GROUP


def type_of(identifier: str) -> str:
    """The type of the resource that an id names, in lower case: what its last provider says."""
    provider, *rest = identifier.lower().rpartition("/providers/")[2].split("/")
    return "/".join([provider, *rest[::2]])


def type_and_name(identifier: str) -> tuple[str, str]:
    """The type and the name in an id: ``Microsoft.Network/virtualNetworks/subnets``, ``vnet/nodes``. What is no id has
    no type, and is its own name.
    """
    _, found, rest = identifier.rpartition("/providers/")
    parts = rest.split("/")
    if not found:
        is_group = "/resourcegroups/" in identifier.lower()
        return (RESOURCE_GROUP, parts[-1]) if is_group else ("", identifier)
    return "/".join([parts[0], *parts[1::2]]), "/".join(parts[2::2])
