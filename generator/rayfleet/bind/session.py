"""One run of bind: the late values of some clusters, answered, judged, and written into bindings.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from rayfleet import fleet_files
from rayfleet.bind import ask, changes, file
from rayfleet.bind.answers import Answers, merge, of_deployment
from rayfleet.bind.changes import BindingChange
from rayfleet.bind.judge import Judgement, judge
from rayfleet.bind.needs import ExpectedValues, expected_values
from rayfleet.compiler import compile_fleet
from rayfleet.diagnostics import Diagnostic, Invalid, WrongOption, did_you_mean, errors, in_order, many, printable
from rayfleet.fleet_files import FleetFiles
from rayfleet.model.fleet import Fleet
from rayfleet.source import Source


class BindingTask(NamedTuple):
    """The task of a bind: ``rows`` of the clusters in ``only``, in ``current``, which was read from ``content``."""

    where: FleetFiles
    fleet: Fleet
    every: list[ExpectedValues]
    only: list[str]
    content: bytes | None
    current: Source | None

    @property
    def rows(self) -> list[ExpectedValues]:
        return [row for row in self.every if row.cluster in self.only]

    @property
    def names(self) -> list[str]:
        """Those of the fleet's clusters."""
        return [row.cluster for row in self.every]


class BindingResult(NamedTuple):
    """The values that were written, and those that were not; ``failures``: producers that did not answer, and
    deployments that have not succeeded."""

    changes: list[BindingChange]
    missing: dict[str, list[str]]
    warnings: list[Diagnostic]
    failures: list[Diagnostic]

    @property
    def code(self) -> int:
        """The exit code."""
        return 1 if self.failures or (self.missing and not self.changes) else 0


def task(where: FleetFiles, names: Sequence[str]) -> BindingTask:
    """Raises Invalid. The fleet is read as if nothing was bound: what is bound may be what is to be mended."""
    inputs = fleet_files.read(where)
    fleet = compile_fleet(where, inputs._replace(bindings=None)).fleet
    known = [cluster.name for cluster in fleet.clusters]
    for name in names:
        if name not in known:
            raise WrongOption("--cluster", f"the fleet has no cluster {name!r}{did_you_mean(name, known)}")
    bound = file.read_bindings(where.bindings, inputs.bindings)
    return BindingTask(where, fleet, expected_values(fleet), list(names) or known, inputs.bindings, bound)


def content(where: FleetFiles) -> bytes | None:
    """bindings.yaml as it is; None where it cannot be read, which is told elsewhere."""
    with suppress(OSError):
        return file.content(where.bindings)
    return None


def check(task: BindingTask, files: Sequence[str]) -> list[Diagnostic]:
    """Values that are missing or stale. Raises Invalid where a file cannot be read."""
    judged = _judgement(task, ask.files(files, task.rows) if files else Answers())
    rest = changes.changes(judged.values, task.current)
    found = [*judged.found, *judged.unfinished]
    found += changes.stale_bindings(task.rows, task.names, task.where.bindings, task.current)
    found += [*changes.alarms(rest, task.current), *changes.lost_pools(task.rows, rest, task.current)]
    found += changes.outdated_pools(task.rows, rest, task.current)
    return in_order(found)


def bind(task: BindingTask, files: Sequence[str], yes: bool) -> BindingResult:
    """Asks, judges and writes. ``yes``: ids that are bound may change, and pools may go. Raises Invalid, with nothing
    written."""
    silent: list[Diagnostic] = []
    if files:
        answers = ask.files(files, task.rows)
    else:
        answers, silent = ask.clouds(task.where, task.rows, task.fleet.anyscale.cloud)
    judged = _judgement(task, answers)
    found, failures = judged.found, [*silent, *judged.unfinished]
    rest = changes.changes(judged.values, task.current)
    if not yes:
        found += [*changes.alarms(rest, task.current), *changes.lost_pools(task.rows, rest, task.current)]
    if errors(found):
        raise Invalid([*found, *failures])
    if task.current:
        found += [row.as_warning() for row in changes.leftovers(task.names, task.current)]
    if rest:
        _write(task, rest)
    missing = changes.missing_kinds(task.rows, judged.values, task.current)
    return BindingResult(rest, missing, in_order(found), in_order(failures))


def _write(task: BindingTask, rest: list[BindingChange]) -> None:
    # ruamel.yaml is of the extra `deploy`: who only asks does without it.
    from rayfleet.bind import edit

    bindings = task.where.bindings
    file.write(bindings, task.content, edit.edit(bindings, task.content, rest))


def _judgement(task: BindingTask, answers: Answers) -> Judgement:
    judged = judge(task.every, answers, task.fleet.anyscale.cloud, task.only)
    twice = changes.duplicates(task.every, judged.values, task.current)
    unknown = changes.unknown_pools(task.every, judged.values, task.current)
    return judged._replace(found=[*judged.found, *twice, *unknown])


def has_new_values(where: FleetFiles, outputs: Mapping[str, dict[str, Any]]) -> bool:
    """True where the outputs of deployments that succeeded, by name, are other than what bindings.yaml has. Raises
    Invalid where the fleet or the file cannot be read."""
    whole = task(where, ())
    judged = _judgement(whole, merge(of_deployment(name, rows) for name, rows in outputs.items()))
    return errors(judged.found) or bool(changes.changes(judged.values, whole.current))


# --- for people and machines ---


def as_json(result: BindingResult) -> dict[str, Any]:
    """The result for machines."""
    return {
        "changes": [
            {"cluster": row.cluster, "kind": row.kind, "old": row.old, "new": row.new, "producer": row.producer}
            for row in result.changes
        ],
        "missing": result.missing,
        "warnings": [row._asdict() for row in result.warnings],
        "errors": [row._asdict() for row in result.failures],
    }


def summary(bindings: str, result: BindingResult) -> str:
    """A line for each change, and one for all."""
    return "\n".join([*(printable(_line(row)) for row in result.changes), _last_line(bindings, result)])


def _last_line(bindings: str, result: BindingResult) -> str:
    if result.changes:
        return f"{bindings}: {many(len(result.changes), 'value')} written; run rayfleet render"
    return f"{bindings}: nothing new" if any(result[1:]) else f"{bindings} is current"


def missing_lines(task: BindingTask, result: BindingResult) -> list[str]:
    """The values that are still missing, and how they come about."""
    return [
        f"missing: {', '.join(kinds)} of {row.cluster}\n    fix: {row.next_step(kinds)}"
        for row in task.rows
        if (kinds := result.missing.get(row.cluster))
    ]


def _line(row: BindingChange) -> str:
    name = f"{row.cluster}.{row.kind}"
    if row.old is None:
        return f"+ {name}: {', '.join(row.new) if isinstance(row.new, list) else row.new}"
    if row.old == row.new:
        return f"~ {name}: by {row.producer}, not by {row.old_producer}"
    if isinstance(row.old, list):
        return f"~ {name}: {' '.join([*(f'+{pool}' for pool in row.gained), *(f'-{pool}' for pool in row.lost)])}"
    return f"~ {name}: {row.old} -> {row.new}"
