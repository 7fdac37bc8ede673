"""``rayfleet deploy``: carries rendered/azure/ out."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from generator import places
from generator.cli import before, reading
from generator.cli.before import Allowed
from generator.cli.carrying import Deploying, How
from generator.cli.printing import fleet_option, format_option
from generator.cli.progress import on_terminal
from generator.cli.signals import INTERRUPTED
from generator.cli.telling import Told
from generator.diagnostics import Diagnostic, Invalid, did_you_mean, errors, in_order, printable

if TYPE_CHECKING:
    from generator.deploy.plan import Step
    from generator.rendered import Rendered


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
    "--poll", type=click.FloatRange(min=0), default=10.0, show_default=True, metavar="SECONDS",
    help="Between two looks at a deployment.",
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
    gc.enable()  # a deployment takes an hour, and is looked at every few seconds
    asks = on_terminal()
    if not (yes or only_look or asks):
        raise click.UsageError("without a terminal nobody can be asked: give --yes, or --what-if to look")
    if yes_delete and not stack:
        raise click.UsageError("only stacks delete anything: --yes-delete goes with --stack")
    told = Told(form)
    where = places.locate(fleet, output)
    allowed = Allowed(allow_stale, allow_failed_proofs, allow_dirty, allow_short_quota)
    try:
        rendered = reading.rendered(where, "auto")
        try:
            steps = _judged(where, rendered, regions, allowed, asks, told)
        finally:
            if rendered.kustomize:
                rendered.kustomize.close()
        Deploying(where, rendered, steps, How(poll, stack, only_look, yes, yes_delete), told).go(allowed)
    except Invalid as invalid:
        told.refuse(invalid.diagnostics)
    except ModuleNotFoundError as missing:
        if not str(missing.name).startswith("azure"):
            raise
        what = f"{missing.name} is not installed: Azure's client libraries are an extra"
        told.refuse([Diagnostic("rayfleet", 0, 0, "", what, "pip install 'rayfleet[deploy]'")])
    except (KeyboardInterrupt, click.Abort):
        click.echo(f"\ninterrupted; {'Azure goes on' if told.started else 'nothing was started'}", err=True)
        told.end("interrupted", INTERRUPTED)


def _judged(
    where: places.Places, rendered: Rendered, regions: Sequence[str], allowed: Allowed, asks: bool, told: Told
) -> tuple[Step, ...]:
    """The steps, with their parameters, once nothing of the files speaks against them. Raises Invalid."""
    from generator.deploy import plan

    every = plan.steps(rendered)
    known = sorted({step.location for step in every})
    for region in regions:
        if region not in known:
            what = f"nothing is deployed to {region!r}{did_you_mean(region, known)}; known: {', '.join(known)}"
            raise click.BadParameter(printable(what), param_hint="--region")
    steps = plan.selected(every, regions)
    found = in_order(before.of_files(where, rendered, allowed))
    values: dict[str, str] = {}
    try:
        values = before.parameters(steps, asks and not errors(found))
    except Invalid as invalid:
        found = in_order([*found, *invalid.diagnostics])
    if errors(found):
        raise Invalid(found)
    told.warn(found)
    names = {step.name for step in steps}
    return tuple(step for step in plan.steps(rendered, values) if step.name in names)
