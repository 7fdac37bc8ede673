"""The platforms that a cluster can be of, one row each, by their names in its record."""

from __future__ import annotations

from typing import NamedTuple

from rayfleet.facts.resource_types import CLUSTER


class Platform(NamedTuple):
    """``resource_type`` is the ARM type that makes its clusters; empty where no template of ours does."""

    name: str
    resource_type: str = ""


PLATFORMS: tuple[Platform, ...] = (Platform("aks", CLUSTER),)
#: That of every cluster in fleet.yaml: none says another yet.
DEFAULT = PLATFORMS[0]


def of_type(resource_type: str) -> Platform:
    """The platform whose clusters an ARM type makes."""
    return next(row for row in PLATFORMS if row.resource_type.lower() == resource_type.lower())


def made_by_template(name: str) -> bool:
    """True for a known platform whose clusters a template of ours makes."""
    return any(row.name == name and row.resource_type for row in PLATFORMS)


def made_elsewhere(name: str) -> bool:
    """True for a known platform whose clusters no template of ours makes."""
    return any(row.name == name and not row.resource_type for row in PLATFORMS)
