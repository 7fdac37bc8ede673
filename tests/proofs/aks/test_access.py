"""Access to a cluster, and the names that two must not share."""

from __future__ import annotations

import pytest

from tests.proofs.breaks.access import ADMINISTRATORS, NAMES, REACH
from tests.testing.broken_trees import Break, assert_seen, broken, check, failures, tree

PROOFS = {**dict.fromkeys(REACH, "network"), **dict.fromkeys(ADMINISTRATORS, "identity"), **dict.fromkeys(NAMES, "arm")}


@pytest.mark.parametrize("case", PROOFS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, PROOFS[case], fleet=case.fleet), files, PROOFS[case], case)


def test_local_accounts_that_a_fleet_asks_for_raise_no_alarm() -> None:
    report = check(tree("every-choice"), "identity", "network", fleet="every-choice")
    assert failures(report) == []
    proved = {f"{row.subject}: {row.what}" for row in report.of("proved")}
    assert "nginx: the addresses by which its nodes leave may reach its API server" in proved
    assert "nginx: who administers it signs in by Entra, and no other way leads in" in proved
