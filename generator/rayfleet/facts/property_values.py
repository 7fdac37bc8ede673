"""The values that Azure takes of a property: words out of a list, numbers out of a range with their unit."""

from __future__ import annotations

from typing import NamedTuple

from rayfleet.facts.change_classes import Steps
from rayfleet.facts.limits import LEAST_PODS, MAX_PODS, NODES_A_POOL, WINDOW_HOURS
from rayfleet.facts.resource_types import CLUSTER, MAINTENANCE_WINDOW, NODE_POOL, STORAGE_ACCOUNT
from rayfleet.facts.storage import TLS_VERSIONS


class NumberRange(NamedTuple):
    """``least`` and ``most`` are both taken."""

    least: int
    most: int
    unit: str


#: By type and path (ARM schema of 2026-05-01, managedClusters: enumerations). Of operating systems it is Linux alone:
#: neither Ray's images nor Anyscale's run on Windows.
WORDS: dict[str, dict[Steps, tuple[str, ...]]] = {
    CLUSTER: {
        ("sku", "tier"): ("Free", "Standard", "Premium"),
        ("properties", "autoScalerProfile", "expander"): ("least-waste", "most-pods", "priority", "random"),
    },
    NODE_POOL: {
        ("properties", "osType"): ("Linux",),
        ("properties", "osDiskType"): ("Managed", "Ephemeral"),
        ("properties", "scaleSetPriority"): ("Regular", "Spot"),
    },
    STORAGE_ACCOUNT: {("properties", "minimumTlsVersion"): TLS_VERSIONS},
}
#: The same of numbers, with the source beside each limit. A system pool has bounds of its own (facts.limits).
NUMBERS: dict[str, dict[Steps, NumberRange]] = {
    NODE_POOL: {
        ("properties", "maxPods"): NumberRange(LEAST_PODS, MAX_PODS, "pods"),
        **{("properties", key): NumberRange(0, NODES_A_POOL, "nodes") for key in ("count", "minCount", "maxCount")},
    },
    MAINTENANCE_WINDOW: {("properties", "maintenanceWindow", "durationHours"): NumberRange(*WINDOW_HOURS, "hours")},
}
#: Zones of a region, as ARM writes them (Azure docs, availability-zones-overview).
ZONES = ("1", "2", "3")
