"""The registry: a record for each cluster, which says of it what ARM does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from rayfleet.facts import platforms
from rayfleet.facts.platforms import Platform
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, failures, rendered, tree

EAST = "clusters/aks-eastus/cluster.json"
WEST = "clusters/aks-westus2/cluster.json"
ARM = "azure/eastus.json"


def record(path: str = EAST) -> Any:
    return json.loads(tree()[path])


def recorded(change: Mapping[str, Any], **of_pool: Any) -> Edit:
    """The record of the cluster in eastus with other values, also of its first pool."""
    data = record() | change
    data["nodePools"][0] |= of_pool
    return Edit(EAST, tree()[EAST].decode(), json.dumps(data, indent=2))


def pools(*rows: Any) -> Edit:
    return recorded({"nodePools": [{}, *rows]})


BREAKS = (
    *(
        Break(
            f"another {'.'.join(path)}",
            (recorded(change),),
            f"aks-eastus: its record says otherwise than ARM: its {'.'.join(path)} is ",
            ((EAST, f'"{path[-1]}": '), (ARM, part)),
        )
        for path, change, part in (
            (("name",), {"name": "aks-other"}, '"name": "aks-eastus"'),
            (("platform",), {"platform": "gke"}, "managedClusters"),
            (("region",), {"region": "westus3"}, '"location": "eastus"'),
            (("scope", "subscriptionId"), {"scope": record()["scope"] | {"subscriptionId": "x"}}, "aks-eastus"),
            (("scope", "resourceGroup"), {"scope": record()["scope"] | {"resourceGroup": "x"}}, "aks-eastus"),
            (("id",), {"id": None}, "aks-eastus"),
        )
    ),
    *(
        Break(
            f"another {key} of a pool",
            (recorded({}, **{key: written}),),
            f"its record says otherwise than ARM: {key} of its pool a100 is {said}",
            ((EAST, f'"{key}": '), (ARM, part)),
        )
        for key, written, said, part in (
            ("mode", "system", "system, not user", '"mode": "User"'),
            ("size", "Standard_D16ds_v5", "Standard_D16ds_v5, not Standard_ND96asr_v4", '"vmSize"'),
            ("accelerator", None, "missing, not A100-40G", '"vmSize"'),
            ("gpus", 4, "4, not 8", '"vmSize"'),
            ("capacityType", "on-demand", "on-demand, not spot", '"scaleSetPriority"'),
            ("minimum", 1, "1, not 0", '"minCount"'),
            ("maximum", 2, "2, not 3", '"maxCount"'),
            ("zones", ["1"], "1, not empty", ""),
            ("labels", {}, "empty, not kubernetes.azure.com/scalesetpriority=spot, ", '"nodeLabels"'),
            ("taints", [], "empty, not node.anyscale.com/capacity-type=SPOT:NoSchedule, ", '"nodeTaints"'),
        )
    ),
    Break(
        "a pool that it leaves out",
        (recorded({"nodePools": record()["nodePools"][:3]}),),
        "its record says otherwise than ARM: it has no pool t4",
        ((EAST, '"nodePools"'), (ARM, "")),
    ),
    Break(
        "a pool that is gone",
        (recorded({"nodePools": [*record()["nodePools"], {"name": "t5"}]}),),
        "its record says otherwise than ARM: its pool t5 is none of ARM's",
        ((EAST, '"t5"'), (ARM, '"agentPoolProfiles"')),
    ),
    Break(
        "a pool that it has twice",
        (recorded({"nodePools": [*record()["nodePools"], record()["nodePools"][0]]}),),
        "its record says otherwise than ARM: it has its pool a100 twice",
        ((EAST, '"a100"'), (EAST, '"a100"')),
    ),
    Break(
        "a platform in a list",
        (recorded({"platform": ["aks"]}),),
        "its platform is no text, not aks",
        ((EAST, '"platform"'), (ARM, "managedClusters")),
    ),
    Break(
        "a minimum that is true or false",
        (recorded({}, minimum=False),),
        "minimum of its pool a100 is False, not 0",
        ((EAST, '"minimum"'), (ARM, '"minCount"')),
    ),
    Break(
        "pools that are none",
        (recorded({"nodePools": [{}, 7, "x"]}),),
        "than ARM: it has no pool sys; it has no pool a100; it has no pool cpu; it has no pool t4; and 1 more",
        ((EAST, '"nodePools"'), (ARM, "")),
    ),
    Break("no record", (Edit(EAST, "", None),), f"aks-eastus: it has no {EAST}, by which it is ", ((ARM, "name"),)),
    Break(
        "a cluster of a platform that is none",
        (Edit("clusters/berlin/cluster.json", "", '{\n  "platform": "asks"\n}\n'),),
        'berlin: its platform is asks, and there is aks',
        (("clusters/berlin/cluster.json", '"asks"'),),
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits)
    assert_seen(check(files, "arm"), files, "arm", case)


def test_a_cluster_of_no_platform_is_told_once() -> None:
    """What it lacks, such as device plugins, depends on what it is."""
    files = {**tree(), "clusters/berlin/cluster.json": json.dumps(record() | {"platform": "asks"}, indent=2).encode()}
    assert [row.claim for row in failures(check(files))] == ["arm/record-platform"]


def test_what_holds_has_a_witness() -> None:
    said = {f"{row.subject}: {row.what}" for row in check(tree(), "arm").of("proved")}
    assert "aks-eastus: its record says what ARM does, of 4 node pools as well" in said


def test_the_pool_of_a_size_that_nobody_knows_may_have_any_gpus() -> None:
    files = tree()
    edits = tuple(
        Edit(path, files[path].decode(), files[path].decode().replace("Standard_ND96asr_v4", "Standard_Unknown"))
        for path in (EAST, ARM)
    )
    assert [row.what for row in failures(check(broken(edits), "arm"))] == []


def test_a_record_that_cannot_be_read_is_said_once() -> None:
    report = check({**tree(), EAST: b"{"})
    assert [(row.proof, row.places[0].file) for row in report.of("failed")] == [("files", f"rendered/{EAST}")]


def test_a_tree_of_before_there_were_records_is_told_to_render() -> None:
    old = {path: content for path, content in tree().items() if path not in (EAST, WEST)}
    (found,) = failures(check(old))
    assert (found.subject, found.fix) == ("", "run rayfleet render")
    assert found.what == ("no cluster has a cluster.json, by which it is found: an older rayfleet rendered rendered/")
    assert [str(place) for place in found.places] == [f"rendered/{EAST}"]


def test_a_base_of_before_there_were_records_is_compared_as_any_other() -> None:
    old = {path: content for path, content in tree().items() if path not in (EAST, WEST)}
    with_records, without = (check(tree(), base=base) for base in (tree(), old))
    assert {row[1:] for row in with_records.of("proved")} == {row[1:] for row in without.of("proved")}
    assert failures(without) == []
    other = {**old, ARM: old[ARM].replace(b"Standard_D16ds_v5", b"Standard_D32ds_v5")}
    (found,) = failures(check(tree(), base=other))
    assert "Standard_D32ds_v5" in found.what


def test_a_record_of_what_no_template_makes_is_no_cluster() -> None:
    ghost = tree()[EAST].decode().replace("aks-eastus", "ghost").encode()
    files = {**tree(), "clusters/ghost/cluster.json": ghost}
    assert [cluster.name for cluster in rendered(files).clusters()] == ["aks-eastus", "aks-westus2"]
    (found,) = failures(check(files))
    assert f"{found.subject}: {found.what}" == (
        "ghost: rendered/clusters/ghost is of no cluster that ARM makes: nothing deploys it"
    )


def test_what_is_no_cluster_of_aks_has_pools_all_the_same_and_no_claim_of_aks() -> None:
    """Its pools, its region and where it is deployed are the record's; placement and capacity go by them."""
    other = record() | {"name": "berlin", "platform": "arc", "region": "westeurope", "id": None}
    files = {**tree(), "clusters/berlin/cluster.json": json.dumps(other, indent=2).encode()}
    found = {cluster.name: cluster for cluster in rendered(files).clusters()}["berlin"]
    assert (found.aks, found.template, found.id, found.region) == (None, None, "", "westeurope")
    east = {cluster.name: cluster for cluster in rendered(files).clusters()}["aks-eastus"]
    rows = [
        [(pool.name, pool.vm, pool.spot, pool.system, pool.minimum, pool.maximum) for pool in sorted_(cluster.pools)]
        for cluster in (found, east)
    ]
    assert rows[0] == rows[1]
    assert [pool.labels for pool in sorted_(found.pools)] == [pool.labels for pool in sorted_(east.pools)]
    assert [pool.taints for pool in sorted_(found.pools)] == [pool.taints for pool in sorted_(east.pools)]
    said = {(row.proof, row.what) for row in check(files).of("failed") if row.subject == "berlin"}
    assert said == {("arm", "its platform is arc, and there is aks")}
    (what,) = {row.what for row in check(files, "placement").of("failed") if row.subject == "berlin"}
    assert what == "nothing installs NVIDIA's device plugin: pods never get the GPUs of a100, t4"
    # How many nodes an upgrade adds, nobody says of another platform: 120, and not the 144 of the others.
    (shown,) = [row for row in check(files).of("unjudged") if "there is no quota.yaml" in row.what]
    assert "westeurope 120 on-demand and 336 spot vCPUs" in shown.what


def test_a_platform_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clusters are found, placed and counted by their records, and no claim of AKS or ARM is made of them."""
    monkeypatch.setattr(platforms, "PLATFORMS", (*platforms.PLATFORMS, Platform("lab")))
    other = record() | {"name": "berlin", "platform": "lab", "region": "westeurope", "id": None}
    files = {**tree(), "clusters/berlin/cluster.json": json.dumps(other, indent=2).encode()}
    found = check(files)
    assert {row.proof for row in found.of("failed")} == {"placement"}
    assert [row.what for row in found.of("failed")] == [
        "nothing installs NVIDIA's device plugin: pods never get the GPUs of a100, t4"
    ]
    (shown,) = [row for row in found.of("unjudged") if "there is no quota.yaml" in row.what]
    assert "westeurope 120 on-demand and 336 spot vCPUs" in shown.what
    misspelt = {**files, "clusters/berlin/cluster.json": json.dumps(other | {"platform": "labs"}).encode()}
    fixes = [row.fix for row in check(misspelt).of("failed") if row.claim == "arm/record-platform"]
    assert fixes == ['run rayfleet render (did you mean "lab"?)']


def test_nothing_that_only_aks_does_is_asked_of_another_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a system pool, nor tags of a scale set, nor labels that AKS would give."""
    monkeypatch.setattr(platforms, "PLATFORMS", (*platforms.PLATFORMS, Platform("lab")))
    amd = {"name": "amd", "mode": "user", "size": "Standard_ND96isr_MI300X_v5", "minimum": 0, "maximum": 1}
    other = {"name": "berlin", "platform": "lab", "region": "westeurope", "nodePools": [amd]}
    found = check({**tree(), "clusters/berlin/cluster.json": json.dumps(other).encode()}, "placement")
    assert [row.what for row in found.of("failed")] == []
    assert [row.claim for row in found.of("warned") if row.subject == "berlin"] == ["placement/no-amd-plugin"]


def sorted_(pools: Any) -> Any:
    return sorted(pools, key=lambda pool: str(pool.name))
