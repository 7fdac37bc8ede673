"""``rayfleet register``: the clusters of rendered/ made known to Anyscale, with its own command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from threading import Event
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click

from rayfleet import fleet_files
from rayfleet.cli.printing import aside, echo_json, fail, fleet_option, format_option, mute, report
from rayfleet.cli.progress import on_terminal
from rayfleet.cli.signals import INTERRUPTED, counted, heard
from rayfleet.diagnostics import Diagnostic, Invalid, did_you_mean, errors, many, printable
from rayfleet.fleet_files import FleetFiles

if TYPE_CHECKING:
    from rayfleet.anyscale.cloud import Cloud
    from rayfleet.anyscale.command import Cli
    from rayfleet.anyscale.registration import Candidate, Result
    from rayfleet.compiler import Compiled
    from rayfleet.model.fleet import Fleet
    from rayfleet.source import Source

_SIGNS = {
    "registered": "+", "there": "=", "differs": "!", "failed": "!", "unknown": "?", "waiting": "-", "pending": "-",
}  # fmt: skip
_WORDS = {
    "registered": "is registered",
    "there": "was registered before",
    "differs": "is registered otherwise than rendered",
    "failed": "is not registered",
    "unknown": "is not known to be registered",
    "waiting": "is not registered",
    "pending": "is pending",
}
_RENDER = "run rayfleet render"


@click.command()
@fleet_option
@click.option("--cluster", "name", metavar="CLUSTER", help="Register CLUSTER alone.")
@click.option(
    "--print", "show", is_flag=True, help="Print the commands for a cloud of which nothing is there; run none."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--allow-stale", is_flag=True, help="Although a cloud resource is not what the fleet gives.")
@format_option("text", "json")
def register(fleet: str, name: str | None, show: bool, yes: bool, allow_stale: bool, form: str) -> None:
    """Register the clusters with Anyscale.

    Registers the cloud with the primary cluster's cloud resource, then adds those of the others, with the anyscale
    command line. What is there is skipped, and whatever is done is read back.
    """
    where = fleet_files.locate(fleet, None)
    try:
        with heard(Event()):
            task = _task(where, name, allow_stale)
            if show:
                _print(task, form)
            else:
                _register(task, yes, form)
    except Invalid as invalid:
        fail(invalid.diagnostics, form, "nothing was registered")
    except (KeyboardInterrupt, click.Abort):
        aside("\ninterrupted; nothing was registered")
        sys.exit(INTERRUPTED)


class _Task(NamedTuple):
    """The clusters to register, the primary one first; ``primary`` names it, be it among them or not."""

    cloud: str
    primary: str
    primary_resource: str
    rows: list[Candidate]

    @property
    def pending(self) -> list[Candidate]:
        return [row for row in self.rows if row.rendered is None]


def _task(where: FleetFiles, name: str | None, allow_stale: bool) -> _Task:
    """Raises Invalid where the fleet or a cloud_resource.yaml cannot be read, or they are not of each other."""
    from rayfleet.compiler import compile_fleet

    inputs = fleet_files.read(where)
    # The fleet by itself: a mistake in bindings.yaml is told below, and can be let pass.
    fleet = compile_fleet(where, inputs._replace(bindings=None)).fleet
    primary = fleet.primary_cluster
    names = [primary.name, *(cluster.name for cluster in fleet.clusters if cluster.name != primary.name)]
    if name is not None and name not in names:
        what = f"the fleet has no cluster {name!r}{did_you_mean(name, names)}"
        raise click.BadParameter(printable(what), param_hint="--cluster")
    found: list[Diagnostic] = []
    compiled = None
    try:
        compiled = compile_fleet(where, inputs)
    except Invalid as invalid:
        found += (_weighed(row, allow_stale) for row in invalid.diagnostics if row.severity == "error")
    rows = [*_candidates(where, fleet, [name] if name else names, compiled, allow_stale, found)]
    if errors(found):
        raise Invalid(found)
    report(found)
    if name and rows[0].rendered is None:
        raise Invalid([_pending(rows[0])])
    return _Task(fleet.anyscale.cloud, primary.name, primary.cloud_resource, rows)


def _candidates(
    where: FleetFiles,
    fleet: Fleet,
    names: list[str],
    compiled: Compiled | None,
    allow_stale: bool,
    found: list[Diagnostic],
) -> Iterator[Candidate]:
    """What is rendered of some clusters, and what speaks against it: what is registered stays, so it must be what the
    fleet gives. ``compiled``: None where nobody knows that.
    """
    from rayfleet.anyscale.registration import Candidate
    from rayfleet.source import read
    from rayfleet.tree.files import Files, OnDisk

    files = Files(where.output, OnDisk(where.output))
    clusters = {cluster.name: cluster for cluster in fleet.clusters}
    paths = {name: f"clusters/{name}/anyscale/cloud_resource.yaml" for name in names}
    given = compiled.some(set(paths.values())) if compiled else {}
    for name, path in paths.items():
        resource, source = clusters[name].cloud_resource, files.read(path, read, found)
        if source and source.data.get("name") != resource:
            what = f"it is not the cloud resource {resource}"
            found.append(source.diagnostic(("name",), what, f"rendered/ is not of this fleet.yaml: {_RENDER}"))
        elif source and compiled and not _is(source, given.get(path)):
            row = Diagnostic(files.name(path), 0, 0, name, "is not what fleet.yaml and bindings.yaml give", _RENDER)
            found.append(_weighed(row, allow_stale))
        fix = _RENDER if path in given else f"deploy {name}, run rayfleet bind and rayfleet render, then register"
        yield Candidate(name, resource, files.name(path), source.data if source else None, fix)


def _is(source: Source, given: bytes | None) -> bool:
    from rayfleet.source import read

    return given is not None and bool(read(source.file, given).data == source.data)


def _weighed(row: Diagnostic, allowed: bool) -> Diagnostic:
    found = row._replace(fix=f"{row.fix}; or register all the same with --allow-stale")
    return found.as_warning() if allowed else found


def _pending(row: Candidate) -> Diagnostic:
    what = "its cloud resource is not rendered"
    if row.fix != _RENDER:
        what = "its cloud resource is pending: the principal id is not bound"
    return Diagnostic(row.file, 0, 0, row.cluster, what, row.fix)


def _print(task: _Task, form: str) -> None:
    from rayfleet.anyscale.registration import commands

    if task.rows[0].cluster == task.primary and task.rows[0].rendered is None:
        raise Invalid([_pending(task.rows[0])])
    found = dict(commands(task.cloud, task.rows, task.primary))
    if form == "json":
        echo_json([{"cluster": row.cluster, "command": found.get(row.cluster)} for row in task.rows])
        return
    for command in found.values():
        click.echo(command)
    for row in task.pending:
        aside(f"pending: {row.cluster}\n    fix: {row.fix}")


def _register(task: _Task, yes: bool, form: str) -> NoReturn:
    """Registers, and ends with what came of it. Raises Invalid where nothing can be done at all."""
    from rayfleet.anyscale import cloud as anyscale
    from rayfleet.anyscale import registration
    from rayfleet.anyscale.command import Cli, CommandFault

    try:
        cloud = anyscale.get(Cli(), task.cloud)
    except CommandFault as fault:
        raise Invalid([Diagnostic("anyscale", 0, 0, "", fault.what, fault.fix)]) from None
    known = {result.cluster: result for result in registration.there(cloud, task.rows)}
    todo = [row for row in task.rows if row.cluster not in known and row.rendered is not None]
    _refuse_without_primary(task, cloud)
    if todo:
        _confirm(task, cloud, todo, yes)
    with counted("interrupted: waiting for the command that runs") as signals:
        cli: Cli = Cli(heard=signals)
        for result in registration.register(cli, task.cloud, cloud, todo, _began):
            known[result.cluster] = result
        for row in task.pending:
            known.setdefault(row.cluster, registration.pending(row))
        results = [known[row.cluster] for row in task.rows]
        told = _report(results, form)
        bad = not told or any(row.what and row.outcome != "pending" for row in results)
        sys.exit(INTERRUPTED if signals() else int(bad))


def _refuse_without_primary(task: _Task, cloud: Cloud | None) -> None:
    """What is registered first stays the cloud's default (facts: Anyscale, traps)."""
    first = task.rows[0]
    if cloud and cloud.resources:
        if task.primary_resource not in cloud.resources:
            what = f"the cloud {task.cloud} has resources and not {task.primary}: its default is another one for good"
            fix = "nothing to do where that may be; else register with a new cloud: anyscale.cloud in fleet.yaml"
            report([Diagnostic("anyscale", 0, 0, "", what, fix).as_warning()])
        return
    if first.cluster != task.primary:
        what = f"the cloud {task.cloud} has no resource yet, and {task.primary} must be its first"
        raise Invalid([Diagnostic(first.file, 0, 0, "", what, f"rayfleet register --cluster {task.primary}")])
    if first.rendered is None:
        raise Invalid([_pending(first)])


def _confirm(task: _Task, cloud: Cloud | None, todo: Iterable[Candidate], yes: bool) -> None:
    """Ends the run where somebody declines. Raises Invalid where nobody can be asked."""
    names = ", ".join(row.cluster for row in todo)
    what = f"register {names} with the cloud {task.cloud}"
    if yes:
        return
    if not on_terminal():
        raise Invalid([Diagnostic("anyscale", 0, 0, "", f"nobody confirms: {what}", "run it with --yes")])
    if not click.confirm(f"{what}{'' if cloud else ', which is made'}?", err=True):
        aside("nothing was registered")
        sys.exit(1)


def _began(row: Candidate) -> None:
    aside(f"registering {row.cluster} ...")


def _report(results: list[Result], form: str) -> bool:
    """Whether it could be told: the terminal may be closed, or a disk full."""
    from rayfleet.anyscale.registration import AGAIN

    try:
        if form == "json":
            echo_json([_as_json(row) for row in results])
            return True
        for row in results:
            known = f" {row.cloud_resource_id}" if row.cloud_resource_id else ""
            click.echo(printable(f"{_SIGNS[row.outcome]} {row.cluster} {_WORDS[row.outcome]}{known}"))
            if row.what:
                aside(f"{printable(f'{row.cluster}: {row.what}')}\n    fix: {printable(row.fix)}")
        count = sum(row.outcome == "registered" for row in results)
        if count:
            click.echo(f"{many(count, 'cluster')} registered; run rayfleet bind, then rayfleet render")
    except OSError as error:
        aside(f"what was done cannot be told: {(error.strerror or 'nobody reads it').lower()}; {AGAIN}")
        mute(1)
        return False
    return True


def _as_json(row: Result) -> dict[str, object]:
    return {
        "cluster": row.cluster,
        "outcome": row.outcome,
        "cloudResourceId": row.cloud_resource_id,
        "what": row.what,
        "fix": row.fix,
        "differences": [difference._asdict() for difference in row.differences],
    }
