"""Flux: everything that it follows is there, belongs to the cluster, and comes up in an order that ends."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.changes.change import Change
from rayfleet.changes.kubernetes import cluster_changes
from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import Finding
from rayfleet.proofs.flux import (
    change_orders,
    entry,
    fields,
    kustomization_files,
    manifests,
    object_changes,
    object_form,
    order,
    references,
    release_moves,
    releases,
    sources,
    values,
)
from rayfleet.proofs.flux.rollout import Rollout
from rayfleet.proofs.run import Run
from rayfleet.tree import RenderedCluster, Tree


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """One cluster. Where Flux begins wrongly, all that would follow from that is left unsaid."""
    evidence, tree = run.evidence, run.evidence.tree
    extension = entry.extension_of(cluster)
    if cluster.aks:
        yield from entry.judge_configuration(cluster, extension)
    lost = list(entry.judge_start(cluster, tree))
    yield from lost
    if lost or not cluster.flux_configurations:
        return
    rollout = Rollout(cluster, tree.files, cluster.flux_configurations[0], extension)
    lost = list(entry.paths(rollout, tree))
    yield from lost
    if lost:
        return
    yield from entry.layers(rollout)
    yield from kustomization_files.of_cluster(rollout, tree)
    yield from references.of_cluster(rollout)
    yield from sources.of_cluster(rollout)
    yield from order.of_cluster(rollout)
    yield from manifests.of_cluster(rollout)
    yield from values.of_cluster(rollout)
    yield from object_form.of_cluster(rollout)
    yield from fields.of_cluster(rollout)
    changes = _changes(cluster, evidence)
    yield from releases.of_cluster(rollout, changes)
    yield from object_changes.of_cluster(rollout, run, changes)
    yield from release_moves.of_cluster(rollout, evidence)
    change_orders.of_cluster(cluster, run, changes)


def _changes(cluster: RenderedCluster, evidence: Evidence) -> list[Change]:
    """The changes of a cluster's objects since the base commit."""
    base = evidence.base
    return list(cluster_changes(base, evidence.tree, cluster.name)) if base and evidence.had(cluster.template) else []


def of_fleet(run: Run) -> Iterator[Finding]:
    """Folders that no cluster follows, where rendered/ is, and what changes since the base commit."""
    yield from entry.of_fleet(run.evidence)
    yield from sources.of_fleet(run.evidence.tree)
    yield from object_changes.of_fleet(run)
    yield from change_orders.of_fleet(run)


def of_overlays(finding: Finding, tree: Tree) -> str | None:
    """The file that clusters share: what is warned or noted of it is said once for all of them."""
    file = finding.sides[0].source.file if finding.sides else ""
    shared = file and not file.startswith(f"{tree.files.folder}/")
    return file if shared and finding.outcome in ("warned", "noted") else None
