"""Node pools as the scheduler sees them, and as the cluster autoscaler knows them while they have no nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rayfleet.facts.catalogue import VmSize
from rayfleet.facts.labels import (
    AKS_PREFIX,
    ARCHITECTURE,
    DISCOVERED,
    HARD,
    HOST_NAME,
    INSTANCE_TYPE,
    OLDER,
    OS,
    REGION,
    SPOT_PRIORITY,
    ZONE,
)
from rayfleet.scheduler.content_key import ContentKey
from rayfleet.source import Path
from rayfleet.tree import text
from rayfleet.tree.node_pool import NodeTaint, Pool

# AKS adds it to spot nodes (AKS docs, spot-node-pool).
SPOT_TAINT = NodeTaint(SPOT_PRIORITY, "spot", "NoSchedule")
# Labels that every AKS node has, with values that no template says (AKS docs, use-labels).
_VALUES_UNKNOWN = (
    *("cluster", "managedby", "role", "storageprofile", "storagetier", "node-image-version", "nodepool-type"),
    *("os-sku", "os-sku-requested", "os-sku-effective", "sku-cpu", "sku-memory"),
)

#: The values that a label has on one node or another of a pool; None where nobody can say.
Values = tuple[str, ...] | None
Labels = Mapping[str, Values]


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """A pool's nodes as the scheduler sees them. ``at_zero`` are the labels that the cluster autoscaler knows while
    there are no nodes, None where there always are some; a taint has its path in the pool; ``device`` is the GPU
    resource of the nodes, None where nobody knows the VM size; ``empty`` leads to what says that there never is a node.
    """

    labels: Labels
    at_zero: Labels | None
    taints: tuple[tuple[NodeTaint, Path], ...]
    device: str | None
    empty: Path | None
    discovered: bool

    def values(self, key: str, labels: Labels) -> Values:
        """The values of a label among ``labels``, none at all where nodes do not have it."""
        if self.discovered and labels is self.labels and key not in labels and key.startswith(DISCOVERED):
            return None
        return labels.get(key, ())


class Node(NamedTuple):
    """A pool, and what its nodes are to the scheduler."""

    pool: Pool
    traits: Traits

    @property
    def open(self) -> bool:
        """True where a pod without tolerations may run here."""
        return not any(taint.effect in HARD for taint, _ in self.traits.taints)


class _PoolFacts(NamedTuple):
    """All that the traits of a pool follow from, without its place in a file."""

    name: str
    region: str
    discovered: bool
    system: bool
    spot: bool
    may_be_empty: bool
    empty: Path | None
    labels: dict[str, str]
    taints: tuple[NodeTaint, ...]
    zones: tuple[str, ...]
    operating_system: str
    vm_size: str
    vm: VmSize | None
    by_aks: bool


def node_of(pool: Pool, region: str, discovered: bool) -> Node:
    """``discovered``: feature discovery runs in the cluster, and adds labels to nodes with NVIDIA's GPUs."""
    facts = _PoolFacts(
        name=pool.name,
        region=region,
        discovered=discovered,
        system=pool.system,
        spot=pool.spot,
        may_be_empty=may_be_empty(pool),
        empty=_empty(pool),
        labels=pool.labels,
        taints=pool.taints,
        zones=pool.zones,
        operating_system=(text(pool.data, "osType") or "Linux").lower(),
        vm_size=pool.vm_size,
        vm=pool.vm,
        by_aks=pool.by_aks,
    )
    return Node(pool, _traits(ContentKey.of(facts)))


def may_be_empty(pool: Pool) -> bool:
    """True where the autoscaler may have to start it from zero."""
    return pool.autoscaled and pool.minimum == 0


def _empty(pool: Pool) -> Path | None:
    return ("maxCount" if pool.autoscaled else "count",) if pool.empty else None


@lru_cache(maxsize=4096)
def _traits(content: ContentKey) -> Traits:
    facts: _PoolFacts = content.data
    own: dict[str, Values] = {key: (value,) for key, value in facts.labels.items()}
    predicted = _predicted_labels(facts)
    spot: dict[str, Values] = {SPOT_PRIORITY: ("spot",)} if facts.spot and facts.by_aks else {}
    written: list[tuple[NodeTaint, Path]] = [(taint, ("nodeTaints", index)) for index, taint in enumerate(facts.taints)]
    if facts.spot and facts.by_aks and SPOT_TAINT not in facts.taints:
        written.append((SPOT_TAINT, ("nodeTaints",)))
    return Traits(
        labels={**_labels_of_aks(facts), **predicted, **spot, **own},
        at_zero={**predicted, **spot, **own} if facts.may_be_empty else None,
        taints=tuple(written),
        device=None if facts.vm is None else facts.vm.gpu_resource if facts.vm.gpus else "",
        empty=facts.empty,
        discovered=facts.discovered and facts.vm is not None and facts.vm.gpu_vendor == "nvidia",
    )


def _predicted_labels(facts: _PoolFacts) -> dict[str, Values]:
    """The labels that the autoscaler gives a node which it has yet to see (kubernetes/autoscaler, azure_template.go;
    the architecture is the VM size's own since PR 9331, which is in the releases for 1.34 and later).
    """
    zones = tuple(f"{facts.region}-{zone}" for zone in facts.zones) or ("0",)
    system, size, region = (facts.operating_system,), (facts.vm_size,), (facts.region,)
    architecture = (facts.vm.architecture,) if facts.vm else None
    known: dict[str, Values] = {
        OS: system,
        ARCHITECTURE: architecture,
        INSTANCE_TYPE: size,
        REGION: region,
        ZONE: zones if facts.by_aks else None,
    }
    found = {name: value for key, value in known.items() for name in (key, OLDER[key])}
    found[HOST_NAME] = None
    if not facts.by_aks:
        return found
    found |= {"agentpool": (facts.name,), f"{AKS_PREFIX}/agentpool": (facts.name,)}
    if facts.vm and facts.vm.gpu_vendor == "nvidia":
        found[f"{AKS_PREFIX}/accelerator"] = found["accelerator"] = ("nvidia",)
    return found


def _labels_of_aks(facts: _PoolFacts) -> dict[str, Values]:
    """The labels that AKS gives to running nodes, and the autoscaler does not know of (AKS docs, use-labels and
    use-system-pools); none where it is not AKS that runs them.
    """
    if not facts.by_aks:
        return {}
    found: dict[str, Values] = {f"{AKS_PREFIX}/{name}": None for name in _VALUES_UNKNOWN}
    found[f"{AKS_PREFIX}/mode"] = ("system" if facts.system else "user",)
    found[f"{AKS_PREFIX}/priority"] = ("spot" if facts.spot else "regular",)
    return found
