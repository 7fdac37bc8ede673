"""``rayfleet validate``: the fleet and its bindings, judged."""

from __future__ import annotations

import click

from rayfleet import fleet_files
from rayfleet.cli.entry import verb
from rayfleet.cli.options import fleet_option, format_option
from rayfleet.compiler import compile_fleet
from rayfleet.console.printing import echo, echo_diagnostics
from rayfleet.console.recorder import Recorder
from rayfleet.diagnostics import as_json, many


@click.command()
@fleet_option
@format_option("text", "json")
@verb("nothing was changed")
def validate(recorder: Recorder, fleet: str) -> int:
    """Judge the fleet and its bindings; write nothing."""
    where = fleet_files.locate(fleet, None)
    compiled = compile_fleet(where, fleet_files.read(where))
    if recorder.for_machines:
        echo(as_json(compiled.warnings))
        return 0
    echo_diagnostics(compiled.warnings)
    count = len(compiled.fleet.clusters)
    regions = len({cluster.region for cluster in compiled.fleet.clusters})
    echo(f"{fleet} is valid: {many(count, 'cluster')} in {many(regions, 'region')}")
    return 0
