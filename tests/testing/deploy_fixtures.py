"""The reference fleet in Git, and a subscription that is ready for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

import pytest

from tests.stand_ins.azure.arm_server import ArmServer
from tests.stand_ins.azure.vm_offers import offered
from tests.testing.deploy_command import FEATURE, PROVIDERS, SKUS, usages
from tests.testing.git import git
from tests.testing.processes import Started
from tests.testing.reference_names import NAMES, SUB
from tests.testing.workspace import Workspace


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArmServer]:
    """A subscription in which all is registered and there is quota for everything."""
    with ArmServer() as arm:
        for name in PROVIDERS:
            arm.documents[f"/subscriptions/{SUB}/providers/Microsoft.{name}"] = {"registrationState": "Registered"}
        arm.documents[FEATURE] = {"properties": {"state": "Registered"}}
        for region in ("eastus", "westus2"):
            limits = ("cores", "lowPriorityCores", "standardDDSv5Family")
            rows = [{"name": {"value": name}, "limit": 9999, "currentValue": 0} for name in limits]
            arm.documents[usages(region)] = {"value": rows}
            addresses = {"name": {"value": "StandardSkuPublicIpAddresses"}, "limit": 20, "currentValue": 0}
            arm.documents[usages(region, "Network")] = {"value": [addresses]}
        arm.documents[SKUS] = offered(("eastus", "westus2"))
        monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", arm.url)
        yield arm
        assert arm.unused == []


@pytest.fixture
def process(fleet: Workspace, started: Started) -> Started:
    """``rayfleet deploy`` of the fleet in a process of its own."""
    return partial(started, "deploy", "--poll", "0.01")


@pytest.fixture
def fleet(committed: Workspace, server: ArmServer) -> Workspace:
    """The reference fleet, rendered and committed."""
    for name in NAMES:
        template = json.loads(committed.read(f"rendered/azure/{name.removeprefix('aks-multi-region-')}.json"))
        promised = template.get("outputs", {})
        server.deployments[name].outputs = {output: {"type": "String", "value": "x"} for output in promised}
    return committed


@pytest.fixture
def private(fleet: Workspace) -> Workspace:
    """The fleet, with a private repository."""
    fleet.edit(
        "gitops: {url: https://github.com/example/fleet,",
        "gitops: {url: ssh://git@github.com/example/fleet, auth: sshKey,",
    )
    fleet.run("render")
    git("commit", "-a", "-m", "private")
    return fleet
