"""The real scheduler, asked of one pod and one node pool at a time: how many such pods do its nodes take?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from math import ceil, floor
from typing import Any, NamedTuple

from rayfleet.facts.quantity import MIB
from rayfleet.scheduler.fits import Pod
from rayfleet.scheduler.nodes import SPOT_TAINT
from rayfleet.scheduler.room import Room, allocatable
from rayfleet.tree.node_pool import NodeTaint, Pool
from tests.testing.control_plane.api_server import ApiServer, Manifest, Refused, condition

NAMESPACE = "default"
# The label by which one pod meets the nodes of one pool.
PAIR = "tests.rayfleet.dev/pair"
# Every node has it until its kubelet says otherwise.
_NOT_READY = "node.kubernetes.io/not-ready"
_ENDLESS = Room(10_000.0, 1e8, {"nvidia.com/gpu": 100.0, "amd.com/gpu": 100.0})
_OF_CONTAINERS = ("name", "image", "resources", "restartPolicy")


class Pair(NamedTuple):
    """A pod's ``spec``, and a node of every zone of a pool: their labels, taints and resources; so many ``pods`` are to
    run there."""

    spec: Manifest
    nodes: tuple[Manifest, ...]
    pods: int = 1

    @property
    def key(self) -> str:
        return json.dumps(self, sort_keys=True)


# --- nodes ---


def nodes_of(pool: Pool, region: str) -> tuple[Manifest, ...]:
    """The nodes that AKS makes for a pool, one in each zone; none where it never has any (AKS docs, use-labels,
    spot-node-pool and availability-zones; Kubernetes docs, labels-annotations-taints)."""
    zones = [f"{region}-{zone}" for zone in pool.zones] or ["0"]
    room = allocatable(pool.vm, pool.max_pods) if pool.vm else _ENDLESS
    taints = [*pool.taints, *([SPOT_TAINT] if pool.spot and SPOT_TAINT not in pool.taints else [])]
    return tuple(_node(pool, region, zone, room, taints) for zone in zones if pool.maximum)


def _node(pool: Pool, region: str, zone: str, room: Room, taints: Iterable[NodeTaint]) -> Manifest:
    aks = "kubernetes.azure.com"
    architecture = pool.vm.architecture if pool.vm else "amd64"
    labels = {
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
        "node.kubernetes.io/instance-type": pool.vm_size,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": zone,
        "agentpool": pool.name,
        f"{aks}/agentpool": pool.name,
        f"{aks}/mode": "system" if pool.system else "user",
        f"{aks}/priority": "spot" if pool.spot else "regular",
    }
    labels |= {f"{aks}/scalesetpriority": "spot"} if pool.spot else {}
    labels |= {f"{aks}/accelerator": "nvidia"} if pool.vm and pool.vm.gpus and pool.vm.gpu_vendor == "nvidia" else {}
    resources = {**_quantities(room, floor), "pods": str(pool.max_pods)}
    return {
        "labels": {**labels, **pool.labels},
        "taints": [dict(zip(("key", "value", "effect"), taint, strict=True)) for taint in taints],
        "resources": resources,
    }


def _quantities(room: Room, whole: Any) -> dict[str, str]:
    """Resources as Kubernetes counts them: CPUs in thousandths, memory in bytes."""
    found = {"cpu": f"{whole(room.cpus * 1000)}m", "memory": str(whole(room.mib * MIB))}
    return {**found, **{name: str(whole(amount)) for name, amount in room.devices.items()}}


# --- pods ---


def spec_of(pod: Pod, takes: Room) -> Manifest:
    """A pod as rayfleet reads it, written out again."""
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(pod.terms or ())}}
    return {
        "nodeSelector": dict(pod.selector),
        "tolerations": list(pod.tolerations),
        "containers": [{"name": "own", "image": "own", "resources": _requests(takes)}],
        **({} if pod.terms is None else {"affinity": {"nodeAffinity": required}}),
    }


def _requests(takes: Room) -> Manifest:
    asked = {name: amount for name, amount in _quantities(takes, ceil).items() if amount not in ("0", "0m")}
    return {"requests": asked, "limits": {name: amount for name, amount in asked.items() if "/" in name}}


def spec_of_manifest(spec: Mapping[str, Any]) -> Manifest:
    """A pod's ``spec`` without what has nothing to do with where it runs, and would keep it from running here."""
    found = {key: spec[key] for key in ("nodeSelector", "tolerations") if key in spec}
    if "affinity" in spec:
        found["affinity"] = {key: value for key, value in (spec["affinity"] or {}).items() if key == "nodeAffinity"}
    for key in ("containers", "initContainers"):
        rows = [row for row in spec.get(key) or () if isinstance(row, dict)]
        found[key] = [{"image": "own", **{name: row[name] for name in _OF_CONTAINERS if name in row}} for row in rows]
    return found


# --- the scheduler ---


class Scheduler:
    """What the scheduler said of pairs, each asked once."""

    def __init__(self, api: ApiServer) -> None:
        self._api, self._numbers, self._known = api, count(1), dict[str, int]()

    @property
    def asked(self) -> int:
        """How many different pairs it was asked of."""
        return len(self._known)

    def takes(self, pairs: Iterable[Pair]) -> list[int]:
        """The pods that run, for each pair."""
        wanted = list(pairs)
        unknown = {pair.key: pair for pair in wanted if pair.key not in self._known}
        self._known |= dict.fromkeys(unknown, 0)
        if with_nodes := {key: pair for key, pair in unknown.items() if pair.nodes}:
            self._ask(with_nodes)
        return [self._known[pair.key] for pair in wanted]

    def _ask(self, pairs: Mapping[str, Pair]) -> None:
        names = {f"pair-{next(self._numbers)}": key for key in pairs}
        self._make({
            f"{name}-{number}": _node_manifest(f"{name}-{number}", name, node)
            for name, key in names.items()
            for number, node in enumerate(pairs[key].nodes)
        })  # fmt: skip
        pods = {}
        for name, key in names.items():
            for number in range(pairs[key].pods):
                try:
                    self._api.create(_pod_manifest(f"{name}-{number}", name, pairs[key].spec))
                except Refused as refused:
                    assert refused.code == 422, refused  # a pod that is no pod runs nowhere
                else:
                    pods[f"{name}-{number}"] = key
        for pod, taken in self._decided(set(pods)):
            self._known[pods[pod]] += taken
        everything = {"gracePeriodSeconds": 0}
        for path in (f"/api/v1/namespaces/{NAMESPACE}/pods", "/api/v1/nodes"):
            self._api.ask("DELETE", path, everything, query={"labelSelector": PAIR})

    def _make(self, nodes: Mapping[str, Manifest]) -> None:
        """Nodes that are ready, and that the scheduler knows of: it has scheduled a pod to one that came after them."""
        for node in nodes.values():
            self._api.create(node)
        left = set(nodes)
        with self._api.watch("v1", "Node", labelSelector=PAIR) as events:
            while left:
                row = next(events)
                taints = {taint["key"] for taint in row.get("spec", {}).get("taints") or ()}
                if row["event"] != "BOOKMARK" and _NOT_READY not in taints:
                    left.discard(row["metadata"]["name"])
        name = f"last-{next(self._numbers)}"
        self._api.create(_node_manifest(name, name, {"labels": {}, "taints": [], "resources": {"pods": "1"}}))
        self._api.create(_pod_manifest(name, name, {"containers": [{"name": "own", "image": "own"}]}))
        self._api.until(
            "v1", "Pod", lambda row: condition(row, "PodScheduled") == "True", fieldSelector=f"metadata.name={name}"
        )

    def _decided(self, names: set[str]) -> Iterator[tuple[str, bool]]:
        left = set(names)
        with self._api.watch("v1", "Pod", NAMESPACE, labelSelector=PAIR) as events:
            while left:
                row = next(events)
                name, said = row.get("metadata", {}).get("name"), condition(row, "PodScheduled")
                if name in left and said:
                    left.remove(name)
                    yield name, said == "True"


def _node_manifest(name: str, pair: str, node: Manifest) -> Manifest:
    labels = {**node["labels"], "kubernetes.io/hostname": name, PAIR: pair}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": node["taints"]},
        "status": {"allocatable": node["resources"], "capacity": node["resources"]},
    }


def _pod_manifest(name: str, pair: str, spec: Manifest) -> Manifest:
    selector = {**{str(key): str(value) for key, value in (spec.get("nodeSelector") or {}).items()}, PAIR: pair}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {PAIR: pair}},
        "spec": {**spec, "nodeSelector": selector, "automountServiceAccountToken": False},
    }
