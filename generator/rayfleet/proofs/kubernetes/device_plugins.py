"""Devices: device plugins run wherever a pool has devices, and feature discovery rewrites no label that pods need."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts import charts
from rayfleet.facts.charts.chart import DevicePlugin
from rayfleet.facts.labels import AMD_GPU, AMD_PREFIX, DISCOVERED, SCALE_FROM_ZERO_TAG
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.proofs.kubernetes.pool_names import pool_names
from rayfleet.scheduler.anyscale_pods import OperatorPods
from rayfleet.scheduler.fits import Obstacle, obstacles
from rayfleet.scheduler.nodes import Node, may_be_empty
from rayfleet.scheduler.pods import DefinedPod, of_device_plugin, of_manifests
from rayfleet.tree import RenderedCluster, Side, get, mapping, text
from rayfleet.tree.helm_release import Release

# The tag of a scale set that tells the autoscaler of devices which it does not know of: it takes every GPU of a size
# for NVIDIA's (kubernetes/autoscaler, cluster-autoscaler/cloudprovider/azure: README.md, azure_template.go). A pool's
# tags are its scale set's too (AKS docs, use-tags).
_AMD_TAG = SCALE_FROM_ZERO_TAG.format(resource=AMD_GPU.replace("/", "_"))


def has_feature_discovery(cluster: RenderedCluster) -> bool:
    """True where feature discovery writes labels to nodes with NVIDIA's GPUs."""
    return any(
        plugin.within in cluster.releases or _labels(cluster.releases.get(chart), plugin)
        for chart, plugin in charts.device_plugins().items()
    )


def _labels(release: Release | None, plugin: DevicePlugin) -> bool:
    return bool(release and get(release.values, *plugin.labels))


def judge(cluster: RenderedCluster, nodes: list[Node], asked: OperatorPods | None) -> Iterator[Finding]:
    """Device plugins run wherever there are devices."""
    for chart, plugin in charts.device_plugins().items():
        release = cluster.releases.get(chart)
        own = [node for node in nodes if _vendor(node) == plugin.vendor and not _has_managed_plugin(node)]
        if own:
            yield from _plugin(cluster, plugin, release, own)
        if release and get(release.values, *plugin.switch) is not False:
            yield from _rivals(cluster, plugin, release, [node for node in nodes if _vendor(node) == plugin.vendor])
        if release and _labels(release, plugin) and asked:
            yield from _overwritten_labels(cluster, release, plugin, asked)
    yield from _amd(cluster, [node for node in nodes if _vendor(node) == "amd"])
    yield from _no_rdma(cluster, nodes)


def _plugin(
    cluster: RenderedCluster, plugin: DevicePlugin, release: Release | None, nodes: list[Node]
) -> Iterator[Finding]:
    name = plugin.pod.name
    if release is None and plugin.within in cluster.releases:
        what = f"where {plugin.within} runs {name} was not checked"
        yield noted("placement/gpu-operator", cluster.name, what, cluster.releases[plugin.within].manifest.side())
        return
    if release is None or get(release.values, *plugin.switch) is False:
        what = f"nothing installs {name}: pods never get the GPUs of {pool_names(nodes)}"
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
            f"{name} runs on {pool_names(reached)}",
            *sides,
        )


def _rivals(cluster: RenderedCluster, plugin: DevicePlugin, release: Release, nodes: list[Node]) -> Iterator[Finding]:
    """Two plugins on a node register one resource with the kubelet, and each takes the devices of the other for free
    (NVIDIA/gpu-operator docs, getting-started: an existing device plugin; AKS docs, aks-managed-gpu-nodes).
    """
    pod, others = of_device_plugin(release, plugin), list[tuple[str, Side, str]]()
    reached = [node for node in nodes if not obstacles(pod, node)]
    operator = cluster.releases.get(plugin.within)
    if operator and reached and get(operator.values, *plugin.within_switch) is not False:
        fix = f"write {'.'.join(plugin.within_switch)}: false for {plugin.within}"
        others.append((f"release {operator.name}", operator.side(*plugin.within_switch), fix))
    for row in of_manifests(cluster) if reached else ():
        own = plugin.image in str(get(row.side.source.data, *row.side.path))
        if own and row.everywhere and any(not obstacles(row.pod, node) for node in reached):
            others.append((row.name, row.side, "remove one of the two"))
    for node in reached:
        if _has_managed_plugin(node):
            side = node.pool.side("gpuProfile", "nvidia", "managementMode")
            others.append((f"AKS on {node.pool.name}", side, "write Unmanaged, or keep the plugin off the pool"))
    for said, side, fix in others:
        what = f"both {said} and release {release.name} run {plugin.pod.name} on the same nodes"
        yield failed("placement/two-device-plugins", cluster.name, what, fix, side, release.manifest.side())


def _no_rdma(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """InfiniBand reaches pods by an operator of its own (Azure/aks-rdma-infiniband docs, network-operator)."""
    found = [node for node in nodes if node.pool.vm and node.pool.vm.rdma and node.pool.vm.gpus]
    if found and "network-operator" not in cluster.releases:
        what = f"nothing rendered hands InfiniBand of {pool_names(found)} to pods: several nodes train over TCP"
        yield noted("placement/no-rdma", cluster.name, what, *(node.pool.side("vmSize") for node in found))


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
        what = f"nothing rendered installs AMD's device plugin: pods never get the GPUs of {pool_names(without)}"
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
