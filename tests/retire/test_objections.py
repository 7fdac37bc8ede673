"""What speaks against a plan of retirement: what lives, and the primary cluster."""

from __future__ import annotations

import pytest

from tests.testing.broken_trees import BINDINGS, tree
from tests.testing.reference_names import EAST_LINE, SUB
from tests.testing.retired_trees import LESS, Edits, planned

WORKLOAD = "44444444-4444-4444-8444-444444444444"
ELSEWHERE = (("resourceGroup: aks-multi-region", "resourceGroup: other"),)
WESTERN = (("primaryRegion: eastus", "primaryRegion: westus2"),)


def blocked(edits: Edits = LESS, bindings: str | None = None, only: tuple[str, ...] = ()) -> list[str]:
    return [f"{row.where}: {row.what}" for row in planned(edits, bindings, only).blocked]


def test_nothing_speaks_against_a_cluster_that_left() -> None:
    found = planned()
    assert (found.blocked, found.primary) == ([], None)


@pytest.mark.parametrize("kind", ["clientId", "principalId"])
def test_bindings_of_another_cluster_that_use_it(kind: str) -> None:
    late = tree()[BINDINGS].decode()
    lines = late.splitlines(keepends=True)
    own = [number for number, line in enumerate(lines) if f"{kind}:" in line]
    theirs = lines[own[1]].partition("value: ")[2].partition(",")[0]
    mine = lines[own[0]].partition("value: ")[2].partition(",")[0]
    lines[own[0]] = lines[own[0]].replace(mine, theirs.upper())
    found = planned(bindings="".join(lines)).blocked
    assert [(row.file, row.line, row.what) for row in found] == [
        (BINDINGS, own[0] + 1, f"it is bound to the {kind} of aks-westus2, which goes")
    ]
    assert found[0].fix.startswith("run rayfleet bind")


@pytest.mark.parametrize("bindings", [None, "version: 1\nclusters: {}\n"])
def test_a_cluster_that_is_still_rendered_elsewhere(bindings: str | None) -> None:
    """Another resource group makes other ids of all; the cloud resource is that of the one that stays."""
    assert blocked(ELSEWHERE, bindings, only=("aks-westus2",)) == [
        f"aks-westus2: it leaves resource group aks-multi-region of subscription {SUB} and is rendered in resource "
        f"group other of subscription {SUB}: both would have one cloud resource"
    ]


def test_the_primary_cluster() -> None:
    """It carries the cloud, by the base: the fleet names another by now."""
    found = planned((*WESTERN, (EAST_LINE, "")))
    assert [row.what for row in found.blocked] == [
        "its cloud resource is the cloud's primary one, which Anyscale does not remove by itself"
    ]
    assert found.blocked == [found.primary] and "anyscale cloud delete" in found.blocked[0].fix
