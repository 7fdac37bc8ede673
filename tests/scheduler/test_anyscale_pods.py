"""The operator's Ray pods: what its chart and values make of a shape, patch by patch, as placement then sees it."""

from __future__ import annotations

import pytest

from tests.testing.broken_trees import Edit, broken, check, failures

VALUES = "clusters/aks-eastus/operators/anyscale-operator/values.yaml"
ZOO_VALUES = "clusters/zoo/operators/anyscale-operator/values.yaml"
WORKLOADS_KEY = "workloads:\n"
PIN = """      - op: add
        path: "/spec/nodeSelector/rayfleet.dev~1role"
        value: ray
"""
TOLERATIONS = """      additional:
        - key: "nvidia.com/gpu"
          operator: Exists
          effect: NoSchedule
"""


def _under_workloads(text: str) -> Edit:
    """More values of the operator."""
    return Edit(VALUES, WORKLOADS_KEY, f"{WORKLOADS_KEY}{text}")


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ("{op: copy, from: /metadata/name, path: /spec/nodeSelector/x}", "copy on /spec/nodeSelector/x"),
        ("{op: add, path: /spec/schedulerName, value: mine}", "add on /spec/schedulerName"),
        ("{op: add, path: /spec/affinity/podAffinity, value: {}}", "add on /spec/affinity/podAffinity"),
        ("{op: replace, path: /spec/containers/0/resources/requests/cpu, value: 1}", "replace on /spec/containers/0"),
        ("{op: add, path: /spec, value: {}}", "add on /spec"),
    ],
)
def test_a_patch_that_is_not_followed_is_noted(patch: str, says: str) -> None:
    files = broken((Edit(VALUES, PIN, f"{PIN}      - {patch}\n"),))
    (row,) = [row for row in check(files, "placement").of("noted") if "patch" in row.what]
    assert says in row.what
    assert row.places[0].file.endswith(VALUES)


@pytest.mark.parametrize(
    ("selector", "says"),
    [
        ("anyscale.com/ray-node-type in (worker)", "nothing rendered says which pods have anyscale.com/ray-node-type"),
        ("a in b)", "its selector a in b) cannot be read"),
    ],
)
def test_a_patch_for_pods_that_nobody_knows_is_noted(selector: str, says: str) -> None:
    files = broken((Edit(VALUES, "  - kind: Pod\n", f"  - kind: Pod\n    selector: {selector}\n"),))
    report = check(files, "placement")
    assert any(says in row.what for row in report.of("noted"))
    assert any("may land on sys" in row.what for row in failures(report)), "the patch was applied all the same"


def test_zones_are_not_followed() -> None:
    report = check(broken((_under_workloads("  enableZoneSelector: true\n"),)), "placement")
    assert any("copy on /spec/nodeSelector/topology" in row.what for row in report.of("noted"))
    assert failures(report) == []


def test_a_shape_with_two_accelerators_needs_a_pool_for_each() -> None:
    files = broken((Edit(VALUES, '            - "T4"\n', '            - "T4"\n            - "L4"\n'),))
    assert [row.what.partition(":")[0] for row in failures(check(files, "placement"))] == [
        "15CPU-96GB-1xT4 may land on a100, which has A100-40G, not L4",
        "15CPU-96GB-1xT4 may land on t4, which has T4, not L4",
    ]


def test_a100_is_either_of_two() -> None:
    edits = (
        Edit(ZOO_VALUES, '            - "A100-80G"\n', '            - "A100"\n'),
        Edit(ZOO_VALUES, '"A100-80G": "A100-80G"', '"A100": "A100-80G"'),
    )
    assert failures(check(broken(edits, "accelerators"), "placement", fleet="accelerators")) == []


def test_the_charts_own_shapes_count_where_they_are_on() -> None:
    report = check(broken((Edit(VALUES, "enableDefaults: false", "enableDefaults: true"),)), "placement")
    assert failures(report) == []
    found = {row.what for row in report.of("proved")}
    assert {"2CPU-8GB on demand finds cpu", "8CPU-32GB-1xT4 on spot finds t4"} <= found


def test_patches_can_tell_shapes_apart() -> None:
    patch = """  - kind: Pod
    selector: anyscale.com/instance-type in (7CPU-25GB)
    patch: [{op: add, path: /spec/nodeSelector/disktype, value: ssd}]
"""
    files = broken((Edit(VALUES, "operator:\n  replicas", f"{patch}operator:\n  replicas"),))
    said = [row.what for row in failures(check(files, "placement"))]
    assert said[-1].startswith("7CPU-25GB finds no pool: nearest is cpu, on demand: it wants disktype=ssd")
    assert not any("3CPU-11GB" in what for what in said)


def test_aks_admits_pods_with_gpus_to_nodes_tainted_by_their_name() -> None:
    files = broken((Edit(VALUES, TOLERATIONS, "      additional: {}\n"),))
    assert failures(check(files, "placement")) == []


def test_another_cloud_brings_other_patches() -> None:
    files = broken((Edit(VALUES, "cloudProvider: azure", "cloudProvider: generic"),))
    said = [row.what for row in failures(check(files, "placement"))]
    assert any("it does not tolerate kubernetes.azure.com/scalesetpriority=spot" in what for what in said)


def test_one_patch_pins_and_another_takes_the_pin_away() -> None:
    files = broken((Edit(VALUES, PIN, f"{PIN}      - {{op: remove, path: /spec/nodeSelector/rayfleet.dev~1role}}\n"),))
    assert any("may land on sys" in row.what for row in failures(check(files, "placement")))


def test_patches_of_other_kinds_are_none_of_pods() -> None:
    files = broken((Edit(VALUES, "  - kind: Pod\n", "  - kind: Ingress\n"),))
    assert any("may land on sys" in row.what for row in failures(check(files, "placement")))
