"""Flux: everything that it follows is there, belongs to the cluster, and comes up in an order that ends."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import Finding
from rayfleet.proofs.flux import entry, fields, kustomization_files, manifests, order, permanence, references, releases
from rayfleet.proofs.flux.rollout import Rollout
from rayfleet.proofs.grouping import notices
from rayfleet.tree import RenderedCluster


def of_cluster(cluster: RenderedCluster, evidence: Evidence) -> Iterator[Finding]:
    """What Flux does with one cluster; what is only to be known of overlays, of all clusters at once."""
    tree = evidence.tree

    def of_overlays(finding: Finding) -> bool:
        """Whether clusters share the file: what is warned or noted of it is said once for all of them."""
        inside = _file(finding).startswith(f"{tree.files.folder}/")
        return finding.outcome in ("warned", "noted") and _file(finding) != "" and not inside

    return notices(tree, "flux").kept(_claims(cluster, evidence), of_overlays, _file)


def of_fleet(evidence: Evidence) -> Iterator[Finding]:
    """Folders that no cluster follows, where rendered/ is, and what is to be known of overlays."""
    yield from entry.of_fleet(evidence)
    yield from notices(evidence.tree, "flux").said()


def _file(finding: Finding) -> str:
    return finding.sides[0].source.file if finding.sides else ""


def _claims(cluster: RenderedCluster, evidence: Evidence) -> Iterator[Finding]:
    """Where Flux begins wrongly, all that would follow from that is left unsaid."""
    tree = evidence.tree
    extension = entry.extension_of(cluster)
    yield from entry.configured(cluster, extension)
    lost = list(entry.begins(cluster, tree))
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
    yield from order.of_cluster(rollout)
    yield from manifests.of_cluster(rollout)
    yield from fields.of_cluster(rollout)
    yield from releases.of_cluster(rollout, evidence)
    yield from permanence.of_cluster(rollout, evidence)
