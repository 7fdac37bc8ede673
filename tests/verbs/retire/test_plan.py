"""What a retirement shows before it deletes anything."""

from __future__ import annotations

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.testing.retire_command import (
    AKS,
    KEPT,
    ORDER,
    STACK,
    Arm,
    change,
    data,
    deployed,
    go,
    ids,
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
    assert "    why: its nodes are deleted, with all that runs on them\n" in shown
    assert "by hand" not in shown and "data is never deleted" not in shown
    assert untouched(server, stand_in)


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
