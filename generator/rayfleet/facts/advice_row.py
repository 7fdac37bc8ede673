"""A row of advice on an error of Azure."""

from __future__ import annotations

from typing import NamedTuple


class Advice(NamedTuple):
    """``code`` and ``message`` are patterns, ``fix`` is what to do; ``leaf`` is the setting of a pool that it is about,
    where it is. ``source``: where the code is described, with the day.
    """

    code: str
    fix: str
    message: str = ""
    leaf: str = ""
    source: str = ""


AGAIN = "run rayfleet deploy again"
EVICTION = (
    "kubectl get poddisruptionbudgets -A says which budget allows no disruption: let it allow one (maxUnavailable: 1, "
    "or a replica more than minAvailable)"
)
UPGRADE_POOL = (
    "az aks nodepool upgrade --resource-group GROUP --cluster-name CLUSTER --name POOL --kubernetes-version VERSION"
)
