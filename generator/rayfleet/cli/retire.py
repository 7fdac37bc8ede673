"""``rayfleet retire``: takes down what the fleet has no more, step by step."""

from __future__ import annotations

import click

from rayfleet import fleet_files
from rayfleet.cli.entry import verb
from rayfleet.cli.options import confirm, fleet_option, format_option
from rayfleet.console.progress import on_terminal
from rayfleet.console.recorder import Recorder
from rayfleet.retire import session
from rayfleet.retire.remains import RetireOverrides
from rayfleet.retire.session import RetireOptions


@click.command()
@fleet_option
@click.option(
    "--base", metavar="REVISION", help="A commit that still had what goes; by default the last one that had more."
)
@click.option("--cluster", "clusters", multiple=True, metavar="CLUSTER", help="Only CLUSTER and its resources.")
@click.option("--run", "carry", is_flag=True, help="Carry out the plan, and ask before each step.")
@click.option("--yes", is_flag=True, help="With --run: do not ask.")
@click.option("--offline", is_flag=True, help="Ask neither Azure nor Anyscale what is done already.")
@click.option("--verbose", is_flag=True, help="Show ids, the commands that do it by hand, and what is done.")
@click.option("--allow-dirty", is_flag=True, help="Retire even if the fleet or rendered/ is not committed.")
@click.option("--allow-undeployed", is_flag=True, help="Retire even if what takes its place is not deployed.")
@click.option(
    "--allow-disk-loss", is_flag=True, help="Retire even if disks of volume claims are deleted with a cluster."
)
@format_option("text", "json")
@verb("nothing was deleted")
def retire(
    recorder: Recorder,
    fleet: str,
    base: str | None,
    clusters: tuple[str, ...],
    carry: bool,
    yes: bool,
    offline: bool,
    verbose: bool,
    allow_dirty: bool,
    allow_undeployed: bool,
    allow_disk_loss: bool,
) -> int:
    """Show what to take down of clusters and node pools that are no longer rendered; with --run, do it.

    Compares rendered/azure/ with that of a commit: take things out of the fleet, commit and deploy first. Storage
    accounts and containers are always kept. It can be run again: what is gone counts as done.
    """
    if carry and offline:
        raise click.UsageError("--run needs Azure: leave --offline out")
    if yes and not carry:
        raise click.UsageError("--yes needs --run: without --run nothing is deleted, and nothing is asked")
    if carry and not (yes or on_terminal()):
        raise click.UsageError("without a terminal nobody can be asked: give --yes, or leave --run out")
    options = RetireOptions(base, clusters, carry, offline, verbose, None if yes else confirm)
    overrides = RetireOverrides(allow_dirty, allow_undeployed, allow_disk_loss)
    return session.retire(fleet_files.locate(fleet, None), options, overrides, recorder)
