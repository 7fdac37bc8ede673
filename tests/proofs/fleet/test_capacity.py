"""Capacity: quotas by region and limit, and what AKS takes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from rayfleet.capacity import demand
from rayfleet.capacity.fallback import fit
from rayfleet.proofs import Report
from rayfleet.source import Source, read
from rayfleet.tree import Tree
from rayfleet.tree.files import Files
from tests.proofs.breaks.capacity import AKS, BREAKS, CPU_COUNTS, DEPLOYMENTS, EAST, clusters, elsewhere, parted
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
    tree,
)
from tests.testing.extent import sampled, some
from tests.testing.quotas import ENOUGH, QUOTA, judged, needed

FLEETS = ["reference", *rendering.FLEETS]
GARBAGE = [None, True, -5, 10**4299, 0.5, "x", "²", [], [None], {}, {"a": 1}]


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files, written = parted(case)
    report = judged(files, written, case.fleet)
    assert_seen(report, {**files, QUOTA: written}, "capacity", case)


# --- what holds -------------------------------------------------------------------------------------------------------


def said(report: Report, outcome: str) -> list[str]:
    """What a proof says, each with its subject."""
    return [f"{row.subject}: {row.what}" for row in report.sections["capacity"].findings if row.outcome == outcome]


def test_just_enough_is_proved_limit_by_limit() -> None:
    report = judged(tree(), ENOUGH)
    assert said(report, "proved") == [
        "aks-eastus: its 4 pools may grow to 15 nodes; AKS allows at most 1000 a pool, 5000 a cluster",
        "aks-westus2: its 4 pools may grow to 15 nodes; AKS allows at most 1000 a pool, 5000 a cluster",
        ": no region has more than 1 cluster; AKS allows at most 100",
        "eastus: standardDDSv5Family needs 144 of 144 vCPUs at most, 24 of them for upgrades",
        "eastus: spot needs 336 of 336 vCPUs at most",
        "eastus: on-demand in all needs 144 of 144 vCPUs at most, 24 of them for upgrades",
        "westus2: standardDDSv5Family needs 144 of 145 vCPUs at most, 24 of them for upgrades",
        "westus2: spot needs 336 of 337 vCPUs at most",
        "westus2: on-demand in all needs 144 of 145 vCPUs at most, 24 of them for upgrades",
    ]
    assert {row.outcome for row in report.sections["capacity"].findings} == {"proved"}


def test_a_witness_has_both_sides() -> None:
    (row,) = [
        row
        for row in judged(tree(), ENOUGH).sections["capacity"].findings
        if row.what.startswith("spot needs 336 of 336")
    ]
    quota, pool = row.places
    assert (quota.file, quota.line) == (QUOTA, 5)
    lines = tree()[EAST].decode().splitlines()
    assert '"name": "aks-eastus/a100"' in "".join(lines[pool.line - 15 : pool.line])


def test_without_quota_it_says_what_is_needed() -> None:
    report = check(tree(), "capacity")
    assert said(report, "unjudged") == [
        ": there is no quota.yaml to compare with; the pools need at most: "
        "eastus 144 on-demand and 336 spot vCPUs; westus2 144 on-demand and 336 spot vCPUs"
    ]
    assert report.count("warned") == report.count("failed") == 0
    assert report.sections["capacity"].outcome == "unjudged"


def test_without_quota_many_regions_are_not_all_named() -> None:
    template = clusters(12)
    for at, row in enumerate(template["resources"]):
        profile = {"name": "sys", "vmSize": "Standard_D8ds_v5", "count": 1}
        row |= {"location": f"region{at}", "properties": {"agentPoolProfiles": [profile]}}
    (what,) = said(check(broken((edited(EAST, template),)), "capacity"), "unjudged")
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


def test_an_empty_tree_needs_nothing() -> None:
    empty = Tree(Files("rendered", {}))
    assert demand.pools(empty) == demand.Pools((), (), {})
    (found,) = fit({"T4": 3}, [], empty, None)
    assert (found.fits, found.short, found.room, found.stops) == (0, 3, None, ())
    assert said(check({}, "capacity"), "proved") == said(check({}, "capacity"), "noted") == []
