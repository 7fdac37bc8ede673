"""An AKS node pool as an ARM template has it, inside its cluster or as a resource of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from rayfleet.facts.catalogue import Catalogue, VmSize
from rayfleet.tree.place import Side, entries, get, mapping, text


class NodeTaint(NamedTuple):
    """A node taint."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}"


class Pool:
    """``data`` are its properties; ``side`` gives the place of one. Counts are nodes."""

    def __init__(self, name: str, data: dict[str, Any], side: Callable[..., Side], catalogue: Catalogue) -> None:
        self.name = name
        self.data = data
        self.side = side
        self.vm_size = text(data, "vmSize")
        self.vm: VmSize | None = catalogue.vm_size(self.vm_size)

    @property
    def system(self) -> bool:
        return text(self.data, "mode") == "System"

    @property
    def spot(self) -> bool:
        return text(self.data, "scaleSetPriority") == "Spot"

    @property
    def autoscaled(self) -> bool:
        return get(self.data, "enableAutoScaling") is True

    @property
    def minimum(self) -> int:
        """Nodes it always has."""
        return _count(self.data, "minCount" if self.autoscaled else "count")

    @property
    def maximum(self) -> int:
        """Nodes it may grow to, upgrades aside."""
        return _count(self.data, "maxCount" if self.autoscaled else "count")

    @property
    def surge(self) -> int:
        """Nodes that an upgrade may add at its largest."""
        return self.surge_at(self.maximum)

    def surge_at(self, nodes: int) -> int:
        """Nodes that an upgrade adds to as many: none for spot; AKS's own default is 10%."""
        if self.spot:
            return 0
        most = get(self.data, "upgradeSettings", "maxSurge", default="10%")
        share = str(most).removesuffix("%")
        if not re.fullmatch("[0-9]{1,6}", share):
            return 0
        return -(-nodes * int(share) // 100) if str(most).endswith("%") else int(share)

    @property
    def max_pods(self) -> int:
        """Pods on a node; 250 is AKS's default for an overlay network (AKS docs, quotas-skus-regions)."""
        return _count(self.data, "maxPods", default=250)

    @cached_property
    def labels(self) -> dict[str, str]:
        """The labels that the template gives its nodes."""
        return {key: value for key, value in mapping(self.data, "nodeLabels").items() if isinstance(value, str)}

    @cached_property
    def taints(self) -> tuple[NodeTaint, ...]:
        """The taints that the template gives its nodes."""
        return tuple(map(_taint, (entry for entry in entries(self.data, "nodeTaints") if isinstance(entry, str))))


def _count(data: dict[str, Any], key: str, default: int = 0) -> int:
    found = get(data, key)
    return found if isinstance(found, int) else default


def _taint(written: str) -> NodeTaint:
    """``key=value:Effect``; value and effect are empty where they are missing."""
    pair, _, effect = written.rpartition(":") if ":" in written else (written, "", "")
    key, _, value = pair.partition("=")
    return NodeTaint(key, value, effect)
