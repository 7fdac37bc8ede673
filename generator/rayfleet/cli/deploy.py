"""``rayfleet deploy``: carries rendered/azure/ out."""

from __future__ import annotations

import gc
import os

import click

from rayfleet import fleet_files
from rayfleet.azure.client import ENDPOINT
from rayfleet.cli.entry import verb
from rayfleet.cli.options import ask_hidden, confirm, fleet_option, format_option, output_option
from rayfleet.console.progress import on_terminal
from rayfleet.console.recorder import Recorder
from rayfleet.deploy import session
from rayfleet.deploy.preflight import DeployOverrides
from rayfleet.deploy.session import DeployOptions

_SOONEST, _LATEST = 1.0, 300.0  # seconds between two looks


@click.command()
@fleet_option
@output_option
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Deploy only REGION, and what it needs.")
@click.option("--what-if", "only_look", is_flag=True, help="Show what would change, and end.")
@click.option("--stack", is_flag=True, help="Deploy as deployment stacks, which delete what is no longer rendered.")
@click.option("--yes", is_flag=True, help="Do not ask, except about what stacks delete.")
@click.option("--yes-delete", is_flag=True, help="Do not ask about what stacks delete.")
@click.option("--allow-stale", is_flag=True, help="Deploy even if rendered/ is not what the fleet gives.")
@click.option("--allow-failed-proofs", is_flag=True, help="Deploy even if a proof fails.")
@click.option("--allow-dirty", is_flag=True, help="Deploy even if the fleet or rendered/ is not committed.")
@click.option("--allow-short-quota", is_flag=True, help="Deploy even if quota stops pools before their maximum.")
@click.option("--allow-unavailable-sizes", is_flag=True, help="Deploy even if Azure does not sell a pool's VM size.")
@click.option("--allow-unseen-changes", is_flag=True, help="Deploy with --yes even if what-if gives no answer.")
@click.option(
    "--poll", type=float, default=10.0, show_default=True, metavar="SECONDS",
    help="Seconds between two looks at a deployment: 1 to 300.",
)  # fmt: skip
@format_option("text", "json")
@verb("nothing was deployed")
def deploy(
    recorder: Recorder,
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
    allow_unavailable_sizes: bool,
    allow_unseen_changes: bool,
    poll: float,
) -> int:
    """Deploy rendered/azure/ to Azure: judge, show what would change, ask, deploy.

    Deployments go in waves, regions side by side. Run it again after a failure or an interruption: it picks up what is
    in flight by its name.
    """
    asks = on_terminal() and not recorder.for_machines
    if not (yes or only_look or asks):
        nobody = "--format json asks nobody" if recorder.for_machines else "without a terminal nobody can be asked"
        raise click.UsageError(f"{nobody}: give --yes, or --what-if to look")
    if yes_delete and not stack:
        raise click.UsageError("--yes-delete needs --stack: only stacks delete anything")
    _refuse_pace(poll)
    gc.enable()  # a deployment takes an hour, and is looked at every few seconds
    options = DeployOptions(
        poll, stack, only_look, yes, yes_delete, regions, confirm if asks else None, ask_hidden if asks else None
    )
    overrides = DeployOverrides(
        allow_stale, allow_failed_proofs, allow_dirty, allow_short_quota, allow_unseen_changes, allow_unavailable_sizes
    )
    return session.deploy(fleet_files.locate(fleet, output), options, overrides, recorder)


def _refuse_pace(seconds: float) -> None:
    """Refuses what would ask Azure without a pause, or never: ``nan`` and ``inf`` too. A server on this machine, which
    tests have, may be asked at any pace.
    """
    soonest = 0.0 if os.environ.get(ENDPOINT) else _SOONEST
    if not soonest <= seconds <= _LATEST:
        what = f"{seconds:g} is not between {_SOONEST:g} and {_LATEST:g}"
        raise click.BadParameter(what, param_hint="--poll")
