"""The AKS clusters of a resource group, as Azure lists them."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.azure.clusters import ListedCluster, clusters
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


def test_answers_of_another_form() -> None:
    rows = [{"name": "[bold]x[/bold]", "location": 7}, {"noName": 1}, "none", {"name": "b", "properties": 3}]
    assert listed(rows) == {"[bold]x[/bold]": ListedCluster("", None), "b": ListedCluster("", None)}


def test_a_group_that_is_not_there_has_none() -> None:
    assert listed(Fault("ResourceGroupNotFound", "no", 404)) == {}
    with pytest.raises(Fault, match="no"):
        listed(Fault("AuthorizationFailed", "no", 403))
