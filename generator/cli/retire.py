"""``rayfleet retire``: takes down what the fleet has no more, step by step."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import click

from generator import places
from generator.cli import reading
from generator.cli.printing import echo_json, fail, fleet_option, format_option, report
from generator.cli.progress import on_terminal
from generator.diagnostics import Diagnostic, Invalid, did_you_mean, many, printable

if TYPE_CHECKING:
    from generator.cli.retiring import Retiring
    from generator.retire.step import Plan

_SIGNS = {"to do": "-", "not seen": "?", "done": "=", "kept": "+"}


@click.command()
@fleet_option
@click.option("--base", metavar="REVISION", help="A commit that still had it; by default HEAD.")
@click.option("--cluster", "clusters", multiple=True, metavar="CLUSTER", help="Only CLUSTER and what was its.")
@click.option("--run", "carry", is_flag=True, help="Carry the plan out, each step after a confirmation.")
@click.option("--yes", is_flag=True, help="With --run: do not ask.")
@click.option("--offline", is_flag=True, help="Ask neither Azure nor Anyscale what is done already.")
@format_option("text", "json")
def retire(
    fleet: str, base: str | None, clusters: tuple[str, ...], carry: bool, yes: bool, offline: bool, form: str
) -> None:
    """Show what to take down of clusters and node pools that are no longer rendered; with --run, do it.

    Compares rendered/azure/ with that of a commit. Volumes, containers and the storage account are always kept. It can
    be run again: what is gone counts as done.
    """
    from generator.cli.retiring import Retiring

    if carry and offline:
        raise click.UsageError("--run needs Azure: leave --offline out")
    if carry and not (yes or on_terminal()):
        raise click.UsageError("without a terminal nobody can be asked: give --yes, or leave --run out")
    where = places.locate(fleet, None)
    try:
        plan, notes, bound = _plan(where, base, clusters)
    except Invalid as invalid:
        fail(invalid.diagnostics, form, "nothing was deleted")
    retiring = Retiring(plan, bound)
    if not offline and plan.steps:
        notes += retiring.look(must=carry)
    blocked = retiring.plan.blocked
    if form == "text":
        _show(retiring)
        report([*notes, *blocked])
    outcome, code = ("blocked", 1) if blocked else ("planned", 0)
    if carry and not blocked:
        outcome, code = retiring.carry_out(ask=not yes, say=_say if form == "text" else _nothing)
    if form == "json":
        echo_json(_as_json(retiring, outcome, notes, bound))
    elif outcome in ("planned", "done") and plan.steps:
        _advise(plan, bound)
    sys.exit(code)


def _plan(
    where: places.Places, base: str | None, clusters: tuple[str, ...]
) -> tuple[Plan, list[Diagnostic], dict[str, str]]:
    """The plan, which clusters it cannot know, and the bound principal ids by cluster. Raises Invalid."""
    from generator import tree
    from generator.compiler import compile_fleet
    from generator.rendered.document import mapping, text
    from generator.retire.plan import plan
    from generator.retire.step import clusters_of

    compiled = compile_fleet(where, places.read(where))
    stale = [row.path for row in tree.compare(where.output, compiled.rendered()) if row.path.startswith("azure/")]
    if stale:  # half a tree would look as if all the rest had gone
        what, fix = "is not what fleet.yaml gives, and what goes is read from it", "run rayfleet render"
        raise Invalid(Diagnostic(f"{where.output}/{path}", 0, 0, "", what, fix) for path in stale)
    now, before = reading.rendered(where, "files"), reading.base(where, base)
    name = base or "HEAD"
    if before is None:
        what = f"{name} has no {where.output}/azure to compare with"
        raise Invalid([Diagnostic("--base", 0, 0, "", what, "commit rendered/, or name a commit that has it")])
    _ = (now.resources, before.resources)  # they are read when asked for
    if problems := [*now.problems, *before.problems]:
        raise Invalid(problems)
    known = clusters_of(before) | clusters_of(now)
    bound = mapping(now.bindings.data, "clusters") if now.bindings else {}
    lost = [
        now.bindings.diagnostic(
            ("clusters", cluster),
            f"neither {where.output} nor {name} has this cluster, so nobody knows what was its",
            f"name a commit that had it: rayfleet retire --base REVISION --cluster {cluster}",
            key=True,
        )
        for cluster in bound
        if now.bindings and cluster not in known and (not clusters or cluster in clusters)
    ]
    if clusters and lost:
        raise Invalid(lost)
    for cluster in clusters:
        if cluster not in known:
            what = f"neither {where.output} nor {name} has {cluster!r}{did_you_mean(cluster, known)}"
            raise click.BadParameter(printable(f"{what}; an older commit? --base names it"), param_hint="--cluster")
    principals = {cluster: text(values, "principalId", "value") for cluster, values in bound.items()}
    warnings = [row.as_warning() for row in lost]
    return plan(before, now, compiled.fleet.anyscale.cloud, clusters), warnings, principals


# --- what is printed ---


def _say(line: str) -> None:
    click.echo(printable(line), err=True)


def _nothing(line: str) -> None:
    """Machines get it all at the end."""


def _show(retiring: Retiring) -> None:
    if not retiring.plan.steps:
        click.echo("nothing is to be retired")
    for number, step in enumerate(retiring.plan.steps, 1):
        state = retiring.states[number - 1]
        of = f" of {step.cluster}" if step.cluster else ""
        click.echo(printable(f"{_SIGNS[state]} {number}. {step.what}{of}: {state}"))
        click.echo(printable(f"    id: {step.id}"))
        click.echo(printable(f"    why: {step.why}"))
        if step.command and state in ("to do", "not seen"):
            click.echo(printable(f"    by hand: {step.command}"))


def _advise(plan: Plan, bound: Collection[str]) -> None:
    """What of bindings.yaml is left over then."""
    if names := ", ".join(f"clusters.{name}" for name in plan.clusters if name in bound):
        click.echo(printable(f"then: take {names} out of bindings.yaml, run rayfleet render, and commit"))
    for cluster, pools in plan.pools.items():
        where = f"clusters.{cluster}.nodePools"
        click.echo(printable(f"then: take {', '.join(pools)} out of {where} in bindings.yaml, and commit"))
    count = sum(step.kept for step in plan.steps)
    if count:
        click.echo(f"{many(count, 'resource')} kept: data is never deleted")


def _as_json(retiring: Retiring, outcome: str, notes: list[Diagnostic], bound: Collection[str]) -> dict[str, Any]:
    plan = retiring.plan
    left = [name for name in plan.clusters if name in bound]
    return {
        "outcome": outcome,
        "steps": [
            {
                "cluster": step.cluster or None,
                "type": step.kind,
                "what": step.what,
                "id": step.id,
                "why": step.why,
                "command": step.command or None,
                "state": state,
            }
            for step, state in zip(plan.steps, retiring.states, strict=True)
        ],
        "blocked": [row._asdict() for row in plan.blocked],
        "diagnostics": [row._asdict() for row in [*notes, *retiring.failures]],
        "leftInBindings": {"clusters": left, "nodePools": plan.pools},
    }
