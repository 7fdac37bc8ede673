"""Placement of all but Ray pods: system pods, device plugins, controllers, and the pods of manifests."""

from __future__ import annotations

import pytest

from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, tree

EAST = "azure/eastus.json"
OPERATORS = "clusters/aks-eastus/operators"
VALUES = f"{OPERATORS}/anyscale-operator/values.yaml"
PLUGIN = f"{OPERATORS}/nvidia-device-plugin/values.yaml"
LAYER = f"{OPERATORS}/kustomization.yaml"
WORKLOADS = "clusters/aks-eastus/workloads/kustomization.yaml"
MORE = "clusters/aks-eastus/workloads/more.yaml"
ZOO_VALUES = "clusters/zoo/operators/anyscale-operator/values.yaml"
ENVOY = "clusters/envoy/operators"
NGINX = "clusters/nginx/operators"

A100_LABELS = """"kubernetes.azure.com/scalesetpriority": "spot",
          "node.anyscale.com/capacity-type": "SPOT",
          "nvidia.com/gpu.count": "8",
"""
T4_TAINTS = """"rayfleet.dev/accelerator": "T4",
          "rayfleet.dev/role": "ray"
        },
        "nodeTaints": [
          "node.anyscale.com/capacity-type=SPOT:NoSchedule",
          "node.anyscale.com/accelerator-type=GPU:NoSchedule",
          "nvidia.com/gpu=present:NoSchedule",
"""
SYS_TAINTS = '"nodeLabels": {},\n            "nodeTaints": []'
PLUGIN_AFFINITY = """affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        - matchExpressions:
            - key: "rayfleet.dev/accelerator"
              operator: In
              values:
                - "A100-40G"
                - "T4"
"""
PLUGIN_TOLERATIONS = """tolerations:
  - key: "kubernetes.azure.com/scalesetpriority"
    operator: Exists
  - key: "node.anyscale.com/accelerator-type"
    operator: Exists
  - key: "node.anyscale.com/capacity-type"
    operator: Exists
  - key: "nvidia.com/gpu"
    operator: Exists
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: anyscale-operator}
spec:
  template:
    spec:
      containers: [{name: web, image: web}]
"""
RAY_CLUSTER = """apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: ours, namespace: anyscale-operator}
spec:
  workerGroupSpecs:
    - groupName: gpu
      template:
        spec:
          tolerations: [{operator: Exists}]
          containers:
            - name: ray
              resources: {limits: {amd.com/gpu: 1}}
"""


ONLY_ON = f"""{DEPLOYMENT}      tolerations: [{{operator: Exists}}]
      nodeSelector:
"""


def _manifest(text: str) -> tuple[Edit, ...]:
    """One more manifest in the workloads layer."""
    listed = '  - "gateway.yaml"\n'
    return (Edit(WORKLOADS, listed, f'{listed}  - "more.yaml"\n'), Edit(MORE, "", text))


POOLS = (
    Break(
        "no System pool",
        (Edit(EAST, '"mode": "System"', '"mode": "User"'),),
        "aks-eastus: no pool is of mode System",
        ((EAST, "agentPoolProfiles"),),
    ),
    Break(
        "every pool is tainted",
        (Edit(EAST, SYS_TAINTS, SYS_TAINTS.replace("[]", '["CriticalAddonsOnly=true:NoSchedule"]')),),
        "every pool is tainted or on spot: pods that tolerate nothing have nowhere to run",
        ((EAST, "nodeTaints"), (EAST, "agentPoolProfiles")),
    ),
    Break(
        "the autoscaler is not told of AMD's GPUs",
        (Edit(EAST, '"k8s.io_cluster-autoscaler_node-template_resources_amd.com_gpu": "8"', '"team": "ml"'),),
        "the autoscaler does not know of the 8 GPUs of mi300x, and never starts it from zero nodes",
        ((EAST, "tags"), (EAST, "minCount")),
        fleet="accelerators",
    ),
    Break(
        "nothing runs on a pool for operators",
        (
            Edit(f"{ENVOY}/anyscale-operator/values.yaml", '    "rayfleet.dev/role": infra\n', "    agentpool: sys\n"),
            Edit(
                f"{ENVOY}/anyscale-operator/values.yaml",
                "operator:\n",
                "operator:\n  tolerations: [{operator: Exists}]\n",
            ),
            Edit(
                f"{ENVOY}/envoy-gateway/values.yaml",
                '    nodeSelector:\n      "rayfleet.dev/role": infra\n',
                "    nodeSelector: {agentpool: sys}\n    tolerations: [{operator: Exists}]\n"
                "certgen: {job: {nodeSelector: {agentpool: sys}, tolerations: [{operator: Exists}]}}\n",
            ),
            Edit(
                "clusters/envoy/workloads/envoyproxy.yaml",
                '            "rayfleet.dev/role": infra\n',
                "            agentpool: sys\n          tolerations: [{operator: Exists}]\n",
            ),
        ),
        "envoy: nothing rendered runs on infra",
        (("azure/swedencentral.json", "properties"),),
        "warned",
        fleet="every-choice",
    ),
)

OTHERS = (
    Break(
        "the device plugin's own affinity, as in the reference",
        (Edit(PLUGIN, PLUGIN_AFFINITY, "affinity: {}\n"),),
        "NVIDIA's device plugin does not run on a100: "
        "it wants feature.node.kubernetes.io/pci-10de.present In true, which the pool does not have",
        ((PLUGIN, "affinity"), (EAST, "nodeLabels")),
    ),
    Break(
        "the device plugin's own tolerations, as in the reference",
        (Edit(PLUGIN, PLUGIN_TOLERATIONS, ""),),
        "NVIDIA's device plugin does not run on t4: "
        "it does not tolerate node.anyscale.com/capacity-type=SPOT:NoSchedule",
        ((PLUGIN, "affinity"), (EAST, "capacity-type=SPOT")),
    ),
    Break(
        "the device plugin misses an accelerator",
        (Edit(PLUGIN, '                - "T4"\n', ""),),
        "NVIDIA's device plugin does not run on t4: it wants rayfleet.dev/accelerator In A100-40G, and the pool has T4",
        ((PLUGIN, "affinity"), (EAST, '"rayfleet.dev/accelerator": "T4"')),
    ),
    Break(
        "the device plugin selects a label by name",
        (Edit(PLUGIN, PLUGIN_AFFINITY, "affinity: null\nnodeSelector: {accelerators: many}\n"),),
        "NVIDIA's device plugin does not run on t4: it wants accelerators=many, which the pool does not have",
        ((PLUGIN, "nodeSelector"), (EAST, "nodeLabels")),
    ),
    Break(
        "no device plugin",
        (Edit(LAYER, '  - "nvidia-device-plugin/helmrelease.yaml"\n', ""),),
        "nothing installs NVIDIA's device plugin: pods never get the GPUs of a100, t4",
        ((EAST, "Standard_ND96asr_v4"), (EAST, "Standard_NC16as_T4_v3")),
    ),
    Break(
        "the device plugin is off",
        (Edit(PLUGIN, "gfd:", "devicePlugin: {enabled: false}\ngfd:"),),
        "nothing installs NVIDIA's device plugin",
        ((PLUGIN, "devicePlugin"), (EAST, "Standard_ND96asr_v4")),
    ),
    Break(
        "the operator selects what no pool has",
        (Edit(VALUES, "operator:\n  replicas", "operator:\n  nodeSelector: {rayfleet.dev/role: infra}\n  replicas"),),
        "Anyscale's operator finds no pool: nearest is sys: "
        "it wants rayfleet.dev/role=infra, which the pool does not have",
        ((VALUES, "operator:"), (EAST, "nodeLabels")),
    ),
    Break(
        "an operator without a replica",
        (Edit(VALUES, "operator:\n  replicas: 2", "operator:\n  replicas: 0"),),
        "Anyscale's operator has no replica: nothing starts Ray pods",
        ((VALUES, "replicas: 0"),),
    ),
    Break(
        "the operator may run on spot",
        (Edit(VALUES, "operator:\n  replicas", "operator:\n  tolerations: [{operator: Exists}]\n  replicas"),),
        "Anyscale's operator may land on t4, a spot pool",
        ((VALUES, "operator:"), (EAST, "properties")),
    ),
    Break(
        "the operator may run where GPUs are",
        (Edit(ZOO_VALUES, "operator:\n  replicas", "operator:\n  tolerations: [{operator: Exists}]\n  replicas"),),
        "Anyscale's operator may land on h100, whose GPUs it does not use",
        ((ZOO_VALUES, "operator:"), (EAST, "properties")),
        fleet="accelerators",
    ),
    Break(
        "an ingress controller finds no pool",
        (Edit(f"{NGINX}/ingress-nginx/values.yaml", '"rayfleet.dev/role": infra', '"rayfleet.dev/role": edge'),),
        "ingress-nginx finds no pool: nearest is infra: it wants rayfleet.dev/role=edge, and the pool has infra",
        ((f"{NGINX}/ingress-nginx/values.yaml", "controller:"), ("azure/northeurope.json", '"infra"')),
        fleet="every-choice",
    ),
    Break(
        "Envoy Gateway does not tolerate its pool",
        (
            Edit(
                f"{ENVOY}/envoy-gateway/values.yaml",
                '"rayfleet.dev/role": infra',
                "kubernetes.azure.com/mode: system",
            ),
        ),
        "Envoy Gateway finds no pool: nearest is sys: it does not tolerate CriticalAddonsOnly=true:NoSchedule",
        ((f"{ENVOY}/envoy-gateway/values.yaml", "pod:"), ("azure/swedencentral.json", "CriticalAddonsOnly")),
        fleet="every-choice",
    ),
    Break(
        "a Deployment finds no pool",
        _manifest(f"{DEPLOYMENT}      nodeSelector: {{disktype: ssd}}\n"),
        "Deployment web finds no pool: nearest is sys: it wants disktype=ssd, which the pool does not have",
        ((MORE, "spec:"), (EAST, "nodeLabels")),
    ),
    Break(
        "a pod asks for a device that no pool has",
        _manifest(RAY_CLUSTER),
        "RayCluster ours finds no pool: nearest is sys: it asks for amd.com/gpu, which the pool does not have",
        ((MORE, "spec:"), (EAST, "Standard_D8ds_v5")),
    ),
    Break(
        "a Deployment asks for GPUs and tolerates nothing",
        _manifest(DEPLOYMENT.replace("image: web}", "image: web, resources: {limits: {nvidia.com/gpu: 1}}}")),
        "Deployment web finds no pool: nearest is a100: it does not tolerate "
        "node.anyscale.com/capacity-type=SPOT:NoSchedule, and it does not tolerate "
        "node.anyscale.com/accelerator-type=GPU:NoSchedule",
        ((MORE, "spec:"), (EAST, "capacity-type=SPOT"), (EAST, "accelerator-type=GPU")),
    ),
    Break(
        "a Deployment selects T4 and tolerates nothing",
        _manifest(f"{DEPLOYMENT}      nodeSelector: {{rayfleet.dev/accelerator: T4}}\n"),
        "Deployment web finds no pool: nearest is t4: it does not tolerate "
        "node.anyscale.com/capacity-type=SPOT:NoSchedule",
        ((MORE, "spec:"), (EAST, "capacity-type=SPOT")),
    ),
    Break(
        "a Deployment that would have to start a pool by a label which only running nodes have",
        _manifest(f"{ONLY_ON}        agentpool: t4\n        kubernetes.azure.com/priority: spot\n"),
        "Deployment web cannot start t4 from zero nodes: "
        "it wants kubernetes.azure.com/priority=spot, which the pool does not have until it has a node",
        ((MORE, "spec:"), (EAST, "nodeLabels")),
    ),
    Break(
        "a DaemonSet leaves out Ray pools",
        _manifest(DEPLOYMENT.replace("Deployment", "DaemonSet")),
        "DaemonSet web does not run on cpu: it does not tolerate node.anyscale.com/capacity-type=ON_DEMAND:NoSchedule",
        ((MORE, "spec:"), (EAST, "capacity-type=ON_DEMAND")),
        "noted",
    ),
)


@pytest.mark.parametrize("case", (*POOLS, *OTHERS), ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "placement", fleet=case.fleet), files, "placement", case)


def test_pods_of_manifests_find_pools() -> None:
    files = broken(_manifest(DEPLOYMENT))
    report = check(files, "placement")
    assert failures(report) == []
    assert "Deployment web finds sys" in {row.what for row in report.of("proved")}


def test_without_the_blob_driver_nothing_is_said_of_it() -> None:
    files = broken(
        (
            Edit(
                EAST,
                '"blobCSIDriver": {\n            "enabled": true',
                '"blobCSIDriver": {\n            "enabled": false',
            ),
        )
    )
    assert [row.subject for row in check(files, "placement").of("proved") if "blob driver" in row.what] == [
        "aks-westus2"
    ]


def test_a_daemon_set_that_tolerates_everything_leaves_nothing_out() -> None:
    manifest = DEPLOYMENT.replace("Deployment", "DaemonSet") + "      tolerations: [{operator: Exists}]\n"
    report = check(broken(_manifest(manifest)), "placement")
    assert "DaemonSet web finds sys, a100, cpu, t4" in {row.what for row in report.of("proved")}
    assert not any("DaemonSet" in row.what for row in report.of("noted"))


def test_a_daemon_set_for_some_pools_leaves_no_other_out() -> None:
    manifest = f"{ONLY_ON}        agentpool: t4\n".replace("Deployment", "DaemonSet")
    report = check(broken(_manifest(manifest)), "placement")
    assert failures(report) == []
    assert not any("DaemonSet" in row.what for row in report.of("noted"))


def test_other_ways_to_get_the_device_plugin_are_not_looked_at() -> None:
    renamed = Edit(
        f"{OPERATORS}/nvidia-device-plugin/helmrelease.yaml", "chart: nvidia-device-plugin", "chart: gpu-operator"
    )
    report = check(broken((renamed,)), "placement")
    assert failures(report) == []
    assert any("gpu-operator" in row.what for row in report.of("noted"))
    managed = """"gpuProfile": {"nvidia": {"managementMode": "Managed"}},
        "scaleSetPriority": "Spot"""
    files = broken((Edit(LAYER, '  - "nvidia-device-plugin/helmrelease.yaml"\n', ""),))
    files[EAST] = files[EAST].decode().replace('"scaleSetPriority": "Spot', managed).encode()
    assert failures(check(files, "placement")) == []


def test_amds_device_plugin_is_missed() -> None:
    said = "nothing rendered installs AMD's device plugin: pods never get the GPUs of mi300x"
    assert said in _warned(tree("accelerators"))
    path = "clusters/zoo/operators"
    more = f"{path}/amd/helmrelease.yaml"
    old = tree("accelerators")[f"{path}/nvidia-device-plugin/helmrelease.yaml"].decode()
    listed = '  - "nvidia-device-plugin/helmrelease.yaml"\n'
    edits = (
        Edit(f"{path}/kustomization.yaml", listed, f'{listed}  - "amd/helmrelease.yaml"\n'),
        Edit(more, "", old.replace("nvidia-device-plugin", "amd-gpu-operator")),
    )
    assert not any("AMD" in what for what in _warned(broken(edits, "accelerators")))


def _warned(files: dict[str, bytes]) -> list[str]:
    return [row.what for row in check(files, "placement", fleet="accelerators").of("warned")]


AMD = """apiVersion: apps/v1
kind: DaemonSet
metadata: {name: amdgpu-device-plugin, namespace: kube-system}
spec:
  template:
    spec:
      tolerations: [{operator: Exists}]
      containers: [{name: plugin, image: rocm/k8s-device-plugin}]
"""


@pytest.mark.parametrize(
    ("manifest", "missed"),
    [
        (AMD, False),
        (AMD.replace("amdgpu-device-plugin", "ours"), False),
        (AMD.replace("rocm/k8s-device-plugin", "registry.example.com/plugin"), False),
        (AMD.replace("amdgpu-device-plugin", "logs").replace("rocm/k8s-device-plugin", "logs"), True),
        (AMD.replace("      tolerations: [{operator: Exists}]\n", ""), True),
        (AMD.replace("DaemonSet", "Deployment"), True),
    ],
)
def test_a_daemon_set_may_be_amds_device_plugin(manifest: str, missed: bool) -> None:
    layer = "clusters/zoo/workloads"
    edits = (
        Edit(f"{layer}/kustomization.yaml", "resources:\n", "resources:\n  - more.yaml\n"),
        Edit(f"{layer}/more.yaml", "", manifest),
    )
    report = check(broken(edits, "accelerators"), "placement", fleet="accelerators")
    assert any("AMD's device plugin" in row.what for row in report.of("warned")) == missed


def test_a_webhook_job_that_is_off_needs_no_pool() -> None:
    values = f"{NGINX}/ingress-nginx/values.yaml"
    off = "controller:\n  admissionWebhooks: {patch: {enabled: false, nodeSelector: {disktype: ssd}}}\n"
    files = broken((Edit(values, "controller:\n", off),), "every-choice")
    assert failures(check(files, "placement", fleet="every-choice")) == []
    on = off.replace("enabled: false", "enabled: true")
    files = broken((Edit(values, "controller:\n", on),), "every-choice")
    (row,) = failures(check(files, "placement", fleet="every-choice"))
    assert "ingress-nginx's webhook job finds no pool" in row.what
