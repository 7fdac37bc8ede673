"""Node pools: labels, taints and counts that follow from a size, a role and a capacity type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfleet.model.node_pool import NodePool, Taint
from tests.testing.smallest_fleet import build, with_pools

T4, A100, MI300X = "Standard_NC16as_T4_v3", "Standard_ND96asr_v4", "Standard_ND96isr_MI300X_v5"


def _pool(*, beside: dict[str, Any] | None = None, **own: Any) -> NodePool:
    """The pool ``own`` of the smallest fleet with it."""
    (cluster,) = build(with_pools(own=own, **(beside or {}))).clusters
    return next(pool for pool in cluster.pools if pool.name == "own")


def _taints(pool: NodePool) -> list[str]:
    return list(map(str, pool.taints))


def test_labels_and_taints_on_demand() -> None:
    pool = _pool(vmSize="Standard_D16ds_v5", maxCount=6)
    assert pool.labels == {"node.anyscale.com/capacity-type": "ON_DEMAND", "rayfleet.dev/role": "ray"}
    assert _taints(pool) == ["node.anyscale.com/capacity-type=ON_DEMAND:NoSchedule"]


def test_labels_and_taints_of_spot_gpus() -> None:
    pool = _pool(vmSize=T4, maxCount=3, capacityType="spot")
    assert pool.labels == {
        "kubernetes.azure.com/scalesetpriority": "spot",
        "node.anyscale.com/capacity-type": "SPOT",
        "nvidia.com/gpu.count": "1",
        "nvidia.com/gpu.product": "NVIDIA-T4",
        "rayfleet.dev/accelerator": "T4",
        "rayfleet.dev/role": "ray",
    }
    assert _taints(pool) == [
        "node.anyscale.com/capacity-type=SPOT:NoSchedule",
        "node.anyscale.com/accelerator-type=GPU:NoSchedule",
        "nvidia.com/gpu=present:NoSchedule",
        "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
    ]


def test_labels_tell_one_gpu_from_another() -> None:
    """The reference gave 40 GB and 80 GB the same label."""
    sizes = {A100: ("A100-40G", "8"), "Standard_ND96amsr_A100_v4": ("A100-80G", "8"), MI300X: ("MI300X", "8")}
    for size, (accelerator, count) in sizes.items():
        pool = _pool(vmSize=size, maxCount=1)
        resource = "amd.com/gpu" if size == MI300X else "nvidia.com/gpu"
        vendor = "AMD" if size == MI300X else "NVIDIA"
        assert pool.labels["rayfleet.dev/accelerator"] == accelerator
        assert pool.labels[f"{resource}.product"] == f"{vendor}-{accelerator}"
        assert pool.labels[f"{resource}.count"] == count
        assert f"{resource}=present:NoSchedule" in _taints(pool)


def test_a_system_pool_is_for_everything_until_an_infra_pool_is() -> None:
    alone = _pool(mode="system", vmSize="Standard_D8ds_v5", count=3)
    assert (alone.labels, _taints(alone)) == ({}, [])
    beside = _pool(
        mode="system",
        vmSize="Standard_D8ds_v5",
        count=3,
        beside={"infra": {"role": "infra", "vmSize": "Standard_D8ds_v5", "count": 2}},
    )
    assert (beside.labels, _taints(beside)) == ({}, ["CriticalAddonsOnly=true:NoSchedule"])


def test_an_infra_pool_takes_any_pod() -> None:
    pool = _pool(role="infra", vmSize="Standard_D8ds_v5", count=2)
    assert (pool.labels, _taints(pool)) == ({"rayfleet.dev/role": "infra"}, [])
    assert not pool.ray


def test_own_labels_and_taints_come_on_top() -> None:
    pool = _pool(vmSize="Standard_D8s_v5", maxCount=2, labels={"a": "1", "team": ""}, taints=["team=x:NoExecute"])
    assert pool.labels == {
        "a": "1",
        "node.anyscale.com/capacity-type": "ON_DEMAND",
        "rayfleet.dev/role": "ray",
        "team": "",
    }
    assert list(pool.labels) == sorted(pool.labels)
    assert _taints(pool) == ["team=x:NoExecute", "node.anyscale.com/capacity-type=ON_DEMAND:NoSchedule"]


@pytest.mark.parametrize(
    ("own", "bounds", "starting"),
    [
        ({"count": 3}, (False, 3, 3), 3),
        ({"maxCount": 6}, (True, 0, 6), 0),
        ({"minCount": 2, "maxCount": 6}, (True, 2, 6), 2),
        ({"minCount": 2, "maxCount": 6, "count": 4}, (True, 2, 6), 4),
        ({"maxCount": 6, "mode": "system"}, (True, 2, 6), 2),
        ({"maxCount": 6, "minCount": 0, "count": 0}, (True, 0, 6), 0),
    ],
)
def test_counts(own: dict[str, Any], bounds: tuple[bool, int, int], starting: int) -> None:
    pool = _pool(vmSize="Standard_D8s_v5", **own)
    assert (pool.autoscaled, pool.minimum, pool.maximum) == bounds
    assert pool.starting_count == starting


@pytest.mark.parametrize(
    ("own", "ephemeral"),
    [
        ({"vmSize": "Standard_D16ds_v5"}, True),
        ({"vmSize": "Standard_E16_v5"}, False),
        ({"vmSize": "Standard_D16ds_v5", "osDiskSizeGib": 2048}, False),
        ({"vmSize": "Standard_D16ds_v5", "osDiskType": "Managed"}, False),
        ({"vmSize": "Standard_D16ds_v5", "osDiskType": "Ephemeral"}, True),
    ],
)
def test_the_os_disk_is_ephemeral_where_the_size_carries_it(own: dict[str, Any], ephemeral: bool) -> None:
    assert _pool(maxCount=1, **own).ephemeral_os_disk is ephemeral


def test_zones() -> None:
    """GPUs are rarely in every zone: their pools take what the region has anywhere, unless they name zones."""
    assert _pool(vmSize="Standard_D8s_v5", maxCount=1).zones == (1, 2, 3)
    assert _pool(vmSize="Standard_D8s_v5", maxCount=1, zones=[2]).zones == (2,)
    assert _pool(vmSize=T4, maxCount=1).zones == ()
    assert _pool(vmSize=T4, maxCount=1, zones=[1]).zones == (1,)


_NAMES = st.text("abcXYZ019-_.", min_size=1, max_size=10)


@given(
    st.just("") | _NAMES.map("{}/".format), _NAMES, st.just("") | _NAMES, st.sampled_from(["NoSchedule", "NoExecute"])
)
def test_a_taint_comes_back_as_it_was(prefix: str, name: str, value: str, effect: str) -> None:
    text = f"{prefix}{name}={value}:{effect}"
    assert Taint.parse(text) == (taint := Taint(f"{prefix}{name}", value, effect))
    assert str(taint) == text


@pytest.mark.parametrize(
    ("own", "gib"),
    [
        ({"osDiskType": "Ephemeral"}, 600 - 128),
        ({"osDiskType": "Ephemeral", "osDiskSizeGib": 600}, 600),  # nothing is left of the local disk
        ({"osDiskType": "Managed"}, 600),  # the OS is elsewhere
        ({"osDiskType": "Managed", "vmSize": "Standard_D16s_v5"}, 128),  # without a local disk
        ({"osDiskType": "Managed", "vmSize": "Standard_D16s_v5", "osDiskSizeGib": 512}, 512),
    ],
)
def test_room_for_a_file_cache(own: dict[str, Any], gib: float) -> None:
    pool = _pool(**{"vmSize": "Standard_D16ds_v5", "maxCount": 1, "osDiskSizeGib": 128, **own})
    assert pool.scratch_gib == gib
