"""The answers that bind goes by: of files, or of Azure and Anyscale, as far as each of them can be asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence

from rayfleet import fleet_files
from rayfleet.anyscale import cloud as anyscale
from rayfleet.anyscale.command import Cli, CommandFault
from rayfleet.azure.client import Azure
from rayfleet.azure.faults import Fault
from rayfleet.azure.stacks import last_state
from rayfleet.bind.answers import Answers, merge, of_cloud, of_deployment, of_file
from rayfleet.bind.needs import ExpectedValues
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.facts.advice import advice_for
from rayfleet.fleet_files import FleetFiles, cloud_resource_file
from rayfleet.tree import deployment_steps, load


def files(names: Iterable[str], rows: Sequence[ExpectedValues]) -> Answers:
    """The answers in files, ``-`` being standard input. Raises Invalid with all that is wrong in them."""
    prints = dict.fromkeys(rows[0].prints.values())
    fix = f"save what one of these prints: {'; '.join(prints)}"
    found: list[Diagnostic] = []
    read = []
    for file in names:
        try:
            read.append(of_file(file, _content(file), fix))
        except Invalid as invalid:
            found += invalid.diagnostics
    if found:
        raise Invalid(found)
    return merge(read)


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(fleet_files.MAX_BYTES + 1)
    return fleet_files.read_bytes(file, "name an existing, readable file with --from", piped=True)


def clouds(where: FleetFiles, rows: Sequence[ExpectedValues], cloud: str) -> tuple[Answers, list[Diagnostic]]:
    """The answers of Azure, and of Anyscale where a cluster is rendered as far as it takes to register it; and who gave
    none. ``cloud`` is the name of the fleet's. Raises Invalid where nobody can be asked.
    """
    silent: list[Diagnostic] = []
    answers = [*_azure(where, rows, silent)]
    registrable = (f"{where.output}/{cloud_resource_file(row.cluster)}" for row in rows)
    if any(map(os.path.exists, registrable)):
        answers += _anyscale(cloud, silent)
    return merge(answers), silent


def _azure(where: FleetFiles, rows: Iterable[ExpectedValues], silent: list[Diagnostic]) -> Iterator[Answers]:
    """The deployments that there are."""
    steps = {step.name: step for step in deployment_steps.steps(load.tree(where, "files"))}
    clients: dict[str, Azure] = {}
    for name in dict.fromkeys(row.deployment for row in rows):
        if name not in steps:
            silent.append(Diagnostic(where.output, 0, 0, name, "it is not rendered", "run rayfleet render"))
            continue
        subscription = steps[name].scope.subscription
        try:
            if subscription not in clients:
                clients[subscription] = Azure(subscription)
            state = last_state(clients[subscription], steps[name])
        except Fault as fault:
            what = f"{fault.code}: {fault.message}"
            silent.append(Diagnostic(f"deployment {name}", 0, 0, "", what, _fix(fault)))
            if fault.status is None:  # not signed in, no network: the next one would say the same
                return
            continue
        if state:
            yield of_deployment(name, state.outputs, state.status)


def _fix(fault: Fault) -> str:
    return advice_for(fault.code, fault.message).fix if fault.needs_sign_in else "fix that, and run rayfleet bind again"


def _anyscale(cloud: str, silent: list[Diagnostic]) -> Iterator[Answers]:
    """The cloud, where it is registered."""
    try:
        registered = anyscale.get(Cli(), cloud)
    except CommandFault as fault:
        silent.append(Diagnostic("anyscale", 0, 0, "", fault.what, fault.fix))
        return
    if registered:
        yield of_cloud(cloud, registered.data)
