"""Real edits of a fleet, and all that is said of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from rayfleet.changes import Change, changes
from rayfleet.tree import Tree
from tests.testing.broken_trees import rendered, tree
from tests.testing.rendering import FLEETS, bindings, from_text
from tests.testing.smallest_fleet import Data, smallest


def fleet() -> Data:
    data = smallest(gateway={"kind": "envoy-gateway"})
    data["defaults"]["nodePools"]["t4"] = {"vmSize": "Standard_NC16as_T4_v3", "maxCount": 3}
    data["clusters"]["two"] = {"region": "westus2", "network": {"index": 1}}
    return data


def read_back(data: Data, late: str) -> Tree:
    return rendered(dict(from_text(json.dumps(data), late=late).rendered()))


def edited(edit: Callable[[Any], object]) -> Counter[tuple[str, str, str]]:
    """How often each event, kind and class is said after an edit of the fleet."""
    before, now = fleet(), deepcopy(fleet())
    edit(now)
    late = bound(before)
    return Counter(map(short, changes(read_back(before, late), read_back(now, late))))


def bound(data: Data) -> str:
    return bindings(from_text(json.dumps(data))).decode()


def short(row: Change) -> tuple[str, str, str]:
    return row.event, row.kind.rpartition("/")[2].partition(".")[0], row.change_class


@pytest.mark.parametrize("name", ["reference", *FLEETS])
def test_a_fleet_is_as_it_is(name: str) -> None:
    assert list(changes(rendered(tree(name), name), rendered(tree(name), name))) == []


def pools(data: Any) -> Any:
    return data["defaults"]["nodePools"]


def defaults(**settings: Any) -> Callable[[Any], object]:
    return lambda data: data["defaults"].update(settings)


POOL, RELEASE, CLUSTER = "agentpools", "HelmRelease", "managedclusters"


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            lambda data: pools(data)["t4"].update(vmSize="Standard_NC8as_T4_v3"),
            {("changed", POOL, "new pool"): 2, ("changed", RELEASE, "data"): 2},
        ),
        (lambda data: pools(data)["cpu"].update(maxCount=7), {("changed", POOL, "in place"): 2}),
        (lambda data: pools(data).update(gput4=pools(data).pop("t4")), {("renamed", POOL, "ignored"): 2}),
        (defaults(kubernetesVersion="1.37"), {("changed", CLUSTER, "in place"): 2}),
        (defaults(network={"dataplane": "azure"}), {("changed", CLUSTER, "unclassified"): 2}),
        (
            defaults(gateway={"kind": "application-routing"}),
            {
                ("changed", "Gateway", "re-created"): 2,
                ("gone", RELEASE, "deleted"): 2,
                ("gone", "GatewayClass", "deleted"): 2,
                ("gone", "Namespace", "ignored"): 2,
            },
        ),
        (
            defaults(volume={"cache": "file"}),
            {
                ("changed", "PersistentVolume", "ignored"): 2,
                ("changed", "StorageClass", "ignored"): 2,
                ("changed", RELEASE, "data"): 2,
            },
        ),
        (
            lambda data: data["storage"].update(container="other"),
            {
                ("renamed", "containers", "data"): 1,
                ("changed", "CloudResource", "data"): 2,
                ("changed", "PersistentVolume", "refused"): 4,
                ("changed", "StorageClass", "re-created"): 2,
            },
        ),
        (
            defaults(charts={"nvidia-device-plugin": {"version": "0.19.0"}}),
            {("changed", RELEASE, "rolling pods"): 2},
        ),
        (
            defaults(charts={"anyscale-operator": {"values": {"operator": {"replicas": 3}}}}),
            {("changed", RELEASE, "in place"): 2},
        ),
        (lambda data: data["storage"].update(redundancy="LRS"), {("changed", "storageaccounts", "refused"): 1}),
        (lambda data: data["gitops"].update(branch="other"), {("changed", "fluxconfigurations", "data"): 2}),
        (lambda data: data["clusters"].pop("two"), {("gone", CLUSTER, "ignored"): 1, ("gone", POOL, "ignored"): 3}),
        (
            lambda data: data["clusters"].update(three={"region": "westus2", "network": {"index": 2}}),
            {("made", CLUSTER, "made"): 1, ("made", POOL, "made"): 3},
        ),
    ],
    ids=(
        "VM size", "more nodes", "pool renamed", "Kubernetes", "data plane", "gateway", "cache", "container", "chart",
        "values", "redundancy", "branch", "cluster out", "cluster in",
    ),
)  # fmt: skip
def test_an_edit(edit: Callable[[Any], object], expected: dict[tuple[str, str, str], int]) -> None:
    found = edited(edit)
    assert found & Counter(expected) == Counter(expected), found
    # All else is in place, or comes and goes with what was expected.
    severe = {"refused", "new pool", "new cluster", "data", "re-created", "unclassified", "rolling nodes"}
    assert {key for key in found if key[2] in severe} <= expected.keys()
