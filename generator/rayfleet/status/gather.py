"""Every place where a cluster leaves a trace, as far as each can be seen; none that cannot is a failure."""

from __future__ import annotations

from rayfleet.fleet_files import FleetFiles
from rayfleet.status.blind_spot import BlindSpot
from rayfleet.status.cluster_facts import FleetStatus, fleet_status
from rayfleet.status.from_clouds import FromAnyscale, FromAzure, from_anyscale, from_azure
from rayfleet.status.from_files import from_files
from rayfleet.status.history import History


def gather(where: FleetFiles, offline: bool, wait: float) -> FleetStatus:
    """Everything. Azure and Anyscale have ``wait`` seconds each to answer. Raises Invalid for an invalid fleet."""
    files = from_files(where)
    fleet = files.fleet
    azure, anyscale = FromAzure(), FromAnyscale()
    if offline:
        files.blind.extend(BlindSpot(name, "--offline") for name in ("Azure", "Anyscale"))
    else:
        aks = [row.aks.resource for row in files.clusters.values() if row.aks]
        versions = [str(row.data.get("apiVersion") or "") for row in aks]
        azure = from_azure(fleet.subscription_id, files.steps, next(iter(versions), ""), wait)
        anyscale = from_anyscale(fleet.anyscale.cloud, wait)
    return fleet_status(files, azure, anyscale, History(where.output))
