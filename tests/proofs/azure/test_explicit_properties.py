"""Every property that a template has to state, left out once: one claim sees it, in its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet.facts.explicit_properties import EXPLICIT_PROPERTIES, Steps
from rayfleet.facts.resource_types import NODE_POOL
from rayfleet.proofs.values import places
from rayfleet.tree import entries
from tests.testing.broken_trees import check, tree
from tests.testing.rendering import FLEETS

ROWS = [(kind, steps) for kind, rows in EXPLICIT_PROPERTIES.items() for steps in rows]
IDS = [f"{kind.rpartition('/')[2]}-{'.'.join(steps)}" for kind, steps in ROWS]


def without(kind: str, steps: Steps) -> tuple[str, dict[str, bytes], str]:
    """The first fleet with a resource of the type, without the property at its first place; and the file."""
    for name in ("reference", *FLEETS):
        for path, content in tree(name).items():
            document = json.loads(content) if path.startswith("azure/") else {}
            for resource in entries(document, "resources"):
                profiles = entries(resource, "properties", "agentPoolProfiles") if kind == NODE_POOL.lower() else ()
                inline = [{"properties": profile} for profile in profiles]
                for data in (*([resource] if resource["type"].lower() == kind else []), *inline):
                    if _remove(data, steps):
                        return name, {**tree(name), path: json.dumps(document, indent=2).encode()}, path
    raise AssertionError(f"no fleet has {steps}")


def _remove(data: Any, steps: Steps) -> bool:
    path = next((path for path, _ in places(data, steps)), None)
    for step in path[:-1] if path else ():
        data = data[step]
    if path:
        del data[path[-1]]
    return path is not None


@pytest.mark.parametrize(("kind", "steps"), ROWS, ids=IDS)
def test_a_property_that_is_left_out_is_seen(kind: str, steps: Steps) -> None:
    name, files, path = without(kind, steps)
    (row,) = [row for row in check(files, "arm", fleet=name).of("failed") if row.claim == "arm/unstated"]
    assert steps[-1] in row.what and row.places[0].file == f"rendered/{path}"


@pytest.mark.parametrize("fleet", ["reference", *FLEETS])
def test_every_fleet_states_all(fleet: str) -> None:
    assert not [row for row in check(tree(fleet), "arm", fleet=fleet).of("failed") if row.claim == "arm/unstated"]


def test_what_one_resource_leaves_out_is_said_once() -> None:
    path = "azure/eastus.json"
    document = json.loads(tree()[path])
    (cluster,) = [row for row in document["resources"] if row["type"] == "Microsoft.ContainerService/managedClusters"]
    del cluster["properties"]["supportPlan"], cluster["properties"]["networkProfile"]["networkPolicy"]
    (row,) = check({**tree(), path: json.dumps(document, indent=2).encode()}, "arm").of("failed")
    assert row.what == "it does not state networkProfile.networkPolicy, supportPlan: Azure decides, and not the fleet"
