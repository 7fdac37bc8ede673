"""Data that goes with a cluster: AKS deletes the node resource group together with it, disks of volume claims included
whatever their reclaim policy (AKS docs, faq; Azure/AKS issue 312).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfleet.azure.client import Azure, Fault
from rayfleet.facts.providers import DISKS_VERSION
from rayfleet.facts.resource_types import DISK, SNAPSHOT, STORAGE_ACCOUNT, api_version
from rayfleet.tree import get, mapping, text

# What the disk driver tags a claim's disk with, and how it names it where the storage class does not say
# (kubernetes-sigs/azuredisk-csi-driver, pkg/azureconstants; disks are called as their volumes are, pvc-UID). Other
# disks there are the nodes' own.
_CLAIM = ("kubernetes.io-created-for-pvc-namespace", "kubernetes.io-created-for-pvc-name")
_VOLUME = "kubernetes.io-created-for-pv-name"


def cluster_data(azure: Azure, cluster: str, version: str) -> tuple[str, list[str]]:
    """The node resource group of a cluster, and what of it is data, as people say it: disks of volume claims, and all
    snapshots and storage accounts, for AKS itself makes none there. Empty where there is no such cluster. Raises Fault.
    """
    try:
        found = azure.request("GET", cluster, version)
    except Fault as fault:
        if fault.status == 404:
            return "", []
        raise
    group = text(found, "properties", "nodeResourceGroup")
    if not group:
        raise Fault("MalformedAnswer", "the cluster does not say which its node resource group is", 200)
    within = f"/subscriptions/{cluster.split('/')[2]}/resourceGroups/{group}/providers"
    disks = [_disk(row) for row in _rows(azure, f"{within}/{DISK}", DISKS_VERSION) if _is_of_claim(row)]
    snapshots = [_disk_name("snapshot", row) for row in _rows(azure, f"{within}/{SNAPSHOT}", DISKS_VERSION)]
    accounts = [
        _disk_name("storage account", row)
        for row in _rows(azure, f"{within}/{STORAGE_ACCOUNT}", api_version(STORAGE_ACCOUNT))
    ]
    return group, sorted([*disks, *snapshots, *accounts])


def _rows(azure: Azure, path: str, version: str) -> Iterator[Any]:
    try:
        yield from azure.pages(path, version)
    except Fault as fault:
        if fault.status != 404:  # the group is gone already
            raise


def _is_of_claim(row: Any) -> bool:
    tags = mapping(row, "tags")
    return any(key in tags for key in (*_CLAIM, _VOLUME)) or text(row, "name").startswith("pvc-")


def _disk(row: Any) -> str:
    claim = [text(row, "tags", key) for key in _CLAIM]
    size = get(row, "properties", "diskSizeGB")
    of = f" of the claim {'/'.join(claim)}" if all(claim) else ""
    return _disk_name("disk", row) + of + (f" ({size} GiB)" if isinstance(size, int) else "")


def _disk_name(kind: str, row: Any) -> str:
    return f"{kind} {text(row, 'name') or 'without a name'}"
