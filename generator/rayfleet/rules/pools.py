"""Node pools: sizes, system and spot rules, disks, labels, and that Ray pods find a shape to run in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rayfleet.diagnostics import Diagnostic, many
from rayfleet.facts.catalogue import IMAGES_OF_ACCELERATORS, Catalogue
from rayfleet.facts.labels import AKS_LABELS, CRITICAL_ADDONS, OWNED_PREFIXES
from rayfleet.facts.limits import (
    NODES_A_CLUSTER,
    NODES_A_FREE_CLUSTER,
    POOLS_A_CLUSTER,
    SYSTEM_GIB,
    SYSTEM_NODES,
    SYSTEM_VCPUS,
    is_spot_price,
)
from rayfleet.model.cluster import Cluster
from rayfleet.model.compute_config import choice_of
from rayfleet.model.fleet import Fleet
from rayfleet.model.node_pool import NodePool
from rayfleet.source.origin import Origin

#: Makes a finding about a key of the pool, or about the pool itself.
At = Callable[[str | None, str, str], Diagnostic]


#: By architecture, a size of the catalogue that is large enough for a Ray head.
HEAD_SIZES = {"amd64": "Standard_D8ds_v5", "arm64": "Standard_D8ps_v6"}


def judge(fleet: Fleet, origin: Origin, catalogue: Catalogue) -> Iterator[Diagnostic]:
    """Every finding about node pools. Clusters that share their pools are judged once."""
    yield from _own_sizes(origin, catalogue)
    judged: set[tuple[object, ...]] = set()
    for cluster in fleet.clusters:
        same = (
            id(cluster.pools),
            cluster.infrastructure.tier,
            cluster.infrastructure.encryption_at_host,
            cluster.volume,
        )
        if same not in judged:
            judged.add(same)
            yield from _cluster(cluster, origin)
            for pool in cluster.pools:
                yield from _pool(cluster, pool, origin)
        yield from _zones(cluster, origin, catalogue)


def _own_sizes(origin: Origin, catalogue: Catalogue) -> Iterator[Diagnostic]:
    for name in origin.source.data.get("vmSizes") or {}:
        vm = catalogue.vm_size(name)
        if vm and vm.gpus and not (vm.accelerator and vm.gpu_vendor):
            what = f"{name} has GPUs but no accelerator or no gpuVendor"
            yield origin.source.diagnostic(
                ("vmSizes", name), what, "add both: labels and selectors follow from them", key=True
            )
        elif vm and not vm.gpus and vm.accelerator:
            what = f"{name} has an accelerator and no GPUs"
            yield origin.source.diagnostic(("vmSizes", name, "accelerator"), what, "say under gpus how many a node has")


def _cluster(cluster: Cluster, origin: Origin) -> Iterator[Diagnostic]:
    where, aks = ("nodePools",), cluster.infrastructure
    if not aks.system_pools:
        what = "there is no system pool"
        yield origin.at(
            cluster.name, where, what, "add one: sys: {mode: system, vmSize: Standard_D8ds_v5, count: 3}", key=True
        )
    elif all(map(_keeps_pods_off, cluster.pools)) and not any(pool.spot for pool in aks.system_pools):
        what = "every pool has taints, so operators and Flux have nowhere to run"
        yield origin.at(
            cluster.name, where, what, "remove the taints of a system pool, or add a pool with role: infra", key=True
        )
    if len(cluster.pools) > POOLS_A_CLUSTER:
        what = f"with those of its region and of defaults, {cluster.name} has {len(cluster.pools)} node pools"
        fix = f"AKS allows at most {POOLS_A_CLUSTER} in a cluster: set some to null, or make another cluster"
        yield origin.at(cluster.name, where, what, fix, key=True)
    limit = NODES_A_FREE_CLUSTER if aks.tier == "Free" else NODES_A_CLUSTER
    if aks.max_nodes > limit:
        what = f"the pools may grow to {aks.max_nodes} nodes together"
        fix = f"a cluster of tier {aks.tier} has at most {limit} nodes: lower maxCount, or make another cluster"
        yield origin.at(cluster.name, where, what, fix, key=True)
    if not any(pool.ray and not pool.spot for pool in cluster.pools):
        what = "there is no on-demand pool for Ray, and Ray heads run on-demand only"
        fix = f"add a small user pool: cpu: {{vmSize: {HEAD_SIZES['amd64']}, maxCount: 3}}"
        yield origin.at(cluster.name, where, what, fix, key=True)
    else:
        yield from _heads(cluster, origin)
        yield from _heads_on_gpus(cluster, origin)
    if aks.autoscaler["expander"] == "priority":
        what = "the priority expander reads a ConfigMap that rayfleet does not make"
        fix = "add kube-system/cluster-autoscaler-priority-expander with an overlay"
        yield origin.at(cluster.name, ("autoscaler", "expander"), what, fix).as_warning()
    if cluster.has_gpus_of("amd"):
        what = "AMD GPUs need a driver and device plugin that rayfleet does not install"
        yield origin.at(
            cluster.name, where, what, "install AMD's GPU operator, for example with an overlay", key=True
        ).as_warning()


def _heads(cluster: Cluster, origin: Origin) -> Iterator[Diagnostic]:
    """Ray heads run on demand, of the image that their workers run."""
    ray = [pool for pool in cluster.pools if pool.ray]
    heads = {pool.vm.architecture for pool in ray if not pool.spot}
    for pool in ray:
        architecture = pool.vm.architecture
        if pool.gpu and architecture not in heads:
            heads.add(architecture)
            what = (
                f"no on-demand pool for Ray has {architecture} nodes: Ray heads for {pool.vm.name} have nowhere to run"
            )
            fix = f"add a small user pool: head: {{vmSize: {HEAD_SIZES[architecture]}, maxCount: 3}}"
            yield origin.at(cluster.name, ("nodePools", pool.name), what, fix, key=True)


def _heads_on_gpus(cluster: Cluster, origin: Origin) -> Iterator[Diagnostic]:
    """Heads that take a node with GPUs, for want of another that is on demand and of their workers' architecture."""
    for accelerator in cluster.gpus.accelerators:
        choice = choice_of(cluster, accelerator)
        if choice and choice.head_on_gpus:
            head = next((pool for pool in choice.head.pools if not pool.spot), None)
            if head is None:  # that there is none is told by itself
                continue
            left = f"its workers have {many(choice.max_nodes, 'node')} at most" if choice.max_nodes else "none is left"
            what = f"a Ray head for {accelerator} has no pool without GPUs, and takes a node of {head.name}: {left}"
            fix = f"add a small on-demand pool for Ray of an {head.vm.architecture} size without GPUs"
            yield origin.at(cluster.name, ("nodePools", head.name), what, fix, key=True).as_warning()


def _keeps_pods_off(pool: NodePool) -> bool:
    return any(taint.effect != "PreferNoSchedule" for taint in pool.taints)


def _pool(cluster: Cluster, pool: NodePool, origin: Origin) -> Iterator[Diagnostic]:
    def at(key: str | None, what: str, fix: str) -> Diagnostic:
        path = ("nodePools", pool.name, key) if key else ("nodePools", pool.name)
        return origin.at(cluster.name, path, what, fix, key=key is None)

    yield from _size(pool, at)
    minimum = origin.path(cluster.name, ("nodePools", pool.name, "minCount"))
    if not pool.autoscaled and pool.count is not None and minimum[-1] == "minCount":
        yield at("minCount", "without maxCount a pool has a fixed count", "add maxCount, or remove minCount")
    if pool.system:
        yield from _system(pool, at)
    elif pool.role == "infra" and (pool.spot or pool.gpu):
        yield at(
            "role",
            "an infra pool is for what must stay up: it cannot be spot or have GPUs",
            "make it on-demand, of a size without GPUs",
        )
    elif pool.ray and not any(pool in shape.pools for shape in cluster.ray.instance_types):
        what = f"{pool.vm.name} has no room for a Ray pod beside what AKS and the volume's cache reserve"
        yield at("vmSize", what, "use a larger size, or a smaller volume.cacheSizeMib")
    price = pool.spot_max_price
    if not is_spot_price(price):
        yield at("spotMaxPrice", f"{price} is not a price", "use -1, or a positive number with at most 5 decimals")
    yield from _disk(cluster, pool, origin, at)
    yield from _reserved_keys(pool, at)


def _size(pool: NodePool, at: At) -> Iterator[Diagnostic]:
    if not pool.autoscaled:
        if pool.count is None:
            yield at(
                None, f'pool "{pool.name}" has no number of nodes', "add maxCount (and minCount), or a fixed count"
            )
        elif pool.count == 0:
            yield at("count", "a fixed pool without nodes does nothing", "use a count of 1 or more, or maxCount")
        return
    if pool.minimum > pool.maximum:
        yield at(
            "minCount", f"minCount {pool.minimum} is above maxCount {pool.maximum}", "lower minCount or raise maxCount"
        )
    elif not pool.minimum <= pool.starting_count <= pool.maximum:
        what = f"count {pool.starting_count} is not between minCount {pool.minimum} and maxCount {pool.maximum}"
        yield at("count", what, "use a count between the two, or leave it out")


def _system(pool: NodePool, at: At) -> Iterator[Diagnostic]:
    if pool.spot:
        yield at("capacityType", "a system pool cannot be spot", "use on-demand")
    if pool.minimum < SYSTEM_NODES:
        key = "minCount" if pool.autoscaled else "count"
        yield at(key, f"a system pool needs {SYSTEM_NODES} nodes or more", "use 3, one for each zone")
    if any(taint.effect != "PreferNoSchedule" and taint.key != CRITICAL_ADDONS for taint in pool.own_taints):
        what = "AKS refuses taints of one's own on a system pool"  # Azure/AKS#2578: SystemPoolHasRestrictedTaint
        yield at("taints", what, f"use the effect PreferNoSchedule, or {CRITICAL_ADDONS}=true:NoSchedule")
    if pool.vm.name.startswith("Standard_B"):
        yield at("vmSize", "AKS does not accept a burstable size for a system pool", "use Standard_D4ds_v5 or larger")
    if pool.gpu:
        yield at("vmSize", "a system pool has no use for GPUs", "use a size without GPUs, and a user pool for the GPUs")
    if pool.vm.vcpus < SYSTEM_VCPUS or pool.vm.memory_gib < SYSTEM_GIB:
        what = f"{pool.vm.name} is too small for a system pool"
        yield at("vmSize", what, f"use at least {SYSTEM_VCPUS} vCPUs and {SYSTEM_GIB} GiB")


def _disk(cluster: Cluster, pool: NodePool, origin: Origin, at: At) -> Iterator[Diagnostic]:
    most = pool.vm.ephemeral_os_disk_gib
    if pool.ephemeral_os_disk and most < pool.os_disk_size_gib:
        holds = f"carries an ephemeral OS disk of at most {most:g} GiB" if most else "carries no ephemeral OS disk"
        yield at("osDiskType", f"{pool.vm.name} {holds}", "use Managed, or a smaller osDiskSizeGib")
    cache_gib = 0 if cluster.volume.block_cache else cluster.volume.cache_mib / 1024
    if pool.ray and cache_gib > pool.scratch_gib:
        room = f"{pool.vm.name}, which has {pool.scratch_gib:g} GiB for it"
        what = f"a file cache of {cache_gib:g} GiB does not fit on {room}"
        yield origin.at(cluster.name, ("volume", "cacheSizeMib"), what, "use a smaller one, or cache: block")
    if cluster.infrastructure.encryption_at_host and pool.vm.encryption_at_host is False:
        what = f"{pool.vm.name} cannot encrypt at the host"
        yield at("vmSize", what, "use another size, or turn encryptionAtHost off")
    images = IMAGES_OF_ACCELERATORS.get(pool.vm.accelerator, ())
    if images and pool.os_sku not in images:
        what = f"AKS makes {pool.vm.accelerator} nodes of Ubuntu 24.04, and this asks for {pool.os_sku}"
        yield at("osSku", what, "use Ubuntu2404, or Ubuntu, which leaves the version to AKS").as_warning()
    if pool.system and pool.vm.architecture != "amd64":
        what = (
            f"its nodes are {pool.vm.architecture}: charts run there whose images nobody here knows to be built for it"
        )
        yield at("vmSize", what, "use an amd64 size, or look at the image of every chart first").as_warning()
    if pool.vm.gpu_vendor == "amd" and not pool.os_sku.startswith("Ubuntu"):
        yield at("osSku", "AMD GPUs need Ubuntu", "use Ubuntu")


def _reserved_keys(pool: NodePool, at: At) -> Iterator[Diagnostic]:
    keys = [("labels", key) for key in pool.own_labels] + [("taints", taint.key) for taint in pool.own_taints]
    for field, key in keys:
        owner = key.partition("/")[0] if "/" in key else ""
        if any(f".{owner}".endswith(f".{reserved}") for reserved in OWNED_PREFIXES) or key in AKS_LABELS:
            what = f'"{key}" belongs to AKS, Anyscale or rayfleet, which set it from the pool itself'
            yield at(field, what, "use a prefix of your own")
    taints = [(taint.key, taint.effect) for taint in pool.own_taints]
    if len(set(taints)) < len(taints):
        yield at("taints", "two taints have the same key and effect", "keep one taint for each key and effect")


def _zones(cluster: Cluster, origin: Origin, catalogue: Catalogue) -> Iterator[Diagnostic]:
    if catalogue.zones(cluster.region) or cluster.region not in catalogue.region_names:
        return
    for pool in cluster.pools:
        if pool.zones:
            own = ("nodePools", pool.name, "zones")
            path = own if origin.path(cluster.name, own)[-1] == "zones" else ("zones",)
            what = f"{cluster.region} has no availability zones"
            yield origin.at(cluster.name, path, what, "remove the zones, or use another region")
