"""A control plane for all tests of one process, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from tests.testing.control_plane.api_server import condition
from tests.testing.control_plane.objects import Cluster
from tests.testing.control_plane.processes import CUSTOM_RESOURCES, ControlPlane, control_plane
from tests.testing.control_plane.scheduling import Scheduler


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The whole control plane, with the custom resources that are rendered."""
    with control_plane(tmp_path_factory.mktemp("control-plane")) as found:
        define(found)
        found.controllers()
        found.scheduler()
        found.kubelets()
        yield found


def define(found: ControlPlane) -> None:
    definitions = [yaml.safe_load(path.read_text()) for path in sorted(CUSTOM_RESOURCES.glob("*.yaml"))]
    assert definitions, "make test-cluster makes them"
    for definition in definitions:
        found.api.apply(definition)
        found.api.until(
            definition["apiVersion"],
            definition["kind"],
            lambda row: condition(row, "Established") == "True",
            fieldSelector=f"metadata.name={definition['metadata']['name']}",
        )


@pytest.fixture
def cluster(running: ControlPlane) -> Iterator[Cluster]:
    """An empty cluster; what a test has applied is gone after it, namespaces aside."""
    found = Cluster(running.api)
    yield found
    found.empty()


@pytest.fixture(scope="session")
def scheduler(running: ControlPlane) -> Scheduler:
    return Scheduler(running.api)
