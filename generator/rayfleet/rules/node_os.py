"""The nodes' operating system, and how it is kept up to date."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.versions import table
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet
from rayfleet.source import Path
from rayfleet.source.origin import Origin


def judge(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Every finding. What clusters share is said once."""
    said: set[tuple[Path, str]] = set()
    for cluster in fleet.clusters:
        for path, what, fix in (*_end_of_life(cluster), *_channel(cluster)):
            where = origin.path(cluster.name, path)
            if (where, what) not in said:
                said.add((where, what))
                yield origin.source.diagnostic(where, what, fix)


def _end_of_life(cluster: Cluster) -> Iterator[tuple[Path, str, str]]:
    """Pools of an OS that AKS does not have any more for the cluster's Kubernetes."""
    kubernetes = cluster.infrastructure.kubernetes_version
    for pool in cluster.pools:
        if last := table().end_before(pool.os_sku, kubernetes):
            what = f"{pool.os_sku} ends with AKS {last}, and the cluster is of {kubernetes}"
            yield ("nodePools", pool.name, "osSku"), what, "use Ubuntu or AzureLinux, which follow Kubernetes"


def _channel(cluster: Cluster) -> Iterator[tuple[Path, str, str]]:
    """AKS docs, auto-upgrade-node-os-image (2026-06): known limitations, and the channels by operating system."""
    upgrades = cluster.infrastructure.upgrades
    if upgrades.channel == "node-image" and upgrades.node_os_channel != "NodeImage":
        what = f"with channel: node-image AKS sets the node OS channel to NodeImage, not to {upgrades.node_os_channel}"
        yield ("upgrades", "nodeOsChannel"), what, "use NodeImage, or another upgrades.channel"
    for pool in cluster.pools:
        if upgrades.node_os_channel == "SecurityPatch" and pool.gpu and pool.os_sku.startswith("AzureLinux"):
            what = "Azure Linux takes no SecurityPatch on sizes with GPUs"
            yield ("nodePools", pool.name, "osSku"), what, "use Ubuntu, or upgrades.nodeOsChannel: NodeImage"
