"""The platforms that a cluster can be of, one row each, by their names in its record."""

from __future__ import annotations

from typing import NamedTuple

from rayfleet.facts.resource_types import CLUSTER


class Platform(NamedTuple):
    """``resource_type`` is the ARM type that makes its clusters; empty where no template of ours does."""

    name: str
    resource_type: str = ""


AKS = "aks"

PLATFORMS: tuple[Platform, ...] = (Platform(AKS, CLUSTER),)


def made_elsewhere(name: str) -> bool:
    """True for a known platform whose clusters no template of ours makes."""
    return any(row.name == name and not row.resource_type for row in PLATFORMS)
