"""A rendered tree, read back: resources, pools, layers, releases, and where each value stands."""

from __future__ import annotations

import json

import pytest

from rayfleet.tree import RenderedCluster, Tree
from rayfleet.tree.cluster import folder_in_rendered, repository_folder
from rayfleet.tree.files import Files
from tests.testing.broken_trees import BINDINGS, rendered, tree

VALUES = "clusters/aks-eastus/operators/anyscale-operator/values.yaml"


def clusters(files: dict[str, bytes]) -> dict[str, RenderedCluster]:
    return {cluster.name: cluster for cluster in rendered(files).clusters()}


def test_clusters_lead_to_their_layers_and_values() -> None:
    east = clusters(tree())["aks-eastus"]
    assert [pool.name for pool in east.pools] == ["sys", "a100", "cpu", "t4"]
    counts = {pool.name: (pool.minimum, pool.maximum, pool.surge) for pool in east.pools}
    assert counts == {"sys": (3, 3, 1), "a100": (0, 3, 0), "cpu": (3, 6, 1), "t4": (0, 3, 0)}
    assert list(east.layers) == ["platform", "operators", "workloads"]
    assert east.operator is not None and east.operator.namespace == "anyscale-operator"
    assert east.operator.values["global"]["cloudProvider"] == "azure"
    assert east.operator.side("global", "auth", "iamIdentity").place == (f"rendered/{VALUES}", 8, 18)
    assert east.late("clientId") == "11111111-1111-4111-8111-111111111111"
    assert east.problems == [] and all(layer.problems == [] for layer in east.layers.values())


def test_a_path_in_the_repository() -> None:
    assert folder_in_rendered("./rendered/clusters/a/flux") == "clusters/a/flux"
    assert folder_in_rendered("fleets/one/rendered/clusters/rendered/flux/") == "clusters/rendered/flux"
    assert repository_folder("./fleets/one/rendered/clusters/a/flux") == "fleets/one"
    assert repository_folder("rendered/clusters/a/flux") == ""
    assert (
        folder_in_rendered("./clusters/a/flux")
        is folder_in_rendered("")
        is folder_in_rendered("./rendered/azure/x")
        is None
    )


def test_overrides_win_over_values_and_are_named() -> None:
    path = "clusters/envoy/operators/nvidia-device-plugin/overrides.yaml"
    found = {cluster.name: cluster for cluster in rendered(tree("every-choice"), "every-choice").clusters()}
    plugin = found["envoy"].releases["nvidia-device-plugin"]
    assert plugin.values["migStrategy"] == "no" and plugin.values["gfd"] == {"enabled": False}
    assert plugin.side("migStrategy").place[0] == f"rendered/{path}"
    assert plugin.side("gfd", "enabled").place[0] == f"rendered/{path.replace('overrides', 'values')}"


@pytest.mark.parametrize("new", ["a: [", "a: b\n---\nc: d\n", "\x00", "&a b: c", "- 1"])
def test_what_cannot_be_read_is_a_problem_and_no_crash(new: str) -> None:
    files = {**tree(), "clusters/aks-eastus/anyscale/cloud_resource.yaml": new.encode()}
    east = clusters(files)["aks-eastus"]
    assert east.cloud_resource is None
    assert [row.file for row in east.problems] == ["rendered/clusters/aks-eastus/anyscale/cloud_resource.yaml"]


@pytest.mark.parametrize("new", ["{", "[]", '{"resources": 1}', '{"resources": [1, {"type": 2, "name": null}]}', ""])
def test_a_template_that_is_none(new: str) -> None:
    tree_ = rendered({**tree(), "azure/eastus.json": new.encode()})
    assert [cluster.name for cluster in tree_.clusters()] == ["aks-westus2"]


def test_an_empty_folder_is_an_empty_fleet() -> None:
    nothing = Tree(Files("rendered", {}))
    assert (list(nothing.clusters()), nothing.templates, nothing.deployments, nothing.problems) == ([], (), (), [])


def test_edited_pools_do_not_crash() -> None:
    document = json.loads(tree()["azure/eastus.json"])
    (cluster,) = [row for row in document["resources"] if row["type"].endswith("managedClusters")]
    (system,) = cluster["properties"]["agentPoolProfiles"]
    system["upgradeSettings"]["maxSurge"] = None
    cluster["properties"]["agentPoolProfiles"] += [7, {"nodeTaints": ["a", 1, "b:c"], "nodeLabels": [], "count": "3"}]
    east = clusters({**tree(), "azure/eastus.json": json.dumps(document).encode()})["aks-eastus"]
    assert [(pool.name, pool.surge) for pool in east.pools[:2]] == [("sys", 0), ("", 0)]
    assert [str(taint) for taint in east.pools[1].taints] == ["a=:", "b=:c"]


# --- like another ---


def like(now: Tree, file: str, old: bytes, new: bytes) -> Tree:
    """The reference with other text in a file."""
    content = {path: text for path, text in tree().items() if path != BINDINGS}
    return Tree(Files("HEAD:rendered", {**content, file: content[file].replace(old, new)}), like=now)


def test_templates_that_are_the_same_are_taken_over() -> None:
    now, east = rendered(tree()), "azure/eastus.json"
    base = like(now, east, b'"maxCount": 3', b'"maxCount": 4')
    assert [row.path for row in base.templates] == [row.path for row in now.templates]
    (own,) = (row for row in base.templates if row not in now.templates)
    assert own.source.file == f"HEAD:rendered/{east}"


def test_a_template_that_is_deployed_otherwise_is_another() -> None:
    now = rendered(tree())
    base = like(now, "azure/deployments.json", b'"location": "westus2"', b'"location": "eastus2"')
    others = [row for row in base.templates if row not in now.templates]
    assert [row.path for row in others] == ["azure/westus2.json"]
    assert others[0].deployment and others[0].deployment.location == "eastus2"
