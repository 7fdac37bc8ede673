"""``rayfleet deploy``: carries rendered/azure/ out."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING

import click

from rayfleet import fleet_files
from rayfleet.cli.printing import aside, fleet_option, format_option, not_installed
from rayfleet.cli.progress import on_terminal
from rayfleet.cli.signals import INTERRUPTED, heard
from rayfleet.cli.telling import Told
from rayfleet.diagnostics import Invalid, did_you_mean, errors, in_order, printable
from rayfleet.fleet_files import FleetFiles

if TYPE_CHECKING:
    from rayfleet.cli.before import Allowed
    from rayfleet.cli.carrying import How
    from rayfleet.tree import Tree
    from rayfleet.tree.deployment_steps import DeploymentStep

_SOONEST, _LATEST = 1.0, 300.0  # seconds between two looks


@click.command()
@fleet_option
@click.option("-o", "--output", type=click.Path(), help="The rendered folder; by default rendered, beside the fleet.")
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Only REGION, and what it needs.")
@click.option("--what-if", "only_look", is_flag=True, help="Show what would change, and end.")
@click.option("--stack", is_flag=True, help="As deployment stacks, which delete what is no longer rendered.")
@click.option("--yes", is_flag=True, help="Do not ask, except about what stacks delete.")
@click.option("--yes-delete", is_flag=True, help="Do not ask about what stacks delete.")
@click.option("--allow-stale", is_flag=True, help="Although rendered/ is not what the fleet gives.")
@click.option("--allow-failed-proofs", is_flag=True, help="Although a proof fails.")
@click.option("--allow-dirty", is_flag=True, help="Although the fleet or rendered/ is not committed.")
@click.option("--allow-short-quota", is_flag=True, help="Although pools cannot grow to their maximum.")
@click.option(
    "--poll", type=float, default=10.0, show_default=True, metavar="SECONDS",
    help="Between two looks at a deployment: 1 to 300.",
)  # fmt: skip
@format_option("text", "json")
def deploy(
    fleet: str,
    output: str | None,
    regions: tuple[str, ...],
    only_look: bool,
    stack: bool,
    yes: bool,
    yes_delete: bool,
    allow_stale: bool,
    allow_failed_proofs: bool,
    allow_dirty: bool,
    allow_short_quota: bool,
    poll: float,
    form: str,
) -> None:
    """Deploy rendered/azure/ to Azure: judge, show what would change, ask, deploy.

    Deployments go in waves, regions side by side. Run it again after a failure or an interruption: it picks up what is
    in flight by its name.
    """
    stop, told = Event(), Told(form)
    with heard(stop, told.at_once):
        try:
            from rayfleet.cli.before import Allowed
            from rayfleet.cli.carrying import How

            asks = on_terminal() and form == "text"
            if not (yes or only_look or asks):
                nobody = "without a terminal nobody can be asked" if form == "text" else "--format json asks nobody"
                raise click.UsageError(f"{nobody}: give --yes, or --what-if to look")
            if yes_delete and not stack:
                raise click.UsageError("only stacks delete anything: --yes-delete goes with --stack")
            _refuse_pace(poll)
            gc.enable()  # a deployment takes an hour, and is looked at every few seconds
            how = How(poll, stack, only_look, yes, yes_delete, asks, regions)
            allowed = Allowed(allow_stale, allow_failed_proofs, allow_dirty, allow_short_quota)
            _deploy(fleet_files.locate(fleet, output), how, allowed, stop, told)
        except (KeyboardInterrupt, click.Abort):
            aside(f"\ninterrupted; {'Azure goes on' if told.started else 'nothing was started'}")
            told.end("interrupted", INTERRUPTED)


def _refuse_pace(seconds: float) -> None:
    """Refuses what would ask Azure without a pause, or never: ``nan`` and ``inf`` too. A server on this machine, which
    tests have, may be asked at any pace.
    """
    from rayfleet.azure.client import ENDPOINT

    soonest = 0.0 if os.environ.get(ENDPOINT) else _SOONEST
    if not soonest <= seconds <= _LATEST:
        what = f"{seconds:g} is not between {_SOONEST:g} and {_LATEST:g}"
        raise click.BadParameter(what, param_hint="--poll")


def _deploy(where: FleetFiles, how: How, allowed: Allowed, stop: Event, told: Told) -> None:
    from rayfleet.cli import reading
    from rayfleet.cli.carrying import Deploying

    try:
        rendered = reading.tree(where, "auto")
        try:
            steps = _judged(where, rendered, how, allowed, told)
        finally:
            if rendered.kustomize:
                rendered.kustomize.close()
        Deploying(where, rendered, steps, how, stop, told).go(allowed)
    except Invalid as invalid:
        told.refuse(invalid.diagnostics)
    except ModuleNotFoundError as missing:
        told.refuse([not_installed("rayfleet", missing)])


def _judged(where: FleetFiles, tree: Tree, how: How, allowed: Allowed, told: Told) -> tuple[DeploymentStep, ...]:
    """The steps, with their parameters, once nothing of the files speaks against them. Raises Invalid."""
    from rayfleet.cli import before
    from rayfleet.tree import deployment_steps

    steps = _chosen(deployment_steps.steps(tree), how.regions)
    found = in_order(before.of_files(where, tree, allowed))
    values: dict[str, str] = {}
    try:
        values = before.parameters(steps, how.asks and not errors(found))
    except Invalid as invalid:
        found = in_order([*found, *invalid.diagnostics])
    if errors(found):
        raise Invalid(found)
    told.warn(found)
    names = {step.name for step in steps}
    return tuple(step for step in deployment_steps.steps(tree, values) if step.name in names)


def _chosen(every: tuple[DeploymentStep, ...], regions: Sequence[str]) -> tuple[DeploymentStep, ...]:
    from rayfleet.tree import deployment_steps

    known = sorted({step.location for step in every})
    for region in regions:
        if region not in known:
            what = f"nothing is deployed to {region!r}{did_you_mean(region, known)}; known: {', '.join(known)}"
            raise click.BadParameter(printable(what), param_hint="--region")
    return deployment_steps.selected(every, regions)
