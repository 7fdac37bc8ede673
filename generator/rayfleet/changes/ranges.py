"""The address ranges of networks and clusters, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rayfleet.changes.change import Change
from rayfleet.facts.change_classes import Steps
from rayfleet.facts.cidr import CIDR
from rayfleet.facts.resource_types import CLUSTER, SUBNET, VNET
from rayfleet.tree import Tree, get
from rayfleet.tree.azure_resources import AzureResource, azure_resources

#: The paths of ranges, by type in lower case, with the names that people give them.
RANGES: Mapping[str, Mapping[Steps, str]] = {
    VNET.lower(): {("properties", "addressSpace", "addressPrefixes"): "VNet"},
    SUBNET.lower(): {("properties", "addressPrefix"): "subnet"},
    CLUSTER.lower(): {
        ("properties", "networkProfile", "podCidr"): "pod range",
        ("properties", "networkProfile", "serviceCidr"): "service range",
    },
}


class GivenRange(NamedTuple):
    """The ranges that a resource has at a path; ``what`` is the name that people give them."""

    resource: AzureResource
    path: Steps
    what: str
    ranges: tuple[str, ...]


def range_of(change: Change) -> str:
    """The name of the ranges that a change is about; empty for any other change."""
    return RANGES.get(change.kind, {}).get(change.path, "")


def given_ranges(tree: Tree) -> Iterator[GivenRange]:
    """Every range of every network and cluster."""
    for row in azure_resources(tree).values():
        for path, what in RANGES.get(row.kind, {}).items():
            yield GivenRange(row, path, what, written_ranges(get(row.data, *path)))


def written_ranges(value: object) -> tuple[str, ...]:
    """One range or a list of them, in one order."""
    found = value if isinstance(value, list) else [value]
    return tuple(sorted(row for row in found if isinstance(row, str) and CIDR.fullmatch(row)))
