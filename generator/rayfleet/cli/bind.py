"""``rayfleet bind``: what Azure and Anyscale handed out, brought home into bindings.yaml."""

from __future__ import annotations

import click

from rayfleet import fleet_files
from rayfleet.bind import session
from rayfleet.cli.entry import verb
from rayfleet.cli.options import fleet_option, format_option
from rayfleet.console.printing import echo, echo_diagnostics, echo_json, echo_stderr
from rayfleet.console.recorder import Recorder
from rayfleet.diagnostics import as_json, errors


@click.command()
@fleet_option
@click.option(
    "--from", "files", multiple=True, type=click.Path(), metavar="FILE",
    help="Ask nobody and read FILE, - for standard input: outputs of a deployment, or an Anyscale cloud, as JSON.",
)  # fmt: skip
@click.option("--cluster", "names", multiple=True, metavar="CLUSTER", help="Bind CLUSTER alone.")
@click.option("--check", is_flag=True, help="Ask nobody and write nothing; exit with 1 where one is missing or stale.")
@click.option("--yes", is_flag=True, help="Let bound ids change, and pools go that the fleet has.")
@format_option("text", "json")
@verb("nothing was changed")
def bind(recorder: Recorder, fleet: str, files: tuple[str, ...], names: tuple[str, ...], check: bool, yes: bool) -> int:
    """Put what Azure and Anyscale handed out into bindings.yaml.

    Reads the outputs of the deployments, and the ids of cloud resources from the anyscale command line; with --from it
    reads them from files, and asks nobody. A bound id that changes needs --yes, and so does a bound pool that goes
    though the fleet has it.

    Exits with 1 where somebody could not be asked or a deployment has not succeeded, though the rest is bound; and
    where something is missing and nothing new was found.
    """
    if check and yes:
        raise click.UsageError("--check writes nothing: leave --yes out")
    where = fleet_files.locate(fleet, None)
    before = session.content(where)
    done = f"{where.bindings} was written"
    recorder.standing = lambda: "nothing was changed" if session.content(where) == before else done
    task = session.task(where, names)
    if check:
        return _check(recorder, task, files)
    result = session.bind(task, files, yes)
    if recorder.for_machines:
        echo_json(session.as_json(result))
        return result.code
    echo_diagnostics([*result.warnings, *result.failures])
    echo(session.summary(where.bindings, result))
    for line in session.missing_lines(task, result):
        echo_stderr(line)
    return result.code


def _check(recorder: Recorder, task: session.BindingTask, files: tuple[str, ...]) -> int:
    found = session.check(task, files)
    if errors(found):
        return recorder.refuse(found)
    if recorder.for_machines:
        echo(as_json(found))
    else:
        echo_diagnostics(found)
        echo(f"{task.where.bindings} has everything")
    return 0
