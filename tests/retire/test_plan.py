"""The plan of a retirement, by what the reference fleet was and is."""

from __future__ import annotations

from rayfleet.retire.plan import plan
from rayfleet.retire.step import STACK
from tests.testing import rendering
from tests.testing.broken_trees import BINDINGS, rendered, tree
from tests.testing.reference_names import CLOUD, EAST_ID, MANAGED_CLUSTERS, WEST_ID, WEST_LINE
from tests.testing.retired_trees import planned

WEST_POOL, EAST_POOL = (f"{MANAGED_CLUSTERS}/{name}/agentPools/a100" for name in ("aks-westus2", "aks-eastus"))
A100 = "    a100: {vmSize: Standard_ND96asr_v4, maxCount: 3, capacityType: spot}\n"


def test_the_steps_of_a_cluster_in_their_order() -> None:
    """The workload's role before the pools; the cluster's own on its network once the cluster is gone."""
    found = planned()
    assert [row.title for row in found.steps] == [
        "Anyscale cloud resource aks-westus2",
        "Flux configuration rayfleet of aks-westus2",
        "Flux extension flux of aks-westus2",
        "federated credential anyscale-operator_anyscale-operator of aks-westus2",
        "role on storage account aksmultiregionsa of identity aks-westus2-workload",
        "node pool a100 of aks-westus2",
        "node pool cpu of aks-westus2",
        "node pool t4 of aks-westus2",
        "cluster aks-westus2",
        "role on network aks-westus2-vnet of identity aks-westus2-control-plane",
        "identity aks-westus2-control-plane",
        "identity aks-westus2-workload",
        "subnet aks-nodes of aks-westus2",
        "NAT gateway aks-westus2-nat",
        "public address aks-westus2-nat-ip-1",
        "public address aks-westus2-nat-ip-2",
        "network security group aks-westus2-nodes-nsg",
        "network aks-westus2-vnet",
        "deployment stack aks-multi-region-westus2",
        "storage account aksmultiregionsa",
        "container aks-anyscale-blob",
    ]
    assert [row.title for row in found.steps if row.kept] == [row.title for row in found.steps[-2:]]
    assert (found.clusters, found.pools) == (["aks-westus2"], {})
    assert not any(row.stays for row in found.steps)
    assert (found.steps[0].cloud, found.steps[0].bound) == (CLOUD, WEST_ID)
    assert found.registered == {"aks-eastus": (CLOUD, EAST_ID)}


def test_what_nothing_is_bound_of() -> None:
    late = tree()[BINDINGS].decode().partition("  aks-westus2:")[0]
    step = planned(bindings=late).steps[0]
    assert (step.cloud, step.id, step.bound) == (CLOUD, "aks-westus2", "")


def test_nothing_left() -> None:
    found = planned(())
    assert (found.steps, found.clusters, found.blocked) == ([], [], [])


def test_a_node_pool_of_clusters_that_stay() -> None:
    found = planned(((A100, ""),))
    assert [(row.id, row.stays) for row in found.steps] == [(EAST_POOL, True), (WEST_POOL, True)]
    assert found.pools == {"aks-eastus": ["a100"], "aks-westus2": ["a100"]} and found.clusters == []
    only = planned(((A100, ""),), only=["aks-westus2"])
    assert [row.id for row in only.steps] == [WEST_POOL] and only.pools == {"aks-westus2": ["a100"]}
    unbound = planned(((A100, ""),), tree()[BINDINGS].decode().replace("a100, ", "").replace(", a100", ""))
    assert unbound.pools == {} and len(unbound.steps) == 2


def test_what_is_data_stays() -> None:
    """The roles on an account that no cluster uses any more go, the account does not."""
    found = planned((("account: aksmultiregionsa", "account: anotheraccount"),)).steps
    roles = [row for row in found if row.role]
    assert {row.cluster for row in roles} == {"aks-eastus", "aks-westus2"} and all(row.stays for row in roles)
    assert {"storage account aksmultiregionsa", "container aks-anyscale-blob"} <= {
        row.title for row in found if row.kept
    }
    assert all(row.kept or row.role for row in found)


def test_a_system_pool_of_a_cluster_that_stays() -> None:
    more = "    sys2: {mode: system, vmSize: Standard_D8ds_v5, count: 3}\n"
    base = rendered(dict(rendering.reference_with(("    sys:", f"{more}    sys:")).rendered()), folder="HEAD:rendered")
    found = plan(base, rendered(tree()), CLOUD, ["aks-westus2"]).steps
    assert [row.id for row in found] == [WEST_POOL.replace("a100", "sys2")]


def test_a_stack_stays_as_long_as_another_cluster_is_in_its_region() -> None:
    other = planned(((WEST_LINE, WEST_LINE.replace("aks-westus2", "aks-other").replace("index: 1", "index: 2")),))
    assert other.clusters == ["aks-westus2"]
    assert not [row for row in other.steps if row.kind == STACK]


def test_a_stack_goes_with_the_last_of_its_clusters() -> None:
    more = WEST_LINE.replace("aks-westus2", "aks-other").replace("index: 1", "index: 2")
    two = rendering.reference_with((WEST_LINE, f"{WEST_LINE}{more}"))
    base = rendered(dict(two.rendered()), folder="HEAD:rendered")
    now = rendered(dict(rendering.reference_with((WEST_LINE, "")).rendered()))
    stacks = {
        name: [row.kind for row in plan(base, now, CLOUD, only).steps].count(STACK)
        for name, only in (("both", ()), ("one", ["aks-other"]), ("each", ["aks-other", "aks-westus2"]))
    }
    assert stacks == {"both": 1, "one": 0, "each": 1}
