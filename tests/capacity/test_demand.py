"""What the pools of a tree need."""

from __future__ import annotations

from rayfleet.capacity import demand
from tests.proofs.breaks.capacity import CPU_COUNTS, EAST, WEST
from tests.testing.broken_trees import (
    Edit,
    broken,
    rendered,
    tree,
)


def test_clusters_of_one_name_in_two_regions_are_two() -> None:
    files = {**tree(), WEST: tree()[WEST].replace(b"aks-westus2", b"aks-eastus")}
    assert {row.clusters for row in demand.by_accelerator(demand.pools(rendered(files)).counted)} == {2}


def test_no_count_is_less_than_none() -> None:
    files = broken((Edit(EAST, CPU_COUNTS, '"minCount": -3,\n        "maxCount": -6'),))
    (row,) = [
        row for row in demand.pools(rendered(files)).counted if (row.cluster, row.pool.name) == ("aks-eastus", "cpu")
    ]
    assert (row.least, row.most, row.surge) == (0, 0, 0)
