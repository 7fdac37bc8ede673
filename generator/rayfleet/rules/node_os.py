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
        for path, what, fix in _end_of_life(cluster):
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
