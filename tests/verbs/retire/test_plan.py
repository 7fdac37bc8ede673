"""What a retirement shows before it deletes anything."""

from __future__ import annotations

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.testing.retire_command import (
    AKS,
    EAST_ID,
    IDENTITY,
    KEPT,
    ON_ACCOUNT,
    ON_VNET,
    ORDER,
    STACK,
    SUB,
    WEST,
    Arm,
    change,
    commit,
    data,
    deployed,
    go,
    ids,
    registered,
    untouched,
)
from tests.testing.workspace import Workspace


def test_the_plan_of_a_cluster(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    found = data(fleet)
    assert found["outcome"] == "planned" and found["diagnostics"] == found["blocked"] == []
    # The workload's role before the pools; the cluster's own on its network once the cluster is gone.
    assert ids(found) == ["aks-westus2", *ORDER]
    assert ids(found, "kept") == KEPT
    assert ids(found, "done") == [STACK]
    assert found["leftInBindings"] == {"clusters": ["aks-westus2"], "nodePools": {}}
    assert untouched(server, stand_in)


def test_the_plan_for_people(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    shown = fleet.run("retire").stdout
    before = fleet.run("retire", "--base", "HEAD~1").stdout
    assert shown.partition("\n")[0][:-12] == "aks-westus2: 21 steps: 18 to do, 1 done, 2 kept; since "
    assert shown.partition("\n")[2] == before.partition("\n")[2]
    lines = [line for line in shown.splitlines() if not line.startswith("    ")]
    assert lines[1:] == [
        "- 1. Anyscale cloud resource aks-westus2: to do",
        "- 2. Flux configuration rayfleet of aks-westus2: to do",
        "- 3. Flux extension flux of aks-westus2: to do",
        "- 4. federated credential anyscale-operator_anyscale-operator of aks-westus2: to do",
        "- 5. role on storage account aksmultiregionsa of identity aks-westus2-workload: to do",
        "- 6. node pool a100 of aks-westus2: to do",
        "- 7. node pool cpu of aks-westus2: to do",
        "- 8. node pool t4 of aks-westus2: to do",
        "- 9. cluster aks-westus2: to do",
        "- 10. role on network aks-westus2-vnet of identity aks-westus2-control-plane: to do",
        "- 11. identity aks-westus2-control-plane: to do",
        "- 12. identity aks-westus2-workload: to do",
        "- 13. subnet aks-nodes of aks-westus2: to do",
        "- 14. NAT gateway aks-westus2-nat: to do",
        "- 15. public address aks-westus2-nat-ip-1: to do",
        "- 16. public address aks-westus2-nat-ip-2: to do",
        "- 17. network security group aks-westus2-nodes-nsg: to do",
        "- 18. network aks-westus2-vnet: to do",
        "+ 20. storage account aksmultiregionsa: kept",
        "+ 21. container aks-anyscale-blob: kept",
        "next: rayfleet retire --run",
    ]
    assert "    why: its nodes go, and what runs on them\n" in shown
    assert "by hand" not in shown and "data is never deleted" not in shown
    assert untouched(server, stand_in)


def test_all_of_it_for_people(fleet: Workspace, server: Arm) -> None:
    shown = fleet.run("retire", "--verbose").stdout
    assert (
        "- 1. Anyscale cloud resource aks-westus2: to do\n"
        "    why: Anyscale places no more work there; end what still runs on it first: this does not wait for it\n"
        "    id: aks-westus2\n"
        "    by hand: anyscale cloud resource delete --cloud aks-multi-region --resource aks-westus2 --yes\n"
    ) in shown
    assert f"by hand: az aks delete --subscription {SUB} --resource-group aks-multi-region --name aks-westus2" in shown
    assert "= 19. deployment stack aks-multi-region-westus2: done\n" in shown
    assert "az extension add --name NAME\n" in shown


def test_a_role_is_taken_away_by_the_id_that_was_found(fleet: Workspace, server: Arm) -> None:
    """Without an assignee, as of an identity that is gone, az would take the role from everybody."""
    del server.documents[f"{IDENTITY}-workload"]
    rows = {row["id"]: row["command"] for row in data(fleet)["steps"]}
    assert rows[ON_ACCOUNT] == f"az role assignment delete --ids {ON_ACCOUNT}"
    assert rows[ON_VNET] == f"az role assignment delete --ids {ON_VNET}"
    unseen = [row for row in data(fleet, "--offline")["steps"] if row["type"].endswith("roleassignments")]
    assert [(row["id"], row["command"]) for row in unseen] == [(None, None)] * 2


def test_nothing_of_it_is_bound(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    fleet.write(fleet.read("bindings.yaml").partition("  aks-westus2:")[0], "bindings.yaml")
    stand_in.clouds = registered(aks_eastus=EAST_ID)
    commit()
    assert data(fleet)["leftInBindings"] == {"clusters": [], "nodePools": {}}
    assert "bindings.yaml" not in go(fleet).stdout
    assert server.deleted == ORDER


def test_nothing_to_retire(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    said = "nothing to retire: HEAD has nothing that rendered/ lacks; --base names an older commit\n"
    assert whole.run("retire").stdout == said
    assert go(whole).stdout == said
    assert server.requests == [] and stand_in.calls == []


def test_offline(fleet: Workspace, server: Arm, stand_in: StandIn) -> None:
    assert len(ids(data(fleet, "--offline"), "not seen")) == 19
    assert server.requests == [] and stand_in.calls == []


# --- parts of clusters that stay --------------------------------------------------------------------------------------

A100 = [AKS.replace("westus2", region) + "/agentPools/a100" for region in ("eastus", "westus2")]


def test_a_node_pool_of_clusters_that_stay(whole: Workspace, server: Arm, stand_in: StandIn) -> None:
    (line,) = [line for line in whole.read().splitlines() if line.startswith("    a100:")]
    change(whole, f"{line}\n", "")
    deployed(server)
    server.documents[A100[0]] = {}
    found = data(whole)
    assert [row["id"] for row in found["steps"]] == A100
    assert found["leftInBindings"] == {"clusters": [], "nodePools": {"aks-eastus": ["a100"], "aks-westus2": ["a100"]}}
    result = go(whole, "--cluster", "aks-westus2")
    assert result.stdout.endswith(
        "next: rayfleet bind, which takes a100 out of clusters.aks-westus2.nodePools in bindings.yaml\n"
    )
    assert server.deleted == [A100[1]] and stand_in.calls == []


def test_a_system_pool_of_a_cluster_that_stays(whole: Workspace, server: Arm) -> None:
    more = "    sys2: {mode: system, vmSize: Standard_D8ds_v5, count: 3}\n"
    change(whole, "    sys:", f"{more}    sys:")
    change(whole, more, "")
    found = data(whole, "--cluster", "aks-westus2", "--allow-undeployed")
    assert [row["id"] for row in found["steps"]] == [f"{AKS}/agentPools/sys2"]


def test_a_stack_stays_as_long_as_another_cluster_is_in_its_region(whole: Workspace, server: Arm) -> None:
    more = "  aks-other: {region: westus2, network: {index: 2}}\n"
    change(whole, WEST, f"{WEST}{more}")
    change(whole, f"{WEST}{more}", "")
    steps = data(whole, "--cluster", "aks-other", "--offline")["steps"]
    assert steps and not [row for row in steps if "deploymentstacks" in row["type"]]
    assert [row["id"] for row in data(whole, "--offline")["steps"]].count(STACK) == 1
