"""A quota.yaml that is just enough, or less, and what the proof says of it."""

from __future__ import annotations

from typing import Any

from rayfleet.capacity import demand
from rayfleet.proofs import Report
from rayfleet.source import read
from tests.testing.broken_trees import (
    check,
    rendered,
)

QUOTA = "quota.yaml"
# Just enough for the reference: its names as the API has them, and as az vm list-usage prints them.
ENOUGH = """\
version: 1
regions:
  eastus:
    families: {standardDDSv5Family: 144}
    spot: 336
    total: 144
  westus2:
    families:
      Standard DDSv5  Family vCPUs: 145
    spot: 337
    total: 145
"""


def judged(files: dict[str, bytes], written: bytes | str, fleet: str = "reference") -> Report:
    """What the proof says, given a quota.yaml."""
    content = written if isinstance(written, bytes) else written.encode()
    return check(files, "capacity", fleet=fleet, quota=read(QUOTA, content))


# --- no false alarm ---------------------------------------------------------------------------------------------------


def needed(files: dict[str, bytes], fleet: str, less: int = 0) -> dict[str, Any]:
    """A quota.yaml with just what a fleet needs, or less."""
    regions: dict[str, Any] = {}
    for home, limits in demand.needs(demand.pools(rendered(files, fleet)).counted).items():
        said = regions.setdefault(home.region, {})
        for limit, need in limits.items():
            vcpus = need.whole - less
            if limit.kind == "families":
                said.setdefault("families", {})[need.name] = vcpus
            else:
                said[limit.kind] = vcpus
    return {"version": 1, "regions": regions}
