"""Pools that are too large for the nodes that an upgrade adds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.testing import rendering
from tests.testing.smallest_fleet import smallest


def warnings(surge: str, **pool: Any) -> list[str]:
    data = smallest(upgrades={"maxSurge": surge}, network={"natGateway": {"publicIps": 16}})
    data["defaults"]["nodePools"]["big"] = {"vmSize": "Standard_D16ds_v5", **pool}
    found = rendering.from_text(json.dumps(data)).warnings
    return [row.what for row in found if row.where.endswith(("big.maxCount", "big.count"))]


@pytest.mark.parametrize(
    ("surge", "pool", "more"),
    [
        ("10%", {"maxCount": 909}, 0),  # 91 more
        ("10%", {"maxCount": 910}, 91),
        ("1", {"maxCount": 999}, 0),
        ("1", {"maxCount": 1000}, 1),
        ("34%", {"count": 800}, 272),
        ("100%", {"maxCount": 1000, "capacityType": "spot"}, 0),
    ],
)
def test_room_for_surge(surge: str, pool: dict[str, Any], more: int) -> None:
    most = pool.get("maxCount", pool.get("count"))
    adds = f"the pool may grow to {most} nodes, and an upgrade adds {more}"
    what = f"{adds}: AKS refuses to upgrade a pool to more than 1000"
    assert warnings(surge, **pool) == [what] * bool(more)
