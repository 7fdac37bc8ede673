"""A node pool: as an ARM template has it, inside its cluster or as a resource of its own, or as a record lists it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rayfleet.facts.catalogue import Catalogue, VmSize
from rayfleet.tree.place import Side, entries, get, mapping, text

#: The keys of a pool in cluster.json, each with the ARM property that says the same.
RECORDED = {
    "size": "vmSize",
    "accelerator": "vmSize",
    "gpus": "vmSize",
    "mode": "mode",
    "capacityType": "scaleSetPriority",
    "minimum": "minCount",
    "maximum": "maxCount",
    "zones": "availabilityZones",
    "labels": "nodeLabels",
    "taints": "nodeTaints",
}
# What says a property of ARM in cluster.json; a fixed count is its maximum.
_SAYS = {"count": "maximum"} | {arm: key for key, arm in reversed(RECORDED.items())}


class NodeTaint(NamedTuple):
    """A node taint."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}"


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Counts are nodes; it grows to ``maximum``, upgrades aside; ``empty``: it is said never to have a node. ``data``
    are its ARM properties, none where ARM does not make it; ``side`` gives the place of a value by its name there.
    """

    name: str
    vm_size: str
    vm: VmSize | None
    system: bool
    spot: bool
    autoscaled: bool
    minimum: int
    maximum: int
    empty: bool
    zones: tuple[str, ...]
    labels: dict[str, str]
    taints: tuple[NodeTaint, ...]
    data: dict[str, Any]
    side: Callable[..., Side]

    @property
    def by_aks(self) -> bool:
        """True where AKS makes its nodes, and gives them labels and taints of its own."""
        return bool(self.data)

    @property
    def surge(self) -> int:
        """Nodes that an upgrade may add at its largest."""
        return self.surge_at(self.maximum)

    def surge_at(self, nodes: int) -> int:
        """Nodes that an upgrade adds to as many: none for spot; AKS's own default is 10%."""
        if self.spot or not self.by_aks:
            return 0
        return _nodes(get(self.data, "upgradeSettings", "maxSurge", default="10%"), nodes)

    @property
    def upgraded_at_once(self) -> int:
        """Nodes that an upgrade takes aside together, at its largest; one at least."""
        unavailable = _nodes(get(self.data, "upgradeSettings", "maxUnavailable", default="0"), self.maximum)
        return max(self.surge, unavailable, 1)

    @property
    def max_pods(self) -> int:
        """Pods on a node; 250 is AKS's default for an overlay network (AKS docs, quotas-skus-regions)."""
        return _count(self.data, "maxPods", default=250)


def arm_pool(name: str, data: dict[str, Any], side: Callable[..., Side], catalogue: Catalogue) -> Pool:
    """A pool by its properties in an ARM template."""
    autoscaled = get(data, "enableAutoScaling") is True
    most = "maxCount" if autoscaled else "count"
    return Pool(
        name=name,
        vm_size=text(data, "vmSize"),
        vm=catalogue.vm_size(text(data, "vmSize")),
        system=text(data, "mode") == "System",
        spot=text(data, "scaleSetPriority") == "Spot",
        autoscaled=autoscaled,
        minimum=_count(data, "minCount" if autoscaled else "count"),
        maximum=_count(data, most),
        empty=get(data, most) == 0,
        zones=tuple(map(str, entries(data, "availabilityZones"))),
        labels=_texts(mapping(data, "nodeLabels")),
        taints=_taints(entries(data, "nodeTaints")),
        data=data,
        side=side,
    )


def listed_pool(name: str, data: dict[str, Any], side: Callable[..., Side], catalogue: Catalogue) -> Pool:
    """A pool by its row in cluster.json."""
    least, most = _count(data, "minimum"), _count(data, "maximum")
    return Pool(
        name=name,
        vm_size=text(data, "size"),
        vm=catalogue.vm_size(text(data, "size")),
        system=text(data, "mode") == "system",
        spot=text(data, "capacityType") == "spot",
        autoscaled=least != most,
        minimum=least,
        maximum=most,
        empty=get(data, "maximum") == 0,
        zones=tuple(map(str, entries(data, "zones"))),
        labels=_texts(mapping(data, "labels")),
        taints=_taints(entries(data, "taints")),
        data={},
        side=lambda *path: side(*(_SAYS.get(step, step) for step in path[:1]), *path[1:]),
    )


def _nodes(written: object, of: int) -> int:
    """The number of nodes that a number or a share means; shares are rounded up."""
    share = str(written).removesuffix("%")
    if not re.fullmatch("[0-9]{1,6}", share):
        return 0
    return -(-of * int(share) // 100) if str(written).endswith("%") else int(share)


def _texts(written: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in written.items() if isinstance(value, str)}


def _taints(written: Sequence[Any]) -> tuple[NodeTaint, ...]:
    return tuple(_taint(entry) for entry in written if isinstance(entry, str))


def _count(data: dict[str, Any], key: str, default: int = 0) -> int:
    found = get(data, key)
    return found if isinstance(found, int) else default


def _taint(written: str) -> NodeTaint:
    """``key=value:Effect``; value and effect are empty where they are missing."""
    pair, _, effect = written.rpartition(":") if ":" in written else (written, "", "")
    key, _, value = pair.partition("=")
    return NodeTaint(key, value, effect)
