"""The status of a fleet as people and machines read it."""

from __future__ import annotations

import re

import pytest

from rayfleet.azure.stacks import LastDeployment
from rayfleet.console import tables
from rayfleet.status import table
from rayfleet.status.blind_spot import BlindSpot
from rayfleet.status.cluster_facts import FleetStatus
from rayfleet.status.next_step import BoundValues, Facts

DONE = Facts("a", "eastus", bound=BoundValues(), deployment="d", deployed=LastDeployment("Succeeded", "", True))
SPOTS = [BlindSpot("Azure", "ExpiredToken: old", "az login"), BlindSpot("b", "run az login", "az login")]


def test_lines_below_the_table() -> None:
    shown = table.text(FleetStatus([DONE], [*SPOTS, BlindSpot("c", "--offline")], ["a note"]), False)
    assert shown.splitlines()[-4:] == [
        "a note",
        "not seen: Azure: ExpiredToken: old; fix: az login",
        "not seen: b: run az login",  # the remedy stands in the reason
        "not seen: c: --offline",
    ]


def test_who_is_done_is_told_where_to_look_on() -> None:
    """A release that failed shows on no Kustomization, and status reads no cluster."""
    shown = table.text(FleetStatus([DONE], [], []), False).splitlines()
    assert shown[-1].startswith("not looked at: what Flux made of it") and "helmreleases -A shows it" in shown[-1]
    busy = DONE._replace(stale=1)
    assert "Flux" not in table.text(FleetStatus([busy], [], []), False)


def test_hostile_names() -> None:
    hostile = FleetStatus([DONE._replace(cluster="\x1b[31mred|`x`\nnew")], [], ["[bold]x[/bold] \x1b|`"])
    for markdown in (True, False):
        printed = table.text(hostile, markdown)
        assert "\x1b[31m" not in printed and "\x1b|" not in printed and "\\nnew" in printed
    assert "red\\|\\`x\\`" in table.text(hostile, True) and "[bold]x[/bold]" in table.text(hostile, False)


def test_markdown() -> None:
    lines = table.text(FleetStatus([DONE], SPOTS[:1], []), True).splitlines()
    assert lines[0].startswith("| cluster ") and lines[1].startswith("|---")
    assert lines[-1] == "- not seen: Azure: ExpiredToken: old; fix: az login"


def test_for_machines() -> None:
    found = table.as_json(FleetStatus([DONE, Facts("b", "", bound=None)], SPOTS[:1], ["a note"]))
    assert found["notes"] == ["a note"]
    assert found["notSeen"] == [{"what": "Azure", "why": "ExpiredToken: old", "fix": "az login"}]
    one, other = found["clusters"]
    assert one["deployment"] == {"name": "d", "state": "Succeeded", "when": None, "current": True}
    assert one["bound"] == {"missing": [], "outdated": [], "wrong": False}
    assert (other["bound"], other["deployment"], other["inAzure"]) == (None, {"name": None, "state": None}, None)


def test_a_deployment_that_never_was() -> None:
    row = table.as_json(FleetStatus([DONE._replace(deployed=LastDeployment(""))], [], []))["clusters"][0]
    assert row["deployment"]["state"] == "never"


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_on_a_terminal_it_is_as_wide_as_that(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """The next step comes second; what is well says nothing of deployments, whose names are long."""
    for module in (table, tables):
        monkeypatch.setattr(module, "terminal_width", lambda: columns)
    name = "a-name-of-a-fleet-that-is-very-long-indeed-eastus"
    done = DONE._replace(deployment=name, in_azure=True, registered="yes", dirty=False, unpushed=False)
    rows = [done, done._replace(cluster="other", dirty=True)]
    found = table.text(FleetStatus(rows, SPOTS, ["a long note " * 20]), False)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", found).splitlines()
    assert max(map(len, plain)) <= columns
    assert plain[0].split()[:4] == ["cluster", "next", "step", "region"]
    assert [line for line in plain if name in line] == [f"deployment of other: {name}"]
    assert "\x1b[32mnothing" in found and "\x1b[33mcommit" in found
