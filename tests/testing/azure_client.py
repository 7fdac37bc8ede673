"""Asks a test's Resource Manager, in time that passes at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rayfleet.azure.client import Azure
from rayfleet.azure.deployment_state import State
from rayfleet.azure.faults import Fault
from rayfleet.tree.deployment_steps import DeploymentStep
from tests.stand_ins.azure.arm_server import ArmServer
from tests.stand_ins.clock import Time
from tests.testing.deployments import SHARED

ROOM = "/subscriptions/00000000-0000-0000-0000-000000000000"
API = "2025-01-01"


def client(server: ArmServer, time: Time | None = None, timeout: float = 3600) -> Azure:
    patience = (time or Time()).patience
    return Azure(SHARED.scope.subscription, endpoint=server.url, patience=patience, timeout=timeout, poll=0)


def state(azure: Azure, step: DeploymentStep = SHARED) -> State:
    found = azure.state(step)
    assert found is not None
    return found


def refused(ask: Callable[[], object]) -> Fault:
    with pytest.raises(Fault) as raised:
        ask()
    return raised.value
