"""``rayfleet render``: the fleet into rendered/."""

from __future__ import annotations

import click

from rayfleet import fingerprint, fleet_files
from rayfleet.cli.entry import verb
from rayfleet.cli.options import fleet_option, format_option
from rayfleet.console.printing import NotPrinted, echo, echo_stderr
from rayfleet.console.recorder import Recorder
from rayfleet.diagnostics import Diagnostic, Invalid

_OUTPUT_HELP = """The folder to render into; by default rendered, beside the fleet. Elsewhere only for a look: Flux
and overlays go by the default."""


@click.command()
@fleet_option
@format_option("text", "json")
@click.option("-o", "--output", type=click.Path(), help=_OUTPUT_HELP)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 and a diff where rendered/ is stale.")
@click.option(
    "--unbind", multiple=True, metavar="CLUSTER", help="Remove the outputs of CLUSTER whose bindings are gone."
)
@verb("nothing was changed")
def render(recorder: Recorder, fleet: str, output: str | None, check: bool, unbind: tuple[str, ...]) -> int:
    """Render the fleet into rendered/: only what changed is written."""
    where = fleet_files.locate(fleet, output)
    try:
        inputs = fleet_files.read(where)
        known = fingerprint.of_inputs(inputs.fingerprint_entries(), where.output)
        # --check is a gate, and takes nobody's word; the others ask for more than the notes.
        full = check or unbind or recorder.for_machines
        notes = None if full else fingerprint.recall(where.folder, known, where.output)
        if notes is not None:
            echo(f"{where.output} is current")
            echo_stderr(notes, end="")
            return 0
        # YAML and Jinja, without which a fleet that has not changed is current.
        from rayfleet.render import render as update

        return update(where, inputs, known, check, unbind, recorder)
    except NotPrinted:
        raise
    except OSError as error:
        recorder.nothing = "files that were written stay"
        reason, fix = (error.strerror or str(error)).lower(), "free some space or fix the permissions, and render again"
        raise Invalid([Diagnostic(str(error.filename or where.output), 0, 0, "", reason, fix)]) from None
