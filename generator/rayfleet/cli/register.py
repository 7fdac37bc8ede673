"""``rayfleet register``: the clusters of rendered/ made known to Anyscale, with its own command line."""

from __future__ import annotations

import click

from rayfleet import fleet_files
from rayfleet.anyscale import candidates, session
from rayfleet.cli.entry import verb
from rayfleet.cli.options import confirm, fleet_option, format_option
from rayfleet.console.printing import echo, echo_diagnostics, echo_json, echo_stderr
from rayfleet.console.progress import on_terminal
from rayfleet.console.recorder import Recorder


@click.command()
@fleet_option
@click.option("--cluster", "name", metavar="CLUSTER", help="Register CLUSTER alone.")
@click.option("--print", "show", is_flag=True, help="Print the commands for a cloud that does not exist yet; run none.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--allow-stale", is_flag=True, help="Register even if a cloud resource is not what the fleet gives.")
@format_option("text", "json")
@verb("nothing was registered")
def register(recorder: Recorder, fleet: str, name: str | None, show: bool, yes: bool, allow_stale: bool) -> int:
    """Register the clusters with Anyscale.

    Registers the cloud with the primary cluster's cloud resource, then adds those of the others, with the anyscale
    command line. What is there is skipped, and whatever is done is read back.
    """
    recorder.standing = lambda: "nothing was registered"
    task = candidates.task(fleet_files.locate(fleet, None), name, allow_stale)
    echo_diagnostics(task.warnings)
    if name:
        candidates.refuse_pending(task.rows[0])
    if not show:
        return session.register(task, recorder, yes, confirm if on_terminal() else None)
    commands = session.commands(task)
    if recorder.for_machines:
        echo_json([{"cluster": row.cluster, "command": commands.get(row.cluster)} for row in task.rows])
        return 0
    for command in commands.values():
        echo(command)
    for row in task.pending:
        echo_stderr(f"pending: {row.cluster}\n    fix: {row.fix}")
    return 0
