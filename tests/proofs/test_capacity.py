"""Capacity: quotas by region and limit, and what AKS takes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from rayfleet.capacity import demand
from rayfleet.capacity.fallback import fit
from rayfleet.capacity.quota import Quota
from rayfleet.facts.catalogue import Catalogue
from rayfleet.proofs import Report
from rayfleet.source import Source, read
from rayfleet.tree import Tree
from rayfleet.tree.files import Files
from tests.testing import rendering
from tests.testing.broken_trees import (
    BINDINGS,
    Break,
    Edit,
    assert_seen,
    broken,
    check,
    edited,
    failures,
    rendered,
    tree,
)
from tests.testing.extent import sampled, some

EAST, WEST, DEPLOYMENTS, QUOTA = "azure/eastus.json", "azure/westus2.json", "azure/deployments.json", "quota.yaml"
AKS = "Microsoft.ContainerService/managedClusters"
CPU_COUNTS = '"minCount": 3,\n        "maxCount": 6'
FLEETS = ["reference", *rendering.FLEETS]
GARBAGE = [None, True, -5, 10**4299, 0.5, "x", "²", [], [None], {}, {"a": 1}]
# Just enough for the reference: its names as the API has them, and as az vm list-usage prints them.
ENOUGH = """\
version: 1
regions:
  eastus:
    families: {standardDDSv5Family: 144}
    spot: 336
    total: 144
  westus2:
    families:
      Standard DDSv5  Family vCPUs: 145
    spot: 337
    total: 145
"""


def pools(count: int) -> dict[str, Any]:
    """The template of eastus whose cluster has so many more pools."""
    template = json.loads(tree()[EAST])
    (cluster,) = [row for row in template["resources"] if row["type"] == AKS]
    profiles = cluster["properties"]["agentPoolProfiles"]
    profiles += [{**profiles[0], "name": f"sys{at}", "count": 1} for at in range(count)]
    return template


def clusters(count: int) -> dict[str, Any]:
    """A template of eastus with so many bare clusters."""
    template = json.loads(tree()[EAST])
    bare = {"type": AKS, "location": "East US", "properties": {}}
    template["resources"] = [{**bare, "name": f"aks-{at}"} for at in range(count)]
    return template


def elsewhere() -> dict[str, Any]:
    """The deployments with that of westus2 in another subscription."""
    listed: dict[str, Any] = json.loads(tree()[DEPLOYMENTS])
    listed["deployments"][3]["scope"]["subscriptionId"] = "other"
    return listed


def deployed(count: int) -> tuple[Edit, ...]:
    """Templates of a hundred bare clusters, in as many regions."""
    listed = json.loads(tree()[DEPLOYMENTS])
    scope = listed["deployments"][2]["scope"]
    edits = []
    for at in range(count):
        template = clusters(100)
        for number, row in enumerate(template["resources"]):
            row |= {"location": f"region{at}", "name": f"aks-{at}-{number}"}
        listed["deployments"].append({"name": f"d{at}", "template": f"{at}.json", "scope": scope})
        edits.append(Edit(f"azure/{at}.json", "", json.dumps(template, indent=2)))
    return (edited(DEPLOYMENTS, listed), *edits)


BREAKS = (
    Break(
        "a family over its quota",
        (Edit(QUOTA, "standardDDSv5Family: 144", "standardDDSv5Family: 119"),),
        "eastus: standardDDSv5Family needs 144 vCPUs at most (24 of them for upgrades), and its quota is 119; cpu of "
        "aks-eastus takes most, 96",
        ((QUOTA, "standardDDSv5Family: 119"), (EAST, '"maxCount": 6')),
    ),
    Break(
        "a family over its quota even at its minimum",
        (Edit(QUOTA, "standardDDSv5Family: 144", "standardDDSv5Family: 71"),),
        "standardDDSv5Family needs 72 vCPUs even at its minimum, and 144 at most",
        ((QUOTA, "standardDDSv5Family: 71"), (EAST, '"maxCount": 6')),
    ),
    Break(
        "a family over its quota for upgrades only",
        (Edit(QUOTA, "standardDDSv5Family: 144", "standardDDSv5Family: 143"),),
        "standardDDSv5Family needs 144 vCPUs while its pools are upgraded at their maximum (24 of them for upgrades)",
        ((QUOTA, "standardDDSv5Family: 143"), (EAST, '"maxCount": 6')),
    ),
    Break(
        "a family over its quota, by the name that az prints",
        (Edit(QUOTA, "Standard DDSv5  Family vCPUs: 145", "Standard DDSv5  Family vCPUs: 100"),),
        "westus2: standardDDSv5Family needs 144 vCPUs at most",
        ((QUOTA, "Standard DDSv5  Family vCPUs: 100"), (WEST, '"maxCount": 6')),
    ),
    Break(
        "families with spaces of their own",
        (Edit(QUOTA, "{standardDDSv5Family: 144}", "{standard ndisv5 mi300xfamily: 383}"),),
        "eastus: standardNDISv5MI300XFamily needs 480 vCPUs at most (96 of them for upgrades), and its quota is 383",
        ((QUOTA, "mi300xfamily: 383"), (EAST, '"maxCount": 4')),
        fleet="accelerators",
    ),
    Break(
        "spot over the region's one pool of it, of which the reference never asks",
        (Edit(QUOTA, "spot: 336", "spot: 100"),),
        "eastus: spot needs 336 vCPUs at most, and its quota is 100; a100 of aks-eastus takes most, 288",
        ((QUOTA, "spot: 100"), (EAST, '"maxCount": 3')),
    ),
    Break(
        "no spot at all",
        (Edit(QUOTA, "spot: 336", "spot: 0"),),
        "eastus: spot needs 336 vCPUs at most, and its quota is 0",
        ((QUOTA, "spot: 0"), (EAST, '"maxCount": 3')),
    ),
    Break(
        "all families together over the region's total",
        (Edit(QUOTA, "total: 144", "total: 110"),),
        "eastus: on-demand in all needs 144 vCPUs at most (24 of them for upgrades), and its quota is 110",
        ((QUOTA, "total: 110"), (EAST, '"maxCount": 6')),
    ),
    Break(
        "a pool that grew by hand",
        (Edit(EAST, CPU_COUNTS, '"minCount": 3,\n        "maxCount": 10'),),
        "eastus: standardDDSv5Family needs 208 vCPUs at most",
        ((QUOTA, "standardDDSv5Family: 144"), (EAST, '"maxCount": 10')),
    ),
    Break(
        "a fixed pool that grew by hand",
        (Edit(EAST, '"count": 3', '"count": 30'),),
        "sys of aks-eastus takes most, 240",
        ((QUOTA, "standardDDSv5Family: 144"), (EAST, '"count": 30')),
    ),
    Break(
        "spot turned into on-demand by hand",
        (
            edited(
                EAST,
                json.loads(tree()[EAST].replace(b'"scaleSetPriority": "Spot"', b'"scaleSetPriority": "Regular"')),
            ),
        ),
        "eastus: on-demand in all needs 592 vCPUs at most (136 of them for upgrades), and its quota is 144",
        ((QUOTA, "total: 144"), (EAST, '"maxCount": 3')),
    ),
    Break(
        "a region that quota.yaml does not mention",
        (Edit(QUOTA, "  eastus:\n", "  northeurope:\n"),),
        "eastus: quota.yaml does not mention the region, of which the fleet needs 144 on-demand and 336 spot vCPUs",
        ((QUOTA, "regions:"), (EAST, '"maxCount": 6')),
        outcome="warned",
    ),
    Break(
        "limits that quota.yaml does not mention",
        (
            Edit(
                QUOTA, "    families: {standardDDSv5Family: 144}\n    spot: 336\n    total: 144\n", "    families: {}\n"
            ),
        ),
        "eastus: quota.yaml does not mention standardDDSv5Family (144 vCPUs needed), spot (336 vCPUs needed), total "
        "(144 vCPUs needed)",
        ((QUOTA, "eastus:"), (EAST, '"maxCount": 6')),
        outcome="warned",
    ),
    Break(
        "a family that is misspelt",
        (Edit(QUOTA, "standardDDSv5Family: 144", "standardDDSv5Famly: 144"),),
        'standardDDSv5Famly is no VM family that the catalogue knows (did you mean "standardDDSv5Family"?)',
        ((QUOTA, "standardDDSv5Famly"),),
        outcome="warned",
    ),
    Break(
        "a region that is misspelt",
        (Edit(QUOTA, "  eastus:\n", "  eastsu:\n"),),
        'eastsu is no region of Azure\'s (did you mean "eastus"?)',
        ((QUOTA, "eastsu:"),),
        outcome="warned",
    ),
    Break(
        "a family that stands there twice",
        (Edit(QUOTA, "standardDDSv5Family: 144", "standardDDSv5Family: 144, STANDARD DDSV5 FAMILY: 200"),),
        "eastus: quota.yaml has STANDARD DDSV5 FAMILY twice: 144 and 200 vCPUs",
        ((QUOTA, "STANDARD DDSV5 FAMILY: 200"), (QUOTA, "standardDDSv5Family: 144")),
    ),
    Break(
        "a VM size that nobody knows",
        (Edit(EAST, '"vmSize": "Standard_D16ds_v5"', '"vmSize": "Standard_D16ds_v55"'),),
        "eastus: cpu of aks-eastus cannot be counted: it has VM size Standard_D16ds_v55, which the catalogue does not "
        'know (did you mean "Standard_D16ds_v5"?)',
        ((EAST, "Standard_D16ds_v55"),),
    ),
    Break(
        "no VM size",
        (Edit(EAST, '"vmSize": "Standard_D16ds_v5",', ""),),
        "eastus: cpu of aks-eastus cannot be counted: it has no VM size",
        ((EAST, '"properties": {'),),
    ),
    Break(
        "a cluster that is nowhere",
        (Edit(EAST, '"name": "aks-eastus",\n      "location": "eastus",', '"name": "aks-eastus",'),),
        "aks-eastus: it has no location: whose quota it takes is not known",
        ((EAST, "{"),),
    ),
    Break(
        "more nodes than a pool takes",
        (Edit(EAST, CPU_COUNTS, '"minCount": 3,\n        "maxCount": 1001'),),
        "aks-eastus: cpu may grow to 1001 nodes, and AKS takes 1000 in a pool",
        ((EAST, '"maxCount": 1001'),),
    ),
    Break(
        "more nodes than a cluster takes",
        (Edit(EAST, CPU_COUNTS, '"minCount": 3,\n        "maxCount": 4992'),),
        "aks-eastus: its pools may grow to 5001 nodes, and AKS takes 5000 in a cluster of tier Standard",
        ((EAST, '"maxCount": 4992'), (EAST, '"tier": "Standard"')),
    ),
    Break(
        "more nodes than the Free tier takes",
        (
            Edit(EAST, CPU_COUNTS, '"minCount": 3,\n        "maxCount": 992'),
            Edit(EAST, '"tier": "Standard"', '"tier": "Free"'),
        ),
        "aks-eastus: its pools may grow to 1001 nodes, and AKS takes 1000 in a cluster of tier Free",
        ((EAST, '"maxCount": 992'), (EAST, '"tier": "Free"')),
    ),
    Break(
        "more nodes than a cluster without a tier takes, which is Free",
        (
            Edit(EAST, CPU_COUNTS, '"minCount": 3,\n        "maxCount": 992'),
            Edit(EAST, '"tier": "Standard"', '"tie": "Standard"'),
        ),
        "aks-eastus: its pools may grow to 1001 nodes, and AKS takes 1000 in a cluster of tier Free",
        ((EAST, '"maxCount": 992'), (EAST, '"sku"')),
    ),
    Break(
        "more pools than a cluster takes",
        (edited(EAST, pools(97)),),
        "aks-eastus: it has 101 pools, and AKS takes 100 in a cluster",
        ((EAST, '"properties": {'),),
    ),
    Break(
        "more clusters than a region begins with",
        (edited(EAST, clusters(101)),),
        "eastus: 101 clusters in one subscription; AKS takes 100 there unless asked",
        ((EAST, "{"),),
        outcome="warned",
    ),
    Break(
        "more clusters than a subscription takes",
        deployed(50),
        "subscription 00000000-0000-0000-0000-000000000000 has 5002 clusters, and AKS takes 5000",
        (("azure/49.json", "{"),),
    ),
    Break(
        "two subscriptions and one quota.yaml",
        (edited(DEPLOYMENTS, elsewhere()),),
        "the clusters are in several subscriptions (00000000-0000-0000-0000-000000000000, other)",
        ((QUOTA, "version: 1"),),
        outcome="warned",
    ),
)


def parted(case: Break) -> tuple[dict[str, bytes], bytes]:
    """The files of a fleet after the edits, and quota.yaml after those of it."""
    files = broken(tuple(edit for edit in case.edits if edit.path != QUOTA), case.fleet)
    written = ENOUGH
    for _, old, new in (edit for edit in case.edits if edit.path == QUOTA):
        assert written.count(old) == 1 and new is not None
        written = written.replace(old, new)
    return files, written.encode()


def judged(files: dict[str, bytes], written: bytes | str, fleet: str = "reference") -> Report:
    """What the proof says, given a quota.yaml."""
    content = written if isinstance(written, bytes) else written.encode()
    return check(files, "capacity", fleet=fleet, quota=read(QUOTA, content))


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files, written = parted(case)
    report = judged(files, written, case.fleet)
    assert_seen(report, {**files, QUOTA: written}, "capacity", case)


# --- what holds -------------------------------------------------------------------------------------------------------


def said(report: Report, outcome: str) -> list[str]:
    """What a proof says, each with its subject."""
    return [f"{row.subject}: {row.what}" for row in report.sections["capacity"].shown if row.outcome == outcome]


def test_just_enough_is_proved_limit_by_limit() -> None:
    report = judged(tree(), ENOUGH)
    assert said(report, "proved") == [
        "aks-eastus: its 4 pools may grow to 15 nodes; AKS takes 1000 a pool, 5000 a cluster",
        "aks-westus2: its 4 pools may grow to 15 nodes; AKS takes 1000 a pool, 5000 a cluster",
        ": no region has more than 1 cluster; AKS takes 100",
        "eastus: standardDDSv5Family needs 144 of 144 vCPUs at most, 24 of them for upgrades",
        "eastus: spot needs 336 of 336 vCPUs at most",
        "eastus: on-demand in all needs 144 of 144 vCPUs at most, 24 of them for upgrades",
        "westus2: standardDDSv5Family needs 144 of 145 vCPUs at most, 24 of them for upgrades",
        "westus2: spot needs 336 of 337 vCPUs at most",
        "westus2: on-demand in all needs 144 of 145 vCPUs at most, 24 of them for upgrades",
    ]
    assert {row.outcome for row in report.sections["capacity"].shown} == {"proved"}


def test_a_witness_has_both_sides() -> None:
    (row,) = [
        row for row in judged(tree(), ENOUGH).sections["capacity"].shown if row.what.startswith("spot needs 336 of 336")
    ]
    quota, pool = row.places
    assert (quota.file, quota.line) == (QUOTA, 5)
    lines = tree()[EAST].decode().splitlines()
    assert '"name": "aks-eastus/a100"' in "".join(lines[pool.line - 15 : pool.line])


def test_without_quota_it_says_what_is_needed() -> None:
    report = check(tree(), "capacity")
    assert said(report, "noted") == [
        ": there is no quota.yaml: quota was not checked; the pools need at most: "
        "eastus 144 on-demand and 336 spot vCPUs; westus2 144 on-demand and 336 spot vCPUs"
    ]
    assert report.count("warned") == report.count("failed") == 0


def test_without_quota_many_regions_are_not_all_named() -> None:
    template = clusters(12)
    for at, row in enumerate(template["resources"]):
        profile = {"name": "sys", "vmSize": "Standard_D8ds_v5", "count": 1}
        row |= {"location": f"region{at}", "properties": {"agentPoolProfiles": [profile]}}
    (what,) = said(check(broken((edited(EAST, template),)), "capacity"), "noted")
    assert "region7 16 on-demand vCPUs; and 5 more regions" in what and "region8" not in what


def test_each_subscription_is_held_against_quota() -> None:
    report = judged(broken((edited(DEPLOYMENTS, elsewhere()),)), ENOUGH)
    assert "westus2: in subscription other, spot needs 336 of 337 vCPUs at most" in said(report, "proved")


def test_a_template_that_nothing_deploys_is_in_the_same_subscription() -> None:
    listed = json.loads(tree()[DEPLOYMENTS])
    del listed["deployments"][3]
    assert said(judged(broken((edited(DEPLOYMENTS, listed),)), ENOUGH), "warned") == []


def test_a_region_by_its_display_name() -> None:
    report = judged(
        broken(
            (
                Edit(
                    EAST,
                    '"name": "aks-eastus",\n      "location": "eastus"',
                    '"name": "aks-eastus",\n      "location": "East US"',
                ),
            )
        ),
        ENOUGH,
    )
    assert failures(report) == [] and said(report, "warned") == []


def test_families_that_nothing_needs_are_nobodys_business() -> None:
    """A whole table of az may stand there, with families that the catalogue lacks."""
    whole = ENOUGH.replace(
        "{standardDDSv5Family: 144}",
        "{standardDDSv5Family: 144, Standard DDSv4 Family vCPUs: 10, Basic A Family vCPUs: 0}",
    )
    assert said(judged(tree(), whole), "warned") == []


def test_an_unknown_size_is_said_once_a_region() -> None:
    files = broken((edited(EAST, json.loads(tree()[EAST].replace(b'"Standard_D', b'"Own_D16ds_v5_'))),))
    whats = said(judged(files, ENOUGH), "failed")
    assert len(whats) == 2  # one for each size
    files = broken(
        (
            edited(
                EAST,
                json.loads(tree()[EAST].replace(b"Standard_D8ds_v5", b"Own").replace(b"Standard_D16ds_v5", b"Own")),
            ),
        )
    )
    (what,) = said(judged(files, ENOUGH), "failed")
    assert what.startswith("eastus: sys of aks-eastus and 1 other pool cannot be counted: it has VM size Own, which")


def test_the_remedy_for_the_free_tier_is_another() -> None:
    """As far as that goes."""
    fixes = []
    for most in (992, 4992):
        files = broken(
            (
                Edit(EAST, CPU_COUNTS, f'"minCount": 3,\n        "maxCount": {most}'),
                Edit(EAST, '"tier": "Standard"', '"tier": "Free"'),
            )
        )
        fixes += [row.fix for row in failures(check(files, "capacity")) if "tier Free" in row.what]
    assert fixes == [
        "use the Standard tier, or lower the pools' maximum",
        "lower the pools' maximum, or make another cluster",
    ]


def test_only_what_nobody_knows_may_be_a_slip() -> None:
    """A family of the catalogue's is meant, however much like a missing one it looks; so is one that is like none."""
    written = ENOUGH.replace("standardDDSv5Family: 144", "standardDSv5Family: 144, Basic A Family: 1")
    (what,) = said(judged(tree(), written), "warned")
    assert what == "eastus: quota.yaml does not mention standardDDSv5Family (144 vCPUs needed)"


def test_of_a_family_that_stands_there_twice_the_lower_counts() -> None:
    for twice in (
        "standardDDSv5Family: 100, STANDARD DDSV5 FAMILY: 200",
        "standardDDSv5Family: 200, STANDARDDDSV5FAMILY: 100",
    ):
        report = judged(tree(), ENOUGH.replace("standardDDSv5Family: 144", twice))
        assert any("and its quota is 100" in what for what in said(report, "failed"))


# --- no false alarm ---------------------------------------------------------------------------------------------------


def needed(files: dict[str, bytes], fleet: str, less: int = 0) -> dict[str, Any]:
    """A quota.yaml with just what a fleet needs, or less."""
    regions: dict[str, Any] = {}
    for home, limits in demand.needs(demand.pools(rendered(files, fleet)).counted).items():
        said = regions.setdefault(home.region, {})
        for limit, need in limits.items():
            vcpus = need.whole - less
            if limit.kind == "families":
                said.setdefault("families", {})[need.name] = vcpus
            else:
                said[limit.kind] = vcpus
    return {"version": 1, "regions": regions}


@pytest.mark.parametrize("bound", [True, False], ids=["bound", "unbound"])
@pytest.mark.parametrize("fleet", FLEETS)
def test_no_false_alarm(fleet: str, bound: bool) -> None:
    files = tree(fleet)
    if not bound and fleet != "reference":
        files = dict(rendering.compiled(fleet, bound=False).rendered())
    quiet = check(files, "capacity", fleet=fleet)
    just = judged(files, json.dumps(needed(files, fleet)), fleet)
    for report in (quiet, just):
        assert failures(report) == report.of("warned") == []
    assert len(said(just, "proved")) > len(said(quiet, "proved"))


@pytest.mark.parametrize("fleet", FLEETS)
def test_one_vcpu_less_is_seen_in_every_limit(fleet: str) -> None:
    quota = needed(tree(fleet), fleet, less=1)
    limits = sum(len(row.get("families", ())) + ("spot" in row) + ("total" in row) for row in quota["regions"].values())
    assert limits and len(failures(judged(tree(fleet), json.dumps(quota), fleet))) == limits


# --- whatever stands there --------------------------------------------------------------------------------------------


def routes(value: Any, route: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield (*route, step)
        yield from routes(child, (*route, step))


def with_garbage(data: Any) -> Iterator[Any]:
    """The document with each of its values replaced by each piece of garbage."""
    for *parents, last in routes(data):
        for garbage in GARBAGE:
            changed = copy.deepcopy(data)
            holder = changed
            for step in parents:
                holder = holder[step]
            holder[last] = garbage
            yield changed


def small() -> dict[str, Any]:
    """The cluster and the pools of eastus, and of those what the proof reads."""
    template = json.loads(tree()[EAST])
    rows = [row for row in template["resources"] if row["type"].startswith(AKS)]
    (cluster,) = [row for row in rows if row["type"] == AKS]
    cluster["properties"] = {"agentPoolProfiles": cluster["properties"]["agentPoolProfiles"]}
    keep = (
        "mode",
        "vmSize",
        "count",
        "minCount",
        "maxCount",
        "enableAutoScaling",
        "scaleSetPriority",
        "upgradeSettings",
        "agentPoolProfiles",
    )
    for row in rows:
        row["properties"] = {key: value for key, value in row["properties"].items() if key in keep}
        for profile in row["properties"].get("agentPoolProfiles", []):
            for key in set(profile) - {"name", *keep}:
                del profile[key]
    return {"resources": [row for row in rows if not row["name"].endswith("/t4")]}


@sampled
def test_garbage_in_arm_is_survived() -> None:
    files = {DEPLOYMENTS: tree()[DEPLOYMENTS], BINDINGS: tree()[BINDINGS]}
    every = list(with_garbage(small()))
    assert len(every) > 400
    for template in some(every, 60):
        judged({**files, EAST: json.dumps(template).encode()}, ENOUGH)


def test_garbage_in_deployments_is_survived() -> None:
    listed = json.loads(tree()[DEPLOYMENTS])
    for changed in with_garbage({"deployments": listed["deployments"][2:]}):
        judged({EAST: json.dumps(small()).encode(), DEPLOYMENTS: json.dumps(changed).encode()}, ENOUGH)


@sampled
def test_garbage_in_quota_is_survived() -> None:
    """Its schema refuses it, but a proof may be asked all the same."""
    good = read(QUOTA, ENOUGH.encode()).data
    for changed in some(with_garbage(good), 10):
        check(tree(), "capacity", quota=Source(QUOTA, json.dumps(changed), changed))


# --- room to grow -----------------------------------------------------------------------------------------------------


def grown(files: dict[str, bytes], pool: str, nodes: int) -> dict[str, bytes]:
    """The files with a pool of eastus that may have so many nodes more."""
    template = json.loads(files[EAST])
    (row,) = [row for row in template["resources"] if row["name"].endswith(f"/{pool}")]
    row["properties"]["maxCount"] += nodes
    return {**files, EAST: json.dumps(template).encode()}


@pytest.mark.parametrize("spare", [0, 95, 96, 191, 192, 1000, 5000])
@pytest.mark.parametrize(
    ("fleet", "pool", "accelerator", "gpus"),
    [
        ("reference", "a100", "A100-40G", 8),
        ("accelerators", "h100", "H100", 8),
        ("accelerators", "mi300x", "MI300X", 8),
    ],
)
def test_a_pool_has_the_room_that_it_is_said_to_have(
    fleet: str, pool: str, accelerator: str, gpus: int, spare: int
) -> None:
    """So many nodes more are within quota, upgrades included, and one more is not."""
    files = tree(fleet)
    quota = json.dumps(needed(files, fleet, less=-spare))
    before = rendered(files, fleet)
    (found,) = fit({accelerator: 0}, demand.pools(before).counted, before, Quota(read(QUOTA, quota.encode())))
    stop = found.stops[0]
    assert stop.region == "eastus" and stop.room is not None and (stop.room > 0) == (spare > 95)
    nodes = stop.room // gpus
    assert failures(judged(grown(files, pool, nodes), quota, fleet)) == []
    assert failures(judged(grown(files, pool, nodes + 1), quota, fleet)) != []


def test_room_is_what_all_pools_of_a_region_can_have() -> None:
    """On-demand and spot are limited apart, and a pool whose limit nobody says has none."""
    before = rendered(tree("accelerators"), "accelerators")
    counted = demand.pools(before).counted

    def room(**limits: object) -> int | None:
        quota = Source(QUOTA, "", {"regions": {"eastus": limits}})
        (found,) = fit({"A100-80G": 0}, counted, before, Quota(quota))
        return found.room

    family = {"StandardNCADSA100v4Family": 96 + 24 + 24 * 10}
    assert room() is None and room(total=5000) is None
    assert room(spot=96 + 24 * 3) == 3
    assert room(families=family) == 9  # the tenth would need a second node for upgrades
    assert room(families=family, spot=96 + 24 * 3) == 12
    assert room(families=family, total=10) == 0
    assert room(spot=1) == 0


def test_pools_of_one_limit_share_its_room() -> None:
    before = rendered(tree("accelerators"), "accelerators")
    (h100,) = [row for row in demand.pools(before).counted if row.accelerator == "H100"]
    need = 4 * 96 + 96
    quota = Source(QUOTA, "", {"regions": {"eastus": {"families": {h100.vm.family: 2 * need + 2 * 96}}}})
    (found,) = fit({"H100": 0}, [h100, h100._replace(cluster="other")], before, Quota(quota))
    assert found.room == 2 * 8


def test_room_goes_to_the_pools_with_the_most_gpus_a_vcpu() -> None:
    before = rendered(tree())
    large = next(row for row in demand.pools(before).counted if row.accelerator == "T4")
    vm = Catalogue({}).vm_size("Standard_NC4as_T4_v3")
    assert vm and (large.vm.vcpus, vm.vcpus) == (16, 4)
    quota = Source(QUOTA, "", {"regions": {"eastus": {"spot": 3 * 16 + 3 * 4 + 23}}})
    (found,) = fit({"T4": 0}, [large, large._replace(vm=vm)], before, Quota(quota))
    assert found.room == 5


def test_clusters_of_one_name_in_two_regions_are_two() -> None:
    files = {**tree(), WEST: tree()[WEST].replace(b"aks-westus2", b"aks-eastus")}
    assert {row.clusters for row in demand.by_accelerator(demand.pools(rendered(files)).counted)} == {2}


def test_no_count_is_less_than_none() -> None:
    files = broken((Edit(EAST, CPU_COUNTS, '"minCount": -3,\n        "maxCount": -6'),))
    (row,) = [
        row for row in demand.pools(rendered(files)).counted if (row.cluster, row.pool.name) == ("aks-eastus", "cpu")
    ]
    assert (row.least, row.most, row.surge) == (0, 0, 0)


def test_an_empty_tree_needs_nothing() -> None:
    empty = Tree(Files("rendered", {}))
    assert demand.pools(empty) == demand.Pools((), (), {})
    (found,) = fit({"T4": 3}, [], empty, None)
    assert (found.fits, found.short, found.room, found.stops) == (0, 3, None, ())
    assert said(check({}, "capacity"), "proved") == said(check({}, "capacity"), "noted") == []
