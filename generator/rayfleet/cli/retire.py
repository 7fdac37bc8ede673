"""``rayfleet retire``: takes down what the fleet has no more, step by step."""

from __future__ import annotations

import json
import os
import sys
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from rayfleet import fleet_files
from rayfleet.cli import reading
from rayfleet.cli.left import AGAIN, Allowed
from rayfleet.cli.printing import DEFAULT_FLEET, aside, echo_json, fleet_option, format_option, report
from rayfleet.cli.progress import on_terminal
from rayfleet.cli.signals import INTERRUPTED, deaf, heard
from rayfleet.diagnostics import Diagnostic, Invalid, did_you_mean, in_order, many, printable
from rayfleet.fleet_files import FleetFiles

if TYPE_CHECKING:
    from rayfleet.cli.retiring import Retiring
    from rayfleet.retire.step import Plan
    from rayfleet.tree import Tree

_SIGNS = {"to do": "-", "not seen": "?", "done": "=", "kept": "+"}


@click.command()
@fleet_option
@click.option("--base", metavar="REVISION", help="A commit that still had it; by default the last one that had more.")
@click.option("--cluster", "clusters", multiple=True, metavar="CLUSTER", help="Only CLUSTER and what was its.")
@click.option("--run", "carry", is_flag=True, help="Carry the plan out, each step after a confirmation.")
@click.option("--yes", is_flag=True, help="With --run: do not ask.")
@click.option("--offline", is_flag=True, help="Ask neither Azure nor Anyscale what is done already.")
@click.option("--verbose", is_flag=True, help="Show ids, the commands that do it by hand, and what is done.")
@click.option("--allow-dirty", is_flag=True, help="Although the fleet or rendered/ is not committed.")
@click.option("--allow-undeployed", is_flag=True, help="Although what takes its place is not deployed.")
@click.option("--allow-disk-loss", is_flag=True, help="Although disks of volume claims go with a cluster.")
@format_option("text", "json")
def retire(
    fleet: str,
    base: str | None,
    clusters: tuple[str, ...],
    carry: bool,
    yes: bool,
    offline: bool,
    verbose: bool,
    allow_dirty: bool,
    allow_undeployed: bool,
    allow_disk_loss: bool,
    form: str,
) -> None:
    """Show what to take down of clusters and node pools that are no longer rendered; with --run, do it.

    Compares rendered/azure/ with that of a commit: take things out of the fleet, commit and deploy first. Storage
    accounts and containers are always kept. It can be run again: what is gone counts as done.
    """
    if carry and offline:
        raise click.UsageError("--run needs Azure: leave --offline out")
    if yes and not carry:
        raise click.UsageError("--yes goes with --run: without that nothing is deleted, and nobody asked")
    if carry and not (yes or on_terminal()):
        raise click.UsageError("without a terminal nobody can be asked: give --yes, or leave --run out")
    allowed = Allowed(allow_dirty, allow_undeployed, allow_disk_loss)
    told = _Told(form, verbose)
    with heard(told.stop, told.at_once):
        try:
            _retire(fleet_files.locate(fleet, None), base, clusters, allowed, _How(carry, not yes, offline), told)
        except Invalid as invalid:
            told.refuse(invalid.diagnostics)
        except (KeyboardInterrupt, click.Abort):
            told.say(f"\ninterrupted; {AGAIN if told.started else 'nothing was deleted'}")
            told.end("interrupted", INTERRUPTED)


class _How(NamedTuple):
    carry: bool
    ask: bool
    offline: bool


class _Found(NamedTuple):
    """``bound``: the principal ids in bindings.yaml, by cluster; ``since``: the commit that it is compared with."""

    plan: Plan
    since: str
    bound: dict[str, str]
    notes: list[Diagnostic]


def _retire(
    where: FleetFiles, base: str | None, clusters: tuple[str, ...], allowed: Allowed, how: _How, told: _Told
) -> NoReturn:
    from rayfleet.cli.retiring import Retiring

    found = _found(where, base, clusters, how.carry)
    told.notes += found.notes
    if how.carry and (dirty := _uncommitted(where)):
        told.notes += [row.as_warning() for row in dirty if allowed.dirty or row.severity == "warning"]
        if not allowed.dirty and any(row.severity == "error" for row in dirty):
            raise Invalid([*dirty, *told.notes])
    retiring = Retiring(found.plan, found.bound, allowed, told.stop, told.at_once)
    told.retiring, told.bound = retiring, found.bound
    if not how.offline and found.plan.steps:
        told.notes += retiring.look(must=how.carry)
    blocked = in_order(retiring.plan.blocked)
    if told.form == "text":
        _show(retiring, found.since, told.verbose)
        report([*told.notes, *blocked])
    if blocked:
        told.say(f"{many(len(blocked), 'error')}; nothing was deleted")
        told.end("blocked", 1)
    if not how.carry:
        if retiring.count("to do") or retiring.count("not seen"):
            told.advise("next: rayfleet retire --run")
        told.end("planned", 0)
    told.started = True
    outcome, code = retiring.carry_out(how.ask, told.say if told.form == "text" else None)
    if outcome == "done":
        _advise(retiring, found.bound, told)
    told.end(outcome, code)


# --- the plan ---


def _found(where: FleetFiles, base: str | None, clusters: tuple[str, ...], carry: bool) -> _Found:
    """Raises Invalid, also where a bound cluster is in neither tree and it is to be carried out."""
    from rayfleet import sync
    from rayfleet.compiler import compile_fleet
    from rayfleet.retire import base_commit
    from rayfleet.retire.plan import plan
    from rayfleet.retire.step import clusters_of
    from rayfleet.tree.place import mapping, text

    compiled = compile_fleet(where, fleet_files.read(where))
    stale = [row.path for row in sync.compare(where.output, compiled.rendered()) if row.path.startswith("azure/")]
    if stale:  # half a tree would look as if all the rest had gone
        what, fix = "is not what fleet.yaml gives, and what goes is read from it", "run rayfleet render"
        raise Invalid(Diagnostic(f"{where.output}/{path}", 0, 0, "", what, fix) for path in stale)
    commit = base_commit.base(where.output, base)
    now, before = reading.tree(where, "files"), reading.base(where, commit) if commit else None
    if before is None or commit is None:
        what = f"{base or 'HEAD'} has no {where.output}/azure to compare with"
        raise Invalid([Diagnostic("--base", 0, 0, "", what, "commit rendered/, or name a commit that has it")])
    _ = (now.resources, before.resources)  # they are read when asked for
    if problems := [*now.problems, *before.problems]:
        raise Invalid(problems)
    bound = mapping(now.bindings.data, "clusters") if now.bindings else {}
    gone = clusters_of(before) - clusters_of(now)
    known = clusters_of(before) | clusters_of(now)
    wanted = clusters or tuple(bound)
    lost = [_lost(where, cluster, commit, now, gone) for cluster in wanted if cluster not in known]
    if lost and (clusters or carry):
        raise Invalid(lost)
    principals = {cluster: text(values, "principalId", "value") for cluster, values in bound.items()}
    notes = [row.as_warning() for row in lost]
    return _Found(plan(before, now, compiled.fleet.anyscale.cloud, clusters), commit, principals, notes)


def _lost(where: FleetFiles, cluster: str, commit: str, now: Tree, gone: set[str]) -> Diagnostic:
    """A cluster that neither tree has: what was its is in an older commit, or it never was. Of names that are alike
    only those that go are said.
    """
    from rayfleet.retire import base_commit

    last = base_commit.last_with(where.output, cluster)
    what = f"neither {where.output} nor {_short(commit)} has this cluster"
    if last is None:
        what += f", nor any commit before{did_you_mean(cluster, gone)}"
        fix = "take its bindings out" if now.bindings and cluster in now.bindings.data["clusters"] else "correct it"
    else:
        file = "" if where.fleet == DEFAULT_FLEET else f" --fleet {where.fleet}"
        what += f"; the last commit that had it is {_short(last)}"
        fix = f"rayfleet retire{file} --base {last} --cluster {cluster}"
    if now.bindings and cluster in now.bindings.data["clusters"]:
        return now.bindings.diagnostic(("clusters", cluster), what, fix, key=True)
    return Diagnostic("--cluster", 0, 0, cluster, what, fix)


def _short(commit: str) -> str:
    return commit[:12] if len(commit) == 40 else commit


def _uncommitted(where: FleetFiles) -> list[Diagnostic]:
    """What is retired must be in Git, as what is deployed: otherwise the next deployment makes it anew."""
    from rayfleet.cli import before
    from rayfleet.deploy import gate

    rows = gate.uncommitted(os.path.normpath(where.beside), before.uncommitted(where), allowed=False)
    fix = "commit it, and let it be deployed; or retire all the same with --allow-dirty"
    return [row._replace(fix=fix) for row in rows]


# --- what is printed ---


class _Told:
    """All that is told in the end."""

    def __init__(self, form: str, verbose: bool) -> None:
        self.form = form
        self.verbose = verbose
        self.stop = Event()
        self.notes: list[Diagnostic] = []
        self.retiring: Retiring | None = None
        self.started = False
        self.bound: dict[str, str] = {}

    def say(self, line: str) -> None:
        """A line for people: machines get it all at the end."""
        if self.form == "text":
            aside("\n".join(map(printable, line.split("\n"))))

    def advise(self, line: str) -> None:
        """The same, on standard output."""
        if self.form == "text":
            click.echo(printable(line))

    def refuse(self, rows: list[Diagnostic]) -> NoReturn:
        """Ends with what speaks against it, before there is a plan."""
        self.notes = rows
        if self.form == "text":
            report(rows)
        count = sum(row.severity == "error" for row in rows)
        self.say(f"{many(count, 'error')}; nothing was deleted")
        self.end("refused", 1)

    def end(self, outcome: str, code: int) -> NoReturn:
        """Ends with an exit code; machines get everything."""
        deaf()
        if self.form == "json":
            echo_json(self._all(outcome))
        sys.exit(code)

    def at_once(self) -> None:
        """The last words at the second signal."""
        if self.form == "json":
            os.write(1, json.dumps(self._all("interrupted")).encode() + b"\n")
        elif self.retiring:
            os.write(2, b"ended; what was begun goes on: run rayfleet retire again to see\n")

    def _all(self, outcome: str) -> dict[str, Any]:
        if self.retiring is None:
            return {
                "outcome": outcome,
                "steps": [],
                "blocked": [],
                "diagnostics": [row._asdict() for row in self.notes],
            }
        from rayfleet.cli.retiring import as_json

        return as_json(self.retiring, outcome, self.notes, self.bound)


def _show(retiring: Retiring, since: str, verbose: bool) -> None:
    """One line for all, and then each step that is left."""
    steps = retiring.plan.steps
    if not steps:
        click.echo(f"nothing is to be retired: {_short(since)} had no more; --base names an older commit")
        return
    counts = [f"{count} {state}" for state in _SIGNS if (count := retiring.count(state))]
    goes = f"{', '.join(retiring.plan.clusters)}: " if retiring.plan.clusters else ""
    click.echo(printable(f"{goes}{many(len(steps), 'step')}: {', '.join(counts)}; since {_short(since)}"))
    for number, (step, state) in enumerate(zip(steps, retiring.states, strict=True), 1):
        if state == "done" and not verbose:
            continue
        click.echo(printable(f"{_SIGNS[state]} {number}. {step.title}: {state}"))
        click.echo(printable(f"    why: {step.why}"))
        if verbose:
            click.echo(printable(f"    id: {step.id}" if step.id else "    id: Azure has not said it"))
            if step.command and state in ("to do", "not seen"):
                click.echo(printable(f"    by hand: {step.command}"))
    if verbose and any(step.command.startswith("az k8s-") for step in steps):
        click.echo("az k8s-configuration and az k8s-extension are extensions: az extension add --name NAME")


def _advise(retiring: Retiring, bound: dict[str, str], told: _Told) -> None:
    """What of bindings.yaml is left over then."""
    plan = retiring.plan
    if names := ", ".join(f"clusters.{name}" for name in plan.clusters if name in bound):
        told.advise(f"next: take {names} out of bindings.yaml, run rayfleet render, and commit")
    for cluster, pools in plan.pools.items():
        where = f"clusters.{cluster}.nodePools"
        told.advise(f"next: rayfleet bind, which takes {', '.join(pools)} out of {where} in bindings.yaml")
    if kept := retiring.count("kept"):
        told.advise(f"{many(kept, 'resource')} kept: rayfleet deletes no storage account and no container")
