"""The table of keys: every key is one of the schema, and every attribute one of the model."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from rayfleet import schema, schema_matcher
from rayfleet.keys import KEYS
from rayfleet.model.delivery import GitOps
from rayfleet.model.fleet import Anyscale, Routing
from rayfleet.model.gateway import Gateway
from rayfleet.model.infrastructure import Upgrades
from rayfleet.model.network import Network
from rayfleet.model.node_pool import NodePool
from rayfleet.model.storage import LifecycleRule, Storage, Volume

# Where the section of each is in the schema.
SECTIONS: dict[type[Any], tuple[str, ...]] = {
    Anyscale: ("properties", "anyscale"),
    GitOps: ("properties", "gitops"),
    Routing: ("properties", "routing"),
    Storage: ("properties", "storage"),
    LifecycleRule: ("properties", "storage", "properties", "lifecycle", "additionalProperties"),
    Network: ("$defs", "clusterNetwork"),
    Upgrades: ("$defs", "upgrades"),
    Gateway: ("$defs", "gateway"),
    Volume: ("$defs", "volume"),
    NodePool: ("$defs", "nodePool"),
}


def test_every_section_is_looked_at() -> None:
    assert SECTIONS.keys() == KEYS.keys()


@pytest.mark.parametrize("kind", KEYS, ids=lambda kind: kind.__name__)
def test_keys_are_of_the_schema_and_attributes_of_the_model(kind: type[Any]) -> None:
    whole = schema.load("fleet")
    section: Any = whole
    for step in SECTIONS[kind]:
        section = schema_matcher.resolve(whole, section[step])
    for key in KEYS[kind]:
        node = section
        for step in key.path.split("."):
            node = schema_matcher.resolve(whole, node["properties"][step])
    names = [key.name for key in KEYS[kind]]
    assert len(names) == len(set(names)) and set(names) <= {field.name for field in fields(kind)}
