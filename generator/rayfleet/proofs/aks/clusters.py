"""Clusters as AKS takes them: a version that is never a step back, and Flux after the nodes that it runs on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rayfleet.facts.resource_types import EXTENSION, NODE_POOL
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import AksCluster, Side, text
from rayfleet.tree.arm_order import before

_PATCH = re.compile(r"\d+\.\d+\.\d+")
# Channels that move the Kubernetes version on (AKS docs, auto-upgrade-cluster).
_UPGRADING = ("rapid", "stable", "patch")


def judge(cluster: AksCluster) -> Iterator[Finding]:
    """One cluster."""
    found = [*_versions(cluster), *_flux(cluster)]
    yield from found
    if cluster.flux_configurations and not found:
        side = cluster.flux_configurations[0].side("dependsOn")
        yield proved(
            "arm/flux-before-pools",
            cluster.name,
            "Flux is installed after every node pool, and told what to follow after that",
            side,
        )


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
    """The extension's pods need nodes (Azure/AKS#3359), and a configuration its extension (Azure docs,
    conceptual-gitops-flux2).
    """
    extensions = cluster.children(EXTENSION)
    pools = {row.id: row for row in cluster.children(NODE_POOL)}
    for extension in extensions:
        late = [row for key, row in pools.items() if key not in before(extension)]
        if late:
            what = f"its extension {extension.name} does not wait for the node pool {late[0].name}"
            fix = "let it depend on the last pool of the chain"
            yield failed(
                "arm/flux-before-pools", cluster.name, what, fix, extension.side("dependsOn"), late[0].side("name")
            )
    flux = [row for row in extensions if text(row.properties, "extensionType").lower() == "microsoft.flux"]
    for configuration in cluster.flux_configurations:
        if not flux:
            what = f"its Flux configuration {configuration.name} needs the extension microsoft.flux, and there is none"
            yield failed("arm/no-flux-extension", cluster.name, what, "add the extension", configuration.side("name"))
        elif flux[0].id not in before(configuration):
            what = f"its Flux configuration {configuration.name} does not wait for the extension {flux[0].name}"
            fix = f"let it depend on {flux[0].name}"
            yield failed(
                "arm/flux-before-extension",
                cluster.name,
                what,
                fix,
                configuration.side("dependsOn"),
                flux[0].side("name"),
            )
