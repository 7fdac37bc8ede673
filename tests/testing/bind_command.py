"""What Azure and Anyscale say of the reference fleet, and a run of ``bind`` that must leave everything as it is."""

from __future__ import annotations

import json
from typing import Any

from tests.testing.reference_names import RESOURCES
from tests.testing.workspace import Workspace

IDS = {
    "aks_eastus": ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"),
    "aks_westus2": ("33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"),
}
POOLS = ["sys", "cpu", "t4", "a100"]
EMPTY = "# ours\nversion: 1\nclusters: {}\n"


def outputs(name: str = "aks_eastus", **changes: object) -> dict[str, Any]:
    client, principal = IDS[name]
    value = {"clientId": client, "principalId": principal, "oidcIssuerUrl": "https://x/", "nodePools": POOLS}
    return {name: {"type": "Object", "value": {**value, **changes}}}


def cloud(**ids: str) -> dict[str, Any]:
    rows = [{"name": name, "cloud_resource_id": given} for name, given in {**RESOURCES, **ids}.items()]
    return {"name": "aks-multi-region", "id": "cld_1", "resources": rows}


def put(workspace: Workspace, data: object, file: str = "outputs.json") -> None:
    workspace.write(json.dumps(data), file)


def refused(workspace: Workspace, *arguments: str) -> str:
    """Runs ``bind``, which must fail and leave the folder as it is; gives what it says."""
    before = workspace.files()
    result = workspace.run("bind", *arguments, code=1)
    assert workspace.files() == before
    assert result.stdout == ""
    return result.stderr


def nothing_new(workspace: Workspace, *arguments: str) -> str:
    """Runs ``bind``, which must find nothing, say so and leave the folder as it is; gives what else it says."""
    before = workspace.files()
    result = workspace.run("bind", *arguments, code=1)
    assert workspace.files() == before
    assert result.stdout == "bindings.yaml: nothing new\n"
    return result.stderr
