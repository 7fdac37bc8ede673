"""ARM: references, deployments, names, limits, node pools, subnets, and what Azure keeps."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from tests.proofs.breaks import arm_changes, arm_references, arm_templates
from tests.proofs.breaks.arm import (
    AKS,
    CLUSTER,
    EAST,
    GROUP,
    LIST,
    NSG,
    POOLS,
    SHARED,
    SUBNET,
    T4,
    changed,
    identifier,
    properties,
    resource,
)
from tests.testing import rendering
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, tree
from tests.testing.extent import sampled, some
from tests.testing.garbage import garbled, paths

BREAKS = (
    *arm_references.REFERENCES,
    *arm_references.DEPLOYMENTS,
    *arm_references.NAMES,
    *arm_templates.TEMPLATES,
    *arm_templates.POOL,
    *arm_templates.SUBNET_BREAKS,
)
CHANGES = arm_changes.CHANGES


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "arm", fleet=case.fleet), files, "arm", case)


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: case.name)
def test_change_is_seen(case: Break) -> None:
    files = broken(case.edits)
    assert_seen(check(files, "arm", base=tree()), files, "arm", case)


@pytest.mark.parametrize("case", CHANGES[-5:], ids=lambda case: case.name)
def test_what_is_gone_is_said_once(case: Break) -> None:
    report = check(broken(case.edits), "arm", base=tree())
    assert [case.says in f"{row.subject}: {row.what}" for row in report.of(case.outcome)] == [True]


def test_what_moves_out_of_the_cluster_is_the_same_pool() -> None:
    """A system pool may become a resource of its own: it is judged as the pool that it was."""

    def move(document: Any) -> None:
        profile = document["resources"][CLUSTER]["properties"]["agentPoolProfiles"][0]
        own = {**profile, "vmSize": "Standard_D4ds_v5"}
        profile["name"] = "sys2"
        waits = [identifier(POOLS, "aks-eastus", "t4"), identifier(AKS, "aks-eastus")]
        row = {**document["resources"][T4], "name": "aks-eastus/sys", "dependsOn": waits, "properties": own}
        document["resources"].append(row)

    report = check(broken((changed(EAST, move),)), "arm", base=tree())
    assert any("vmSize of aks-eastus/sys was Standard_D8ds_v5" in row.what for row in failures(report))
    assert report.of("warned") == []


def test_nothing_is_stranded_by_nothing() -> None:
    report = check(tree(), "arm", base=tree())
    assert "all of 45 resources of the base commit are still written, as what they are" in [
        row.what for row in report.of("proved")
    ]
    assert [*report.of("warned"), *report.of("failed"), *report.of("noted")] == []


def test_without_a_base_it_says_so() -> None:
    report = check(tree(), "arm")
    assert [row.claim for row in report.of("unjudged")] == ["arm/no-base"]
    assert report.sections["arm"].outcome == "unjudged"


# --- what holds ---


def test_witnesses() -> None:
    report = check(tree(), "arm")
    said = {f"{row.subject}: {row.what}" for row in report.of("proved")}
    assert {
        ": 4 deployments deploy every template once, each after what it depends on",
        "aks-multi-region-eastus: 19 resources, and nothing is named before it is made",
        ": 43 resources have names that Azure accepts, and none is written twice",
        ": each of 18 types of resources has one API version",
        "aks-eastus: AKS gets its 4 node pools, 2 of them spot, one write at a time",
        "aks-eastus: Flux is installed after every node pool",
    } <= said
    assert sum("is within Azure's limits" in what for what in said) == 4


NO_UPGRADES = {"upgradeChannel": "none", "nodeOSUpgradeChannel": "None"}


@pytest.mark.parametrize("fleet", ["reference", *rendering.FLEETS])
def test_no_false_alarm(fleet: str) -> None:
    report = check(tree(fleet), "arm", fleet=fleet, base=tree(fleet))
    assert failures(report) == report.of("warned") == report.of("noted") == []


@pytest.mark.parametrize("fleet", rendering.FLEETS)
def test_no_false_alarm_before_and_after_the_first_deployment(fleet: str) -> None:
    unbound = dict(rendering.compiled(fleet, bound=False).rendered())
    assert failures(check(unbound, "arm", fleet=fleet)) == []
    report = check(tree(fleet), "arm", fleet=fleet, base=unbound)
    assert failures(report) == report.of("warned") == []


@pytest.mark.parametrize(
    "edits",
    [
        (properties(CLUSTER, kubernetesVersion="1.36.1", autoUpgradeProfile=NO_UPGRADES),),
        (resource(SUBNET, lambda row: row.update(dependsOn=["aks-eastus-vnet", *row["dependsOn"]])),),
        (resource(NSG, lambda row: row.update(tags={"token": "of gratitude", "secret": "santa"})),),
        (Edit(EAST, '"location": "eastus",\n      "tags": {},\n      "properties": {\n        "addressSpace"',
              '"location": "East US",\n      "tags": {},\n      "properties": {\n        "addressSpace"'),),
        (properties(T4, "spotMaxPrice"),),
    ],
)  # fmt: skip
def test_what_may_be_is_no_alarm(edits: tuple[Edit, ...]) -> None:
    assert failures(check(broken(edits), "arm")) == []


# --- anything at all ---

GARBAGE = (
    None,
    [],
    "",
    "[",
    -1,
    True,
    [None, 7, {"a": []}],
    {"name": 3},
    "[resourceId()]",
    "[resourceId('a', 'b', 'c')]",
)


@cache
def small() -> dict[str, bytes]:
    """One cluster with one node pool more than it was made with."""
    files = {path: content for path, content in tree().items() if "westus2" not in path}
    document = json.loads(files[EAST])
    document["resources"] = [
        row for row in document["resources"] if row["name"] not in ("aks-eastus/a100", "aks-eastus/t4")
    ]
    listed = json.loads(files[LIST])
    listed["deployments"].pop()
    found = {**files, EAST: json.dumps(document).encode(), LIST: json.dumps(listed).encode()}
    assert len(check(found, "arm").of("proved")) > 8, "all of the proof must be at work"
    return found


@sampled
@pytest.mark.parametrize("path", [SHARED, EAST, GROUP, LIST])
def test_garbage_is_survived(path: str) -> None:
    """Now and in the base commit; one piece for each place, another for the next."""
    data = json.loads(small()[path])
    for number, place in enumerate(some(paths(data), 20)):
        odd = {**small(), path: garbled(data, place, GARBAGE[number % len(GARBAGE)])}
        check(odd, "arm", base=odd if number % 2 else small())


def test_garbage_in_deployments_is_survived() -> None:
    data = json.loads(small()[LIST])
    for place in paths({"deployments": data["deployments"][:2]}):
        for garbage in GARBAGE[::2]:
            check({**small(), LIST: garbled(data, place, garbage)}, "arm")


def test_what_a_missing_template_makes_is_not_taken_for_left_behind() -> None:
    gone = broken((Edit("azure/westus2.json", "", None),))
    assert {row.claim for row in check(gone, "arm", base=tree()).of("warned")} == set()
    assert {row.claim for row in failures(check(gone, "arm", base=tree()))} == {"arm/no-template"}
    unlisted = {**tree(), LIST: b'{"deployments": []}'}
    report = check(unlisted, "arm", base=tree())
    assert {row.claim for row in (*report.of("warned"), *failures(report))} == {"arm/template-not-deployed"}
