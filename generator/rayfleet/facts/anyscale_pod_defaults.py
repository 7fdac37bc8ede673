"""The defaults of Anyscale's operator chart for Ray pods, in our own words (anyscale-operator 1.8.0: values.yaml)."""

from __future__ import annotations

from typing import Any

from rayfleet.facts.labels import ACCELERATOR_TYPE, CAPACITY_TYPE, SPOT_PRIORITY

_TERMS = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/-"


def _tolerate(key: str, value: str) -> dict[str, Any]:
    return add("/spec/tolerations/-", {"key": key, "value": value, "effect": "NoSchedule"})


def _affine(key: str, operator: str, *values: str) -> dict[str, Any]:
    """One more term: any of them is enough."""
    expression = {"key": key, "operator": operator, **({"values": list(values)} if values else {})}
    return add(_TERMS, {"matchExpressions": [expression]})


def select(key: str, value: Any) -> dict[str, Any]:
    """Looks for a label."""
    return add(f"/spec/nodeSelector/{key.replace('~', '~0').replace('/', '~1')}", value)


def add(path: str, value: Any) -> dict[str, Any]:
    """An operation of JSON Patch."""
    return {"op": "add", "path": path, "value": value}


def _shape(cpus: int, gib: int, **more: Any) -> dict[str, Any]:
    return {"resources": {"CPU": cpus, "memory": f"{gib}Gi", **more}}


#: Its values below ``workloads``, as far as they bear on where Ray pods run.
CHART: dict[str, Any] = {
    "instanceTypes": {
        "enableDefaults": True,
        "defaults": {
            "2CPU-8GB": _shape(2, 8),
            "4CPU-16GB": _shape(4, 16),
            "8CPU-32GB": _shape(8, 32),
            "8CPU-32GB-1xT4": _shape(8, 32, GPU=1, accelerators=["T4"]),
        },
    },
    "marketType": {
        "enableDefaults": True,
        "generic": {
            "all": [_tolerate(CAPACITY_TYPE, "ON_DEMAND")],
            "ondemand": [_tolerate(CAPACITY_TYPE, "ON_DEMAND")],
            "spot": [_tolerate(CAPACITY_TYPE, "SPOT")],
        },
        "azure": {
            "ondemand": [_affine(SPOT_PRIORITY, "NotIn", "spot"), _affine(SPOT_PRIORITY, "DoesNotExist")],
            "spot": [_affine(SPOT_PRIORITY, "In", "spot"), _tolerate(SPOT_PRIORITY, "spot")],
        },
        "karpenter": {
            "ondemand": [select("karpenter.sh/capacity-type", "on-demand")],
            "spot": [select("karpenter.sh/capacity-type", "spot")],
        },
    },
    "accelerator": {
        "enableDefaults": True,
        "tolerations": {"default": [{"key": ACCELERATOR_TYPE, "value": "GPU", "effect": "NoSchedule"}]},
        "nodeSelectors": {"azure": {name: f"NVIDIA-{name}" for name in ("T4", "A10", "A100", "H100")}},
    },
}
