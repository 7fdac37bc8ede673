"""``rayfleet capacity``: what the pools of rendered/ may grow to, and what still fits when some are gone."""

from __future__ import annotations

import click

from rayfleet import fleet_files
from rayfleet.capacity import table
from rayfleet.capacity.figures import figures
from rayfleet.cli.entry import verb
from rayfleet.cli.options import fleet_option, format_option, output_option
from rayfleet.console.printing import echo, echo_json
from rayfleet.console.recorder import Recorder
from rayfleet.tree import load


@click.command()
@fleet_option
@output_option
@click.option(
    "--without-region", "regions", multiple=True, metavar="REGION", help="Show the figures as if REGION were gone."
)
@click.option("--without-spot", is_flag=True, help="Show the figures as if Azure gave no spot capacity.")
@click.option(
    "--demand", "wanted", multiple=True, metavar="ACCELERATOR=GPUS",
    help="GPUs that are needed; by default all that the whole fleet may grow to.",
)  # fmt: skip
@format_option("text", "json", "markdown")
@verb("nothing was counted")
def capacity(
    recorder: Recorder,
    fleet: str,
    output: str | None,
    regions: tuple[str, ...],
    without_spot: bool,
    wanted: tuple[str, ...],
) -> int:
    """Show GPUs, vCPUs and nodes by region, and what demand still fits where.

    Reads rendered/, quota.yaml and the VM sizes. A report: it exits with 0 even where something is short.
    """
    where = fleet_files.locate(fleet, output)
    found = figures(load.tree(where, "files"), load.quota(where), regions, without_spot, wanted)
    if recorder.for_machines:
        echo_json(table.as_json(found))
    else:
        echo(table.text(found, markdown=recorder.form == "markdown"), end="")
    return 0
