"""A Resource Manager and an Anyscale for ``rayfleet bind``, and a fleet of which nothing is bound."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.stand_ins.azure.arm_server import ArmServer
from tests.testing.bind_command import EMPTY
from tests.testing.workspace import Workspace


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArmServer]:
    with ArmServer() as server:
        monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", server.url)
        yield server


@pytest.fixture
def anyscale(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(tmp_path_factory.mktemp("anyscale"), monkeypatch)


@pytest.fixture
def unbound(workspace: Workspace) -> Workspace:
    """Rendered before its first deployment."""
    workspace.write(EMPTY, "bindings.yaml")
    workspace.run("render")
    return workspace
