"""What ``rayfleet bind`` is told: by files, or by Azure and Anyscale, as far as each of them can be asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rayfleet import fleet_files
from rayfleet.cli import reading
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.fleet_files import FleetFiles
from rayfleet.model.bindings import FROM_ANYSCALE, FROM_DEPLOYMENT

if TYPE_CHECKING:
    from rayfleet.azure.client import Azure, Fault
    from rayfleet.bind.answers import Answers
    from rayfleet.bind.expected import Wanted


def by_files(files: Iterable[str], rows: Sequence[Wanted]) -> Answers:
    """What files say, ``-`` being standard input. Raises Invalid with all that is wrong in them."""
    from rayfleet.bind.answers import of_file, together

    prints = [rows[0].prints[kind] for kind in (FROM_DEPLOYMENT[0], FROM_ANYSCALE)]
    fix = f"save what one of these prints: {'; '.join(prints)}"
    found: list[Diagnostic] = []
    read = []
    for file in files:
        try:
            read.append(of_file(file, _content(file), fix))
        except Invalid as invalid:
            found += invalid.diagnostics
    if found:
        raise Invalid(found)
    return together(read)


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(fleet_files.MAX_BYTES + 1)
    return fleet_files.read_bytes(file, "name an existing, readable file with --from")


def by_asking(where: FleetFiles, rows: Sequence[Wanted], cloud: str) -> tuple[Answers, list[Diagnostic]]:
    """What Azure says, and Anyscale where a cluster is rendered as far as it takes to register it; and who did not say
    anything. ``cloud`` is the name of the fleet's. Raises Invalid where nobody can be asked.
    """
    from rayfleet.bind.answers import together

    silent: list[Diagnostic] = []
    answers = [*_by_azure(where, rows, silent)]
    registrable = (f"{where.output}/clusters/{row.cluster}/anyscale/cloud_resource.yaml" for row in rows)
    if any(map(os.path.exists, registrable)):
        answers += _by_anyscale(cloud, silent)
    return together(answers), silent


def _by_azure(where: FleetFiles, rows: Iterable[Wanted], silent: list[Diagnostic]) -> Iterator[Answers]:
    """The deployments that there are."""
    from rayfleet.azure.client import Azure, Fault
    from rayfleet.azure.stacks import latest
    from rayfleet.bind.answers import of_deployment
    from rayfleet.tree import deployment_steps

    steps = {step.name: step for step in deployment_steps.steps(reading.tree(where, "files"))}
    clients: dict[str, Azure] = {}
    for name in dict.fromkeys(row.deployment for row in rows):
        if name not in steps:
            silent.append(Diagnostic(where.output, 0, 0, name, "it is not rendered", "run rayfleet render"))
            continue
        subscription = steps[name].scope.subscription
        try:
            if subscription not in clients:
                clients[subscription] = Azure(subscription)
            state = latest(clients[subscription], steps[name])
        except Fault as fault:
            what = f"{fault.code}: {fault.message}"
            silent.append(Diagnostic(f"deployment {name}", 0, 0, "", what, _fix(fault)))
            if fault.status is None:  # not signed in, no network: the next one would say the same
                return
            continue
        if state:
            yield of_deployment(name, state.outputs, state.status)


def _fix(fault: Fault) -> str:
    from rayfleet.facts.advice import about

    if fault.code == "NotSignedIn" or fault.status in (401, 403):
        return about(fault.code, fault.message).fix
    return "mend that, and run rayfleet bind again"


def _by_anyscale(cloud: str, silent: list[Diagnostic]) -> Iterator[Answers]:
    """The cloud, where it is registered."""
    from rayfleet.anyscale import cloud as anyscale
    from rayfleet.anyscale.command import Cli, CommandFault
    from rayfleet.bind.answers import of_cloud

    try:
        registered = anyscale.get(Cli(), cloud)
    except CommandFault as fault:
        silent.append(Diagnostic("anyscale", 0, 0, "", fault.what, fault.fix))
        return
    if registered:
        yield of_cloud(cloud, registered.data)
