"""Nodes of a cluster that only its record knows: what the record says, and nothing of AKS."""

from __future__ import annotations

import json
from typing import Any

from rayfleet.facts.catalogue import Catalogue
from rayfleet.facts.labels import AKS_PREFIX, INSTANCE_TYPE, SPOT_PRIORITY, ZONE
from rayfleet.scheduler.nodes import Node, node_of
from rayfleet.source import read_json
from rayfleet.tree.cluster_record import ClusterRecord

POOL = {
    "name": "gpu", "mode": "user", "size": "Standard_Unknown", "capacityType": "spot", "minimum": 0, "maximum": 3,
    "zones": ["1"], "labels": {"disk": "ssd"}, "taints": ["team=vision:NoSchedule"],
}  # fmt: skip


def node(**changes: Any) -> Node:
    content = json.dumps({"name": "berlin", "nodePools": [{**POOL, **changes}]}, indent=1).encode()
    (pool,) = ClusterRecord("berlin", read_json("cluster.json", content), Catalogue({})).pools
    return node_of(pool, "westeurope", discovered=False)


def test_labels_and_taints_are_those_of_the_record() -> None:
    traits = node().traits
    assert traits.labels["disk"] == ("ssd",) and traits.labels[INSTANCE_TYPE] == ("Standard_Unknown",)
    assert traits.labels[ZONE] is None
    assert not [key for key in traits.labels if key.startswith(AKS_PREFIX) or key in (SPOT_PRIORITY, "agentpool")]
    assert [str(taint) for taint, _ in traits.taints] == ["team=vision:NoSchedule"]


def test_a_pool_without_nodes() -> None:
    """Where the record says so, and not where it says nothing."""
    found = node(maximum=0)
    assert found.traits.empty is not None
    assert found.pool.side(*found.traits.empty).path == ("nodePools", 0, "maximum")
    assert node().traits.empty is None
    assert node(maximum=None).traits.empty is None


def test_places_are_those_of_the_record() -> None:
    side = node().pool.side
    assert {side(arm).path[2:] for arm in ("vmSize", "minCount", "maxCount", "count", "scaleSetPriority")} == {
        ("size",),
        ("minimum",),
        ("maximum",),
        ("capacityType",),
    }
    assert (side("nodeTaints", 0).path[2:], side("nodeLabels").path[2:]) == (("taints", 0), ("labels",))
    assert side().path == ("nodePools", 0)
