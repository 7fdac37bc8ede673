"""The room that pools have: within quota, and shared by who has one limit."""

from __future__ import annotations

import json

import pytest

from rayfleet.capacity import demand
from rayfleet.capacity.fallback import fit
from rayfleet.capacity.quota import Quota
from rayfleet.facts.catalogue import Catalogue
from rayfleet.source import Source, read
from tests.proofs.breaks.capacity import EAST
from tests.testing.broken_trees import (
    failures,
    rendered,
    tree,
)
from tests.testing.quotas import QUOTA, judged, needed

# --- room to grow -----------------------------------------------------------------------------------------------------


def grown(files: dict[str, bytes], pool: str, nodes: int) -> dict[str, bytes]:
    """The files with a pool of eastus that may have so many nodes more."""
    template = json.loads(files[EAST])
    (row,) = [row for row in template["resources"] if row["name"].endswith(f"/{pool}")]
    row["properties"]["maxCount"] += nodes
    return {**files, EAST: json.dumps(template).encode()}


@pytest.mark.parametrize("spare", [0, 95, 96, 191, 192, 1000, 5000])
@pytest.mark.parametrize(
    ("fleet", "pool", "accelerator", "gpus"),
    [
        ("reference", "a100", "A100-40G", 8),
        ("accelerators", "h100", "H100", 8),
        ("accelerators", "mi300x", "MI300X", 8),
    ],
)
def test_a_pool_has_the_room_that_it_is_said_to_have(
    fleet: str, pool: str, accelerator: str, gpus: int, spare: int
) -> None:
    """So many nodes more are within quota, upgrades included, and one more is not."""
    files = tree(fleet)
    quota = json.dumps(needed(files, fleet, less=-spare))
    before = rendered(files, fleet)
    (found,) = fit({accelerator: 0}, demand.pools(before).counted, before, Quota(read(QUOTA, quota.encode())))
    stop = found.stops[0]
    assert stop.region == "eastus" and stop.room is not None and (stop.room > 0) == (spare > 95)
    nodes = stop.room // gpus
    assert failures(judged(grown(files, pool, nodes), quota, fleet)) == []
    assert failures(judged(grown(files, pool, nodes + 1), quota, fleet)) != []


def test_room_is_what_all_pools_of_a_region_can_have() -> None:
    """On-demand and spot are limited apart, and a pool whose limit nobody says has none."""
    before = rendered(tree("accelerators"), "accelerators")
    counted = demand.pools(before).counted

    def room(**limits: object) -> int | None:
        quota = Source(QUOTA, "", {"regions": {"eastus": limits}})
        (found,) = fit({"A100-80G": 0}, counted, before, Quota(quota))
        return found.room

    family = {"StandardNCADSA100v4Family": 96 + 24 + 24 * 10}
    assert room() is None and room(total=5000) is None
    assert room(spot=96 + 24 * 3) == 3
    assert room(families=family) == 9  # the tenth would need a second node for upgrades
    assert room(families=family, spot=96 + 24 * 3) == 12
    assert room(families=family, total=10) == 0
    assert room(spot=1) == 0


def test_pools_of_one_limit_share_its_room() -> None:
    before = rendered(tree("accelerators"), "accelerators")
    (h100,) = [row for row in demand.pools(before).counted if row.accelerator == "H100"]
    need = 4 * 96 + 96
    quota = Source(QUOTA, "", {"regions": {"eastus": {"families": {h100.vm.family: 2 * need + 2 * 96}}}})
    (found,) = fit({"H100": 0}, [h100, h100._replace(cluster="other")], before, Quota(quota))
    assert found.room == 2 * 8


def test_room_goes_to_the_pools_with_the_most_gpus_a_vcpu() -> None:
    before = rendered(tree())
    large = next(row for row in demand.pools(before).counted if row.accelerator == "T4")
    vm = Catalogue({}).vm_size("Standard_NC4as_T4_v3")
    assert vm and (large.vm.vcpus, vm.vcpus) == (16, 4)
    quota = Source(QUOTA, "", {"regions": {"eastus": {"spot": 3 * 16 + 3 * 4 + 23}}})
    (found,) = fit({"T4": 0}, [large, large._replace(vm=vm)], before, Quota(quota))
    assert found.room == 5
