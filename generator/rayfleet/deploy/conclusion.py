"""The end of a run of deploy, by the outcomes of its steps, and the commands that come next."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rayfleet import fleet_files
from rayfleet.console.signals import INTERRUPTED
from rayfleet.deploy.outcome import StepOutcome
from rayfleet.fleet_files import DEFAULT_FLEET, FleetFiles


class Conclusion(NamedTuple):
    """``notes``: lines beside the outcome."""

    outcome: str
    code: int
    notes: tuple[str, ...] = ()


def conclude(outcomes: Sequence[StepOutcome], stopped: bool, again: str) -> Conclusion:
    """``stopped``: somebody asked to stop; ``again``: the command that goes on with the same."""
    if stopped and any(row.end != "succeeded" and not row.fault for row in outcomes):
        running = ", ".join(row.step.name for row in outcomes if row.end == "left running")
        go_on = f"to continue: run {again} again; it finds deployments that are running by their names"
        return Conclusion("interrupted", INTERRUPTED, (f"Azure goes on with: {running or 'nothing'}", go_on))
    if any(row.end != "succeeded" or row.lacks for row in outcomes):
        return Conclusion("failed", 1, (f"to deploy what failed again: run {again}",))
    return Conclusion("succeeded", 0)


def deploy_command(where: FleetFiles, regions: Iterable[str], stack: bool) -> str:
    """The command that deploys the same once more."""
    options = [word for region in regions for word in ("--region", region)]
    return command(where, "deploy", *options, *(["--stack"] if stack else []))


def command(where: FleetFiles, name: str, *words: str) -> str:
    """A command of rayfleet's about this fleet."""
    own = ["-f", where.fleet] if where.fleet != DEFAULT_FLEET else []
    if name == "deploy" and where.output != fleet_files.locate(where.fleet, None).output:
        own += ["-o", where.output]
    return shlex.join(["rayfleet", name, *own, *words])
