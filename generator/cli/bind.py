"""``rayfleet bind``: what Azure and Anyscale handed out, brought home into bindings.yaml."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from generator import places
from generator.cli import reading
from generator.cli.printing import echo_json, fail, fleet_option, format_option, report
from generator.diagnostics import Diagnostic, Invalid, as_json, did_you_mean, errors, in_order, many, printable

if TYPE_CHECKING:
    from generator.late.answers import Answers
    from generator.late.changes import Change
    from generator.late.values import Value
    from generator.late.wanted import Wanted
    from generator.model.fleet import Fleet
    from generator.source import Source


@click.command()
@fleet_option
@click.option(
    "--from", "files", multiple=True, type=click.Path(), metavar="FILE",
    help="Ask nobody and read FILE: the outputs of a deployment, or an Anyscale cloud, as JSON.",
)  # fmt: skip
@click.option("--cluster", "names", multiple=True, metavar="CLUSTER", help="Bind CLUSTER alone.")
@click.option("--check", is_flag=True, help="Ask nobody and write nothing; exit with 1 where one is missing or stale.")
@click.option("--yes", is_flag=True, help="Let ids change that are bound.")
@format_option("text", "json")
def bind(fleet: str, files: tuple[str, ...], names: tuple[str, ...], check: bool, yes: bool, form: str) -> None:
    """Put what Azure and Anyscale handed out into bindings.yaml.

    Reads the outputs of the deployments, and the ids of cloud resources from the anyscale command line; with --from it
    reads them from files, and asks nobody. A bound id that changes needs --yes.
    """
    where = places.locate(fleet, None)
    try:
        task = _task(where, names)
        found = _check(task, files) if check else None
        outcome = None if check else _bound(task, files, yes)
    except Invalid as invalid:
        fail(invalid.diagnostics, form)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("generator"):
            raise
        fix = "pip install 'rayfleet[deploy]'"
        fail([Diagnostic("rayfleet", 0, 0, "", f"{error.name} is not installed", fix)], form)
    if outcome:
        _show(task, outcome, form)
    elif errors(found or ()):
        fail(found or [], form, "nothing was written")
    elif form == "json":
        click.echo(as_json(found or ()))
    else:
        report(found or ())
        click.echo(f"{where.bindings} has everything")


class _Task(NamedTuple):
    """What is to be bound: ``rows`` of the clusters in ``only``, in ``current``, which was read from ``content``."""

    where: places.Places
    fleet: Fleet
    every: list[Wanted]
    only: list[str]
    content: bytes | None
    current: Source | None

    @property
    def rows(self) -> list[Wanted]:
        return [row for row in self.every if row.cluster in self.only]


class _Outcome(NamedTuple):
    changes: list[Change]
    missing: dict[str, list[str]]
    warnings: list[Diagnostic]


def _task(where: places.Places, names: tuple[str, ...]) -> _Task:
    """Raises Invalid. The fleet is read as if nothing was bound: what is bound may be what is to be mended."""
    from generator import schema
    from generator.compiler import compile_fleet
    from generator.late.wanted import wanted

    inputs = places.read(where)
    fleet = compile_fleet(where, inputs._replace(bindings=None)).fleet
    known = [cluster.name for cluster in fleet.clusters]
    for name in names:
        if name not in known:
            what = f"the fleet has no cluster {name!r}{did_you_mean(name, known)}"
            raise click.BadParameter(printable(what), param_hint="--cluster")
    current = reading.bindings(where)
    if current and (violations := schema.violations(current, "bindings")):
        raise Invalid(row.diagnostic for row in violations)
    return _Task(where, fleet, wanted(fleet), list(names) or known, inputs.bindings, current)


def _check(task: _Task, files: Iterable[str]) -> list[Diagnostic]:
    """What is missing or stale. Raises Invalid where a file cannot be read."""
    from generator.late import changes

    values, found = _judged(task, _given(files))
    rest = changes.changes(values, task.current)
    known = [row.cluster for row in task.every]
    found += changes.stale(task.rows, known, task.where.bindings, task.current)
    found += [*changes.alarms(rest, task.current), *changes.outdated(rest, task.current)]
    return in_order(found)


def _bound(task: _Task, files: Iterable[str], yes: bool) -> _Outcome:
    """Raises Invalid, with nothing written."""
    from generator.late import changes, edit, file

    answers, warnings = (_given(files), []) if files else _asked(task)
    values, found = _judged(task, answers)
    found += warnings
    rest = changes.changes(values, task.current)
    found += [] if yes else changes.alarms(rest, task.current)
    if errors(found):
        raise Invalid(found)
    bindings = task.where.bindings
    if rest:
        file.write(bindings, task.content, edit.edited(bindings, task.content, rest))
    return _Outcome(rest, changes.missing(task.rows, values, task.current), in_order(found))


def _judged(task: _Task, answers: Answers) -> tuple[list[Value], list[Diagnostic]]:
    from generator.late import changes, values

    judged = values.judge(task.every, answers, task.fleet.anyscale.cloud, task.only)
    return judged.values, [*judged.found, *changes.twice(task.every, judged.values, task.current)]


# --- where values come from ---


def _given(files: Iterable[str]) -> Answers:
    """What files say. Raises Invalid with all that is wrong in them."""
    from generator.late.answers import of_file, together

    found, read = [], []
    for file in files:
        try:
            read.append(of_file(file, places.read_bytes(file, "name an existing, readable file with --from")))
        except Invalid as invalid:
            found += invalid.diagnostics
    if found:
        raise Invalid(found)
    return together(read)


def _asked(task: _Task) -> tuple[Answers, list[Diagnostic]]:
    """What Azure says, and Anyscale where a cluster is rendered as far as it takes to register it; and what they warn
    of. Raises Invalid where one of them does not say: half an answer would be taken for the whole.
    """
    from generator.late.answers import together

    found: list[Diagnostic] = []
    answers = [*_from_azure(task, found)]
    registrable = (f"{task.where.output}/clusters/{name}/anyscale/cloud_resource.yaml" for name in task.only)
    if any(map(os.path.exists, registrable)):
        answers += _from_anyscale(task.fleet.anyscale.cloud, found)
    if errors(found):
        raise Invalid(found)
    return together(answers), found


def _from_azure(task: _Task, found: list[Diagnostic]) -> Iterator[Answers]:
    """The outputs of deployments that have succeeded."""
    from generator.deploy import plan
    from generator.deploy.azure import Azure, Fault
    from generator.deploy.stacks import latest
    from generator.late.answers import of_deployment

    rendered = reading.rendered(task.where, "files")
    steps = {step.name: step for step in plan.steps(rendered)}
    clients: dict[str, Azure] = {}
    for name in dict.fromkeys(row.deployment for row in task.rows):
        if name not in steps:
            found.append(Diagnostic(task.where.output, 0, 0, name, "it is not rendered", "run rayfleet render"))
            continue
        subscription = steps[name].scope.subscription
        try:
            if subscription not in clients:
                clients[subscription] = Azure(subscription)
            state = latest(clients[subscription], steps[name])
        except Fault as fault:
            fix = "mend that, or bind from files: rayfleet bind --from FILE"
            found.append(Diagnostic(f"deployment {name}", 0, 0, "", f"{fault.code}: {fault.message}", fix))
            if fault.status is None:  # not signed in, no network: the next one would say the same
                return
            continue
        if state and state.succeeded:
            yield of_deployment(name, state.outputs)
        elif state:
            what = f"it is {state.status}, and has no outputs to bind"
            found.append(Diagnostic(f"deployment {name}", 0, 0, "", what, "deploy it again").as_warning())


def _from_anyscale(cloud: str, found: list[Diagnostic]) -> Iterator[Answers]:
    """The cloud, where it is registered."""
    from generator.anyscale import cloud as anyscale
    from generator.anyscale.command import Cli, Fault
    from generator.late.answers import of_cloud

    try:
        registered = anyscale.get(Cli(), cloud)
    except Fault as fault:
        found.append(Diagnostic("anyscale", 0, 0, "", fault.what, f"{fault.fix}; or bind from files with --from"))
        return
    if registered:
        yield of_cloud(cloud, registered.data)


# --- printing ---


def _show(task: _Task, outcome: _Outcome, form: str) -> None:
    if form == "json":
        warnings = [warning._asdict() for warning in outcome.warnings]
        echo_json(
            {"changes": [_as_json(row) for row in outcome.changes], "missing": outcome.missing, "warnings": warnings}
        )
        return
    from generator.late.changes import next_step

    report(outcome.warnings)
    for change in outcome.changes:
        click.echo(printable(_line(change)))
    file = task.where.bindings
    count = many(len(outcome.changes), "value")
    click.echo(f"{file}: {count} written; run make render" if outcome.changes else f"{file} is current")
    for row in task.rows:
        if kinds := outcome.missing.get(row.cluster):
            click.echo(f"missing: {', '.join(kinds)} of {row.cluster}\n    fix: {next_step(row, kinds)}", err=True)


def _as_json(row: Change) -> dict[str, Any]:
    return {"cluster": row.cluster, "kind": row.kind, "old": row.old, "new": row.new, "producer": row.producer}


def _line(row: Change) -> str:
    name = f"{row.cluster}.{row.kind}"
    if row.old is None:
        return f"+ {name}: {', '.join(row.new) if isinstance(row.new, list) else row.new}"
    if row.old == row.new:
        return f"~ {name}: by {row.producer}, not by {row.old_producer}"
    if isinstance(row.old, list):
        return f"~ {name}: {' '.join([*(f'+{pool}' for pool in row.gained), *(f'-{pool}' for pool in row.lost)])}"
    return f"~ {name}: {row.old} -> {row.new}"
