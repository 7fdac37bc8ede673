"""The reference fleet with everything done, as ``rayfleet status`` sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import ArmServer, hash_of
from tests.testing.git import git
from tests.testing.reference_names import MANAGED_CLUSTERS, NAMES, RESOURCES
from tests.testing.workspace import Workspace


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArmServer]:
    with ArmServer() as arm:
        monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", arm.url)
        yield arm
        assert arm.unused == []


@pytest.fixture
def stand_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(tmp_path_factory.mktemp("anyscale"), monkeypatch)


@pytest.fixture
def fleet(committed: Workspace, server: ArmServer, stand_in: StandIn) -> Workspace:
    """The reference fleet with everything done: rendered, committed, deployed, bound, registered."""
    for name in NAMES:
        done(committed, server, name)
    there(server, "aks-eastus", "aks-westus2")
    registered(stand_in, "aks-eastus", "aks-westus2")
    return committed


def share(message: str) -> None:
    """Commits what Git knows, and pushes it."""
    git("commit", "-a", "-m", message)
    git("push", "origin", "HEAD:main")


def there(server: ArmServer, *names: str, pools: tuple[str, ...] = ("sys", "cpu", "t4", "a100")) -> None:
    """The AKS clusters of the resource group."""
    profiles = {"agentPoolProfiles": [{"name": pool} for pool in pools]}
    rows = [{"name": name, "location": name.removeprefix("aks-"), "properties": profiles} for name in names]
    server.documents[MANAGED_CLUSTERS] = {"value": rows}


def done(fleet: Workspace, server: ArmServer, name: str) -> None:
    """As if a deployment had succeeded with what is rendered and bound."""
    deployment = server.deployments[name]
    deployment.state, deployment.starts = "Succeeded", 1
    template = name.removeprefix("aks-multi-region-")
    deployment.template_hash = hash_of(json.loads(fleet.read(f"rendered/azure/{template}.json")))
    bound = yaml.safe_load(fleet.read("bindings.yaml"))["clusters"].get(f"aks-{template}", {})
    values = {kind: row["value"] for kind, row in bound.items() if kind != "cloudResourceId"}
    deployment.outputs = {f"aks_{template}": {"type": "object", "value": values}} if values else {}


def registered(stand_in: StandIn, *names: str) -> None:
    rows = []
    for name in names:
        data = yaml.safe_load(Path(f"rendered/clusters/{name}/anyscale/cloud_resource.yaml").read_text())
        rows.append({"cloud_resource_id": RESOURCES[name], **data})
    stand_in.clouds = {"aks-multi-region": rows} if rows else {}


def data(fleet: Workspace, *arguments: str) -> Any:
    return json.loads(fleet.run("status", "--format", "json", *arguments).stdout)


def of(fleet: Workspace, cluster: str = "aks-eastus", *arguments: str) -> Any:
    found = {row["cluster"]: row for row in data(fleet, *arguments)["clusters"]}
    return found[cluster]


def said(fleet: Workspace, *arguments: str) -> str:
    return fleet.run("status", *arguments).stdout
