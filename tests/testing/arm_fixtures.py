"""Resource Manager on this machine, for a test."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.stand_ins.azure.answers import EXPIRED
from tests.stand_ins.azure.arm_server import ArmServer
from tests.testing.deployments import promise_outputs


@pytest.fixture
def server() -> Iterator[ArmServer]:
    """A server that knows of no deployment yet; each ends well, with its outputs."""
    with ArmServer() as found:
        promise_outputs(found)
        yield found


@pytest.fixture
def expired(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """Requests that the server lets ``expire`` end as if their time were out; the seconds that they would have had."""
    seconds: list[float | None] = []
    own = HTTPConnection.getresponse

    def getresponse(connection: HTTPConnection) -> HTTPResponse:
        found = own(connection)
        if found.status == EXPIRED:
            seconds.append(connection.sock.gettimeout())
            found.close()
            raise TimeoutError("timed out")  # as the socket says it
        return found

    monkeypatch.setattr(HTTPConnection, "getresponse", getresponse)
    return seconds
