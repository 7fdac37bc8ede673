"""``rayfleet status``: fleet.yaml, rendered/, bindings, deployments and registrations side by side."""

from __future__ import annotations

import math
import sys
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from rayfleet import fleet_files
from rayfleet.cli import tables
from rayfleet.cli.printing import aside, echo_json, fail, fleet_option, format_option
from rayfleet.cli.signals import INTERRUPTED, heard
from rayfleet.diagnostics import Invalid, printable

if TYPE_CHECKING:
    from rayfleet.cli.outside import NotSeen
    from rayfleet.cli.seeing import Seen
    from rayfleet.status.next_step import Facts


def _a_number(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Any range has nan in it."""
    if math.isnan(value):
        raise click.BadParameter("nan is no time", ctx, param)
    return value


_HEAD = ("cluster", "region", "rendered", "bound", "deployment", "registered", "next step")


@click.command()
@fleet_option
@click.option("-o", "--output", type=click.Path(), help="The rendered folder; by default rendered, beside the fleet.")
@click.option("--offline", is_flag=True, help="Look at files alone: ask neither Azure nor Anyscale.")
@click.option(
    "--wait", type=click.FloatRange(min=0, max=3600, min_open=True), default=20.0, show_default=True,
    metavar="SECONDS", callback=_a_number, help="How long Azure and Anyscale each have to answer; an hour at most.",
)  # fmt: skip
@format_option("text", "json", "markdown")
def status(fleet: str, output: str | None, offline: bool, wait: float, form: str) -> None:
    """Show where every cluster stands, and the next step for each.

    What cannot be seen is said to be so, and is no failure: it exits with 1 only for an invalid fleet.
    """
    from rayfleet.cli.seeing import see

    where = fleet_files.locate(fleet, output)
    try:
        with heard(Event()):
            seen = see(where, offline, wait)
    except Invalid as invalid:
        fail(invalid.diagnostics, form, "nothing was looked at")
    except KeyboardInterrupt:
        aside("\ninterrupted")
        sys.exit(INTERRUPTED)
    if form == "json":
        echo_json(_as_json(seen))
    else:
        click.echo(_text(seen, markdown=form == "markdown"), nl=False)


def _text(seen: Seen, markdown: bool) -> str:
    from rayfleet.status.next_step import row

    parts = [tables.table(_HEAD, [row(facts) for facts in seen.facts], markdown)]
    lines = [*seen.notes, *map(_not_seen, seen.not_seen)]
    if lines:
        parts.append("\n".join(f"- {tables.escaped(line)}" if markdown else printable(line) for line in lines))
    return "\n\n".join(parts) + "\n"


def _not_seen(found: NotSeen) -> str:
    """Azure's libraries put the remedy into the reason."""
    fix = f"; fix: {found.fix}" if found.fix and found.fix not in found.why else ""
    return f"not seen: {found.what}: {found.why}{fix}"


def _as_json(seen: Seen) -> dict[str, Any]:
    return {
        "clusters": [_facts_as_json(facts) for facts in seen.facts],
        "notes": seen.notes,
        "notSeen": [row._asdict() for row in seen.not_seen],
    }


def _facts_as_json(facts: Facts) -> dict[str, Any]:
    """``null`` is what was not seen."""
    from rayfleet.status.next_step import next_step

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
