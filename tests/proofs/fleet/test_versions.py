"""Versions: they fit each other, and somebody still mends them."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.proofs.breaks.versions import BREAKS, EAST, EXTENSION, SWEDEN, VERSION, WEST3, image, runs
from tests.testing import rendering
from tests.testing.broken_trees import TODAY, Break, Edit, assert_seen, broken, check, failures, tree


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "versions", fleet=case.fleet), files, "versions", case)


def said(outcome: str, fleet: str = "reference", edits: tuple[Edit, ...] = (), today: date = TODAY) -> list[str]:
    """What the proof says, with the subject."""
    report = check(broken(edits, fleet), "versions", fleet=fleet, today=today)
    return [f"{row.subject}: {row.what}" for row in report.of(outcome)]


# --- witnesses --------------------------------------------------------------------------------------------------------


def test_what_holds_of_all_is_said_once() -> None:
    both = "aks-eastus and 1 more"
    assert said("proved") == [
        f"{both}: AKS 1.36 is supported until 2027-06-30",
        f"{both}: AKS 1.36 brings the Gateway API 1.5.1",
        f"{both}: microsoft.flux follows its releases: 1.24.1, which is Flux 2.7.5, or newer",
        f"{both}: anyscale-operator 1.8.0 reads every value that it is given and that older ones ignore",
        f"{both}: no disruption budget of it keeps pods on a node that AKS upgrades",
        f"{both}: nvidia-device-plugin 0.20.0 is no more than a series behind 0.20.0, the newest",
        f"{both}: the blob driver of AKS 1.36, 1.27.7 in the table of 2026-12-01, mounts with a workload identity token"
        " and renews it",
    ]
    assert said("warned") == said("noted") == said("failed") == []


def test_what_holds_of_one_names_it_and_the_rest_is_counted() -> None:
    """A thousand clusters that are alike make one line."""
    found = said("proved", edits=(runs("1.35"),))
    assert "aks-eastus: AKS 1.35 is supported until 2027-03-31" in found
    assert "aks-westus2: AKS 1.36 is supported until 2027-06-30" in found
    assert [row for row in found if row.startswith("aks-eastus and 1 more: microsoft.flux")]


def test_long_term_support_is_counted_where_it_is_paid_for() -> None:
    assert "nginx and 1 more: AKS 1.37 with long-term support is supported until 2028-10-31" in said(
        "proved", "every-choice"
    )


def test_a_moving_channel_hides_the_version() -> None:
    """A live cluster that its channel has moved on is rendered without a version, and nothing is guessed."""
    edits = (Edit(EAST, f"{VERSION},", ""), Edit(EAST, '"upgradeChannel": "patch"', '"upgradeChannel": "rapid"'))
    assert said("noted", edits=edits) == [
        "aks-eastus: its upgrade channel is rapid: only AKS knows which Kubernetes it has"
    ]
    assert said("warned", edits=edits) == said("failed", edits=edits) == []


def test_a_pinned_extension_that_is_supported_is_fine() -> None:
    edits = (Edit(EAST, EXTENSION, f'{EXTENSION}, "version": "1.24.0"'),)
    assert "aks-eastus: microsoft.flux 1.24.0 ships Flux 2.7.5" in said("proved", edits=edits)
    assert said("warned", edits=edits) == []


def test_a_tested_pair_is_a_witness() -> None:
    edits = (Edit(SWEDEN, '"kubernetesVersion": "1.37"', '"kubernetesVersion": "1.36"'),)
    assert "envoy: gateway-helm 1.9 is tested with Kubernetes 1.36" in said("proved", "every-choice", edits)


def test_an_image_that_ends_later_is_a_witness() -> None:
    edits = (image("Ubuntu2204"),)
    assert "aks-eastus: Ubuntu 22.04, of its nodes, is supported until 2027-06-30" in said("proved", edits=edits)


# --- the day decides --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "outcome", "what"),
    [
        ("2026-05-31", "warned", "AKS 1.36 is not generally available before 2026-06-01"),
        ("2026-06-01", "proved", "AKS 1.36 is supported until 2027-06-30"),
        ("2027-03-31", "proved", "AKS 1.36 is supported until 2027-06-30"),
        ("2027-04-01", "warned", "AKS 1.36 reaches its end of life on 2027-06-30, in 90 days"),
        ("2027-06-29", "warned", "AKS 1.36 reaches its end of life on 2027-06-30, in 1 day"),
        ("2027-06-30", "warned", "AKS 1.36 reaches its end of life on 2027-06-30, today"),
        ("2027-07-01", "warned", "AKS 1.36 reached its end of life on 2027-06-30"),
    ],
)
def test_a_minor_through_its_life(day: str, outcome: str, what: str) -> None:
    assert f"aks-eastus and 1 more: {what}" in said(outcome, today=date.fromisoformat(day))


def test_the_table_itself_grows_old() -> None:
    what = ": the table of versions is of 2026-12-01: it does not know what has ended since"
    assert what not in said("warned", today=date(2027, 5, 30))
    (found,) = [row for row in check(tree(), "versions", today=date(2027, 5, 31)).of("warned") if not row.subject]
    assert f"{found.subject}: {found.what}" == what and found.fix


def test_a_retirement_is_not_announced_before_its_day() -> None:
    assert not [row for row in said("warned", "every-choice", today=date(2026, 3, 19)) if "retired" in row]
    assert [row for row in said("warned", "every-choice", today=date(2026, 3, 20)) if "retired" in row]


# --- no false alarm ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fleet", ["reference", *rendering.FLEETS])
def test_the_test_fleets_fail_nothing(fleet: str) -> None:
    assert failures(check(tree(fleet), "versions", fleet=fleet)) == []
    if fleet != "every-choice":
        assert said("warned", fleet) == []


@pytest.mark.parametrize("fleet", list(rendering.FLEETS))
def test_nothing_of_it_waits_for_bindings(fleet: str) -> None:
    files = dict(rendering.compiled(fleet, bound=False).rendered())
    assert failures(check(files, "versions", fleet=fleet)) == []


@pytest.mark.parametrize("value", [None, 7, True, [[]], {"a": []}, "", "[parameters('version')]", "1"])
def test_nothing_odd_stops_it(value: object) -> None:
    """Whatever the proof reads of ARM and of a release may be something else."""
    files = tree("no-gpus")
    document = json.loads(files[WEST3])
    rows = {row["type"].rpartition("/")[2]: index for index, row in enumerate(document["resources"])}
    for kind in ("managedClusters", "extensions", "agentPools"):
        resource = document["resources"][rows[kind]]
        for path in [("properties",), ("sku",), *(("properties", key) for key in resource["properties"])]:
            changed = json.loads(files[WEST3])
            at = changed["resources"][rows[kind]]
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = value
            check({**files, WEST3: json.dumps(changed).encode()}, "versions", fleet="no-gpus")
    path = "clusters/small/operators/anyscale-operator/helmrelease.yaml"
    for old in ('"1.8.0"', "HelmRepository"):
        content = files[path].decode().replace(old, json.dumps(value))
        check({**files, path: content.encode()}, "versions", fleet="no-gpus")
