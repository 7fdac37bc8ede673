"""ARM: templates that are whole, in an order that ends, and within Azure's limits; and nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.proofs.aks import clusters, network, node_pools, settings, upgrade_limits
from rayfleet.proofs.azure import (
    cluster_names,
    deployments,
    explicit_properties,
    names,
    property_values,
    references,
    resource_removals,
    subnets,
    tags,
    templates,
)
from rayfleet.proofs.finding import Finding
from rayfleet.proofs.fleet import registry
from rayfleet.proofs.run import Run
from rayfleet.tree import RenderedCluster


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """One cluster and its node pools."""
    yield from registry.of_cluster(cluster, run)
    if aks := cluster.aks:
        yield from node_pools.judge(cluster, aks)
        yield from settings.judge(aks)
        yield from clusters.judge(aks)
        yield from upgrade_limits.judge(aks)
        yield from network.judge(aks, run.evidence.tree)


def of_fleet(run: Run) -> Iterator[Finding]:
    """deployments.json and every template, then both against the base commit."""
    tree = run.evidence.tree
    yield from registry.of_fleet(run)
    yield from deployments.judge(tree)
    yield from references.judge(tree)
    yield from names.judge(tree)
    yield from cluster_names.judge(tree)
    yield from property_values.judge(tree)
    yield from explicit_properties.judge(tree)
    yield from templates.judge(tree)
    yield from tags.judge(tree)
    yield from subnets.judge(tree)
    yield from resource_removals.judge(run.evidence)
