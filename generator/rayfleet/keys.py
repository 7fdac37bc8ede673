"""Keys of fleet.yaml as attributes of the model: where each is in its section, and how it becomes what the model has.

What follows from more than one key, or from a default that depends on another, is built in build.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from rayfleet.facts import gateways
from rayfleet.facts.cidr import Cidr
from rayfleet.model.delivery import GitOps
from rayfleet.model.fleet import Anyscale, Routing
from rayfleet.model.gateway import Gateway
from rayfleet.model.infrastructure import Upgrades
from rayfleet.model.network import Network
from rayfleet.model.node_pool import NodePool, Taint
from rayfleet.model.storage import LifecycleRule, Storage, Volume

Built = TypeVar("Built")


class Key(NamedTuple):
    """``path`` leads to it in its section, over dots; without an ``attribute``, that is its name in the model."""

    path: str
    attribute: str = ""
    convert: Callable[[Any], Any] = lambda value: value

    @property
    def name(self) -> str:
        """The attribute that it becomes."""
        return self.attribute or re.sub("([A-Z])", r"_\1", self.path.rpartition(".")[2]).lower()


def _equals(choice: str) -> Callable[[Any], bool]:
    return lambda value: bool(value == choice)


KEYS: dict[type[Any], tuple[Key, ...]] = {
    Anyscale: (Key("cloud"), Key("servicePrincipalAppId"), Key("controlPlaneUrl")),
    Routing: (Key("strategy"), Key("startingTimeout")),
    GitOps: (
        *map(Key, ("url", "branch", "path", "auth", "httpsUser")),
        Key("knownHosts"),
        Key("intervalSeconds"),
    ),
    Storage: (
        Key("account"),
        Key("container"),
        Key("moreContainers", convert=tuple),
        Key("redundancy"),
        Key("accessTier"),
        Key("softDeleteDays"),
        Key("corsOrigins", convert=tuple),
    ),
    LifecycleRule: (
        Key("prefix", convert=lambda prefix: prefix or ""),
        Key("since", "since_access", lambda since: since in (None, "lastAccess")),
        Key("coolAfterDays", "cool_after"),
        Key("coldAfterDays", "cold_after"),
        Key("archiveAfterDays", "archive_after"),
        Key("deleteAfterDays", "delete_after"),
    ),
    Network: (
        Key("index"),
        Key("podCidr", "pods", Cidr.parse),
        Key("serviceCidr", "services", Cidr.parse),
        Key("dataplane"),
        Key("natGateway.sku", "nat_sku"),
        Key("natGateway.publicIps", "nat_public_ips"),
        Key("natGateway.idleTimeoutMinutes", "nat_idle_minutes"),
    ),
    Upgrades: (
        *map(Key, ("channel", "nodeOsChannel", "maxSurge", "drainTimeoutMinutes", "undrainableNodes")),
        *map(Key, ("window.day", "window.startTime", "window.utcOffset", "window.durationHours")),
    ),
    Gateway: (
        Key("kind", convert=gateways.gateway),
        Key("visibility", "public", _equals("public")),
        Key("replicas"),
    ),
    Volume: (
        Key("provisioning", "static", _equals("static")),
        Key("size"),
        Key("cache", "block_cache", _equals("block")),
        Key("cacheSizeMib", "cache_mib"),
    ),
    NodePool: (
        Key("mode", "system", _equals("system")),
        Key("role"),
        Key("count"),
        Key("capacityType", "spot", _equals("spot")),
        Key("spotMaxPrice"),
        Key("maxPods"),
        Key("osDiskSizeGib"),
        Key("osSku"),
        Key("labels", "own_labels"),
        Key("taints", "own_taints", lambda taints: tuple(map(Taint.parse, taints))),
    ),
}


def built(kind: type[Built], section: Mapping[str, Any], **others: Any) -> Built:
    """A value of the model from its section, which is filled; ``others`` are what no single key gives."""
    return kind(**{key.name: key.convert(_value_at(section, key.path)) for key in KEYS[kind]}, **others)


def _value_at(section: Any, path: str) -> Any:
    """The value at a path; None for a key that the fleet leaves out and that has no default."""
    for step in path.split("."):
        section = section.get(step)
    return section
