"""Upgrades that AKS does not start."""

from __future__ import annotations

import pytest

from tests.proofs.breaks.arm import CPU, EAST, changed
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check

CLAIMS = ("arm/surge-over-limit", "arm/upgrade-too-long")


def pool(most: int, surge: str = "10%", channels: tuple[str, str] = ("patch", "NodeImage"), **settings: str) -> Edit:
    """The CPU pool of the reference, larger, and how its cluster is upgraded."""

    def change(document: dict[str, list[dict[str, dict[str, object]]]]) -> None:
        for row in document["resources"]:
            if "autoUpgradeProfile" in row["properties"]:
                row["properties"]["autoUpgradeProfile"] = {
                    "upgradeChannel": channels[0], "nodeOSUpgradeChannel": channels[1],
                }  # fmt: skip
        own = document["resources"][CPU]["properties"]
        own |= {"maxCount": most, "upgradeSettings": {"maxSurge": surge, **settings}}

    return changed(EAST, change)


BREAKS = (
    Break(
        "a pool with no room for its surge",
        (pool(950),),
        "its pool cpu may grow to 950 nodes, and an upgrade adds 95: AKS refuses to upgrade a pool to more than 1000",
        ((EAST, '"maxCount": 950'), (EAST, '"maxSurge": "10%"')),
        "warned",
    ),
    Break(
        "a large pool that upgrades node by node",
        (pool(201, "1"),),
        "its pool cpu may grow to 201 nodes, and upgrades 1 at a time: AKS starts no automatic upgrade",
        ((EAST, '"maxSurge": "1"'), (EAST, '"maxCount": 201')),
        "warned",
    ),
)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits)
    assert_seen(check(files, "arm"), files, "arm", case)


def said(*edits: Edit) -> list[str]:
    return [row.what for row in check(broken(edits), "arm").of("warned") if row.claim in CLAIMS]


@pytest.mark.parametrize(
    "edit",
    [
        pool(909),
        pool(999, "1", ("none", "None")),
        pool(200, "1"),
        pool(1000, "0", maxUnavailable="5"),
        pool(500, "1", ("none", "Unmanaged")),
    ],
    ids=["with room", "by hand", "200 nodes", "five at a time", "no channel"],
)
def test_what_aks_upgrades(edit: Edit) -> None:
    assert said(edit) == []


def test_a_node_image_channel_alone_upgrades_too() -> None:
    assert len(said(pool(500, "1", ("none", "SecurityPatch")))) == 1


def test_how_large_a_pool_may_be() -> None:
    (row,) = [row for row in check(broken((pool(1000),)), "arm").of("warned") if row.claim in CLAIMS]
    assert row.fix == "lower its maximum to 909, or make two pools of it"


def test_a_cluster_at_its_limit() -> None:
    def change(document: dict[str, list[dict[str, object]]]) -> None:
        (cpu,) = [row for row in document["resources"] if row["name"] == "aks-eastus/cpu"]
        own = cpu["properties"]
        assert isinstance(own, dict)
        for number in range(5):
            more = {**own, "maxCount": 990, "upgradeSettings": {"maxSurge": "10"}}
            document["resources"].append({**cpu, "name": f"aks-eastus/more{number}", "properties": more})
        own["maxCount"] = 5000 - 5 * 990 - 9

    assert said(changed(EAST, change)) == ["its pools may grow to 5000 nodes, with which AKS upgrades no cluster"]
