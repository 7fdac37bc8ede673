"""Warnings of node pools: heads on nodes with GPUs, images, and architectures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rayfleet.facts.catalogue import Catalogue
from rayfleet.rules.pools import HEAD_SIZES
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


@pytest.mark.parametrize(("os_sku", "told"), [("Ubuntu2204", True), ("Ubuntu2404", False), ("Ubuntu", False)])
def test_gb200_nodes_are_of_ubuntu_24(os_sku: str, told: bool) -> None:
    gb = {"vmSize": "Standard_ND128isr_NDR_GB200_v6", "maxCount": 4, "osSku": os_sku}
    found = rendering.from_text(json.dumps(with_pools(gb=gb)), bound=True).warnings
    said = "AKS makes GB200 nodes of Ubuntu 24.04, and this asks for Ubuntu2204"
    assert ([row.what for row in found if "GB200 nodes" in row.what] == [said]) is told


def test_a_system_pool_of_another_architecture_is_warned_of() -> None:
    data = with_pools()
    data["defaults"]["nodePools"]["sys"]["vmSize"] = "Standard_D8ps_v6"
    found = rendering.from_text(json.dumps(data), bound=True).warnings
    assert any(row.what.startswith("its nodes are arm64: charts run there") for row in found)


@pytest.mark.parametrize(("architecture", "size"), HEAD_SIZES.items())
def test_the_size_that_a_fix_names_is_of_the_catalogue(architecture: str, size: str) -> None:
    vm = Catalogue({}).vm_size(size)
    assert vm
    assert (vm.architecture, vm.gpus) == (architecture, 0)
