"""The status of a fleet for people, and for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rayfleet.console import tables
from rayfleet.console.printing import Styled, terminal_width
from rayfleet.status.blind_spot import BlindSpot
from rayfleet.status.cluster_facts import FleetStatus
from rayfleet.status.next_step import NOT_SEEN, NOTHING, Facts, next_step, row

# Kustomizations do not wait for releases, so that one that fails holds nothing up: docs/asking.md.
_UNREAD = (
    "not looked at: what Flux made of it in a cluster; kubectl get kustomizations,helmreleases -A shows it: a release "
    "that fails shows on no Kustomization"
)
_HEAD = ("cluster", "region", "rendered", "bound", "deployment", "registered", "next step")
_TERMINAL_HEAD = ("cluster", "next step", "region", "rendered", "bound", "deployment", "registered")
_STYLES = {
    NOT_SEEN: "dim", NOTHING: "green", "rayfleet ": "yellow", "commit": "yellow", "push": "yellow", "wait": "yellow",
    "stale": "red", "failed": "red", "canceled": "red", "wrong": "red", "differs": "red",
}  # fmt: skip


def text(status: FleetStatus, markdown: bool) -> Styled:
    """A table of the clusters, then what is no cluster's."""
    on_terminal = terminal_width() is not None and not markdown
    rows = map(_terminal_row if on_terminal else row, status.facts)
    parts: list[str] = [tables.table(_TERMINAL_HEAD if on_terminal else _HEAD, rows, markdown, styles=_STYLES)]
    lines = [_UNREAD] if any(next_step(facts).startswith(NOTHING) for facts in status.facts) else []
    lines += [*status.notes, *map(_line, status.blind)]
    if on_terminal:
        lines = [*_deployment_names(status.facts), *lines]
    if lines:
        parts.append(tables.lines(lines, markdown))
    return Styled("\n\n".join(parts) + "\n")


def _terminal_row(facts: Facts) -> list[str]:
    """The next step first, and no name that can be told from the others."""
    found = row(facts)
    state = found.deployment.removeprefix(f"{facts.deployment}: ")
    return [found.cluster, found.next, found.region, found.rendered, found.bound, state, found.registered]


def _deployment_names(rows: Iterable[Facts]) -> Iterator[str]:
    """Of clusters with something left to do: what to look for in Azure."""
    for facts in rows:
        if facts.deployment and not row(facts).next.startswith(NOTHING):
            yield f"deployment of {facts.cluster}: {facts.deployment}"


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
