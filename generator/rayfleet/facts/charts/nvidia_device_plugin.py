"""NVIDIA's device plugin (NVIDIA/k8s-device-plugin 0.20.0, values.yaml), without which pods get no GPUs of NVIDIA's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfleet.facts.charts.chart import GPU_NAMESPACE, Chart, ChartPod, DevicePlugin
from rayfleet.facts.labels import CRITICAL_ADDONS, NODE_FEATURES, NVIDIA_GPU

# Node feature discovery adds its labels to nodes, or the value of a key that says so.
_BENEATH: Mapping[str, Any] = {
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}
                    for key, value in (
                        (f"{NODE_FEATURES}pci-10de.present", "true"),
                        (f"{NODE_FEATURES}cpu-model.vendor_id", "NVIDIA"),
                        (f"{NVIDIA_GPU}.present", "true"),
                    )
                ]
            }
        }
    },
    "tolerations": [
        {"key": CRITICAL_ADDONS, "operator": "Exists"},
        {"key": NVIDIA_GPU, "operator": "Exists", "effect": "NoSchedule"},
    ],
}

CHART = Chart(
    name="nvidia-device-plugin",
    artifact="nvidia-device-plugin",
    source="https://nvidia.github.io/k8s-device-plugin",
    part="gpu support",
    namespace=GPU_NAMESPACE,
    when=lambda cluster: cluster.has_gpus_of("nvidia"),
    device_plugin=DevicePlugin(
        "nvidia",
        pod=ChartPod("NVIDIA's device plugin", (), _BENEATH),
        switch=("devicePlugin", "enabled"),
        labels=("gfd", "enabled"),
        # NVIDIA/gpu-operator v26.7.0, deployments/gpu-operator/values.yaml.
        within="gpu-operator",
        within_switch=("devicePlugin", "enabled"),
        image="nvidia/k8s-device-plugin",
    ),
)
