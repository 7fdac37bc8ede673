"""The reference fleet in Git, and a subscription and an Anyscale that have it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stand_ins.anyscale.stand_in import StandIn
from tests.testing.reference_names import WEST_LINE
from tests.testing.retire_command import BOTH, Arm, change, deployed
from tests.testing.workspace import Workspace


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Arm]:
    with Arm() as arm:
        arm.fill()
        monkeypatch.setenv("RAYFLEET_ARM_ENDPOINT", arm.url)
        yield arm
        assert arm.unused == []


@pytest.fixture
def stand_in(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    found = StandIn(tmp_path_factory.mktemp("anyscale"), monkeypatch)
    found.clouds = BOTH
    return found


@pytest.fixture
def whole(committed: Workspace, server: Arm, stand_in: StandIn) -> Workspace:
    """The reference fleet, rendered, committed and deployed."""
    deployed(server)
    return committed


@pytest.fixture
def fleet(whole: Workspace) -> Workspace:
    """The same without aks-westus2, rendered and committed, and not deployed since."""
    change(whole, WEST_LINE, "")
    return whole
