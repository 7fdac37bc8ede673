"""Compute configs: which clusters GPU work tries, in which order, with which shapes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from rayfleet.diagnostics import Invalid
from rayfleet.model.bindings import NONE
from rayfleet.model.compute_config import Choice, ComputeConfig, compute_configs
from rayfleet.outputs import Outputs
from tests.testing.smallest_fleet import Data, build, rendered, smallest, with_pools

T4, T4_FOUR, A100 = "Standard_NC16as_T4_v3", "Standard_NC64as_T4_v3", "Standard_ND96asr_v4"


def _configs(data: Data) -> dict[str, ComputeConfig]:
    return {config.accelerator: config for config in compute_configs(build(data, bound=True))}


def _choice(**pools: Any) -> Choice:
    """The only cluster's choice for T4."""
    (choice,) = _configs(with_pools(**pools))["T4"].choices
    return choice


def _three_regions() -> Data:
    data = smallest()
    t4 = {"t4": {"vmSize": T4, "maxCount": 3}}
    data["clusters"] = {
        "far": {"region": "westus2", "network": {"index": 1}, "nodePools": t4},
        "late": {"region": "eastus", "network": {"index": 5}, "nodePools": t4},
        "early": {"region": "eastus", "network": {"index": 3}, "nodePools": t4},
        "without": {"region": "westus3", "network": {"index": 0}},
        "large": {"region": "westus3", "network": {"index": 7}, "nodePools": {"a": {"vmSize": A100, "maxCount": 1}}},
    }
    return data


def _order(data: Data) -> dict[str, list[str]]:
    return {name: [choice.cluster.name for choice in config.choices] for name, config in _configs(data).items()}


def test_work_tries_the_primary_region_then_each_by_its_lowest_index() -> None:
    assert _order(_three_regions()) == {"A100-40G": ["large"], "T4": ["early", "late", "far"]}


def test_work_tries_regions_in_the_order_that_the_fleet_gives() -> None:
    data = _three_regions() | {"routing": {"regionOrder": ["westus3", "westus2", "eastus"]}}
    assert _order(data)["T4"] == ["far", "early", "late"]


@pytest.mark.parametrize(
    ("routing", "flags", "head"),
    [
        ({}, {"cloud_resource_strategy": "input_order", "cloud_resource_starting_timeout": "15m"}, "from the top"),
        (
            {"startingTimeout": "2h"},
            {"cloud_resource_strategy": "input_order", "cloud_resource_starting_timeout": "2h"},
            "from the top",
        ),
        ({"strategy": "availability"}, {"cloud_resource_strategy": "availability"}, "not by this order"),
    ],
)
def test_flags_make_anyscale_choose_as_the_fleet_says(routing: Data, flags: Data, head: str) -> None:
    """Anyscale itself goes by past launches; the keys are its own (docs.anyscale.com/clouds/multi-cloud)."""
    text = rendered(_three_regions() | {"routing": routing})["anyscale/T4/compute_config.yaml"]
    assert yaml.load(text, Loader=yaml.CSafeLoader)["flags"] == flags
    assert head in text.splitlines()[1]


def test_a_fleet_without_gpus_has_none() -> None:
    assert _configs(smallest()) == {}


def test_the_worker_is_a_whole_node_of_the_largest_size() -> None:
    choice = _choice(one={"vmSize": T4, "maxCount": 5}, four={"vmSize": T4_FOUR, "maxCount": 2})
    assert (choice.worker.vm.name, choice.worker.gpus, choice.worker.whole_node) == (T4_FOUR, 4, True)
    assert choice.max_nodes == 2


@pytest.mark.parametrize(
    ("pools", "market", "most"),
    [
        ({"a": {"vmSize": T4, "maxCount": 3}}, "ON_DEMAND", 3),
        ({"a": {"vmSize": T4, "maxCount": 3, "capacityType": "spot"}}, "SPOT", 3),
        (
            {"a": {"vmSize": T4, "maxCount": 3, "capacityType": "spot"}, "b": {"vmSize": T4, "count": 2}},
            "PREFER_SPOT",
            5,
        ),
    ],
)
def test_market_and_most_nodes_are_those_of_all_pools_of_the_size(pools: Data, market: str, most: int) -> None:
    choice = _choice(**pools)
    assert (choice.market, choice.max_nodes) == (market, most)


def test_a_head_stays_on_demand_and_takes_no_gpu() -> None:
    spot = {"vmSize": "Standard_D8ds_v5", "maxCount": 9, "capacityType": "spot"}
    head = _choice(near=spot, t4={"vmSize": T4, "maxCount": 1}).head
    # 7 CPUs of the 16-CPU pool are nearest to the 8 that a head needs.
    assert (head.name, head.gpus, [pool.name for pool in head.pools]) == ("7CPU-25GB", 0, ["cpu"])


def test_where_only_gpus_are_on_demand_the_head_takes_the_fewest() -> None:
    (choice,) = _configs(_gpus_on_demand_only(four={"vmSize": T4_FOUR, "maxCount": 2}))["T4"].choices
    assert (choice.head.gpus, [pool.name for pool in choice.head.pools]) == (1, ["four"])


def _gpus_on_demand_only(**pools: Any) -> Data:
    data = with_pools(**pools)
    data["defaults"]["nodePools"]["cpu"]["capacityType"] = "spot"
    return data


@pytest.mark.parametrize(
    ("pools", "most"),
    [
        ({"t4": {"vmSize": T4, "maxCount": 3}}, 2),
        ({"t4": {"vmSize": T4, "maxCount": 3}, "t4spot": {"vmSize": T4, "maxCount": 2, "capacityType": "spot"}}, 4),
        # The head of one GPU goes to the smaller size, and leaves the larger to the workers.
        ({"one": {"vmSize": T4, "maxCount": 1}, "four": {"vmSize": T4_FOUR, "maxCount": 2}}, 2),
    ],
)
def test_a_head_that_takes_a_node_of_its_workers_leaves_them_one_less(pools: Data, most: int) -> None:
    (choice,) = _configs(_gpus_on_demand_only(**pools))["T4"].choices
    assert (choice.head_on_gpus, choice.max_nodes) == (True, most)


def test_a_cluster_whose_only_node_the_head_takes_is_not_tried() -> None:
    config = _configs(_gpus_on_demand_only(t4={"vmSize": T4, "maxCount": 1}))["T4"]
    assert (config.choices, config.waiting) == ((), ())


def test_a_head_leaves_workers_on_spot_alone() -> None:
    choice = _choice(t4={"vmSize": T4, "maxCount": 3, "capacityType": "spot"})
    assert (choice.head_on_gpus, choice.max_nodes) == (False, 3)


def test_what_waits_is_booked_to_the_cluster_that_lacks_the_id() -> None:
    """An accelerator of another cluster than the primary one, which is registered already."""
    data = smallest()
    data["clusters"]["far"] = {
        "region": "westus2",
        "network": {"index": 1},
        "nodePools": {"large": {"vmSize": A100, "maxCount": 1}},
    }
    fleet = build(data, bound=True)
    assert [row for row in Outputs(fleet, frozenset()).pending if row.path.startswith("anyscale/")] == []
    bare = tuple(replace(row, bindings=NONE) if row.name == "far" else row for row in fleet.clusters)
    pending = Outputs(replace(fleet, clusters=bare), frozenset()).pending
    assert ("anyscale/A100-40G/compute_config.yaml", "far", ("cloudResourceId",)) in pending
    assert {row.cluster for row in pending} == {"far"}


def test_what_is_rendered_names_instance_types_that_its_clusters_have() -> None:
    files = rendered(_three_regions())
    seen = []
    for path, text in files.items():
        if not path.startswith("anyscale/"):
            continue
        config = yaml.load(text, Loader=yaml.CSafeLoader)
        tried = [row["cloud_resource"] for row in config["configs"]]
        assert len(set(tried)) == len(tried)
        for row in config["configs"]:
            values = files[f"clusters/{row['cloud_resource']}/operators/anyscale-operator/values.yaml"]
            shapes = yaml.load(values, Loader=yaml.CSafeLoader)["workloads"]["instanceTypes"]["additional"]
            (worker,) = row["worker_nodes"]
            assert (
                shapes[worker["instance_type"]]["resources"]["accelerators"] == [worker["name"]] == [path.split("/")[1]]
            )
            assert "GPU" not in shapes[row["head_node"]["instance_type"]]["resources"]
            seen.append((path.split("/")[1], row["cloud_resource"], worker["max_nodes"]))
    assert seen == [("A100-40G", "large", 1), ("T4", "early", 3), ("T4", "late", 3), ("T4", "far", 3)]


def test_no_compute_config_is_without_a_cluster() -> None:
    """GPUs that are not for Ray make none: those of a system pool are refused, or nobody's choice."""
    try:
        configs = _configs(with_pools(own={"mode": "system", "vmSize": T4, "count": 1}))
    except Invalid:
        return
    assert [config for config in configs.values() if not config.choices] == []
