"""A control plane for all tests of one process, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.testing.control_plane.custom_resources import define
from tests.testing.control_plane.objects import Cluster
from tests.testing.control_plane.processes import ControlPlane, control_plane
from tests.testing.control_plane.scheduling import Scheduler


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The whole control plane, with the custom resources that are rendered."""
    with control_plane(tmp_path_factory.mktemp("control-plane")) as found:
        define(found.api)
        found.controllers()
        found.scheduler()
        found.kubelets()
        yield found


@pytest.fixture
def cluster(running: ControlPlane) -> Iterator[Cluster]:
    """An empty cluster; what a test has applied is gone after it, namespaces aside."""
    found = Cluster(running.api)
    yield found
    found.empty()


@pytest.fixture(scope="session")
def scheduler(running: ControlPlane) -> Scheduler:
    return Scheduler(running.api)
