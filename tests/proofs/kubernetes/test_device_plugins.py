"""Placement: one device plugin on a node, and InfiniBand that nothing hands out."""

from __future__ import annotations

import pytest

from rayfleet.facts.catalogue import Catalogue
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, tree

EAST, OPERATORS = "azure/eastus.json", "clusters/aks-eastus/operators"
LIST = f"{OPERATORS}/kustomization.yaml"
PLUGIN = f"{OPERATORS}/nvidia-device-plugin/helmrelease.yaml"
DAEMON_SET = """apiVersion: apps/v1
kind: DaemonSet
metadata: {name: plugin, namespace: gpu-operators}
spec:
  template:
    spec:
      tolerations: [{operator: Exists}]
      containers: [{name: plugin, image: "nvcr.io/nvidia/k8s-device-plugin:v0.17.1"}]
"""


def more(content: str) -> tuple[Edit, ...]:
    """Another manifest among the operators."""
    listed = Edit(LIST, "resources:\n", "resources:\n  - more.yaml\n")
    return (Edit(f"{OPERATORS}/more.yaml", "", content), listed)


def release(chart: str) -> str:
    """A release of another chart of NVIDIA's, without values."""
    content = tree()[PLUGIN].decode().replace("nvidia-device-plugin", chart).split("  valuesFrom:")[0]
    source = "HelmRepository\n        name: "
    return content.replace(f"{source}{chart}", f"{source}nvidia-device-plugin")


def operator(values: str) -> tuple[Edit, ...]:
    """NVIDIA's GPU operator, as an overlay may bring it."""
    return more(f"{release('gpu-operator')}  values: {values}\n")


BREAKS = (
    Break(
        "a GPU operator beside the device plugin",
        operator("{driver: {enabled: false}}"),
        "both release gpu-operator and release nvidia-device-plugin run NVIDIA's device plugin on the same nodes",
        ((f"{OPERATORS}/more.yaml", "values"), (PLUGIN, "apiVersion")),
    ),
    Break(
        "a DaemonSet of the device plugin beside its chart",
        more(DAEMON_SET),
        "both DaemonSet plugin and release nvidia-device-plugin run NVIDIA's device plugin on the same nodes",
        ((f"{OPERATORS}/more.yaml", "spec:"), (PLUGIN, "apiVersion")),
    ),
)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits)
    assert_seen(check(files, "placement"), files, "placement", case)


@pytest.mark.parametrize(
    "edits",
    [
        operator("{devicePlugin: {enabled: false}}"),
        more(DAEMON_SET.replace("k8s-device-plugin", "another")),
        more(DAEMON_SET.replace("{operator: Exists}", "{key: own, operator: Exists}")),
        more(DAEMON_SET.replace("kind: DaemonSet", "kind: Deployment")),
    ],
)
def test_what_is_no_second_plugin(edits: tuple[Edit, ...]) -> None:
    assert [row.what for row in failures(check(broken(edits), "placement")) if "both" in row.what] == []


def test_infiniband_is_told_until_something_hands_it_out() -> None:
    what = "nothing rendered hands InfiniBand of a100 to pods: several nodes train over TCP"
    assert [row.what for row in check(tree(), "placement").of("noted") if "InfiniBand" in row.what] == [what]
    noted = check(broken(more(release("network-operator"))), "placement").of("noted")
    assert [row.subject for row in noted if "InfiniBand" in row.what] == ["aks-westus2"]


@pytest.mark.parametrize(
    ("size", "rdma"),
    [
        ("Standard_ND96asr_v4", True),
        ("Standard_ND96amsr_A100_v4", True),
        ("Standard_ND96isr_H100_v5", True),
        ("Standard_ND128isr_NDR_GB200_v6", True),
        ("Standard_ND96is_MI300X_v5", False),
        ("Standard_NC24ads_A100_v4", False),
        ("Standard_NC24lds_xl_RTXPRO6000BSE_v6", False),
        ("Standard_D16ds_v5", False),
    ],
)
def test_sizes_with_infiniband(size: str, rdma: bool) -> None:
    found = Catalogue({}).vm_size(size)
    assert found and found.rdma is rdma
