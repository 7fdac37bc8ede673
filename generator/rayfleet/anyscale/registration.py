"""Registration of clusters: those that are registered, and the others, the primary one first, each read back
afterwards."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from rayfleet.anyscale.cloud import Cloud, RegistrationDifference, differences, get
from rayfleet.anyscale.command import Cli, CommandFault, known_remedy, words

RegistrationOutcome = Literal[
    "registered", "there", "differs", "contradicts", "failed", "unknown", "waiting", "pending"
]

AGAIN = "run rayfleet register again: what is there is left alone"


class Candidate(NamedTuple):
    """A cluster to register. ``rendered`` is what ``file`` has, None where there is none; ``fix`` says then how it
    comes about. ``bound`` are the ids that are bound, by their clusters: all of the fleet's.
    """

    cluster: str
    resource: str
    file: str
    rendered: dict[str, Any] | None
    fix: str = ""
    bound: Mapping[str, str] = MappingProxyType({})


class Registration(NamedTuple):
    """The outcome of a cluster: ``waiting`` was not tried, ``unknown`` was, and is not read back; ``contradicts`` has
    an id that is not the bound one. ``what`` and ``fix`` are empty where all is well."""

    cluster: str
    outcome: RegistrationOutcome
    cloud_resource_id: str | None = None
    what: str = ""
    fix: str = ""
    differences: tuple[RegistrationDifference, ...] = ()


def command(cloud: str, row: Candidate, first: bool) -> tuple[str, ...]:
    """The arguments that register a cluster: the first one with the cloud itself. ``register`` takes the provider from
    the file, and neither asks anything of an Azure cloud (anyscale 0.26.112, register_azure_or_generic_cloud).
    """
    if first:
        return ("cloud", "register", "--name", cloud, "-f", row.file)
    return ("cloud", "resource", "create", "--cloud", cloud, "-f", row.file)


def commands(cloud: str, rows: Iterable[Candidate], primary: str) -> Iterator[tuple[str, str]]:
    """For a shell: the commands that register rendered rows with a cloud that does not exist yet, by cluster."""
    for row in rows:
        if row.rendered is not None:
            yield row.cluster, shlex.join(("anyscale", *command(cloud, row, first=row.cluster == primary)))


def change_command(cloud: str, resource: str) -> str:
    """The commands that change a registered resource. Of ``cloud update`` the file has all resources of the cloud,
    each with its id, and without a file it changes nothing and says that it is done (anyscale 0.26.112,
    update_cloud_resources)."""
    name = shlex.quote(cloud)
    return (
        f"anyscale cloud get --name {name} --output-file cloud.yaml; write what is rendered into its entry {resource}; "
        f"anyscale cloud update --name {name} --resources-file cloud.yaml"
    )


def pending_result(row: Candidate) -> Registration:
    """A cluster whose cloud resource is not rendered yet."""
    return Registration(row.cluster, "pending", None, "its cloud resource is not rendered yet", row.fix)


def registered_before(cloud: Cloud | None, rows: Iterable[Candidate]) -> Iterator[Registration]:
    """The clusters that are registered, with what differs."""
    for row in rows:
        if cloud and row.resource in cloud.resources:
            yield _existing_registration(cloud, row)


def register(
    cli: Cli, name: str, cloud: Cloud | None, rows: Iterable[Candidate], began: Callable[[Candidate], object]
) -> Iterator[Registration]:
    """Registers rows that are rendered and not registered, in order. Where the cloud has no resource at all, the first
    row is the primary cluster's, and the others wait for it: what is registered first stays the cloud's default.
    """
    blocked = ""
    for row in rows:
        primary = not (cloud and cloud.resources)
        if cli.interrupted:
            yield Registration(row.cluster, "waiting", None, "it was not tried", AGAIN)
            continue
        if blocked:
            yield Registration(row.cluster, "waiting", None, f"it waits for {blocked}", f"register {blocked} first")
            continue
        began(row)
        try:
            said, fix = _change(cli, command(name, row, first=cloud is None))
            cloud = get(cli, name)
        except KeyboardInterrupt:
            what = "its registration was ended, and is not read back: it may be whole, half, or not be"
            yield Registration(row.cluster, "unknown", None, what, AGAIN)
        except CommandFault as fault:
            what = f"it cannot be read back: {fault.what}; {said}"
            yield Registration(row.cluster, "unknown", None, what, fault.fix)
            blocked = row.cluster if primary else ""
        else:
            if cloud and row.resource in cloud.resources:
                found = _existing_registration(cloud, row)
                yield found if found.what else found._replace(outcome="registered")
            else:
                yield Registration(row.cluster, "failed", None, f"it is not there afterwards: {said}", fix)
                blocked = row.cluster if primary else ""


def _change(cli: Cli, arguments: tuple[str, ...]) -> tuple[str, str]:
    """The command line's words, and the fix; whether it worked is for the read back to say."""
    try:
        said = words(cli.change(*arguments))
    except CommandFault as fault:
        return fault.what, fault.fix
    return said, known_remedy(said) or f"fix that; then {AGAIN}"


def _existing_registration(cloud: Cloud, row: Candidate) -> Registration:
    resource = cloud.resources[row.resource]
    identifier = resource.get("cloud_resource_id")
    name = cloud.data["name"]
    if not isinstance(identifier, str):
        what = "Anyscale has it without a cloud_resource_id, which is what runs need"
        return Registration(
            row.cluster, "unknown", None, what, f"look at it: anyscale cloud get --name {shlex.quote(name)}"
        )
    if what := _contradiction(row, identifier):
        fix = (
            f"find out which one is right: anyscale cloud get --name {shlex.quote(name)}; if Anyscale is, because it "
            "was registered anew: rayfleet bind --yes"
        )
        return Registration(row.cluster, "contradicts", identifier, what, fix)
    if row.rendered is None:
        return Registration(
            row.cluster, "there", identifier, "whether it differs is not known: it is not rendered", row.fix
        )
    found = tuple(differences(resource, row.rendered))
    if not found:
        return Registration(row.cluster, "there", identifier)
    told = ", ".join(f"{row.where} is {row.registered!r}, rendered {row.rendered!r}" for row in found)
    return Registration(row.cluster, "differs", identifier, told, change_command(name, row.resource), found)


def _contradiction(row: Candidate, identifier: str) -> str:
    """The contradiction between bindings.yaml and an id; empty where there is none."""
    own = row.bound.get(row.cluster, identifier)
    if own != identifier:
        return f"{own} is bound as its cloudResourceId"
    others = [cluster for cluster, bound in row.bound.items() if bound == identifier and cluster != row.cluster]
    return f"this is bound as the cloudResourceId of {others[0]}" if others else ""
