"""Placement: every pod finds a node pool, only pools that are meant for it, and no pool is there for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.proofs.anyscale import (
    compute_config_nodes,
    compute_config_order,
    compute_configs,
    instance_types,
    ray_placement,
)
from rayfleet.proofs.anyscale.compute_config_nodes import PodFit
from rayfleet.proofs.anyscale.ray_placement import Found
from rayfleet.proofs.finding import Finding, failed, pending
from rayfleet.proofs.kubernetes import device_plugins, pod_placement
from rayfleet.proofs.run import Run
from rayfleet.scheduler.anyscale_pods import OperatorPods, operator_pods
from rayfleet.scheduler.nodes import Node, node_of
from rayfleet.scheduler.room import mount, shape_room
from rayfleet.tree import RenderedCluster
from rayfleet.tree.gaps import has_gaps
from rayfleet.tree.memo import once


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """The pods of one cluster."""
    nodes = nodes_of(cluster)
    ours = operator_pods_of(cluster)
    names: frozenset[str] | None = None
    found: Found = {}
    fit = PodFit({})
    yield from pod_placement.system_pods(cluster, nodes)
    if ours and cluster.operator:
        names = frozenset(shape.name for shape in ours.shapes)
        tried = ray_placement.attempts(ours, nodes)
        beside = mount(cluster)
        fit = PodFit({shape.name: shape_room(shape, beside) for shape in ours.shapes})
        found = ray_placement.matching_pools(tried, lambda shape, node: fit.times(shape.name, node) > 0)
        yield from instance_types.removals(cluster, cluster.operator, names, run)
        yield from ray_placement.claims(cluster.name, cluster.operator, ours, tried, found)
    else:
        yield from _missing_operator(cluster)
    yield from device_plugins.judge(cluster, nodes, ours)
    yield from pod_placement.csi(cluster, nodes)
    yield from pod_placement.controllers(cluster, nodes)
    yield from pod_placement.manifests(cluster, nodes)
    yield from pod_placement.unused_pools(cluster, nodes, ours)
    yield from compute_configs.claims(cluster, run.evidence.tree, names, found)
    yield from compute_config_nodes.claims(cluster, run.evidence.tree, found, fit)
    yield from compute_config_order.missing(cluster, run.evidence.tree, nodes, found)


def of_fleet(run: Run) -> Iterator[Finding]:
    """Compute configs as a whole, and those that lead to no cluster."""
    yield from compute_configs.unknown_rows(run.evidence.tree)
    yield from compute_config_order.claims(run.evidence.tree)


@once
def nodes_of(cluster: RenderedCluster) -> list[Node]:
    """The nodes of a cluster's pools, as the scheduler sees them."""
    discovered = device_plugins.has_feature_discovery(cluster)
    return [node_of(pool, cluster.region, discovered) for pool in cluster.pools]


def operator_pods_of(cluster: RenderedCluster) -> OperatorPods | None:
    """The pods of its operator; None while it, or a part of its values, is not rendered."""
    operator = cluster.operator
    return operator_pods(operator) if operator and not operator.unresolved else None


def _missing_operator(cluster: RenderedCluster) -> Iterator[Finding]:
    if cluster.operator:
        index = cluster.operator.unresolved[0]
        where = cluster.operator.manifest.side("spec", "valuesFrom", index)
        what = "a part of the operator's values is not rendered: where Ray pods run cannot be told"
        yield failed(
            "placement/values-not-rendered", cluster.name, what, "render it, or take it out of valuesFrom", where
        )
        return
    waits_for = cluster.runtime.operator.needs
    missing = [kind for kind in waits_for if cluster.late(kind) is None]
    if missing:
        yield pending(
            "placement/no-operator",
            cluster.name,
            f"where Ray pods run waits for the operator, and that for {' and '.join(missing)}",
        )
        return
    if has_gaps(cluster):
        return
    bound = [side for kind in waits_for if (side := cluster.late_side(kind))]
    what = "Anyscale's operator is not rendered, though all that it waits for is bound"
    fix = "render again, and keep the operators layer among those that Flux follows"
    yield failed("placement/no-operator", cluster.name, what, fix, cluster.side(), *bound)
