"""Pools behind their cluster: a template moves the control plane alone."""

from __future__ import annotations

from datetime import date

from rayfleet.proofs import ReportRow
from tests.proofs.breaks.arm import CPU, properties
from tests.proofs.breaks.versions import EAST, image, runs
from tests.testing.broken_trees import TODAY, Edit, broken, check, tree


def rows(outcome: str, base: tuple[Edit, ...], *edits: Edit, today: date = TODAY) -> list[ReportRow]:
    report = check(broken(edits), "versions", base=broken(base), today=today)
    return report.of(outcome)


def behind(base: tuple[Edit, ...], *edits: Edit) -> list[str]:
    return [row.what for row in rows("noted", base, *edits) if row.claim == "versions/pools-behind"]


def test_pools_stay_where_they_were() -> None:
    assert behind((runs("1.35"),)) == [
        "its pools sys, a100, cpu, t4 stay at AKS 1.35 until they are upgraded: rayfleet status says how"
    ]


def test_a_pool_that_is_new_comes_with_the_version_of_the_cluster() -> None:
    document = tree()[EAST].decode()
    renamed = document.replace("aks-eastus/t4", "aks-eastus/old").replace("'aks-eastus', 't4'", "'aks-eastus', 'old'")
    base = (Edit(EAST, document, renamed.replace('"kubernetesVersion": "1.36"', '"kubernetesVersion": "1.35"')),)
    assert behind(base)[0].startswith("its pools sys, a100, cpu stay at AKS 1.35")


def test_a_pool_whose_version_is_written_is_not_said_to_stay() -> None:
    (what,) = behind((runs("1.35"),), properties(CPU, orchestratorVersion="1.36"))
    assert what.startswith("its pools sys, a100, t4 stay")


def test_nobody_is_behind_where_nothing_goes_up() -> None:
    assert behind(()) == behind((runs("1.36.2"),)) == behind((), runs("1.36.4")) == []


def test_nodes_are_judged_by_the_version_that_they_have() -> None:
    """The end of theirs, not only of the control plane's."""
    said = [row.what for row in rows("warned", (runs("1.35"),), today=date(2027, 3, 1))]
    assert [what for what in said if what.startswith("AKS 1.35, of its pools until they are upgraded, reaches")]
    assert not [what for what in said if what.startswith("AKS 1.36 re")]


def test_an_image_that_only_the_old_version_has_is_refused_all_the_same() -> None:
    """What the cluster goes to, its pools go to later."""
    base = broken((image("Ubuntu2204"),))
    now = base[EAST].replace(b'"kubernetesVersion": "1.36"', b'"kubernetesVersion": "1.37"')
    report = check({**base, EAST: now}, "versions", base=base)
    assert [row.claim for row in report.of("failed")] == ["versions/os-sku-ends"]
