"""Ray heads that take a node with GPUs are warned of, with what is left to their workers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.testing import rendering
from tests.testing.smallest_fleet import with_pools

T4 = {"vmSize": "Standard_NC16as_T4_v3"}
SPOT = {"capacityType": "spot"}


def _warnings(cpu: dict[str, Any], **pools: Any) -> list[str]:
    data = with_pools(**pools)
    data["defaults"]["nodePools"]["cpu"] |= cpu
    found = rendering.from_text(json.dumps(data), bound=True).warnings
    return [row.what for row in found if "Ray head" in row.what]


@pytest.mark.parametrize(("most", "left"), [(1, "none is left"), (2, "its workers have 1 node at most")])
def test_a_head_on_the_only_on_demand_pool_which_has_gpus(most: int, left: str) -> None:
    (what,) = _warnings(SPOT, t4=T4 | {"maxCount": most})
    assert what == f"a Ray head for T4 has no pool without GPUs, and takes a node of t4: {left}"


def test_a_head_on_the_only_pool_of_its_architecture() -> None:
    (what,) = _warnings({}, gb={"vmSize": "Standard_ND128isr_NDR_GB200_v6", "maxCount": 4})
    assert what.endswith("takes a node of gb: its workers have 3 nodes at most")


def test_a_head_with_a_pool_of_its_own_is_fine() -> None:
    assert _warnings({}, t4=T4 | {"maxCount": 2}) == []
