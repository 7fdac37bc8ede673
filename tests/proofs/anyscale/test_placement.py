"""Placement of Ray pods: shapes, market types and pools, each way in which they may miss each other."""

from __future__ import annotations

import json

import pytest

from tests.testing import rendering
from tests.testing.broken_trees import BINDINGS, Break, Edit, assert_seen, broken, check, edited, failures, tree

EAST = "azure/eastus.json"
OPERATORS = "clusters/aks-eastus/operators"
VALUES = f"{OPERATORS}/anyscale-operator/values.yaml"
PLUGIN = f"{OPERATORS}/nvidia-device-plugin/values.yaml"
LAYER = f"{OPERATORS}/kustomization.yaml"
ZOO_VALUES = "clusters/zoo/operators/anyscale-operator/values.yaml"

A100_LABEL = '"rayfleet.dev/accelerator": "A100-40G",\n'
T4_TAINTS = """"rayfleet.dev/accelerator": "T4",
          "rayfleet.dev/role": "ray"
        },
        "nodeTaints": [
          "node.anyscale.com/capacity-type=SPOT:NoSchedule",
          "node.anyscale.com/accelerator-type=GPU:NoSchedule",
          "nvidia.com/gpu=present:NoSchedule",
"""
ZOO_A100 = """"node.anyscale.com/capacity-type": "ON_DEMAND",
          "nvidia.com/gpu.count": "1",
          "nvidia.com/gpu.product": "NVIDIA-A100-80G",
          "rayfleet.dev/accelerator": "A100-80G",
          "rayfleet.dev/role": "ray"
        },
        "nodeTaints": ["""
PIN = """      - op: add
        path: "/spec/nodeSelector/rayfleet.dev~1role"
        value: ray
"""
MAP = """        "A100-40G": "A100-40G"
        "T4": "T4"
"""
T4_SHAPE = """      "15CPU-96GB-1xT4":
        resources:
          "CPU": 15
          "memory": "96Gi"
          "GPU": 1
          "accelerators":
            - "T4"
"""
TOLERATIONS = """      additional:
        - key: "nvidia.com/gpu"
          operator: Exists
          effect: NoSchedule
"""
WORKLOADS_KEY = "workloads:\n"


def _under_workloads(text: str) -> Edit:
    """More values of the operator."""
    return Edit(VALUES, WORKLOADS_KEY, f"{WORKLOADS_KEY}{text}")


BREAKS = (
    Break(
        "A100-40G has no selector, as in the reference",
        (Edit(VALUES, '        "A100-40G": "A100-40G"\n', ""),),
        "aks-eastus: 11CPU-101GB-1xA100-40G and 3 more may land on t4, which has T4, not A100-40G",
        ((VALUES, '"11CPU-101GB-1xA100-40G"'), (EAST, "nodeLabels")),
    ),
    Break(
        "sys is untainted and nothing pins Ray pods, as in the reference",
        (Edit(VALUES, PIN, ""),),
        "3CPU-11GB and 2 more may land on sys, a system pool",
        ((VALUES, '"3CPU-11GB"'), (EAST, "nodeTaints")),
    ),
    Break(
        "two models of a GPU share a label, as 40 GB and 80 GB do in the reference",
        (
            Edit(ZOO_VALUES, '"H100": "H100"', '"H100": "A100-80G"'),
            Edit(EAST, '"rayfleet.dev/accelerator": "H100"', '"rayfleet.dev/accelerator": "A100-80G"'),
        ),
        "23CPU-198GB-1xA100-80G may land on h100, which has H100, not A100-80G",
        ((ZOO_VALUES, '"23CPU-198GB-1xA100-80G"'), (EAST, "nodeLabels")),
        fleet="accelerators",
    ),
    Break(
        "a pool without the label that pods look for",
        (Edit(EAST, A100_LABEL, ""),),
        "11CPU-101GB-1xA100-40G and 3 more find no pool: nearest is a100, on spot: "
        "it wants rayfleet.dev/accelerator=A100-40G, which the pool does not have",
        ((VALUES, '"11CPU-101GB-1xA100-40G"'), (EAST, "nodeLabels"), (VALUES, '"A100-40G": "A100-40G"')),
    ),
    Break(
        "a pool with another value of it",
        (Edit(EAST, '"rayfleet.dev/accelerator": "T4"', '"rayfleet.dev/accelerator": "Tesla-T4"'),),
        "15CPU-96GB-1xT4 finds no pool: nearest is t4, on spot: "
        "it wants rayfleet.dev/accelerator=T4, and the pool has Tesla-T4",
        ((VALUES, '"15CPU-96GB-1xT4"'), (EAST, "Tesla-T4"), (VALUES, '"T4": "T4"')),
    ),
    Break(
        "a taint that no patch tolerates",
        (Edit(EAST, T4_TAINTS, f'{T4_TAINTS}          "team=ml:NoExecute",\n'),),
        "15CPU-96GB-1xT4 finds no pool: nearest is t4, on spot: it does not tolerate team=ml:NoExecute",
        ((VALUES, '"15CPU-96GB-1xT4"'), (EAST, "team=ml:NoExecute")),
    ),
    Break(
        "a shape with a selector of its own that nothing has",
        (Edit(VALUES, T4_SHAPE, f"{T4_SHAPE}        nodeSelector: {{disktype: ssd}}\n"),),
        "15CPU-96GB-1xT4 finds no pool: nearest is t4, on spot: it wants disktype=ssd, which the pool does not have",
        ((VALUES, '"15CPU-96GB-1xT4"'), (EAST, "nodeLabels"), (VALUES, "disktype")),
    ),
    Break(
        "Karpenter's selectors without Karpenter",
        (_under_workloads("  enableKarpenterSupport: true\n"),),
        "3CPU-11GB and 2 more find no pool: nearest is cpu, on demand: "
        "it wants karpenter.sh/capacity-type=on-demand, which the pool does not have",
        ((VALUES, '"3CPU-11GB"'), (EAST, "nodeLabels"), (VALUES, "workloads")),
    ),
    Break(
        "no tolerations of capacity types",
        (_under_workloads("  marketType: {enableDefaults: false}\n"),),
        "3CPU-11GB and 2 more find no pool: nearest is cpu, on demand: "
        "it does not tolerate node.anyscale.com/capacity-type=ON_DEMAND:NoSchedule",
        ((VALUES, '"3CPU-11GB"'), (EAST, "capacity-type=ON_DEMAND")),
    ),
    Break(
        "no tolerations of GPU pools",
        (Edit(VALUES, "  accelerator:\n", "  accelerator:\n    enableDefaults: false\n"),),
        "15CPU-96GB-1xT4 finds no pool: nearest is t4, on spot: "
        "it does not tolerate node.anyscale.com/accelerator-type=GPU:NoSchedule",
        ((VALUES, '"15CPU-96GB-1xT4"'), (EAST, "accelerator-type=GPU")),
    ),
    Break(
        "GPU pods without the chart's market types find another taint first",
        (_under_workloads("  marketType: {azure: {spot: null}}\n"),),
        "15CPU-96GB-1xT4 finds no pool: nearest is t4, on spot: "
        "it does not tolerate kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
        ((VALUES, '"15CPU-96GB-1xT4"'), (EAST, "scalesetpriority=spot")),
    ),
    Break(
        "a map where the chart joins lists",
        (
            Edit(
                VALUES,
                TOLERATIONS,
                "      additional: {key: nvidia.com/gpu, operator: Exists}\n",
            ),
        ),
        "accelerator.tolerations.additional is no list, and the chart fails to join it",
        ((VALUES, "additional: {key"),),
    ),
    Break(
        "an accelerator under additional, which cannot change a default",
        (Edit(VALUES, "      azure:\n", "      additional:\n"),),
        "T4 of additional is T4, and the chart keeps NVIDIA-T4, which stands under azure",
        ((VALUES, '"T4": "T4"'),),
        "warned",
    ),
    Break(
        "and its pods look for the default",
        (Edit(VALUES, "      azure:\n", "      additional:\n"),),
        "15CPU-96GB-1xT4 finds no pool: nearest is t4, on spot: "
        "it wants rayfleet.dev/accelerator=NVIDIA-T4, and the pool has T4",
        ((VALUES, '"15CPU-96GB-1xT4"'), (EAST, '"rayfleet.dev/accelerator": "T4"')),
    ),
    Break(
        "a shape under additional by the name of one of the chart's",
        (Edit(VALUES, "enableDefaults: false", "enableDefaults: true"), Edit(VALUES, '"3CPU-11GB"', '"4CPU-16GB"')),
        "4CPU-16GB of additional does not change the chart's 4CPU-16GB, only adds to it",
        ((VALUES, '"4CPU-16GB"'),),
        "warned",
    ),
    Break(
        "CPU pods may fill a GPU pool",
        (Edit(EAST, T4_TAINTS, "\n".join(T4_TAINTS.splitlines()[:5]) + "\n"),),
        "3CPU-11GB and 2 more may land on t4, and leave its GPUs idle",
        ((VALUES, '"3CPU-11GB"'), (EAST, "nodeTaints")),
    ),
    Break(
        "a pool that does not say it is for Ray",
        (Edit(EAST, '"node.anyscale.com/capacity-type": "ON_DEMAND",\n', ""),),
        "3CPU-11GB and 2 more may land on cpu, which is not for Ray",
        ((VALUES, '"3CPU-11GB"'), (EAST, "nodeLabels")),
    ),
    Break(
        "an affinity term by a patch, which loosens the others",
        (
            Edit(
                VALUES,
                PIN,
                f"""{PIN}      - op: add
        path: /spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/-
        value: {{matchExpressions: [{{key: rayfleet.dev/role, operator: In, values: [ray]}}]}}
""",
            ),
        ),
        "3CPU-11GB and 2 more may land on cpu, which is not on spot, as asked for",
        ((VALUES, '"3CPU-11GB"'), (EAST, "nodeTaints")),
    ),
    Break(
        "on-demand pods tolerate spot pools",
        (
            _under_workloads(
                "  marketType:\n    azure: {ondemand: []}\n    additional:\n      ondemand:\n"
                "        - {op: add, path: /spec/tolerations/-, value: {operator: Exists}}\n"
            ),
        ),
        "15CPU-96GB-1xT4 may land on t4, which is not on demand, as asked for",
        ((VALUES, '"15CPU-96GB-1xT4"'), (EAST, "nodeTaints")),
    ),
    Break(
        "an image of another architecture",
        (
            Edit(
                ZOO_VALUES,
                'kubernetes.io/arch: "arm64"\n        cpuArchitecture: arm64\n      "63CPU-395GB-arm64-2xGB200"',
                'kubernetes.io/arch: "arm64"\n      "63CPU-395GB-arm64-2xGB200"',
            ),
        ),
        "31CPU-196GB-arm64-1xGB200 may land on gb200, which is arm64, with an image for amd64",
        ((ZOO_VALUES, '"31CPU-196GB-arm64-1xGB200"'), (EAST, "Standard_ND128isr")),
        fleet="accelerators",
    ),
    Break(
        "a selector of a label that only running nodes have",
        (
            Edit(
                VALUES,
                PIN,
                f"{PIN}      - {{op: add, path: /spec/nodeSelector/kubernetes.azure.com~1mode, value: user}}\n",
            ),
        ),
        "15CPU-96GB-1xT4 cannot start t4 from zero nodes: "
        "it wants kubernetes.azure.com/mode=user, which the pool does not have until it has a node",
        ((VALUES, '"15CPU-96GB-1xT4"'), (EAST, "nodeLabels"), (VALUES, "kubernetes.azure.com~1mode")),
    ),
    Break(
        "a selector of a label that feature discovery writes",
        (
            Edit(VALUES, "rayfleet.dev/accelerator", "nvidia.com/gpu.family"),
            Edit(PLUGIN, "enabled: false", "enabled: true"),
        ),
        "11CPU-101GB-1xA100-40G and 3 more cannot start a100 from zero nodes: "
        "it wants nvidia.com/gpu.family=A100-40G, which the pool does not have until it has a node",
        ((VALUES, '"11CPU-101GB-1xA100-40G"'), (EAST, "nodeLabels"), (VALUES, '"A100-40G": "A100-40G"')),
    ),
    Break(
        "feature discovery rewrites what pods look for, as it would in the reference",
        (
            Edit(VALUES, "rayfleet.dev/accelerator", "nvidia.com/gpu.product"),
            Edit(VALUES, MAP, '        "A100-40G": "NVIDIA-A100-40G"\n        "T4": "NVIDIA-T4"\n'),
            Edit(PLUGIN, "enabled: false", "enabled: true"),
        ),
        "GPU feature discovery rewrites nvidia.com/gpu.product, by which Ray pods choose their nodes",
        ((PLUGIN, "enabled"), (VALUES, "customNodeSelectorKey")),
    ),
    Break(
        "a pool that no shape is for",
        (Edit(VALUES, T4_SHAPE, ""),),
        "no shape reaches t4: nearest is 11CPU-101GB-1xA100-40G on spot: "
        "it wants rayfleet.dev/accelerator=A100-40G, and the pool has T4",
        ((EAST, '"rayfleet.dev/accelerator": "T4"'), (VALUES, '"11CPU-101GB-1xA100-40G"')),
    ),
    Break(
        "a pool of one market type that nothing reaches, beside one of the other",
        (Edit(EAST, ZOO_A100, f'{ZOO_A100}\n          "team=ml:NoSchedule",'),),
        "no shape reaches a100: nearest is 23CPU-198GB-1xA100-80G on demand: it does not tolerate team=ml:NoSchedule",
        ((EAST, "team=ml"), (ZOO_VALUES, '"23CPU-198GB-1xA100-80G"')),
        fleet="accelerators",
    ),
    Break(
        "GPUs and no accelerator",
        (Edit(VALUES, T4_SHAPE, T4_SHAPE.partition('          "accelerators"')[0]),),
        "15CPU-96GB-1xT4 finds no pool: nearest is a100, on spot: "
        "it does not tolerate node.anyscale.com/accelerator-type=GPU:NoSchedule",
        ((VALUES, '"15CPU-96GB-1xT4"'), (EAST, "accelerator-type=GPU")),
    ),
    Break(
        "a pool that never has a node",
        (Edit(EAST, '"minCount": 3,\n        "maxCount": 6', '"minCount": 0,\n        "maxCount": 0'),),
        "3CPU-11GB and 2 more find no pool: nearest is cpu, on demand: the pool never has a node",
        ((VALUES, '"3CPU-11GB"'), (EAST, "maxCount")),
    ),
    Break(
        "no shapes at all",
        (Edit(VALUES, '    additional:\n      "3CPU-11GB"', '    removed:\n      "3CPU-11GB"'),),
        "its values have no shape",
        ((VALUES, "instanceTypes"),),
    ),
    Break(
        "no operator, though what it waits for is bound",
        (Edit(LAYER, '  - "anyscale-operator/helmrelease.yaml"\n', ""),),
        "aks-eastus: Anyscale's operator is not rendered, though all that it waits for is bound",
        ((EAST, "{"), ("bindings.yaml", "1111"), ("bindings.yaml", "cldrsrc")),
    ),
    Break(
        "no values for the operator",
        (Edit(f"{OPERATORS}/anyscale-operator/helmrelease.yaml", '"anyscale-operator-values"', '"other-values"'),),
        "a part of the operator's values is not rendered",
        ((f"{OPERATORS}/anyscale-operator/helmrelease.yaml", "kind: ConfigMap"),),
    ),
)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "placement", fleet=case.fleet), files, "placement", case)


def test_a_cluster_without_pools_has_a_place_for_nothing() -> None:
    document = json.loads(tree()[EAST])
    document["resources"] = [row for row in document["resources"] if not row["type"].endswith("/agentPools")]
    for row in document["resources"]:
        row["properties"].pop("agentPoolProfiles", None)
    said = {row.what: row for row in failures(check(broken((edited(EAST, document),)), "placement"))}
    assert said["3CPU-11GB and 2 more find no pool: there is none"].places[0].file.endswith(VALUES)
    assert said["Anyscale's operator finds no pool: there is none"].places[0].file.endswith(VALUES)
    assert "no pool is of mode System" in said


def test_witnesses_name_shape_market_and_pool() -> None:
    found = [row for row in check(tree(), "placement").of("proved") if row.subject == "aks-eastus"]
    said = {row.what: [place.file.removeprefix("rendered/") for place in row.places] for row in found}
    assert said["94CPU-827GB-8xA100-40G on spot finds a100"] == [VALUES, EAST]
    assert said["3CPU-11GB on demand finds cpu"] == [VALUES, EAST]
    assert "3CPU-11GB on spot finds cpu" not in said
    assert said["NVIDIA's device plugin runs on a100, t4"] == [PLUGIN, EAST, EAST]
    assert said["Anyscale's operator finds sys"] == [VALUES, EAST]
    assert said["pods that tolerate nothing find sys"] == [EAST]
    assert said["the blob driver's pods run on every pool: they tolerate every taint"] == [EAST]


def test_both_market_types_find_pools_where_there_are_both() -> None:
    found = {row.what for row in check(tree("accelerators"), "placement", fleet="accelerators").of("proved")}
    assert {f"23CPU-198GB-1xA100-80G {pool}" for pool in ("on demand finds a100", "on spot finds a100spot")} <= found


def test_a_market_type_without_a_pool_is_noted_once_for_all_clusters() -> None:
    found = [(row.subject, row.what) for row in check(tree(), "placement").of("noted")]
    assert sorted(found) == [
        ("aks-eastus and 1 more", "Ray has no pool without GPUs on spot: 3CPU-11GB and 2 more run on demand only"),
        ("aks-eastus and 1 more", "no pool has A100-40G on demand: 11CPU-101GB-1xA100-40G and 3 more run on spot only"),
        ("aks-eastus and 1 more", "no pool has T4 on demand: 15CPU-96GB-1xT4 runs on spot only"),
        ("aks-eastus and 1 more", "nothing rendered hands InfiniBand of a100 to pods: several nodes train over TCP"),
    ]


def test_a_pool_that_nothing_reaches_is_not_noted_as_well() -> None:
    files = broken((Edit(EAST, ZOO_A100, f'{ZOO_A100}\n          "team=ml:NoSchedule",'),), "accelerators")
    assert not any("a100" in row.what for row in check(files, "placement", fleet="accelerators").of("noted"))


def test_a_pool_for_other_shapes_is_noted() -> None:
    found = check(tree("every-choice"), "placement", fleet="every-choice").of("noted")
    (row,) = [row for row in found if "cpuspot" in row.what]
    assert row.what == "3CPU-12GB and 1 more cannot use cpuspot on spot: it does not tolerate team=ml:NoSchedule"


@pytest.mark.parametrize("fleet", rendering.FLEETS)
@pytest.mark.parametrize("bound", [True, False])
def test_good_trees_raise_no_alarm(fleet: str, bound: bool) -> None:
    files = tree(fleet) if bound else dict(rendering.compiled(fleet, bound=False).rendered())
    report = check(files, "placement", fleet=fleet)
    assert failures(report) == []
    # Heads that find no pool without GPUs, and the AMD pool.
    warnings = {"accelerators": ["gb200", "mi300x"], "token": ["t4"]}.get(fleet, []) if bound else []
    warnings = ["mi300x"] if fleet == "accelerators" and not bound else warnings
    assert [row.what.rpartition(" ")[2] for row in report.of("warned")] == warnings
    assert bool(report.of("pending")) == (not bound)


def test_the_operator_waits_for_what_is_not_bound() -> None:
    files = broken((Edit(LAYER, '  - "anyscale-operator/helmrelease.yaml"\n', ""),))
    del files[BINDINGS]
    found = check(files, "placement").of("pending")
    assert ("where Ray pods run waits for the operator, and that for clientId and cloudResourceId") in [
        row.what for row in found
    ]
    assert {row.what for row in found if "compute config" in row.what} == {
        f"the compute config of {name} waits for its operator" for name in ("T4", "A100-40G")
    }
