"""Clusters that may not be registered yet, and a cloud whose default would be another cluster."""

from __future__ import annotations

import pytest

from rayfleet.anyscale.candidates import RegistrationTask, refuse_pending, refuse_without_primary
from rayfleet.anyscale.cloud import Cloud
from rayfleet.anyscale.registration import Candidate
from rayfleet.diagnostics import Invalid

EAST, WEST = (Candidate(name, f"r-{name}", f"{name}.yaml", {}, "") for name in ("east", "west"))
UNRENDERED = EAST._replace(rendered=None, fix="run rayfleet render")
UNBOUND = EAST._replace(rendered=None, fix="deploy east, run rayfleet bind and rayfleet render, then register")


def cloud(*names: str) -> Cloud:
    return Cloud({name: {} for name in names}, {"name": "c"})


def told(there: Cloud | None, *rows: Candidate) -> list[str]:
    task = RegistrationTask("c", "east", "r-east", list(rows), [])
    return [f"{row.severity}: {row.what}" for row in refuse_without_primary(task, there)]


def refused(there: Cloud | None, *rows: Candidate) -> tuple[str, str]:
    with pytest.raises(Invalid) as found:
        told(there, *rows)
    (row,) = found.value.diagnostics
    return row.what, row.fix


def test_the_primary_cluster_goes_first() -> None:
    for there in (None, cloud()):
        assert told(there, EAST, WEST) == []
        assert refused(there, WEST) == (
            "the cloud c has no resource yet, and east must be its first", "rayfleet register --cluster east",
        )  # fmt: skip


def test_a_cloud_that_has_resources_keeps_its_default() -> None:
    assert told(cloud("r-east"), WEST) == told(cloud("r-east", "other"), EAST, WEST) == []
    (row,) = told(cloud("other"), WEST)
    assert row == "warning: the cloud c has resources, but not east: its default stays another cluster"
    assert told(cloud("other"), UNRENDERED) == [row]


def test_a_pending_primary_stops() -> None:
    assert refused(None, UNBOUND, WEST) == (
        "its cloud resource is pending: the principal id is not bound", UNBOUND.fix,
    )  # fmt: skip
    assert refused(cloud(), UNRENDERED)[0] == "its cloud resource is not rendered"
    refuse_pending(EAST)


def test_what_is_pending() -> None:
    assert RegistrationTask("c", "east", "r-east", [UNBOUND, WEST], []).pending == [UNBOUND]
