"""Which clusters are registered, and registering the others: the primary one first, each read back afterwards."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple

from generator.anyscale.cloud import Cloud, Difference, differences, get
from generator.anyscale.command import Cli, Fault, remedy, words

Outcome = Literal["registered", "there", "differs", "failed", "waiting", "pending"]


class Candidate(NamedTuple):
    """A cluster to register. ``rendered`` is what ``file`` has, None while cloud_resource.yaml is pending."""

    cluster: str
    resource: str
    file: str
    rendered: dict[str, Any] | None


class Result(NamedTuple):
    """What became of a cluster: ``waiting`` was not tried. ``what`` and ``fix`` are empty where all is well."""

    cluster: str
    outcome: Outcome
    cloud_resource_id: str | None = None
    what: str = ""
    fix: str = ""
    differences: tuple[Difference, ...] = ()


def command(cloud: str, row: Candidate, first: bool) -> tuple[str, ...]:
    """The arguments that register a cluster: the first one with the cloud itself. ``register`` takes the provider from
    the file, and neither asks anything of an Azure cloud (anyscale 0.26.112, register_azure_or_generic_cloud).
    """
    if first:
        return ("cloud", "register", "--name", cloud, "-f", row.file)
    return ("cloud", "resource", "create", "--cloud", cloud, "-f", row.file)


def commands(cloud: str, rows: Iterable[Candidate], primary: str) -> Iterator[str]:
    """For a shell: the commands that register rendered rows with a cloud of which nothing is there."""
    for row in rows:
        if row.rendered is not None:
            yield shlex.join(("anyscale", *command(cloud, row, first=row.cluster == primary)))


def pending(row: Candidate, fix: str) -> Result:
    """A cluster whose cloud resource is not rendered yet."""
    return Result(row.cluster, "pending", None, "its cloud resource is not rendered yet", fix)


def there(cloud: Cloud | None, rows: Iterable[Candidate]) -> Iterator[Result]:
    """The clusters that are registered, with what differs."""
    for row in rows:
        if cloud and row.resource in cloud.resources:
            yield _there(row, cloud.resources[row.resource])


def register(
    cli: Cli, name: str, cloud: Cloud | None, rows: Iterable[Candidate], began: Callable[[Candidate], object]
) -> Iterator[Result]:
    """Registers rows that are rendered and not registered, in order. Where the cloud has no resource at all, the first
    row is the primary cluster's, and the others wait for it: what is registered first stays the cloud's default.
    """
    blocked = ""
    for row in rows:
        primary = not (cloud and cloud.resources)
        if cli.interrupted:
            yield Result(row.cluster, "waiting", None, "it was not tried", "run rayfleet register again")
            continue
        if blocked:
            yield Result(row.cluster, "waiting", None, f"it waits for {blocked}", f"register {blocked} first")
            continue
        began(row)
        arguments = command(name, row, first=cloud is None)
        said, fix = _change(cli, arguments)
        try:
            cloud = get(cli, name) or None
        except Fault as fault:
            yield Result(row.cluster, "failed", None, f"it cannot be read back: {fault.what}; {said}", fault.fix)
            blocked = row.cluster if primary else ""
            continue
        if cloud and row.resource in cloud.resources:
            yield _there(row, cloud.resources[row.resource])._replace(outcome="registered")
        else:
            yield Result(row.cluster, "failed", None, f"it is not there afterwards: {said}", fix)
            blocked = row.cluster if primary else ""


def _change(cli: Cli, arguments: tuple[str, ...]) -> tuple[str, str]:
    """What the command line says, and what could be done about it; whether it worked is for the read back to say."""
    try:
        said = words(cli.change(*arguments))
    except Fault as fault:
        return fault.what, fault.fix
    return said, remedy(said, shlex.join(("anyscale", *arguments)))


def _there(row: Candidate, resource: dict[str, Any]) -> Result:
    identifier = resource.get("cloud_resource_id")
    found = tuple(differences(resource, row.rendered or {}))
    known = identifier if isinstance(identifier, str) else None
    if not found:
        return Result(row.cluster, "there", known)
    told = ", ".join(f"{row.where} is {row.registered!r}, rendered {row.rendered!r}" for row in found)
    fix = "nothing was changed; anyscale cloud update changes it, or fleet.yaml should say what is there"
    return Result(row.cluster, "differs", known, told, fix, found)
