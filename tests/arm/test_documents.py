"""What the ARM templates hold, where it depends on what is deployed already or on how much there is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet import parts
from rayfleet.facts.limits import MAX_RESOURCES
from rayfleet.model.deployment import SHARED_RESOURCES, resource_count
from tests.testing import rendering
from tests.testing.smallest_fleet import smallest

SYSTEM = {"mode": "system", "vmSize": "Standard_D8ds_v5", "count": 3}
RAY = {"vmSize": "Standard_D8ds_v5", "maxCount": 2}


def _fleet(*, bound: tuple[str, ...] = (), count: int = 1, **settings: Any) -> rendering.Compiled:
    """Clusters c0, c1 ... of one region; with pools ``bound`` they are deployed."""
    data = smallest()
    data["defaults"] |= settings
    data["clusters"] = {f"c{index}": {"region": "eastus", "network": {"index": index}} for index in range(count)}
    compiled = rendering.from_text(json.dumps(data))
    if not bound:
        return compiled
    late = json.loads(rendering.bindings(compiled))
    for values in late["clusters"].values():
        values["nodePools"]["value"] = list(bound)
    return rendering.from_text(json.dumps(data), late=json.dumps(late))


def _resources(compiled: rendering.Compiled, kind: str, template: str = "eastus") -> dict[str, dict[str, Any]]:
    document = json.loads(dict(compiled.rendered())[f"azure/{template}.json"])
    return {row["name"]: row for row in document["resources"] if row["type"].endswith(f"/{kind}")}


@pytest.mark.parametrize("name", rendering.FLEETS)
def test_resources_are_counted_right(name: str) -> None:
    fleet = rendering.compiled(name, bound=False).fleet
    for cluster in fleet.clusters:
        assert len(parts.resources(fleet, cluster)) == resource_count(cluster)


def test_a_new_system_pool_of_a_live_cluster_is_a_resource_of_its_own() -> None:
    """A cluster takes no new pool through its own resource once it is there."""
    pools = {"sys": SYSTEM, "asys": SYSTEM, "cpu": RAY}
    new = _fleet(nodePools=pools)
    assert [pool["name"] for pool in _inline(new)] == ["asys", "sys"]
    live = _fleet(nodePools=pools, bound=("sys", "cpu"))
    assert [pool["name"] for pool in _inline(live)] == ["sys"]
    added = _resources(live, "agentPools")["c0/asys"]["properties"]
    assert (added["mode"], added["count"]) == ("System", 3)


def _inline(compiled: rendering.Compiled) -> list[dict[str, Any]]:
    pools: list[dict[str, Any]] = _resources(compiled, "managedClusters")["c0"]["properties"]["agentPoolProfiles"]
    return pools


def test_an_autoscaled_system_pool_that_exists_keeps_its_node_count() -> None:
    pools = {"sys": {**SYSTEM, "count": None, "minCount": 2, "maxCount": 5}, "cpu": RAY}
    assert _inline(_fleet(nodePools=pools))[0]["count"] == 2
    assert "count" not in _inline(_fleet(nodePools=pools, bound=("sys", "cpu")))[0]


@pytest.mark.parametrize(
    ("channel", "said"), [("patch", True), ("node-image", True), ("rapid", False), ("stable", False)]
)
def test_a_channel_that_moves_on_is_not_called_back(channel: str, said: bool) -> None:
    new = _resources(_fleet(upgrades={"channel": channel}), "managedClusters")["c0"]["properties"]
    assert new["kubernetesVersion"] == "1.36"
    live = _resources(_fleet(upgrades={"channel": channel}, bound=("sys",)), "managedClusters")["c0"]["properties"]
    assert ("kubernetesVersion" in live) == said


@pytest.mark.parametrize(("tier", "plan"), [("Premium", "AKSLongTermSupport"), ("Standard", "KubernetesOfficial")])
def test_premium_is_long_term_support(tier: str, plan: str) -> None:
    assert _resources(_fleet(tier=tier), "managedClusters")["c0"]["properties"]["supportPlan"] == plan


def test_a_lifecycle_without_rules_is_said() -> None:
    """A policy that a deployment leaves out stays in force."""
    data = smallest()
    data["storage"]["lifecycle"] = {}
    policy = _resources(rendering.from_text(json.dumps(data)), "managementPolicies", "shared")
    (rule,) = policy[f"{data['storage']['account']}/default"]["properties"]["policy"]["rules"]
    assert rule["enabled"] is False


def test_a_large_cluster_has_a_template_of_its_own_and_none_is_too_large() -> None:
    most = {f"p{number}": RAY for number in range(98)}
    compiled = _fleet(count=17, nodePools={"sys": SYSTEM, "cpu": RAY})
    templates = [deployment.template for deployment in compiled.fleet.deployments[2:]]
    assert templates == ["eastus", "eastus-2"]
    data = smallest()
    data["clusters"] = {f"c{index}": {"region": "eastus", "network": {"index": index}} for index in range(16)}
    data["clusters"]["c3"]["nodePools"] = most
    fleet = rendering.from_text(json.dumps(data)).fleet
    assert [deployment.template for deployment in fleet.deployments[2:]] == ["eastus-c3", "eastus"]
    for deployment in fleet.deployments:
        assert sum(map(resource_count, deployment.clusters)) <= MAX_RESOURCES
    assert resource_count(fleet.deployments[2].clusters[0]) > SHARED_RESOURCES
