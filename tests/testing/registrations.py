"""What tests of ``rayfleet register`` share."""

from __future__ import annotations

from tests.testing.reference_names import CLOUD, RESOURCES

EAST_FILE, WEST_FILE = (f"rendered/clusters/{name}/anyscale/cloud_resource.yaml" for name in RESOURCES)
REGISTER = ["cloud", "register", "--name", CLOUD, "-f", EAST_FILE]
ADD = ["cloud", "resource", "create", "--cloud", CLOUD, "-f", WEST_FILE]
EMPTY = "version: 1\nclusters: {}\n"


def lines(said: str) -> list[str]:
    """What is said without remedies."""
    return [line for line in said.splitlines() if not line.startswith("    ")]
