"""``rayfleet status``: fleet.yaml, rendered/, bindings, deployments and registrations side by side."""

from __future__ import annotations

import math

import click

from rayfleet import fleet_files
from rayfleet.cli.entry import verb
from rayfleet.cli.options import fleet_option, format_option, output_option
from rayfleet.console.printing import echo, echo_json
from rayfleet.console.recorder import Recorder
from rayfleet.status import table
from rayfleet.status.gather import gather


def _a_number(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Any range has nan in it."""
    if math.isnan(value):
        raise click.BadParameter("nan is not a time", ctx, param)
    return value


@click.command()
@fleet_option
@output_option
@click.option("--offline", is_flag=True, help="Look at files alone: ask neither Azure nor Anyscale.")
@click.option(
    "--wait", type=click.FloatRange(min=0, max=3600, min_open=True), default=20.0, show_default=True,
    metavar="SECONDS", callback=_a_number, help="How long Azure and Anyscale each have to answer; an hour at most.",
)  # fmt: skip
@format_option("text", "json", "markdown")
@verb("nothing was looked at")
def status(recorder: Recorder, fleet: str, output: str | None, offline: bool, wait: float) -> int:
    """Show where every cluster stands, and the next step for each.

    What cannot be seen is said to be so, and is no failure: it exits with 1 only for an invalid fleet.
    """
    found = gather(fleet_files.locate(fleet, output), offline, wait)
    if recorder.for_machines:
        echo_json(table.as_json(found))
    else:
        echo(table.text(found, markdown=recorder.form == "markdown"), end="")
    return 0
