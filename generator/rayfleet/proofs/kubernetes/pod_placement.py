"""Placement of all but Ray pods: system pods, device plugins, controllers, and the pods of manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rayfleet.facts import charts
from rayfleet.facts.charts.chart import DevicePlugin
from rayfleet.facts.labels import AMD_GPU, AMD_PREFIX, DISCOVERED, HARD, SCALE_FROM_ZERO_TAG
from rayfleet.proofs.anyscale.ray_placement import is_gpu, is_ray
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.scheduler.anyscale_pods import OperatorPods
from rayfleet.scheduler.fits import Obstacle, obstacles, start_obstacle, tolerates
from rayfleet.scheduler.nodes import Node, may_be_empty
from rayfleet.scheduler.pods import DefinedPod, of_controllers, of_device_plugin, of_manifests
from rayfleet.tree import RenderedCluster, Side, get, mapping, text
from rayfleet.tree.gaps import operator_of
from rayfleet.tree.helm_release import Release

# The tag of a scale set that tells the autoscaler of devices which it does not know of: it takes every GPU of a size
# for NVIDIA's (kubernetes/autoscaler, cluster-autoscaler/cloudprovider/azure: README.md, azure_template.go). A pool's
# tags are its scale set's too (AKS docs, use-tags).
_AMD_TAG = SCALE_FROM_ZERO_TAG.format(resource=AMD_GPU.replace("/", "_"))
# How many pods the operator's Deployment has (anyscale-operator 1.8.0, values.yaml).
_REPLICAS = ("operator", "replicas")


def has_feature_discovery(cluster: RenderedCluster) -> bool:
    """True where feature discovery writes labels to nodes with NVIDIA's GPUs."""
    return any(
        plugin.within in cluster.releases or _labels(cluster.releases.get(chart), plugin)
        for chart, plugin in charts.device_plugins().items()
    )


def _labels(release: Release | None, plugin: DevicePlugin) -> bool:
    return bool(release and get(release.values, *plugin.labels))


# --- system pods ---


def system_pods(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """There is a System pool, and a pool for pods that tolerate nothing: AKS's extensions and uninstall jobs have some
    (AKS docs, use-system-pools; Azure/AKS issues 3359 and 4780).
    """
    pools = cluster.side("properties", "agentPoolProfiles")
    systems = [node for node in nodes if node.pool.system]
    if not systems and cluster.aks:
        yield failed(
            "placement/no-system-pool",
            cluster.name,
            "no pool is of mode System",
            "add one: AKS's own pods run there",
            pools,
        )
    free = [node for node in nodes if node.open and not node.pool.spot]
    if free:
        what = f"pods that tolerate nothing find {_pool_names(free)}"
        yield proved("placement/all-pools-tainted", cluster.name, what, *(node.pool.side() for node in free))
    else:
        kept = [
            node.pool.side(*place) for node in systems for taint, place in node.traits.taints if taint.effect in HARD
        ]
        what = "every pool is tainted or on spot: pods that tolerate nothing have nowhere to run"
        yield failed(
            "placement/all-pools-tainted",
            cluster.name,
            what,
            "remove the taints of a System pool, or add a small pool",
            *kept[:1],
            pools,
        )


# --- devices ---


def devices(cluster: RenderedCluster, nodes: list[Node], asked: OperatorPods | None) -> Iterator[Finding]:
    """Device plugins run wherever there are devices."""
    for chart, plugin in charts.device_plugins().items():
        release = cluster.releases.get(chart)
        own = [node for node in nodes if _vendor(node) == plugin.vendor and not _has_managed_plugin(node)]
        if own:
            yield from _plugin(cluster, plugin, release, own)
        if release and _labels(release, plugin) and asked:
            yield from _overwritten_labels(cluster, release, plugin, asked)
    yield from _amd(cluster, [node for node in nodes if _vendor(node) == "amd"])


def _plugin(
    cluster: RenderedCluster, plugin: DevicePlugin, release: Release | None, nodes: list[Node]
) -> Iterator[Finding]:
    name = plugin.pod.name
    if release is None and plugin.within in cluster.releases:
        what = f"where {plugin.within} runs {name} was not checked"
        yield noted("placement/gpu-operator", cluster.name, what, cluster.releases[plugin.within].manifest.side())
        return
    if release is None or get(release.values, *plugin.switch) is False:
        what = f"nothing installs {name}: pods never get the GPUs of {_pool_names(nodes)}"
        sides = [release.side(*plugin.switch)] if release else []
        yield failed(
            "placement/no-device-plugin",
            cluster.name,
            what,
            "install it",
            *sides,
            *(node.pool.side("vmSize") for node in nodes),
        )
        return
    pod, reached = of_device_plugin(release, plugin), []
    for node in nodes:
        why = next(iter(obstacles(pod, node)), None)
        if why is None:
            reached.append(node)
            continue
        what = f"{name} does not run on {node.pool.name}: {why.what}"
        sides = [_label_side(release, why, *plugin.pod.path), node.pool.side(*why.place)]
        yield failed(
            "placement/device-plugin-kept-off",
            cluster.name,
            what,
            "let it select and tolerate every pool with its GPUs",
            *sides,
        )
    if reached:
        sides = [release.side(*plugin.pod.path, "affinity"), *(node.pool.side() for node in reached)]
        yield proved(
            "placement/device-plugin-kept-off",
            cluster.name,
            f"{name} runs on {_pool_names(reached)}",
            *sides,
        )


def _label_side(release: Release, why: Obstacle, *path: str) -> Side:
    if not why.label:
        return release.side(*path, "tolerations")
    selects = why.label in mapping(release.values, *path, "nodeSelector")
    return release.side(*path, "nodeSelector" if selects else "affinity")


def _overwritten_labels(
    cluster: RenderedCluster, release: Release, plugin: DevicePlugin, asked: OperatorPods
) -> Iterator[Finding]:
    """Discovery replaces the values of labels that a template gave (NVIDIA/k8s-device-plugin docs,
    gpu-feature-discovery; Node Feature Discovery docs, nfd-master).
    """
    for ask in asked.asks:
        for pod in ask.pods.values():
            for key in pod.selector:
                if key.startswith(DISCOVERED) and cluster.operator:
                    what = f"GPU feature discovery rewrites {key}, by which Ray pods choose their nodes"
                    fix = "select by a label that nothing else writes: workloads.accelerator.customNodeSelectorKey"
                    other = cluster.operator.side("workloads", "accelerator", "customNodeSelectorKey")
                    yield failed(
                        "placement/label-rewritten", cluster.name, what, fix, release.side(*plugin.labels), other
                    )


def _amd(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """AMD's plugin is the team's own (AKS docs, use-amd-gpus), and the autoscaler must be told of the GPUs."""
    chart = any("amd" in name or "rocm" in name for name in cluster.releases)
    plugins = [row for row in of_manifests(cluster) if row.everywhere and _is_amds(row)] if nodes else []
    without = [node for node in nodes if not chart and all(obstacles(row.pod, node) for row in plugins)]
    if without:
        what = f"nothing rendered installs AMD's device plugin: pods never get the GPUs of {_pool_names(without)}"
        fix = "install AMD's GPU operator, for example by an overlay"
        yield warned(
            "placement/no-amd-plugin", cluster.name, what, fix, *(node.pool.side("vmSize") for node in without)
        )
    for node in nodes:
        pool, gpus = node.pool, str(node.pool.vm.gpus) if node.pool.vm else ""
        if pool.by_aks and may_be_empty(pool) and get(pool.data, "tags", _AMD_TAG) != gpus:
            what = (
                f"the autoscaler does not know of the {gpus} GPUs of {pool.name}, and never starts it from zero nodes"
            )
            sides = (pool.side("tags", _AMD_TAG), pool.side("minCount"))
            yield failed("placement/amd-tag", cluster.name, what, f"give it the tag {_AMD_TAG}: {gpus}", *sides)


def _is_amds(row: DefinedPod) -> bool:
    """True where a DaemonSet says that it is about AMD's GPUs: by its name, an image or a label
    (ROCm/k8s-device-plugin, k8s-ds-amdgpu-dp.yaml: all three)."""
    written = str(get(row.side.source.data, *row.side.path)).lower()
    return any(word in f"{row.name.lower()} {written}" for word in ("amdgpu", "amd-gpu", AMD_PREFIX, "rocm"))


def _vendor(node: Node) -> str:
    return node.pool.vm.gpu_vendor if node.pool.vm and node.pool.vm.gpus else ""


def _has_managed_plugin(node: Node) -> bool:
    """AKS installs the plugin itself (AKS docs, aks-managed-gpu-nodes)."""
    return text(node.pool.data, "gpuProfile", "nvidia", "managementMode") == "Managed"


def csi(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """The blob driver's pods are AKS's own, and tolerate every taint (blob-csi-driver, deploy/csi-blob-node.yaml)."""
    path = ("properties", "storageProfile", "blobCSIDriver", "enabled")
    if nodes and cluster.aks and get(cluster.aks.resource.data, *path) is True:
        what = "the blob driver's pods run on every pool: they tolerate every taint"
        yield proved("placement/pod-no-pool", cluster.name, what, cluster.side(*path))


# --- controllers and manifests ---


def controllers(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """The controllers of charts find pools that stay, and have no GPUs; Anyscale's operator is there at all."""
    operator = operator_of(cluster)
    if operator and type(get(operator.values, *_REPLICAS)) is int and get(operator.values, *_REPLICAS) < 1:
        what = "Anyscale's operator has no replica: nothing starts Ray pods"
        yield failed("placement/no-replica", cluster.name, what, "write 1 or more", operator.side(*_REPLICAS))
    for row, _ in of_controllers(cluster):
        taken, found = _placements(cluster, row, nodes)
        yield from found
        for node in taken:
            wrong = "a spot pool" if node.pool.spot else "whose GPUs it does not use" if is_gpu(node) else ""
            if wrong:
                what = f"{row.name} may land on {node.pool.name}, {wrong}"
                yield failed(
                    "placement/wrong-pool",
                    cluster.name,
                    what,
                    "taint the pool, or select another",
                    row.side,
                    node.pool.side(),
                )


def manifests(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """Every pod that a manifest defines finds a pool."""
    for row in of_manifests(cluster):
        yield from _placements(cluster, row, nodes)[1]
        for node in nodes if row.everywhere else ():
            if is_ray(node) or is_gpu(node):
                yield from _node_left_out(cluster, row, node)


def _placements(cluster: RenderedCluster, row: DefinedPod, nodes: list[Node]) -> tuple[list[Node], list[Finding]]:
    tried = [(node, obstacles(row.pod, node)) for node in nodes]
    taken = [node for node, why in tried if not why]
    asleep = [(node, why) for node in taken if (why := start_obstacle(row.pod, node))]
    if taken and (row.everywhere or len(asleep) < len(taken)):
        sides = (row.side, *(node.pool.side() for node in taken))
        return taken, [proved("placement/pod-no-pool", cluster.name, f"{row.name} finds {_pool_names(taken)}", *sides)]
    if asleep:
        node, why = asleep[0]
        what = f"{row.name} cannot start {node.pool.name} from zero nodes: {why.what} until it has a node"
        fix = f"put the label into nodeLabels of {node.pool.name}, or select by one that is there"
        return taken, [failed("placement/from-zero", cluster.name, what, fix, row.side, node.pool.side(*why.place))]
    nearest = min(tried, key=lambda pair: len(pair[1]), default=None)
    if nearest is None:
        return [], [
            failed(
                "placement/pod-no-pool",
                cluster.name,
                f"{row.name} finds no pool: there is none",
                "add a pool",
                row.side,
            )
        ]
    node, (why, *_) = nearest
    what = f"{row.name} finds no pool: nearest is {node.pool.name}: {why.what}"
    return [], [
        failed(
            "placement/pod-no-pool", cluster.name, what, why.fix(node.pool.name), row.side, node.pool.side(*why.place)
        )
    ]


def _node_left_out(cluster: RenderedCluster, row: DefinedPod, node: Node) -> Iterator[Finding]:
    why = obstacles(row.pod, node)
    taints = [taint for taint, _ in node.traits.taints if taint.effect in HARD and not tolerates(row.pod, taint)]
    if taints and len(why) == len(taints):
        what = f"{row.name} does not run on {node.pool.name}: {why[0].what}"
        yield noted("placement/left-out", cluster.name, what, row.side, node.pool.side(*why[0].place))


def unused_pools(cluster: RenderedCluster, nodes: list[Node], asked: OperatorPods | None) -> Iterator[Finding]:
    """A pool that is neither AKS's nor Ray's carries something."""
    if asked is None:
        return
    pods = [row.pod for row, _ in of_controllers(cluster)] + [row.pod for row in of_manifests(cluster)]
    pods += [pod for ask in asked.asks for pod in ask.pods.values()]
    for node in nodes:
        if not node.pool.system and not is_ray(node) and all(obstacles(pod, node) for pod in pods):
            what = f"nothing rendered runs on {node.pool.name}"
            yield warned(
                "placement/pool-unused",
                cluster.name,
                what,
                "remove it, or let something select and tolerate it",
                node.pool.side(),
            )


def _pool_names(nodes: Iterable[Node]) -> str:
    return ", ".join(node.pool.name for node in nodes)
