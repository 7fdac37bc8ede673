"""``rayfleet bind``: what Azure and Anyscale handed out, brought home into bindings.yaml."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from rayfleet import fleet_files
from rayfleet.cli import answered
from rayfleet.cli.printing import aside, echo_json, fail, fleet_option, format_option, not_installed, report
from rayfleet.cli.signals import INTERRUPTED, heard
from rayfleet.diagnostics import Diagnostic, Invalid, as_json, did_you_mean, errors, in_order, many, printable
from rayfleet.fleet_files import FleetFiles

if TYPE_CHECKING:
    from rayfleet.bind.answers import Answers
    from rayfleet.bind.changes import BindingChange
    from rayfleet.bind.expected import Wanted
    from rayfleet.bind.judge import Judged
    from rayfleet.model.fleet import Fleet
    from rayfleet.source import Source


@click.command()
@fleet_option
@click.option(
    "--from", "files", multiple=True, type=click.Path(), metavar="FILE",
    help="Ask nobody and read FILE, - for standard input: outputs of a deployment, or an Anyscale cloud, as JSON.",
)  # fmt: skip
@click.option("--cluster", "names", multiple=True, metavar="CLUSTER", help="Bind CLUSTER alone.")
@click.option("--check", is_flag=True, help="Ask nobody and write nothing; exit with 1 where one is missing or stale.")
@click.option("--yes", is_flag=True, help="Let ids change that are bound.")
@format_option("text", "json")
def bind(fleet: str, files: tuple[str, ...], names: tuple[str, ...], check: bool, yes: bool, form: str) -> None:
    """Put what Azure and Anyscale handed out into bindings.yaml.

    Reads the outputs of the deployments, and the ids of cloud resources from the anyscale command line; with --from it
    reads them from files, and asks nobody. A bound id that changes needs --yes.

    Exits with 1 where somebody could not be asked or a deployment has not succeeded, though the rest is bound; and
    where something is missing and nothing new was found.
    """
    if check and yes:
        raise click.UsageError("--check writes nothing: leave --yes out")
    where = fleet_files.locate(fleet, None)
    before = _written(where)
    with heard(Event()):
        try:
            _bind(where, files, names, check, yes, form)
        except KeyboardInterrupt:
            done = "nothing was changed" if _written(where) == before else f"{where.bindings} was written"
            aside(f"\ninterrupted; {done}")
            sys.exit(INTERRUPTED)


def _written(where: FleetFiles) -> bytes | None:
    """bindings.yaml as it is; None where it cannot be read, which is told elsewhere."""
    from rayfleet.bind import file

    with suppress(OSError):
        return file.content(where.bindings)
    return None


def _bind(where: FleetFiles, files: Sequence[str], names: Sequence[str], check: bool, yes: bool, form: str) -> None:
    try:
        task = _task(where, names)
        found = _check(task, files) if check else None
        outcome = None if check else _bound(task, files, yes)
    except Invalid as invalid:
        fail(invalid.diagnostics, form)
    except ModuleNotFoundError as missing:
        fail([not_installed("rayfleet", missing)], form)
    if outcome:
        _show(task, outcome, form)
        sys.exit(1 if outcome.failures or (outcome.missing and not outcome.changes) else 0)
    if errors(found or ()):
        fail(found or [], form)
    if form == "json":
        click.echo(as_json(found or ()))
    else:
        report(found or ())
        click.echo(f"{where.bindings} has everything")


class _Task(NamedTuple):
    """What is to be bound: ``rows`` of the clusters in ``only``, in ``current``, which was read from ``content``."""

    where: FleetFiles
    fleet: Fleet
    every: list[Wanted]
    only: list[str]
    content: bytes | None
    current: Source | None

    @property
    def rows(self) -> list[Wanted]:
        return [row for row in self.every if row.cluster in self.only]


class _Outcome(NamedTuple):
    """What was written, and what was not; ``failures``: who did not answer, and deployments that have not succeeded."""

    changes: list[BindingChange]
    missing: dict[str, list[str]]
    warnings: list[Diagnostic]
    failures: list[Diagnostic]


def _task(where: FleetFiles, names: Sequence[str]) -> _Task:
    """Raises Invalid. The fleet is read as if nothing was bound: what is bound may be what is to be mended."""
    from rayfleet.bind.expected import wanted
    from rayfleet.bind.file import current
    from rayfleet.compiler import compile_fleet

    inputs = fleet_files.read(where)
    fleet = compile_fleet(where, inputs._replace(bindings=None)).fleet
    known = [cluster.name for cluster in fleet.clusters]
    for name in names:
        if name not in known:
            what = f"the fleet has no cluster {name!r}{did_you_mean(name, known)}"
            raise click.BadParameter(printable(what), param_hint="--cluster")
    bound = current(where.bindings, inputs.bindings)
    return _Task(where, fleet, wanted(fleet), list(names) or known, inputs.bindings, bound)


def _check(task: _Task, files: Sequence[str]) -> list[Diagnostic]:
    """What is missing or stale. Raises Invalid where a file cannot be read."""
    from rayfleet.bind import changes
    from rayfleet.bind.answers import Answers

    judged = _judged(task, answered.by_files(files, task.rows) if files else Answers())
    rest = changes.changes(judged.values, task.current)
    found = [*judged.found, *judged.unfinished]
    found += changes.stale(task.rows, _names(task), task.where.bindings, task.current)
    found += [*changes.alarms(rest, task.current), *changes.outdated(rest, task.current)]
    return in_order(found)


def _bound(task: _Task, files: Sequence[str], yes: bool) -> _Outcome:
    """Raises Invalid, with nothing written."""
    from rayfleet.bind import changes, edit, file

    silent: list[Diagnostic] = []
    if files:
        answers = answered.by_files(files, task.rows)
    else:
        answers, silent = answered.by_asking(task.where, task.rows, task.fleet.anyscale.cloud)
    judged = _judged(task, answers)
    found, failures = judged.found, [*silent, *judged.unfinished]
    rest = changes.changes(judged.values, task.current)
    found += [] if yes else changes.alarms(rest, task.current)
    if errors(found):
        raise Invalid([*found, *failures])
    if task.current:
        found += [row.as_warning() for row in changes.left_over(_names(task), task.current)]
    bindings = task.where.bindings
    if rest:
        file.write(bindings, task.content, edit.edited(bindings, task.content, rest))
    missing = changes.missing(task.rows, judged.values, task.current)
    return _Outcome(rest, missing, in_order(found), in_order(failures))


def _judged(task: _Task, answers: Answers) -> Judged:
    from rayfleet.bind import changes
    from rayfleet.bind.judge import judge

    judged = judge(task.every, answers, task.fleet.anyscale.cloud, task.only)
    twice = changes.twice(task.every, judged.values, task.current)
    return judged._replace(found=[*judged.found, *twice])


def _names(task: _Task) -> list[str]:
    """Those of the fleet's clusters."""
    return [row.cluster for row in task.every]


def outstanding(where: FleetFiles, outputs: Mapping[str, dict[str, Any]]) -> bool:
    """Whether the outputs of deployments that succeeded, by name, are other than what bindings.yaml has. Raises Invalid
    where the fleet or the file cannot be read.
    """
    from rayfleet.bind.answers import of_deployment, together
    from rayfleet.bind.changes import changes

    task = _task(where, ())
    judged = _judged(task, together(of_deployment(name, rows) for name, rows in outputs.items()))
    return errors(judged.found) or bool(changes(judged.values, task.current))


# --- printing ---


def _show(task: _Task, outcome: _Outcome, form: str) -> None:
    if form == "json":
        echo_json(
            {
                "changes": [_as_json(row) for row in outcome.changes],
                "missing": outcome.missing,
                "warnings": [row._asdict() for row in outcome.warnings],
                "errors": [row._asdict() for row in outcome.failures],
            }
        )
        return
    report([*outcome.warnings, *outcome.failures])
    for change in outcome.changes:
        click.echo(printable(_line(change)))
    click.echo(_summary(task.where.bindings, outcome))
    for row in task.rows:
        if kinds := outcome.missing.get(row.cluster):
            aside(f"missing: {', '.join(kinds)} of {row.cluster}\n    fix: {row.next_step(kinds)}")


def _summary(file: str, outcome: _Outcome) -> str:
    if outcome.changes:
        return f"{file}: {many(len(outcome.changes), 'value')} written; run rayfleet render"
    return f"{file}: nothing new" if any(outcome[1:]) else f"{file} is current"


def _as_json(row: BindingChange) -> dict[str, Any]:
    return {"cluster": row.cluster, "kind": row.kind, "old": row.old, "new": row.new, "producer": row.producer}


def _line(row: BindingChange) -> str:
    name = f"{row.cluster}.{row.kind}"
    if row.old is None:
        return f"+ {name}: {', '.join(row.new) if isinstance(row.new, list) else row.new}"
    if row.old == row.new:
        return f"~ {name}: by {row.producer}, not by {row.old_producer}"
    if isinstance(row.old, list):
        return f"~ {name}: {' '.join([*(f'+{pool}' for pool in row.gained), *(f'-{pool}' for pool in row.lost)])}"
    return f"~ {name}: {row.old} -> {row.new}"
