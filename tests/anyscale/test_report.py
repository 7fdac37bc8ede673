"""The outcomes of a run of register, as people and machines read them."""

from __future__ import annotations

import pytest

from rayfleet.anyscale.cloud import RegistrationDifference
from rayfleet.anyscale.registration import Registration
from rayfleet.anyscale.report import as_json, exit_code, next_step, outcome_line

THERE = Registration("a", "there", "id")
PENDING = Registration("b", "pending", None, "it is not rendered", "render it")
NEW = Registration("c", "registered", "id")
DIFFERENT = Registration("d", "differs", "id", "region", "change it", (RegistrationDifference("region", "x", "y"),))


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (THERE, "= a was registered before id"),
        (PENDING, "- b is pending"),
        (NEW, "+ c is registered id"),
        (DIFFERENT, "! d is registered with other settings than rendered id"),
        (Registration("d", "contradicts", "id"), "! d is registered with another id than bindings.yaml has: id"),
        (Registration("e", "failed"), "! e is not registered"),
        (Registration("f", "waiting"), "- f is not registered"),
        (Registration("g", "unknown"), "? g is not known to be registered"),
    ],
)
def test_lines(row: Registration, line: str) -> None:
    assert outcome_line(row) == line


def test_the_end() -> None:
    assert next_step([THERE, PENDING]) == ""
    assert next_step([NEW, THERE]) == "1 cluster registered; run rayfleet bind, then rayfleet render"
    assert next_step([NEW, NEW]).startswith("2 clusters registered")
    assert [exit_code(rows) for rows in ([], [THERE, NEW, PENDING], [NEW, DIFFERENT])] == [0, 0, 1]
    assert exit_code([THERE._replace(what="whether it differs is not known")]) == 1


def test_for_machines() -> None:
    assert as_json(DIFFERENT) == {
        "cluster": "d",
        "outcome": "differs",
        "cloudResourceId": "id",
        "what": "region",
        "fix": "change it",
        "differences": [{"where": "region", "registered": "x", "rendered": "y"}],
    }
