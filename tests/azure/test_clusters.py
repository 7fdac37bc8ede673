"""The AKS clusters of a resource group, as Azure lists them."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from rayfleet.azure.clusters import ListedCluster, clusters, upgrade_command
from rayfleet.azure.faults import Fault
from rayfleet.tree.deployment_steps import DeploymentScope


class Answer:
    """What Azure says to the one question."""

    def __init__(self, said: Any) -> None:
        self.said = said
        self.asked: list[str] = []

    def pages(self, path: str, version: str) -> Any:
        self.asked.append(f"{path} {version}")
        if isinstance(self.said, Fault):
            raise self.said
        return self.said


def listed(said: Any) -> dict[str, ListedCluster]:
    return clusters(Answer(said), DeploymentScope("s", "g"), "v")


def test_the_question() -> None:
    answer = Answer([])
    assert clusters(answer, DeploymentScope("s", "g"), "v") == {}
    assert answer.asked == ["/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters v"]


def test_clusters_and_their_pools() -> None:
    pools = {"agentPoolProfiles": [{"name": "sys"}, {"name": "cpu"}]}
    assert listed([{"name": "a", "location": "eastus", "properties": pools}]) == {
        "a": ListedCluster("eastus", frozenset({"sys", "cpu"}))
    }


def test_versions_of_nodes() -> None:
    """What there is counts, and what was asked for where that is not said."""
    pools = [
        {"name": "sys", "currentOrchestratorVersion": "1.36.2", "orchestratorVersion": "1.36"},
        {"name": "t4", "currentOrchestratorVersion": "1.35.9", "orchestratorVersion": "1.36"},
        {"name": "cpu", "orchestratorVersion": "1.34.1"},
        {"name": "odd", "currentOrchestratorVersion": 7},
    ]
    properties = {"kubernetesVersion": "1.36", "currentKubernetesVersion": "1.36.1", "agentPoolProfiles": pools}
    found = listed([{"name": "a", "properties": properties}])["a"]
    assert (found.version, found.behind) == ("1.36.1", ("cpu", "t4"))
    assert found.pool_versions == {"sys": "1.36.2", "t4": "1.35.9", "cpu": "1.34.1"}


def test_the_command_that_upgrades_a_pool() -> None:
    """azure-cli 2.91.0, az aks nodepool upgrade."""
    words = shlex.split(upgrade_command(DeploymentScope("s", "my group"), "a", "t4", "1.36.1"))
    assert words[:4] == ["az", "aks", "nodepool", "upgrade"]
    options = dict(zip(words[4::2], words[5::2], strict=True))
    assert options == {
        "--subscription": "s",
        "--resource-group": "my group",
        "--cluster-name": "a",
        "--name": "t4",
        "--kubernetes-version": "1.36.1",
    }


def test_answers_of_another_form() -> None:
    rows = [{"name": "[bold]x[/bold]", "location": 7}, {"noName": 1}, "none", {"name": "b", "properties": 3}]
    assert listed(rows) == {"[bold]x[/bold]": ListedCluster("", None), "b": ListedCluster("", None)}


def test_a_group_that_is_not_there_has_none() -> None:
    assert listed(Fault("ResourceGroupNotFound", "no", 404)) == {}
    with pytest.raises(Fault, match="no"):
        listed(Fault("AuthorizationFailed", "no", 403))
