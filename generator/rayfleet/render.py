"""rendered/ brought up to date with the fleet, or compared with it; and what people are told of that."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from rayfleet import fingerprint, sync
from rayfleet.compiler import Compiled, compile_fleet, is_of, refuse_unbinding
from rayfleet.console.printing import echo, echo_diagnostics, echo_json, echo_stderr
from rayfleet.console.recorder import Recorder
from rayfleet.diagnostics import WrongOption, many, printable
from rayfleet.facts.late_values import first_of
from rayfleet.fleet_files import FleetFiles, Inputs
from rayfleet.sync import Changes, StaleFile

_SHOWN = 20  # paths that a summary lists before it only counts
_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def render(
    where: FleetFiles, inputs: Inputs, known: str, check: bool, unbind: tuple[str, ...], recorder: Recorder
) -> int:
    """All of it; the exit code. ``known``: the fingerprint of the inputs; ``check``: only compares. Raises Invalid,
    OSError.
    """
    compiled = compile_fleet(where, inputs)
    if check:
        return _check(compiled, where, recorder)
    changes, total = _write(compiled, where, unbind)
    words = notes(compiled, changes)
    if not changes.foreign:
        fingerprint.remember(where.folder, known, total, words)
    if recorder.for_machines:
        echo_json({**changes._asdict(), "pending": [row._asdict() for row in compiled.pending()]})
    else:
        echo(summary(changes, where.output))
    echo_stderr(words, end="")
    return 0


def _write(compiled: Compiled, where: FleetFiles, unbind: tuple[str, ...]) -> tuple[Changes, fingerprint.Total]:
    names = [cluster.name for cluster in compiled.fleet.clusters]
    for name in unbind:
        if name not in names:
            raise WrongOption("--unbind", f"the fleet has no cluster {name!r}")
    refuse_unbinding(compiled, where, unbind)
    total = fingerprint.Total()
    fingerprint.forget(where.folder)
    rendered = total.watch(compiled.rendered())
    return sync.write(where.output, rendered, compiled.paths(), own=is_of(compiled.fleet, where)), total


def _check(compiled: Compiled, where: FleetFiles, recorder: Recorder) -> int:
    found = list(sync.compare(where.output, compiled.rendered()))
    if recorder.for_machines:
        echo_json(paths_as_json(found))
    else:
        for file in found:
            for line, color in diff(where.output, file):
                echo(line, color)
    echo_diagnostics(compiled.warnings)
    if found:
        echo_stderr(f"{where.output} is stale in {many(len(found), 'file')}\n    fix: render it again, and commit it")
        return 1
    recorder.say(f"{where.output} is current")
    return 0


# --- what is told ---


def paths_as_json(found: list[StaleFile]) -> dict[str, list[str]]:
    """The files that differ, for machines: by what render would do to them."""
    return {
        "created": [row.path for row in found if row.on_disk is None],
        "updated": [row.path for row in found if row.on_disk is not None and row.rendered is not None],
        "deleted": [row.path for row in found if row.rendered is None],
    }


def diff(folder: str, file: StaleFile) -> Iterator[tuple[str, str]]:
    """The lines of a unified diff, each with its colour."""
    old, new = ((content or b"").decode(errors="replace").splitlines() for content in file[1:])
    name = printable(f"{folder}/{file.path}")
    before = "/dev/null" if file.on_disk is None else name
    after = "/dev/null" if file.rendered is None else name
    for line in unified_diff(old, new, before, after, lineterm=""):
        yield line, _COLORS.get(line[:1], "")


def notes(compiled: Compiled, changes: Changes) -> str:
    """Notes for people beside the outcome, to be seen again when nothing changed."""
    lines = [str(warning) for warning in compiled.warnings]
    lines += [f"{printable(path)}: not written by rayfleet; left alone" for path in changes.foreign]
    waiting: dict[str, set[str]] = {}
    for row in compiled.pending():
        waiting.setdefault(row.cluster, set()).update(row.needs)
    for cluster, needs in waiting.items():
        lines.append(f"pending: {cluster} waits for {', '.join(sorted(needs))}")
        step = first_of(needs).step.partition(" --")[0]
        lines.append(f"    fix: run {step}, then rayfleet bind")
    return "".join(f"{line}\n" for line in lines)


def summary(changes: Changes, output: str) -> str:
    """The files that were written, path by path as long as there are few."""
    if not changes:
        return f"{output} is current: {many(changes.unchanged, 'file')}"
    signs = (("+", changes.created), ("~", changes.updated), ("-", changes.deleted))
    rows = [f"  {sign} {printable(path)}" for sign, paths in signs for path in paths]
    if len(rows) > _SHOWN:
        rows = [*rows[:_SHOWN], f"  ... and {len(rows) - _SHOWN} more"]
    counts = (
        f"{len(paths)} {word}" for word, paths in zip(("created", "updated", "deleted"), changes[:3], strict=True)
    )
    return "\n".join([*rows, f"{output}: {', '.join(counts)}, {changes.unchanged} unchanged"])
