"""Resource Manager on this machine, for a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.arm_server import ArmServer
from tests.deploy.carrying import promise_outputs


@pytest.fixture
def server() -> Iterator[ArmServer]:
    """A server that knows of no deployment yet; each ends well, with its outputs."""
    with ArmServer() as found:
        promise_outputs(found)
        yield found
