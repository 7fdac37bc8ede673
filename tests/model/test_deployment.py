"""Deployments: which template a cluster is in follows from itself alone."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rayfleet.model.cluster import Cluster
from rayfleet.model.deployment import CLUSTERS_A_TEMPLATE, regional_templates
from tests.testing.smallest_fleet import build, smallest

ONE = build(smallest()).clusters[0]
REGIONS = st.sampled_from(["eastus", "eastus2", "westus2"])
# Clusters of a fleet in any order: an index is one cluster's in the whole fleet.
FLEETS = st.dictionaries(st.integers(0, 4 * CLUSTERS_A_TEMPLATE), REGIONS, max_size=60).flatmap(
    lambda regions: st.permutations([_cluster(index, region) for index, region in regions.items()])
)


def _cluster(index: int, region: str) -> Cluster:
    infrastructure = replace(ONE.infrastructure, network=replace(ONE.network, index=index))
    return replace(ONE, name=f"cluster-{index}", region=region, infrastructure=infrastructure)


def _placed(clusters: list[Cluster]) -> dict[str, str]:
    """The template of each cluster."""
    templates = regional_templates(clusters)
    return {cluster.name: template for template, inside in templates.items() for cluster in inside}


@given(FLEETS)
def test_every_cluster_is_in_one_template_of_its_region(clusters: list[Cluster]) -> None:
    templates = regional_templates(clusters)
    inside = [cluster for group in templates.values() for cluster in group]
    assert sorted(cluster.name for cluster in inside) == sorted(cluster.name for cluster in clusters)
    for template, group in templates.items():
        assert {template.split("-")[0]} == {cluster.region for cluster in group}
        assert 1 <= len(group) <= CLUSTERS_A_TEMPLATE


@given(FLEETS, st.data())
def test_removing_clusters_moves_no_other(clusters: list[Cluster], data: st.DataObject) -> None:
    stay = data.draw(st.lists(st.booleans(), min_size=len(clusters), max_size=len(clusters)))
    left = [cluster for cluster, stays in zip(clusters, stay, strict=True) if stays]
    before = _placed(clusters)
    assert _placed(left) == {cluster.name: before[cluster.name] for cluster in left}


@given(FLEETS, FLEETS)
def test_adding_clusters_moves_no_other(clusters: list[Cluster], more: list[Cluster]) -> None:
    taken = {cluster.network.index for cluster in clusters}
    added = [cluster for cluster in more if cluster.network.index not in taken]
    after = _placed([*added, *clusters])
    assert {cluster.name: after[cluster.name] for cluster in clusters} == _placed(clusters)


@given(FLEETS, st.data())
def test_the_order_of_clusters_does_not_matter_to_where_they_are(clusters: list[Cluster], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(clusters))
    assert _placed(shuffled) == _placed(clusters)
    assert list(regional_templates(shuffled)) == list(regional_templates(clusters))


def test_names_of_templates() -> None:
    clusters = [_cluster(index, "eastus") for index in (0, 15, 16, 48)] + [_cluster(17, "westus2")]
    templates = regional_templates(clusters)
    assert {template: [cluster.network.index for cluster in group] for template, group in templates.items()} == {
        "eastus": [0, 15],
        "eastus-2": [16],
        "eastus-4": [48],
        "westus2-2": [17],
    }


def test_the_deployments_of_a_fleet() -> None:
    data = smallest()
    data["clusters"] = {
        "one": {"region": "eastus", "network": {"index": 0}},
        "two": {"region": "westus2", "network": {"index": 16}},
    }
    fleet = build(data)
    subscription = data["azure"]["subscriptionId"]
    rows = [
        (row.name, row.template, row.scope.resource_group, row.location, [cluster.name for cluster in row.clusters])
        for row in fleet.deployments
    ]
    assert rows == [
        ("fleet-resource-group", "resource-group", None, "eastus", []),
        ("fleet-shared", "shared", "group", "eastus", []),
        ("fleet-eastus", "eastus", "group", "eastus", ["one"]),
        ("fleet-westus2-2", "westus2-2", "group", "westus2", ["two"]),
    ]
    assert {row.scope.subscription_id for row in fleet.deployments} == {subscription}
    assert [row.depends_on for row in fleet.deployments] == [
        (), ("fleet-resource-group",), ("fleet-shared",), ("fleet-shared",),
    ]  # fmt: skip
    assert {name: row.name for name, row in fleet.deployment_of.items()} == {
        "one": "fleet-eastus",
        "two": "fleet-westus2-2",
    }
    assert fleet.producers(fleet.clusters[1])["clientId"] == "fleet-westus2-2.outputs.two.clientId"
