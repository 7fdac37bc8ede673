"""Placement of all but Ray pods: system pods, controllers, and the pods of manifests."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.labels import HARD
from rayfleet.proofs.anyscale.ray_placement import is_gpu, is_ray
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.proofs.kubernetes.pool_names import pool_names
from rayfleet.scheduler.anyscale_pods import OperatorPods
from rayfleet.scheduler.fits import Obstacle, obstacles, start_obstacle, tolerates
from rayfleet.scheduler.nodes import Node
from rayfleet.scheduler.pods import DefinedPod, of_controllers, of_manifests
from rayfleet.tree import RenderedCluster, get
from rayfleet.tree.gaps import operator_of

# How many pods the operator's Deployment has (anyscale-operator 1.8.0, values.yaml).
_REPLICAS = ("operator", "replicas")


# --- system pods ---


def system_pods(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """There is a System pool, and a pool for pods that tolerate nothing: AKS's extensions and uninstall jobs have some
    (AKS docs, use-system-pools; Azure/AKS issues 3359 and 4780).
    """
    pools = cluster.side("properties", "agentPoolProfiles")
    systems = [node for node in nodes if node.pool.system]
    if not systems and cluster.aks:
        yield failed(
            "placement/no-system-pool",
            cluster.name,
            "no pool is of mode System",
            "add one: AKS's own pods run there",
            pools,
        )
    free = [node for node in nodes if node.open and not node.pool.spot]
    if free:
        what = f"pods that tolerate nothing find {pool_names(free)}"
        yield proved("placement/all-pools-tainted", cluster.name, what, *(node.pool.side() for node in free))
    else:
        kept = [
            node.pool.side(*place) for node in systems for taint, place in node.traits.taints if taint.effect in HARD
        ]
        what = "every pool is tainted or on spot: pods that tolerate nothing have nowhere to run"
        yield failed(
            "placement/all-pools-tainted",
            cluster.name,
            what,
            "remove the taints of a System pool, or add a small pool",
            *kept[:1],
            pools,
        )


# --- the blob driver ---


def csi(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """The blob driver's pods are AKS's own, and tolerate every taint (blob-csi-driver, deploy/csi-blob-node.yaml)."""
    path = ("properties", "storageProfile", "blobCSIDriver", "enabled")
    if nodes and cluster.aks and get(cluster.aks.resource.data, *path) is True:
        what = "the blob driver's pods run on every pool: they tolerate every taint"
        yield proved("placement/pod-no-pool", cluster.name, what, cluster.side(*path))


# --- controllers and manifests ---


def controllers(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """The controllers of charts find pools that stay, and have no GPUs; Anyscale's operator is there at all."""
    operator = operator_of(cluster)
    if operator and type(get(operator.values, *_REPLICAS)) is int and get(operator.values, *_REPLICAS) < 1:
        what = "Anyscale's operator has no replica: nothing starts Ray pods"
        yield failed("placement/no-replica", cluster.name, what, "write 1 or more", operator.side(*_REPLICAS))
    for row, _ in of_controllers(cluster):
        taken, found = _placements(cluster, row, nodes)
        yield from found
        for node in taken:
            wrong = "a spot pool" if node.pool.spot else "whose GPUs it does not use" if is_gpu(node) else ""
            if wrong:
                what = f"{row.name} may land on {node.pool.name}, {wrong}"
                yield failed(
                    "placement/wrong-pool",
                    cluster.name,
                    what,
                    "taint the pool, or select another",
                    row.side,
                    node.pool.side(),
                )


def manifests(cluster: RenderedCluster, nodes: list[Node]) -> Iterator[Finding]:
    """Every pod that a manifest defines finds a pool."""
    for row in of_manifests(cluster):
        yield from _placements(cluster, row, nodes)[1]
        for node in nodes if row.everywhere else ():
            if is_ray(node) or is_gpu(node):
                yield from _node_left_out(cluster, row, node)


def _placements(cluster: RenderedCluster, row: DefinedPod, nodes: list[Node]) -> tuple[list[Node], list[Finding]]:
    tried = [(node, obstacles(row.pod, node)) for node in nodes]
    taken = [node for node, why in tried if not why]
    asleep = [(node, why) for node in taken if (why := start_obstacle(row.pod, node))]
    if taken and (row.everywhere or len(asleep) < len(taken)):
        sides = (row.side, *(node.pool.side() for node in taken))
        return taken, [proved("placement/pod-no-pool", cluster.name, f"{row.name} finds {pool_names(taken)}", *sides)]
    if asleep:
        node, why = asleep[0]
        what = f"{row.name} cannot start {node.pool.name} from zero nodes: {why.what} until it has a node"
        fix = f"put the label into nodeLabels of {node.pool.name}, or select by one that is there"
        return taken, [failed("placement/from-zero", cluster.name, what, fix, row.side, node.pool.side(*why.place))]
    nearest = min(tried, key=lambda pair: _distance(pair[1]), default=None)
    if nearest is None:
        return [], [
            failed(
                "placement/pod-no-pool",
                cluster.name,
                f"{row.name} finds no pool: there is none",
                "add a pool",
                row.side,
            )
        ]
    node, reasons = nearest
    what = f"{row.name} finds no pool: nearest is {node.pool.name}: {', and '.join(why.what for why in reasons)}"
    fix = "; ".join(dict.fromkeys(why.fix(node.pool.name) for why in reasons))
    places = [node.pool.side(*why.place) for why in reasons]
    return [], [failed("placement/pod-no-pool", cluster.name, what, fix, row.side, *places)]


def _distance(reasons: tuple[Obstacle, ...]) -> tuple[int, int, int]:
    """A pool that has the devices is nearer than any that has not, and one with the labels than one that tolerates the
    pod: those two are what the pod is for, and a taint only asks it to say so."""
    return (
        sum(why.is_device for why in reasons),
        sum(bool(why.label) or why.place[:1] == ("nodeLabels",) for why in reasons),
        len(reasons),
    )


def _node_left_out(cluster: RenderedCluster, row: DefinedPod, node: Node) -> Iterator[Finding]:
    why = obstacles(row.pod, node)
    taints = [taint for taint, _ in node.traits.taints if taint.effect in HARD and not tolerates(row.pod, taint)]
    if taints and len(why) == len(taints):
        what = f"{row.name} does not run on {node.pool.name}: {why[0].what}"
        yield noted("placement/left-out", cluster.name, what, row.side, node.pool.side(*why[0].place))


def unused_pools(cluster: RenderedCluster, nodes: list[Node], asked: OperatorPods | None) -> Iterator[Finding]:
    """A pool that is neither AKS's nor Ray's carries something."""
    if asked is None:
        return
    pods = [row.pod for row, _ in of_controllers(cluster)] + [row.pod for row in of_manifests(cluster)]
    pods += [pod for ask in asked.asks for pod in ask.pods.values()]
    for node in nodes:
        if not node.pool.system and not is_ray(node) and all(obstacles(pod, node) for pod in pods):
            what = f"nothing rendered runs on {node.pool.name}"
            yield warned(
                "placement/pool-unused",
                cluster.name,
                what,
                "remove it, or let something select and tolerate it",
                node.pool.side(),
            )
