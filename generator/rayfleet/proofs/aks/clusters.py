"""Clusters as AKS accepts them: a version that is never a step back, and Flux after the nodes that it runs on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rayfleet.facts.resource_types import EXTENSION, NODE_POOL
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import AksCluster, Side, text
from rayfleet.tree.arm_order import dependencies

_PATCH = re.compile(r"\d+\.\d+\.\d+")
# Channels that move the Kubernetes version on (AKS docs, auto-upgrade-cluster).
_UPGRADING = ("rapid", "stable", "patch")


def judge(cluster: AksCluster) -> Iterator[Finding]:
    """One cluster."""
    found = [*_versions(cluster), *_flux(cluster)]
    yield from found
    extensions = cluster.children(EXTENSION)
    if extensions and not found:
        what = "Flux is installed after every node pool"
        yield proved("arm/flux-before-pools", cluster.name, what, extensions[0].side("dependsOn"))


def _versions(cluster: AksCluster) -> Iterator[Finding]:
    """A patch that the channel has left behind is a step back at the next deployment, which AKS refuses (AKS docs,
    upgrade-aks-cluster: no downgrade; aliases of minor versions, supported-kubernetes-versions).
    """
    path = ("autoUpgradeProfile", "upgradeChannel")
    channel = text(cluster.resource.properties, *path)
    if channel not in _UPGRADING:
        return
    other = cluster.side("properties", *path)
    sides: list[tuple[str, str, Side]] = [
        (text(pool.data, "orchestratorVersion"), f"its pool {pool.name}", pool.side("orchestratorVersion"))
        for pool in cluster.pools
    ]
    own = cluster.side("properties", "kubernetesVersion")
    for version, who, side in [(text(cluster.resource.properties, "kubernetesVersion"), "it", own), *sides]:
        if _PATCH.fullmatch(version):
            minor = version.rpartition(".")[0]
            what = f"{who} is pinned to {version}, and the channel {channel} moves it on: the next deployment goes back"
            yield failed("arm/patch-pinned", cluster.name, what, f"write {minor}, or the channel none", side, other)


def _flux(cluster: AksCluster) -> Iterator[Finding]:
    """The extension's pods need nodes (Azure/AKS#3359); what a configuration needs, the proof of Flux says."""
    pools = {row.id: row for row in cluster.children(NODE_POOL)}
    for extension in cluster.children(EXTENSION):
        late = [row for key, row in pools.items() if key not in dependencies(extension)]
        if late:
            what = f"its extension {extension.name} does not wait for the node pool {late[0].name}"
            fix = "let it depend on the last pool of the chain"
            yield failed(
                "arm/flux-before-pools", cluster.name, what, fix, extension.side("dependsOn"), late[0].side("name")
            )
