"""What is told of each cluster, by what files, commits, Azure and Anyscale say of the reference fleet."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from rayfleet.anyscale.cloud import Cloud
from rayfleet.azure.clusters import ListedCluster
from rayfleet.azure.stacks import LastDeployment
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.source import read
from rayfleet.status.blind_spot import BlindSpot
from rayfleet.status.cluster_facts import FleetStatus, fleet_status
from rayfleet.status.from_clouds import FromAnyscale, FromAzure
from rayfleet.status.from_files import FromFiles
from rayfleet.status.next_step import BoundValues, Facts, next_step
from tests.testing import done_fleet, rendering
from tests.testing.broken_trees import BINDINGS, tree
from tests.testing.done_fleet import COMMITS, POOLS, Commits
from tests.testing.reference_names import EAST, EAST_CLUSTER, FIRST, NAMES, SHARED, WEST_CLUSTER, WEST_ID, WEST_LINE

FILES = done_fleet.files()
AZURE, ANYSCALE = done_fleet.azure(), done_fleet.anyscale()
OLD, FAILED, NEVER = LastDeployment("Succeeded", "", False), LastDeployment("Failed"), LastDeployment("")


def status(
    files: FromFiles = FILES, azure: FromAzure = AZURE, anyscale: FromAnyscale = ANYSCALE, commits: Commits = COMMITS
) -> FleetStatus:
    return fleet_status(files._replace(blind=list(files.blind)), azure, anyscale, commits)


def east(**given: Any) -> Facts:
    return status(**given).facts[0]


def west(**given: Any) -> Facts:
    return status(**given).facts[1]


def files(**changed: Any) -> dict[str, FromFiles]:
    return {"files": FILES._replace(**changed)}


def deployed(name: str, state: LastDeployment) -> dict[str, FromAzure]:
    return {"azure": AZURE._replace(states={**AZURE.states, name: state})}


def there(**pools: frozenset[str] | None) -> dict[str, FromAzure]:
    rows = {name.replace("_", "-"): ListedCluster("westus2", row) for name, row in pools.items()}
    return {"azure": AZURE._replace(clusters=rows)}


def bound(document: object) -> dict[str, FromFiles]:
    return files(bindings=read(BINDINGS, yaml.safe_dump(document).encode()))


def resources(**changed: object) -> dict[str, FromAnyscale]:
    """``changed``: keys of the first cluster's resource."""
    rows = done_fleet.registered()
    rows[EAST_CLUSTER] |= changed
    return {"anyscale": ANYSCALE._replace(cloud=done_fleet.cloud(**rows))}


def told(**given: Any) -> list[str]:
    return status(**given).notes


def test_all_is_done() -> None:
    found = status()
    assert found.blind == found.notes == []
    assert [(row.cluster, row.region, next_step(row)) for row in found.facts] == [
        (EAST_CLUSTER, "eastus", "nothing"), (WEST_CLUSTER, "westus2", "nothing"),
    ]  # fmt: skip
    assert found.facts[0] == Facts(
        EAST_CLUSTER,
        "eastus",
        bound=BoundValues(),
        deployment=EAST,
        deployed=AZURE.states[EAST],
        in_azure=True,
        registered="yes",
        dirty=False,
        unpushed=False,
        branch="main",
    )


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        # files
        (files(stale=None), {"stale": None}),
        (files(stale=["README.md"]), {"unrendered": True}),
        (files(stale=["azure/eastus.json", "clusters/aks-eastus/flux/a.yaml", "clusters/aks-eastus/b.yaml"]),
            {"stale": 3, "unrendered": True}),
        (files(stale=["azure/westus2.json", "clusters/aks-westus2/b.yaml"]), {"unrendered": True}),
        (files(dirty=None, unpushed=None), {"dirty": None, "unpushed": None}),
        (files(dirty=["fleet.yaml"]), {"dirty": True}),
        (files(unpushed=["fleet.yaml"]), {"unpushed": True}),
        # bindings
        (files(shaped=False, bindings=None), {"bound": None}),
        (files(wrong=True), {"bound": BoundValues(wrong=True)}),
        (files(bindings=None), {"bound": BoundValues(
            ("clientId", "principalId", "nodePools", "cloudResourceId"), answered=True)}),
        # Azure
        ({"azure": FromAzure()}, {"deployed": None, "in_azure": None}),
        (deployed(EAST, NEVER), {"deployed": NEVER}),
        (deployed(SHARED, FAILED), {"before": FAILED}),
        (deployed(FIRST, OLD), {"before": OLD}),  # what it builds on builds on that
        (there(aks_westus2=POOLS), {"in_azure": False}),
        (there(aks_eastus=None), {}),
        (there(aks_eastus=POOLS | {"theirs"}), {}),  # never of the fleet
        # Anyscale
        ({"anyscale": FromAnyscale()}, {"registered": None}),
        ({"anyscale": FromAnyscale(asked=True)}, {"registered": "no"}),
        ({"anyscale": ANYSCALE._replace(cloud=done_fleet.cloud(other={"name": "other"}))}, {"registered": "no"}),
        (resources(region="westeurope"), {"registered": "differs"}),
        ({"anyscale": ANYSCALE, **files(tree=None)}, {}),
        (resources(cloud_resource_id="cldrsrc_new00000000000000"),
            {"bound": BoundValues(outdated=("cloudResourceId",), answered=True)}),
    ],
)  # fmt: skip
def test_a_cluster_of_the_fleet(given: Any, changed: dict[str, Any]) -> None:
    assert east(**given) == east()._replace(**changed)


def test_the_primary_cluster_comes_first_where_nothing_is_registered() -> None:
    nobody = {"anyscale": FromAnyscale(asked=True)}
    assert (east(**nobody).after, west(**nobody).after) == ("", EAST_CLUSTER)
    other = {"anyscale": ANYSCALE._replace(cloud=done_fleet.cloud(other={"name": "other"}))}
    assert west(**other).after == ""


def test_late_values_that_are_waited_for_and_that_are_others_by_now() -> None:
    document = yaml.safe_load(tree()[BINDINGS])
    del document["clusters"][EAST_CLUSTER]["clientId"]
    assert east(**bound(document), azure=FromAzure()).bound == BoundValues(missing=("clientId",))
    document["clusters"][EAST_CLUSTER]["principalId"]["value"] = "99999999-1111-4111-8111-111111111111"
    found = east(**bound(document)).bound
    assert found == BoundValues(missing=("clientId",), outdated=("principalId",), answered=True)
    unbound = rendering.reference_with(late="version: 1\nclusters: {}\n")
    assert east(**files(compiled=unbound)).pending == ("clientId", "cloudResourceId", "principalId")


def test_the_cloud_resource_counts_where_one_is_rendered() -> None:
    lost = {"anyscale": ANYSCALE._replace(cloud=done_fleet.cloud(**{WEST_CLUSTER: {"cloud_resource_id": WEST_ID}}))}
    assert east(**lost, **files(bindings=None, tree=None)).bound.answered  # the deployment's
    values = {WEST_CLUSTER: {"cloud_resource_id": "cldrsrc_new00000000000000"}}
    new = {"anyscale": ANYSCALE._replace(cloud=done_fleet.cloud(**values))}
    assert not west(**new, **files(tree=None)).bound.answered


def test_pools_in_another_order_are_the_same() -> None:
    value = {**done_fleet.bound(EAST_CLUSTER), "nodePools": ["t4", "sys", "cpu", "a100"]}
    outputs = {"aks_eastus": {"type": "object", "value": value}}
    assert east(**deployed(EAST, AZURE.states[EAST]._replace(outputs=outputs))).bound == BoundValues()


def test_pools_that_are_bound_and_that_azure_still_has() -> None:
    document = yaml.safe_load(tree()[BINDINGS])
    document["clusters"][EAST_CLUSTER]["nodePools"]["value"] += ["big", "gone"]
    left = bound(document)
    assert east(**left, **there(aks_eastus=POOLS | {"big", "theirs"})).left_pools == ("big",)
    for unseen in (there(), there(aks_eastus=None), {"azure": FromAzure()}):
        assert east(**left, **unseen).left_pools == ()


# --- clusters that the fleet has no more ------------------------------------------------------------------------------


def less() -> FromFiles:
    """The fleet without aks-westus2, which bindings.yaml still has."""
    late = yaml.safe_load(tree()[BINDINGS])
    del late["clusters"][WEST_CLUSTER]
    fleet = rendering.reference_with((WEST_LINE, ""), late=yaml.safe_dump(late))
    clusters = {EAST_CLUSTER: FILES.clusters[EAST_CLUSTER]}
    return FILES._replace(fleet=fleet.fleet, compiled=fleet, clusters=clusters, tree=None)


LESS = less()
COMMITTED = Commits({"HEAD": {EAST_CLUSTER}, "HEAD~1": {EAST_CLUSTER, WEST_CLUSTER}})


def gone(**given: Any) -> list[Facts]:
    found = status(**{"files": LESS, "commits": COMMITTED, **given})
    return [row for row in found.facts if not row.in_fleet]


def test_a_cluster_that_left_the_fleet() -> None:
    (row,) = gone()
    assert row == Facts(
        WEST_CLUSTER,
        "westus2",
        in_fleet=False,
        bound=BoundValues(left_over=True),
        in_azure=True,
        registered="yes",
        dirty=False,
        unpushed=False,
        branch="main",
    )


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        # still rendered: not yet rendered without it
        ({"files": LESS._replace(clusters=FILES.clusters, stale=["clusters/aks-westus2/b.yaml", "azure/westus2.json"])},
            {"stale": 2, "unrendered": True, "deployment": NAMES[3], "deployed": AZURE.states[NAMES[3]]}),
        ({"files": LESS._replace(stale=None)}, {"stale": None}),
        ({"files": LESS._replace(shaped=False)}, {"bound": None}),
        ({"files": LESS._replace(bindings=None)}, {"bound": BoundValues()}),
        ({"files": LESS._replace(dirty=["a"], unpushed=["b"])}, {"dirty": True, "unpushed": True}),
        (deployed(SHARED, OLD), {"undeployed": True}),
        (deployed(EAST, FAILED), {"undeployed": True}),
        ({"azure": FromAzure()}, {"in_azure": None, "region": ""}),
        (there(aks_eastus=POOLS), {"in_azure": False, "region": ""}),
        ({"anyscale": FromAnyscale(asked=True)}, {"registered": "no"}),
        ({"anyscale": FromAnyscale()}, {"registered": None}),
        # the commit that retire does not find by itself
        ({"commits": COMMITTED._replace(before="HEAD")}, {"base": "HEAD~1"}),
        ({"commits": COMMITTED._replace(before=None)}, {}),
    ],
)  # fmt: skip
def test_what_is_told_of_one_that_left(given: Any, changed: dict[str, Any]) -> None:
    (row,) = gone(**given)
    assert row == gone()[0]._replace(**changed)


def test_one_that_only_azure_anyscale_and_commits_know() -> None:
    forgotten = {"files": LESS._replace(bindings=None)}
    for unseen in ({"azure": FromAzure()}, {"anyscale": FromAnyscale()}):
        assert [row.cluster for row in gone(**forgotten, **unseen)] == [WEST_CLUSTER]
    assert gone(**forgotten, azure=FromAzure(), anyscale=FromAnyscale()) == []
    uncommitted = Commits({"HEAD": {EAST_CLUSTER, WEST_CLUSTER}})
    assert [
        row.cluster for row in gone(**forgotten, azure=FromAzure(), anyscale=FromAnyscale(), commits=uncommitted)
    ] == [WEST_CLUSTER]


def test_nobody_is_told_to_take_down_what_is_anothers() -> None:
    rows = {**done_fleet.registered(), "vm-aws": {"name": "vm-aws"}}
    found = status(
        **there(aks_eastus=POOLS, aks_westus2=POOLS, aks_other_team=None),
        anyscale=ANYSCALE._replace(cloud=done_fleet.cloud(**rows)),
    )
    assert [row.cluster for row in found.facts] == [EAST_CLUSTER, WEST_CLUSTER]
    assert found.notes == ["not of this fleet, as far as its commits show: aks-other-team, vm-aws"]


def test_commits_that_cannot_be_read_are_no_failure() -> None:
    class Shallow(Commits):
        def base(self) -> str | None:
            raise Invalid([Diagnostic("HEAD", 0, 0, "", "the clone is shallow", "git fetch --unshallow")])

    found = status(LESS, commits=Shallow(COMMITTED.clusters))
    assert found.blind == [BlindSpot("the last commits", "HEAD: the clone is shallow", "git fetch --unshallow")]
    assert found.facts[-1].base == ""


# --- what is no cluster's ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "notes"),
    [
        (files(stale=["azure/eastus.json", "clusters/aks-eastus/b.yaml"]), []),
        (files(stale=["README.md", "azure/shared.json"]),
            ["stale: rendered/README.md, rendered/azure/shared.json; next: rayfleet render"]),
        (files(stale=["a", "b", "c", "d", "e"]),
            ["stale: rendered/a, rendered/b, rendered/c, 2 more files; next: rayfleet render"]),
        (files(dirty=["fleet.yaml"], unpushed=["a", "b"]), ["not committed: fleet.yaml", "not in main: a, b"]),
        (deployed(SHARED, FAILED), [f"{SHARED}: Failed; next: rayfleet deploy"]),
        (deployed(FIRST, OLD), [f"{FIRST}: Succeeded, of another template; next: rayfleet deploy"]),
        (deployed(FIRST, NEVER), []),
        (deployed(EAST, FAILED), []),  # its cluster says so
        (resources(region="westeurope"), [
            "aks-eastus is registered with other settings than rendered: region is 'westeurope', rendered 'eastus'; "
            "fix: anyscale cloud get --name aks-multi-region --output-file cloud.yaml; write what is rendered into its "
            "entry aks-eastus; anyscale cloud update --name aks-multi-region --resources-file cloud.yaml"]),
    ],
)  # fmt: skip
def test_notes(given: Any, notes: list[str]) -> None:
    assert told(**given) == notes


def test_an_answer_that_cannot_be_bound_is_said_in_the_words_of_bind() -> None:
    value = {**done_fleet.bound(EAST_CLUSTER), "clientId": "eleven"}
    outputs = {"aks_eastus": {"type": "object", "value": value}}
    (note,) = told(**deployed(EAST, AZURE.states[EAST]._replace(outputs=outputs)))
    assert note.startswith(f"deployment {EAST}: ") and "; fix: " in note


def test_blind_spots_come_together() -> None:
    spots = [BlindSpot(name, "no") for name in ("files", "Azure", "Anyscale")]
    found = status(
        FILES._replace(blind=[spots[0]]), AZURE._replace(blind=[spots[1]]), ANYSCALE._replace(blind=[spots[2]])
    )
    assert found.blind == spots


def test_a_cloud_without_resources_is_a_cloud() -> None:
    assert east(anyscale=FromAnyscale(asked=True, cloud=Cloud({}, {"name": "aks-multi-region"}))).registered == "no"


# --- upgrades ---------------------------------------------------------------------------------------------------------


def test_nodes_that_an_upgrade_left_behind() -> None:
    """System pools first, and each by its own command."""
    old = {"sys": "1.35.4", "a100": "1.35.4", "cpu": "1.36.1"}
    rows = {EAST_CLUSTER: ListedCluster("eastus", POOLS, "1.36.1", old)}
    azure = AZURE._replace(clusters={**(AZURE.clusters or {}), **rows})
    assert east(azure=azure).behind == ("sys", "a100") and west(azure=azure).behind == ()
    assert next_step(east(azure=azure)) == "upgrade its node pools: see below"
    (said,) = [note for note in told(azure=azure) if "behind" in note]
    assert said.startswith(
        "aks-eastus has Kubernetes 1.36.1, and its nodes are behind: sys (1.35.4), a100 (1.35.4); next: az aks "
        "nodepool upgrade --subscription "
    )
    assert said.endswith(" --name sys --kubernetes-version 1.36.1, then the same of a100")
