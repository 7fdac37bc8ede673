"""Settings of node pools, as AKS accepts them: zones, labels, taints, versions, disks and sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rayfleet.diagnostics import did_you_mean
from rayfleet.facts.change_directions import minors_between, older
from rayfleet.facts.labels import AKS_PREFIXES, EFFECTS, LABEL_DOMAIN, LABEL_PART, SPOT_PRIORITY
from rayfleet.facts.limits import MINORS_BEHIND, SYSTEM_GIB, SYSTEM_VCPUS
from rayfleet.facts.resource_types import NODE_POOL
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import AksCluster, entries, get, mapping, text
from rayfleet.tree.node_pool import Pool

_PART, _DOMAIN = re.compile(LABEL_PART), re.compile(LABEL_DOMAIN)


def judge(cluster: AksCluster) -> Iterator[Finding]:
    """One cluster, its windows and its pools."""
    found: list[Finding] = []
    for pool in cluster.pools:
        found += [*_zones(cluster, pool), *_labels(cluster, pool), *_taints(cluster, pool), *_version(cluster, pool)]
        found += [*_version_behind(cluster, pool), *_version_inside(cluster, pool)]
        found += [*_disk(cluster, pool), *_size(cluster, pool)]
    yield from found
    if cluster.pools and not found:
        what = "AKS accepts the labels, taints and disks of all its pools"
        yield proved("arm/taint", cluster.name, what, cluster.pools[0].side("name"))


def _zones(cluster: AksCluster, pool: Pool) -> Iterator[Finding]:
    zones = entries(pool.data, "availabilityZones")
    if len(zones) > len(set(map(str, zones))):
        what = f"its pool {pool.name} has a zone twice"
        yield failed("arm/zones", cluster.name, what, "write each of them once", pool.side("availabilityZones"))


def _labels(cluster: AksCluster, pool: Pool) -> Iterator[Finding]:
    for key, value in mapping(pool.data, "nodeLabels").items():
        said, side = f"its pool {pool.name} has the label {key}", pool.side("nodeLabels", key)
        if not _legal_key(key):
            what = f"{said}, which Kubernetes refuses as a key"
            yield failed(
                "arm/label-key", cluster.name, what, "use letters, digits and -_. after an optional domain/", side
            )
        elif not isinstance(value, str) or (value and not _PART.fullmatch(value)):
            what = f"{said} with the value {value!r}, which Kubernetes refuses"
            yield failed("arm/label-value", cluster.name, what, "use up to 63 letters, digits and -_. as text", side)
        elif str(key).rpartition("/")[0] in AKS_PREFIXES and not (pool.spot and key == SPOT_PRIORITY):
            what = f"{said}, and AKS keeps the prefix for itself"
            yield failed("arm/label-reserved", cluster.name, what, "use a prefix of your own", side)


def _taints(cluster: AksCluster, pool: Pool) -> Iterator[Finding]:
    for index, written in enumerate(entries(pool.data, "nodeTaints")):
        rest, _, effect = written.rpartition(":") if isinstance(written, str) else ("", "", "")
        key, _, value = rest.partition("=")
        side = pool.side("nodeTaints", index)
        if effect not in EFFECTS:
            what = f"its pool {pool.name} has the taint {written}, whose effect is none of Kubernetes'"
            yield failed(
                "arm/taint-effect", cluster.name, what, f"end it with :{EFFECTS[0]}{_suggestion(effect, EFFECTS)}", side
            )
        elif not _legal_key(key) or (value and not _PART.fullmatch(value)):
            what = f"its pool {pool.name} has the taint {written}, which Kubernetes refuses"
            yield failed("arm/taint", cluster.name, what, "write key=value:Effect, as of a label", side)


def _legal_key(key: object) -> bool:
    domain, slash, name = str(key).rpartition("/")
    return bool(_PART.fullmatch(name)) and (not slash or bool(_DOMAIN.fullmatch(domain)))


def _version(cluster: AksCluster, pool: Pool) -> Iterator[Finding]:
    """A pool is never newer than its control plane (AKS docs, upgrade-aks-cluster; Kubernetes, version skew policy)."""
    own, theirs = text(pool.data, "orchestratorVersion"), text(cluster.resource.properties, "kubernetesVersion")
    if older(theirs, own):
        what = f"its pool {pool.name} has Kubernetes {own}, which is newer than the cluster's {theirs}"
        other = cluster.side("properties", "kubernetesVersion")
        yield failed(
            "arm/pool-newer",
            cluster.name,
            what,
            f"write {theirs}, or leave it out",
            pool.side("orchestratorVersion"),
            other,
        )


def _version_behind(cluster: AksCluster, pool: Pool) -> Iterator[Finding]:
    own, theirs = text(pool.data, "orchestratorVersion"), text(cluster.resource.properties, "kubernetesVersion")
    behind = minors_between(own, theirs)
    if behind > MINORS_BEHIND:
        what = (
            f"its pool {pool.name} has Kubernetes {own}, {behind} minors behind the cluster's {theirs}; AKS allows at "
            f"most {MINORS_BEHIND}"
        )
        other = cluster.side("properties", "kubernetesVersion")
        fix = "upgrade the pool before the cluster"
        yield failed("arm/pool-too-old", cluster.name, what, fix, pool.side("orchestratorVersion"), other)


def _version_inside(cluster: AksCluster, pool: Pool) -> Iterator[Finding]:
    """A write of the cluster names versions for all of its pools or for none, and pools beside it are not named there
    (Azure/azure-cli#22807, 2022-07; Azure/ARO-HCP#662, 2024-09)."""
    beside = cluster.children(NODE_POOL)
    if "orchestratorVersion" in pool.data and pool.name not in {row.name for row in beside} and beside:
        what = (
            f"its pool {pool.name} has an orchestratorVersion inside the cluster, and {beside[0].name} is a resource "
            "of its own: AKS accepts versions of all pools there, or of none"
        )
        fix = "leave it out, and upgrade the pool with az aks nodepool upgrade (docs/upgrading.md)"
        side = pool.side("orchestratorVersion")
        yield failed("arm/pool-version-inside", cluster.name, what, fix, side, beside[0].side("name"))


def _disk(cluster: AksCluster, pool: Pool) -> Iterator[Finding]:
    """An ephemeral OS disk is on the cache or the local disk of the VM (AKS docs, concepts-storage)."""
    size = get(pool.data, "osDiskSizeGB")
    if text(pool.data, "osDiskType") != "Ephemeral" or pool.vm is None:
        return
    most, wanted = pool.vm.ephemeral_os_disk_gib, size if isinstance(size, int) else 1
    if wanted > most:
        holds = f"carries one of {most:g} GiB at most" if most else "carries none"
        asks = f"an ephemeral OS disk of {size} GiB" if isinstance(size, int) else "an ephemeral OS disk"
        what = f"its pool {pool.name} has {asks}, and {pool.vm_size} {holds}"
        fix = "write osDiskType: Managed, or a smaller osDiskSizeGB" if most else "write osDiskType: Managed"
        yield failed("arm/os-disk-too-large", cluster.name, what, fix, pool.side("osDiskSizeGB"), pool.side("vmSize"))


def _size(cluster: AksCluster, pool: Pool) -> Iterator[Finding]:
    if pool.system and pool.vm and (pool.vm.vcpus < SYSTEM_VCPUS or pool.vm.memory_gib < SYSTEM_GIB):
        has = f"{pool.vm.vcpus} vCPUs and {pool.vm.memory_gib:g} GiB"
        what = f"its system pool {pool.name} is of {pool.vm_size}, which has {has}"
        fix = f"use a size with {SYSTEM_VCPUS} vCPUs and {SYSTEM_GIB} GiB, or more"
        yield failed("arm/system-pool-too-small", cluster.name, what, fix, pool.side("vmSize"))


def _suggestion(written: object, allowed: tuple[str, ...]) -> str:
    return did_you_mean(written, allowed) if isinstance(written, str) else ""
