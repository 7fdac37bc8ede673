"""Bindings: one producer each, a place that takes it, and nothing empty, invented or stale."""

from __future__ import annotations

import json

import pytest

from rayfleet.source import read
from tests.proofs.breaks import consumers, node_counts, producers
from tests.proofs.breaks import values as written
from tests.proofs.breaks.bound import (
    CLASS,
    CLIENT,
    DASHED,
    EAST,
    GATEWAY,
    POOLS_LINE,
    T4,
    VALUES,
    VOLUME,
    bound,
    listing,
)
from tests.proofs.breaks.garbage import ruined
from tests.testing import extent, rendering
from tests.testing.broken_trees import BINDINGS, Break, Edit, assert_seen, broken, check, failures, tree

BREAKS = (*written.BREAKS, *producers.BREAKS, *consumers.BREAKS, *node_counts.BREAKS)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "bindings", fleet=case.fleet), files, "bindings", case)


CHANGES = node_counts.CHANGES


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: case.name)
def test_change_is_seen(case: Break) -> None:
    """Against the base commit; and nothing is, where that has the same."""
    files = broken(case.edits)
    assert_seen(check(files, "bindings", base=tree()), files, "bindings", case)
    assert failures(check(files, "bindings", base=files)) == []


# One mistake in ARM is one in each value that it produces; one in bindings.yaml or of a whole cluster is seen by many.
SEVERAL = {
    "an output that was renamed", "another cluster's output", "one producer for two", "one id in two clusters",
    "one id twice in a cluster", "no clusters", "a cluster that is gone", "part of a deployment's output",
    "an id that was made up", "no bindings at all", "work for a cloud resource without an id",
    "an output that is gone before it is bound",
}  # fmt: skip


@pytest.mark.parametrize("case", [case for case in BREAKS if case.name not in SEVERAL], ids=lambda case: case.name)
def test_there_is_one_reason(case: Break) -> None:
    report = check(broken(case.edits), "bindings")
    assert len(report.of(case.outcome)) == 1, [row.what for row in report.of(case.outcome)]
    assert case.outcome == "failed" or failures(report) == []


# --- what holds -------------------------------------------------------------------------------------------------------


def test_witnesses() -> None:
    report = check(tree(), "bindings")
    found = {(row.subject, row.what): [str(place) for place in row.places] for row in report.of("proved")}
    assert report.count("failed") + report.count("warned") + report.count("pending") == 0
    whole = (
        "clientId, principalId, nodePools, cloudResourceId: each of its own producer; the ids are in 9 rendered places"
    )
    assert [place.split(":")[0] for place in found["aks-eastus", whole]] == [
        BINDINGS, f"rendered/{EAST}", f"rendered/{VOLUME}",
    ]  # fmt: skip
    assert ("aks-eastus", "pools a100, cpu, t4: already there, and the count is left to the autoscaler") in found
    assert ("", "no two of 8 late values have one producer, and no two ids are the same") in found


def some(fleet: str, *kinds: str) -> dict[str, bytes]:
    """A fleet of which only some kinds are bound."""
    late = json.loads(rendering.bindings(rendering.compiled(fleet, bound=False)))
    for name, values in late["clusters"].items():
        late["clusters"][name] = {kind: value for kind, value in values.items() if kind in kinds}
    text = rendering.FLEETS[fleet].read_text()
    return {
        **dict(rendering.from_text(text, late=json.dumps(late)).rendered()),
        BINDINGS: json.dumps(late).encode(),
    }


AZURE = ("clientId", "principalId", "nodePools")


@pytest.mark.parametrize(
    ("kinds", "waits"),
    [
        (
            (),
            "waits for clientId, principalId, nodePools of small-westus3 and cloudResourceId of Anyscale; not rendered "
            "until then: the blob volume, operators/anyscale-operator/, workloads/gateway.yaml, "
            "anyscale/cloud_resource.yaml",
        ),
        (
            AZURE,
            "waits for cloudResourceId of Anyscale; not rendered until then: operators/anyscale-operator/, "
            "workloads/gateway.yaml",
        ),
        (
            ("cloudResourceId",),
            "waits for clientId, principalId, nodePools of small-westus3; not rendered until then: the blob volume, "
            "operators/anyscale-operator/, anyscale/cloud_resource.yaml",
        ),
    ],
)
def test_pending(kinds: tuple[str, ...], waits: str) -> None:
    report = check(some("no-gpus", *kinds), "bindings", fleet="no-gpus")
    assert [row.what for row in failures(report)] == []
    (row,) = report.of("pending")
    assert (row.subject, row.what) == ("small", waits)
    assert str(row.places[0]).startswith("rendered/azure/westus3.json:")


def test_an_ingress_waits_for_no_gateway() -> None:
    report = check(some("every-choice", *AZURE), "bindings", fleet="every-choice")
    ends = {row.subject: row.what.rpartition(": ")[2] for row in report.of("pending")}
    assert ends == {
        "nginx": "operators/anyscale-operator/",
        "envoy": "operators/anyscale-operator/, workloads/gateway.yaml",
    }


@pytest.mark.parametrize("path", [EAST, "azure/deployments.json", "azure/shared.json"])
@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_nobody_is_told_to_unbind_what_cannot_be_read(path: str, content: str | None) -> None:
    """Render would prune the files of the cluster, and Flux what runs there."""
    files = broken((Edit(path, tree()[path].decode(), content),))
    assert not any("bindings" in row.fix for row in failures(check(files)))


def test_nobody_is_told_to_unbind_when_there_are_no_templates() -> None:
    files = {path: content for path, content in tree().items() if not path.startswith("azure/")}
    assert not any("no ARM template" in row.what for row in failures(check(files)))


def test_new_pools_are_proved_to_say_their_count() -> None:
    report = check(dict(rendering.compiled("token", bound=False).rendered()), "bindings", fleet="token")
    found = [(row.subject, row.what) for row in report.of("proved")]
    assert found == [(name, "pool t4: new, with a count to start with") for name in ("last", "first")]


OWN = (
    Edit(GATEWAY, f'label-name": "{DASHED}"', 'label-name": "ray"'),
    Edit(VALUES, f'hostname: "{DASHED}.eastus.cloudapp.azure.com"', "hostname: ray.example.com"),
)


@pytest.mark.parametrize(
    "edits",
    [
        OWN,
        (Edit(GATEWAY, f'"anyscale-{DASHED}-certificate"', "ours"),),
        (
            *listing("workloads", "gateway.yaml"),
            Edit(VALUES, "gateway.networking.k8s.io/v1", "networking.istio.io/v1alpha3"),
        ),
        (Edit(CLASS, "protocol: fuse2", "protocol: nfs"), Edit(CLASS, f'  clientID: "{CLIENT}"\n', "")),
        bound(POOLS_LINE, POOLS_LINE.replace("[a100, cpu, sys, t4]", "[t4, sys, cpu, a100]")),
    ],
    ids=["a DNS name", "a certificate", "Istio's gateway", "a mount over NFS", "pools in another order"],
)
def test_what_the_fleet_has_of_its_own_raises_no_alarm(edits: tuple[Edit, ...]) -> None:
    report = check(broken(edits), "bindings")
    assert [row.what for row in failures(report) + report.of("warned")] == []


@extent.sampled
@pytest.mark.parametrize("path", [BINDINGS, T4, GATEWAY, "azure/deployments.json"])
def test_nothing_brings_it_down(path: str) -> None:
    files = tree()
    for content in extent.some(ruined(json.dumps(read(path, files[path]).data).encode()), 10):
        check({**files, path: content}, "bindings")


@extent.sampled
def test_no_output_brings_it_down() -> None:
    whole = json.loads(tree()[EAST])
    for outputs in extent.some(ruined(json.dumps(whole["outputs"]).encode()), 10):
        content = json.dumps(whole | {"outputs": json.loads(outputs)}).encode()
        check({**tree(), EAST: content}, "bindings", "identity")
