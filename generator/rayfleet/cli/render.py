"""``rayfleet render`` and ``rayfleet validate``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from rayfleet import fingerprint, fleet_files
from rayfleet.cli.printing import echo_json, fail, fleet_option, format_option, report
from rayfleet.diagnostics import Diagnostic, Invalid, as_json, many, printable
from rayfleet.fleet_files import FleetFiles

if TYPE_CHECKING:
    from rayfleet.compiler import Compiled
    from rayfleet.sync import Changes, StaleFile

_OUTPUT_HELP = """The folder to render into; by default rendered, beside the fleet. Elsewhere only for a look: Flux
and overlays go by the default."""
_SHOWN = 20  # paths that a summary lists before it only counts


@click.command()
@fleet_option
@format_option("text", "json")
@click.option("-o", "--output", type=click.Path(), help=_OUTPUT_HELP)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 and a diff where rendered/ is stale.")
@click.option("--unbind", multiple=True, metavar="CLUSTER", help="Let outputs of CLUSTER go whose bindings are gone.")
def render(fleet: str, form: str, output: str | None, check: bool, unbind: tuple[str, ...]) -> None:
    """Render the fleet into rendered/: only what changed is written."""
    where = fleet_files.locate(fleet, output)
    try:
        inputs = fleet_files.read(where)
        known = fingerprint.of_inputs(inputs.fingerprint_entries(), where.output)
        # --check is a gate, and takes nobody's word; the others ask for more than the notes.
        full = check or unbind or form == "json"
        notes = None if full else fingerprint.recall(where.beside, known, where.output)
        if notes is not None:
            click.echo(f"{where.output} is current")
            click.echo(notes, err=True, nl=False)
            return
        compiled = _compile(where, inputs)
        if check:
            _check(compiled, where, form)
            return
        changes, total = _write(compiled, where, unbind)
    except Invalid as invalid:
        fail(invalid.diagnostics, form)
    except OSError as error:
        reason, fix = (error.strerror or str(error)).lower(), "make room or give the rights, and render again"
        fail([Diagnostic(str(error.filename or where.output), 0, 0, "", reason, fix)], form, "what was written stays")
    notes = _notes(compiled, changes)
    if not changes.foreign:
        fingerprint.remember(where.beside, known, total, notes)
    if form == "json":
        echo_json({**changes._asdict(), "pending": [row._asdict() for row in compiled.pending()]})
    else:
        click.echo(_summary(changes, where.output))
    click.echo(notes, err=True, nl=False)


@click.command()
@fleet_option
@format_option("text", "json")
def validate(fleet: str, form: str) -> None:
    """Judge the fleet and its bindings; write nothing."""
    where = fleet_files.locate(fleet, None)
    try:
        compiled = _compile(where, fleet_files.read(where))
    except Invalid as invalid:
        fail(invalid.diagnostics, form)
    if form == "json":
        click.echo(as_json(compiled.warnings))
        return
    report(compiled.warnings)
    count = len(compiled.fleet.clusters)
    regions = len({cluster.region for cluster in compiled.fleet.clusters})
    click.echo(f"{fleet} is valid: {many(count, 'cluster')} in {many(regions, 'region')}")


def _compile(where: FleetFiles, inputs: fleet_files.Inputs) -> Compiled:
    from rayfleet.compiler import compile_fleet

    return compile_fleet(where, inputs)


def _write(compiled: Compiled, where: FleetFiles, unbind: tuple[str, ...]) -> tuple[Changes, fingerprint.Total]:
    from rayfleet import sync
    from rayfleet.compiler import is_of, refuse_unbinding

    names = [cluster.name for cluster in compiled.fleet.clusters]
    for name in unbind:
        if name not in names:
            raise click.BadParameter(f"the fleet has no cluster {name!r}", param_hint="--unbind")
    refuse_unbinding(compiled, where, unbind)
    total = fingerprint.Total()
    fingerprint.forget(where.beside)
    rendered = total.watch(compiled.rendered())
    return sync.write(where.output, rendered, compiled.paths(), own=is_of(compiled.fleet, where)), total


def _check(compiled: Compiled, where: FleetFiles, form: str) -> None:
    from rayfleet import sync

    found = list(sync.compare(where.output, compiled.rendered()))
    if form == "json":
        echo_json(
            {
                "created": [row.path for row in found if row.on_disk is None],
                "updated": [row.path for row in found if row.on_disk is not None and row.rendered is not None],
                "deleted": [row.path for row in found if row.rendered is None],
            }
        )
    else:
        for difference in found:
            _echo_diff(where.output, difference)
    report(compiled.warnings)
    if found:
        click.echo(
            f"{where.output} is stale in {many(len(found), 'file')}\n    fix: render it again, and commit it", err=True
        )
        sys.exit(1)
    if form == "text":
        click.echo(f"{where.output} is current")


def _echo_diff(folder: str, difference: StaleFile) -> None:
    from difflib import unified_diff

    old, new = ((content or b"").decode(errors="replace").splitlines() for content in difference[1:])
    name = f"{folder}/{difference.path}"
    before = "/dev/null" if difference.on_disk is None else name
    after = "/dev/null" if difference.rendered is None else name
    for line in unified_diff(old, new, before, after, lineterm=""):
        click.secho(line, fg={"+": "green", "-": "red", "@": "cyan"}.get(line[:1]))


def _notes(compiled: Compiled, changes: Changes) -> str:
    """What people should know beside the outcome, and should see again when nothing changed."""
    lines = [str(warning) for warning in compiled.warnings]
    lines += [f"{printable(path)}: not written by rayfleet; left alone" for path in changes.foreign]
    waiting: dict[str, set[str]] = {}
    for row in compiled.pending():
        waiting.setdefault(row.cluster, set()).update(row.needs)
    for cluster, needs in waiting.items():
        lines.append(f"pending: {cluster} waits for {', '.join(sorted(needs))}")
        # Anyscale hands it out, and all else comes from the deployment before it.
        handed_out_by = "register" if needs == {"cloudResourceId"} else "deploy"
        lines.append(f"    fix: run rayfleet {handed_out_by}, then rayfleet bind")
    return "".join(f"{line}\n" for line in lines)


def _summary(changes: Changes, output: str) -> str:
    if not changes:
        return f"{output} is current: {many(changes.unchanged, 'file')}"
    signs = (("+", changes.created), ("~", changes.updated), ("-", changes.deleted))
    rows = [f"  {sign} {path}" for sign, paths in signs for path in paths]
    if len(rows) > _SHOWN:
        rows = [*rows[:_SHOWN], f"  ... and {len(rows) - _SHOWN} more"]
    counts = (
        f"{len(paths)} {word}" for word, paths in zip(("created", "updated", "deleted"), changes[:3], strict=True)
    )
    return "\n".join([*rows, f"{output}: {', '.join(counts)}, {changes.unchanged} unchanged"])
