"""Late values: what is known only after deployment, who hands each out, and what it looks like. One row each.

Facts of docs/bindings.md. The schema of bindings.yaml says the same for editors, and a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from rayfleet.facts.identifiers import UUID

_HOLE = re.compile(r"{(\w+)}")


class Producer(NamedTuple):
    """A producer of late values. ``address`` is how bindings.yaml names where one comes from; ``owner``, whose it is,
    as people say; ``prints``, the command that prints it, among others; ``step``, the command that brings it about. All
    of them may have holes, which ``Fleet.late_names`` fills.
    """

    name: str
    address: str
    owner: str
    prints: str
    step: str

    @property
    def form(self) -> str:
        """Its address for people: ``<deployment>.outputs.<output>.<key>``."""
        return _HOLE.sub(lambda hole: f"<{hole[1].replace('_', ' ')}>", self.address)

    @property
    def of_output(self) -> bool:
        """True where its address is that of a key of an ARM output."""
        return {"deployment", "output", "key"} <= set(_HOLE.findall(self.address))

    @property
    def of_cloud_resource(self) -> bool:
        """True where its address is that of a cloud resource of Anyscale's."""
        return {"cloud", "cloud_resource"} <= set(_HOLE.findall(self.address))

    def parts(self, address: object) -> dict[str, str] | None:
        """The holes of an address, None for one that is not its."""
        found = _pattern(self.address).fullmatch(address) if isinstance(address, str) else None
        return found.groupdict() if found else None


@cache
def _pattern(address: str) -> re.Pattern[str]:
    """Only the first hole may have a dot in it: names of deployments and clouds have some."""
    written, *rest = (re.escape(part) if at % 2 == 0 else part for at, part in enumerate(_HOLE.split(address)))
    for hole, after in zip(rest[::2], rest[1::2], strict=True):
        written += f"(?P<{hole}>{'[^.]+' if '(?P<' in written else '.+'}){after}"
    return re.compile(written)


# The commands say what they need: a resource group and a name (Azure CLI reference, az deployment group show); a name
# or an id (anyscale 0.26.112, cloud get).
DEPLOYMENT = Producer(
    name="deployment",
    address="{deployment}.outputs.{output}.{key}",
    owner="{deployment}",
    prints="az deployment group show --resource-group {resource_group} --name {deployment} "
    "--query properties.outputs --output json",
    step="rayfleet deploy --region {region}",
)
ANYSCALE = Producer(
    name="Anyscale",
    address="anyscale.{cloud}.{cloud_resource}.cloud_resource_id",
    owner="Anyscale",
    prints="anyscale cloud get --name {cloud} --output-format json",
    step="rayfleet register --cluster {cluster}",
)


class LateKind(NamedTuple):
    """A kind of late value, by its key in bindings.yaml. ``words`` are what people call it. ``pattern`` is that of an
    id, None for a list of names; ``looks``, what it is when it is right. ``together``: where anything of its producer
    is bound, it is too. Without that it may be missing, as in a fleet that was bound before there was the kind.
    """

    key: str
    producer: Producer
    words: str
    pattern: str | None
    looks: str
    together: bool = False


CLIENT_ID, PRINCIPAL_ID, NODE_POOLS, CLOUD_RESOURCE_ID = "clientId", "principalId", "nodePools", "cloudResourceId"

#: In the order of bindings.yaml, which is the order in which they come about.
TABLE: tuple[LateKind, ...] = (
    LateKind(CLIENT_ID, DEPLOYMENT, "client id", UUID, "a UUID in lower case", together=True),
    LateKind(PRINCIPAL_ID, DEPLOYMENT, "principal id", UUID, "a UUID in lower case", together=True),
    LateKind(NODE_POOLS, DEPLOYMENT, "node pools", None, "a list of pools", together=True),
    LateKind(
        CLOUD_RESOURCE_ID, ANYSCALE, "cloud resource id", "cldrsrc_[a-z0-9]{1,48}", "cldrsrc_ and what follows it"
    ),
)


def kinds() -> tuple[str, ...]:
    """The keys, in order."""
    return tuple(row.key for row in TABLE)


def kind_of(key: str) -> LateKind | None:
    """The row of a key."""
    return next((row for row in TABLE if row.key == key), None)


def words(key: str) -> str:
    """The usual words for a kind; the key itself of one that is none."""
    row = kind_of(key)
    return row.words if row else key


def producers() -> tuple[Producer, ...]:
    """Everybody who hands one out, in the order in which they do."""
    return tuple(dict.fromkeys(row.producer for row in TABLE))


def made_by(producer: Producer) -> tuple[str, ...]:
    """The keys of what a producer hands out."""
    return tuple(row.key for row in TABLE if row.producer == producer)


def bound_together(producer: Producer) -> tuple[str, ...]:
    """The keys of what is never missing beside anything else that the producer hands out."""
    return tuple(row.key for row in TABLE if row.producer == producer and row.together)


def output_kinds() -> tuple[str, ...]:
    """The keys of what ARM outputs give."""
    return tuple(row.key for row in TABLE if row.producer.of_output)


def output_ids() -> frozenset[str]:
    """The keys of the ids among them."""
    return frozenset(row.key for row in TABLE if row.producer.of_output and row.pattern)


def first_of(keys: Iterable[str]) -> Producer:
    """The producer of the first of some values: what others hand out may need it."""
    wanted = set(keys)
    return next(row.producer for row in TABLE if row.key in wanted)
