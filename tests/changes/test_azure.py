"""Azure resources of one tree against those of another."""

from __future__ import annotations

from typing import Any

import pytest

from rayfleet.changes.azure import azure_changes
from rayfleet.changes.change import Change
from rayfleet.facts.resource_types import CLUSTER, FLUX_CONFIGURATION, IDENTITY, NAT_GATEWAY, NODE_POOL, VNET
from tests.testing.azure_trees import GROUP, changed, cluster, resource, tree

POOL = f"{GROUP}/microsoft.containerservice/managedclusters/aks/agentpools"


def pool(name: str = "aks/t4", **properties: Any) -> dict[str, Any]:
    return resource(NODE_POOL, name, properties=properties)


def said(rows: list[Change]) -> list[tuple[str, str, str, str]]:
    return [(row.event, row.id.rpartition("/")[2], row.property, row.change_class) for row in rows]


def test_nothing_differs() -> None:
    rows = [cluster({"name": "sys"}), pool(vmSize="a")]
    assert changed(rows, rows) == changed([], []) == []


def test_a_property_that_differs_has_both_sides_and_its_class() -> None:
    (row,) = changed([cluster(), pool(vmSize="A")], [cluster(), pool(vmSize="B")])
    assert said([row]) == [("changed", "t4", "vmSize", "new pool")]
    assert (row.kind, row.owner, row.before, row.after) == (NODE_POOL.lower(), "aks", "A", "B")
    assert row.row and row.row.source
    assert row.old and row.old.place[0] == "HEAD:rendered/azure/eastus.json"
    assert row.new and row.new.place[0] == "rendered/azure/eastus.json"


def test_what_a_resource_belongs_to() -> None:
    rows = changed([cluster()], [cluster(), pool(vmSize="A"), resource(VNET, "vnet", location="eastus")])
    assert [(row.id.rpartition("/")[2], row.owner) for row in rows] == [("t4", "aks"), ("vnet", "fleet-eastus")]


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (NODE_POOL, {"vmSize": "Standard_D4"}, {"vmSize": "standard_d4"}),
        (NODE_POOL, {"availabilityZones": ["1", "2"]}, {"availabilityZones": ["2", "1"]}),
        (NODE_POOL, {}, {"osType": "Linux"}),
        (NODE_POOL, {"gpuProfile": {"driver": "Install"}}, {"gpuProfile": {}}),
        (NODE_POOL, {"vnetSubnetID": "/subscriptions/S/x"}, {"vnetSubnetID": "/subscriptions/s/X"}),
        (CLUSTER, {}, {"autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"}}),
        (FLUX_CONFIGURATION, {"gitRepository": {"provider": "Generic"}}, {"gitRepository": {}}),
        (
            NAT_GATEWAY,
            {"publicIpAddresses": [{"id": "[resourceId('a/b', 'c')]"}, {"id": "/subscriptions/s/x"}]},
            {"publicIpAddresses": [{"id": "/subscriptions/s/x"}, {"id": f"{GROUP}/A/b/c"}]},
        ),
    ],
)
def test_what_azure_takes_for_the_same_is_no_change(kind: str, before: Any, after: Any) -> None:
    assert changed([resource(kind, properties=before)], [resource(kind, properties=after)]) == []
    assert changed([resource(kind, properties=after)], [resource(kind, properties=before)]) == []


def test_regions_are_compared_without_case_and_blanks() -> None:
    assert changed([resource(VNET, location="East US")], [resource(VNET, location="eastus")]) == []
    (row,) = changed([resource(VNET, location="East US")], [resource(VNET, location="eastus2")])
    assert said([row]) == [("changed", "a", "location", "refused")] and row.before == "East US"


def test_where_case_may_matter_it_does() -> None:
    (row,) = changed([resource(VNET, tags={"team": "a"})], [resource(VNET, tags={"team": "A"})])
    assert said([row]) == [("changed", "a", "tags.team", "in place")]


def test_the_order_of_address_families_matters() -> None:
    before, after = ({"networkProfile": {"ipFamilies": row}} for row in (["IPv4", "IPv6"], ["IPv6", "IPv4"]))
    assert len(changed([resource(CLUSTER, properties=before)], [resource(CLUSTER, properties=after)])) == 1


def test_keys_that_are_expressions() -> None:
    """An identity that a cluster has goes by its id, and its place by what is written."""
    written = "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'x')]"
    plain = f"{GROUP}/{IDENTITY}/x"
    before, same, after = (
        resource(CLUSTER, identity={"type": "UserAssigned", "userAssignedIdentities": {key: value}})
        for key, value in ((written, {}), (plain, {}), (written, {"more": 1}))
    )
    assert changed([before], [same]) == []
    (row,) = changed([before], [after])
    assert row.path[:2] == ("identity", "userAssignedIdentities") and row.after == 1
    assert row.new and row.new.path[-2:] == (written, "more")


# --- whole resources ---


def test_what_is_gone_and_what_is_new() -> None:
    rows = changed([cluster(), pool(vmSize="A")], [cluster(), pool("aks/cpu", vmSize="B")])
    assert said(rows) == [("gone", "t4", "", "ignored"), ("made", "cpu", "", "made")]
    gone, made = rows
    assert gone.old and gone.new is None and made.new and made.old is None
    assert gone.before["name"] == "aks/t4" and made.after["name"] == "aks/cpu"


def test_what_has_another_name_and_nothing_else_is_renamed() -> None:
    rows = changed(
        [pool("aks/t4", vmSize="A", maxCount=3), pool("aks/v100", vmSize="A")],
        [pool("aks/gput4", maxCount=3, vmSize="A"), pool("aks/other", vmSize="B")],
    )
    assert said(rows) == [
        ("renamed", "t4", "", "ignored"),
        ("gone", "v100", "", "ignored"),
        ("made", "other", "", "made"),
    ]
    assert (rows[0].before, rows[0].after) == (f"{POOL}/t4", f"{POOL}/gput4")


def test_a_cluster_that_is_there_takes_no_new_pool_inside_it() -> None:
    sys, more = {"name": "sys", "count": 1}, {"name": "more", "count": 2}
    (row,) = changed([cluster(sys)], [cluster(sys, more)])
    assert said([row]) == [("made", "more", "", "refused")] and row.row and "resources of their own" in row.row.says
    (row,) = changed([cluster(sys)], [cluster({**sys, "name": "sysb"})])
    assert said([row]) == [("renamed", "sys", "", "refused")]
    rows = changed([], [cluster(sys)])
    assert {row.change_class for row in rows} == {"made"}


def test_a_pool_inside_its_cluster_is_the_one_beside_it() -> None:
    inside = cluster({"name": "sys", "vmSize": "A", "mode": "System"})
    beside = pool("aks/sys", vmSize="B", mode="System")
    (row,) = changed([inside], [cluster(), beside])
    assert said([row]) == [("changed", "sys", "vmSize", "new pool")]
    (row,) = changed([cluster(), beside], [inside])
    assert (row.before, row.after) == ("B", "A") and row.new and row.new.path[-1] == "vmSize"


def test_the_same_two_trees_are_compared_once() -> None:
    before, now = tree(pool(vmSize="A")), tree(pool(vmSize="B"))
    assert azure_changes(before, now) is azure_changes(before, now)
    assert [row.after for row in azure_changes(now, before)] == ["A"]
