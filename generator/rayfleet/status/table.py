"""The status of a fleet for people, and for machines."""

from __future__ import annotations

from typing import Any

from rayfleet.console import tables
from rayfleet.console.printing import Styled
from rayfleet.diagnostics import printable
from rayfleet.status.blind_spot import BlindSpot
from rayfleet.status.cluster_facts import FleetStatus
from rayfleet.status.next_step import Facts, next_step, row

_HEAD = ("cluster", "region", "rendered", "bound", "deployment", "registered", "next step")


def text(status: FleetStatus, markdown: bool) -> Styled:
    """A table of the clusters, then what is no cluster's."""
    parts: list[str] = [tables.table(_HEAD, [row(facts) for facts in status.facts], markdown)]
    lines = [*status.notes, *map(_line, status.blind)]
    if lines:
        parts.append("\n".join(f"- {tables.escape(line)}" if markdown else printable(line) for line in lines))
    return Styled("\n\n".join(parts) + "\n")


def _line(spot: BlindSpot) -> str:
    """Azure's libraries put the remedy into the reason."""
    fix = f"; fix: {spot.fix}" if spot.fix and spot.fix not in spot.why else ""
    return f"not seen: {spot.what}: {spot.why}{fix}"


def as_json(status: FleetStatus) -> dict[str, Any]:
    """All of it."""
    return {
        "clusters": [_facts_as_json(facts) for facts in status.facts],
        "notes": status.notes,
        "notSeen": [spot._asdict() for spot in status.blind],
    }


def _facts_as_json(facts: Facts) -> dict[str, Any]:
    """``null`` is what was not seen."""
    deployed, bound = facts.deployed, facts.bound
    state: dict[str, Any] = {"state": None}
    if deployed:
        state = {"state": deployed.status or "never", "when": deployed.when or None, "current": deployed.current}
    return {
        "cluster": facts.cluster,
        "region": facts.region,
        "inFleet": facts.in_fleet,
        "rendered": {"stale": facts.stale, "pending": list(facts.pending)},
        "bound": bound and {"missing": list(bound.missing), "outdated": list(bound.outdated), "wrong": bound.wrong},
        "deployment": {"name": facts.deployment or None, **state},
        "inAzure": facts.in_azure,
        "leftPools": list(facts.left_pools),
        "registered": facts.registered,
        "uncommitted": facts.dirty,
        "unpushed": facts.unpushed,
        "next": next_step(facts),
    }
