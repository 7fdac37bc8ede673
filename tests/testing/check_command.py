"""A rendered tree in which one pod range overlaps, for ``rayfleet check``."""

from __future__ import annotations

import pytest

from tests.testing.workspace import Workspace

ARM = "rendered/azure/eastus.json"
POD_CIDR = '"podCidr": "100.64.0.0/11"'
DATE = ("--date", "2026-11-21")


@pytest.fixture
def wrong(rendered: Workspace) -> Workspace:
    rendered.edit(POD_CIDR, '"podCidr": "10.193.0.0/16"', ARM)
    return rendered
