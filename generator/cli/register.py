"""``rayfleet register``: the clusters of rendered/ made known to Anyscale, with its own command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import click

from generator import places
from generator.cli.printing import echo_json, fail, fleet_option, format_option
from generator.diagnostics import Diagnostic, Invalid, did_you_mean, many, printable

if TYPE_CHECKING:
    from generator.anyscale.cloud import Cloud
    from generator.anyscale.registration import Candidate, Result
    from generator.model.fleet import Fleet

_BAD = {"failed", "waiting", "differs"}
_SIGNS = {"registered": "+", "there": "=", "differs": "!", "failed": "!", "waiting": "-", "pending": "-"}
_WORDS = {
    "registered": "is registered",
    "there": "was registered before",
    "differs": "is registered otherwise than rendered",
    "failed": "is not registered",
    "waiting": "is not registered",
    "pending": "is pending",
}


@click.command()
@fleet_option
@click.option("--cluster", "name", metavar="CLUSTER", help="Register CLUSTER alone.")
@click.option(
    "--print", "show", is_flag=True, help="Print the commands for a cloud of which nothing is there; run none."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@format_option("text", "json")
def register(fleet: str, name: str | None, show: bool, yes: bool, form: str) -> None:
    """Register the clusters with Anyscale.

    Registers the cloud with the primary cluster's cloud resource, then adds those of the others, with the anyscale
    command line. What is there is skipped, and whatever is done is read back.
    """
    where = places.locate(fleet, None)
    try:
        task = _task(where, name)
        if show:
            _print(task)
            return
        results = _register(task, yes)
    except Invalid as invalid:
        fail(invalid.diagnostics, form, "nothing was registered")
    _report(results, form)
    if any(row.outcome in _BAD or row.differences for row in results):
        sys.exit(1)


class _Task(NamedTuple):
    """The clusters to register, the primary one first; ``primary`` names it, be it among them or not."""

    cloud: str
    primary: str
    rows: list[Candidate]

    @property
    def pending(self) -> list[Candidate]:
        return [row for row in self.rows if row.rendered is None]


def _task(where: places.Places, name: str | None) -> _Task:
    """Raises Invalid where the fleet or a cloud_resource.yaml cannot be read, or they are not of each other."""
    from generator.compiler import compile_fleet

    # Nothing here is bound, so that a mistake in bindings.yaml, which bind mends, is not in the way.
    fleet = compile_fleet(where, places.read(where)._replace(bindings=None)).fleet
    primary = fleet.primary_cluster.name
    names = [primary, *(cluster.name for cluster in fleet.clusters if cluster.name != primary)]
    if name is not None and name not in names:
        what = f"the fleet has no cluster {name!r}{did_you_mean(name, names)}"
        raise click.BadParameter(printable(what), param_hint="--cluster")
    rows = _candidates(where, fleet, [name] if name else names)
    if name and rows[0].rendered is None:
        raise Invalid([_pending(rows[0])])
    return _Task(fleet.anyscale.cloud, primary, rows)


def _candidates(where: places.Places, fleet: Fleet, names: list[str]) -> list[Candidate]:
    from generator.anyscale.registration import Candidate
    from generator.rendered.files import Files, OnDisk
    from generator.source import read

    files = Files(where.output, OnDisk(where.output))
    found: list[Diagnostic] = []
    rows = []
    clusters = {cluster.name: cluster for cluster in fleet.clusters}
    for name in names:
        cluster, path = clusters[name], f"clusters/{name}/anyscale/cloud_resource.yaml"
        source = files.read(path, read, found)
        if source and source.data.get("name") != cluster.cloud_resource:
            what = f"it is not the cloud resource {cluster.cloud_resource}"
            found.append(source.diagnostic(("name",), what, "rendered/ is not of this fleet.yaml: run make render"))
        rows.append(Candidate(name, cluster.cloud_resource, files.name(path), source.data if source else None))
    if found:
        raise Invalid(found)
    return rows


def _pending(row: Candidate) -> Diagnostic:
    fix = f"deploy {row.cluster}, run rayfleet bind and make render, then register"
    return Diagnostic(row.file, 0, 0, row.cluster, "its cloud resource is pending: the principal id is not bound", fix)


def _print(task: _Task) -> None:
    from generator.anyscale.registration import commands

    if task.rows[0].cluster == task.primary and task.rows[0].rendered is None:
        raise Invalid([_pending(task.rows[0])])
    for command in commands(task.cloud, task.rows, task.primary):
        click.echo(command)
    for row in task.pending:
        click.echo(f"pending: {row.cluster}", err=True)


def _register(task: _Task, yes: bool) -> list[Result]:
    """Raises Invalid where nothing can be done at all."""
    from generator.anyscale import cloud as anyscale
    from generator.anyscale import registration
    from generator.anyscale.command import Cli, Fault

    cli = Cli(on_interrupt=_interrupted)
    try:
        cloud = anyscale.get(cli, task.cloud)
    except Fault as fault:
        raise Invalid([Diagnostic("anyscale", 0, 0, "", fault.what, fault.fix)]) from None
    known = {result.cluster: result for result in registration.there(cloud, task.rows)}
    todo = [row for row in task.rows if row.cluster not in known and row.rendered is not None]
    if not (cloud and cloud.resources):
        _refuse_without_primary(task)
    if todo:
        _confirm(task, cloud, todo, yes)
    for result in registration.register(cli, task.cloud, cloud, todo, _began):
        known[result.cluster] = result
    for row in task.pending:
        known.setdefault(row.cluster, registration.pending(row, _pending(row).fix))
    return [known[row.cluster] for row in task.rows]


def _refuse_without_primary(task: _Task) -> None:
    """What is registered first stays the cloud's default (facts: Anyscale, traps)."""
    first = task.rows[0]
    if first.cluster != task.primary:
        what = f"the cloud {task.cloud} has no resource yet, and {task.primary} must be its first"
        raise Invalid([Diagnostic(first.file, 0, 0, "", what, f"rayfleet register --cluster {task.primary}")])
    if first.rendered is None:
        raise Invalid([_pending(first)])


def _confirm(task: _Task, cloud: Cloud | None, todo: Iterable[Candidate], yes: bool) -> None:
    """Raises Invalid where nobody can be asked."""
    names = ", ".join(row.cluster for row in todo)
    what = f"register {names} with the cloud {task.cloud}"
    if yes:
        return
    if not sys.stdin.isatty():
        raise Invalid([Diagnostic("anyscale", 0, 0, "", f"nobody confirms: {what}", "run it with --yes")])
    click.confirm(f"{what}{'' if cloud else ', which is made'}?", abort=True, err=True)


def _began(row: Candidate) -> None:
    click.echo(f"registering {row.cluster} ...", err=True)


def _interrupted() -> None:
    click.echo("interrupted: waiting for the command that runs; Ctrl-C again ends it", err=True)


def _report(results: list[Result], form: str) -> None:
    if form == "json":
        echo_json([_as_json(row) for row in results])
        return
    for row in results:
        known = f" {row.cloud_resource_id}" if row.cloud_resource_id else ""
        click.echo(printable(f"{_SIGNS[row.outcome]} {row.cluster} {_WORDS[row.outcome]}{known}"))
        if row.what:
            click.echo(f"{printable(f'{row.cluster}: {row.what}')}\n    fix: {printable(row.fix)}", err=True)
    count = sum(row.outcome == "registered" for row in results)
    if count:
        click.echo(f"{many(count, 'cluster')} registered; run rayfleet bind, then make render")


def _as_json(row: Result) -> dict[str, object]:
    return {
        "cluster": row.cluster,
        "outcome": row.outcome,
        "cloudResourceId": row.cloud_resource_id,
        "what": row.what,
        "fix": row.fix,
        "differences": [difference._asdict() for difference in row.differences],
    }
