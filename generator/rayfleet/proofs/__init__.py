"""Proofs judge what was rendered: that the pieces fit each other. They read files, and never the model.

The table below is all there is. A proof says what it has to say of each cluster, then of the fleet as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from rayfleet.diagnostics import Diagnostic
from rayfleet.proofs import flux
from rayfleet.proofs.acceptance import ACCEPTED, Acceptances
from rayfleet.proofs.anyscale import cloud_resource, cloud_resource_changes
from rayfleet.proofs.azure import arm, identity, network, network_moves
from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import OUTCOMES, Finding, Outcome, unjudged
from rayfleet.proofs.fleet import bindings, capacity, versions
from rayfleet.proofs.grouping import GroupKey, Groups, by_outcome, no_groups
from rayfleet.proofs.kubernetes import gateway, node_fit, placement, volumes
from rayfleet.proofs.report import Report, Section
from rayfleet.proofs.report_row import Place, ReportRow
from rayfleet.proofs.run import Run
from rayfleet.tree import RenderedCluster, Tree
from rayfleet.tree.layer import Layer

OfCluster = Callable[[RenderedCluster, Run], Iterator[Finding]]
OfFleet = Callable[[Run], Iterator[Finding]]


def _no_findings(*_: object) -> Iterator[Finding]:
    return iter(())


class Proof(NamedTuple):
    """``title`` is the claim; ``group_key`` tells which findings of many clusters are said as one. ``layered``: it
    looks at the objects of layers."""

    name: str
    title: str
    of_cluster: OfCluster = _no_findings
    of_fleet: OfFleet = _no_findings
    group_key: GroupKey = no_groups
    layered: bool = True


def _network_of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    yield from network.of_cluster(cluster, run)
    yield from gateway.of_cluster(cluster, run)
    yield from cloud_resource.of_cluster(cluster, run)


def _network_of_fleet(run: Run) -> Iterator[Finding]:
    yield from network.of_fleet(run)
    yield from network_moves.append_only(run.evidence)
    yield from cloud_resource_changes.of_fleet(run)


#: What is said of files that cannot be read, whichever proof wanted to.
FILES = "files"

PROOFS: tuple[Proof, ...] = (
    Proof(
        "placement",
        "every pod finds a pool, and only pools meant for it",
        placement.of_cluster,
        placement.of_fleet,
        by_outcome("noted", "pending", "warned"),
    ),
    Proof(
        "shape",
        "every pod fits the nodes it finds, and strands no GPU",
        node_fit.of_cluster,
        group_key=by_outcome("noted"),
    ),
    Proof(
        "identity",
        "who signs in to Azure may, and reaches what it needs",
        identity.of_cluster,
        identity.of_fleet,
        by_outcome("noted", "pending"),
    ),
    Proof(
        "storage",
        "every mount leads to the container that ARM makes",
        volumes.of_cluster,
        volumes.of_fleet,
        by_outcome("noted", "pending"),
    ),
    Proof(
        "network",
        "ranges are apart, have room, and never move; the gateway is the operator's",
        _network_of_cluster,
        _network_of_fleet,
    ),
    Proof("bindings", "every late value has one producer and is used", bindings.of_cluster, bindings.of_fleet),
    Proof(
        "arm", "templates are whole, in order, and within Azure's limits", arm.of_cluster, arm.of_fleet, layered=False
    ),
    Proof(
        "flux",
        "everything that Flux follows is there, in an order that ends",
        flux.of_cluster,
        flux.of_fleet,
        flux.of_overlays,
    ),
    Proof(
        "capacity", "what the pools may grow to is within quota", capacity.of_cluster, capacity.of_fleet, layered=False
    ),
    Proof(
        "versions",
        "versions fit each other and are supported",
        versions.of_cluster,
        versions.of_fleet,
        by_outcome(*OUTCOMES),
    ),
)


def names() -> list[str]:
    """The proofs by name, in order."""
    return [proof.name for proof in PROOFS]


def prove(evidence: Evidence, wanted: Iterable[str] = (), witnesses: int | None = None) -> Report:
    """Runs the proofs called ``wanted``, or all. One pass over the clusters; each is forgotten before the next."""
    chosen = [proof for proof in PROOFS if proof.name in (set(wanted) or set(names()))]
    titles = {
        FILES: "every file can be read, and is what fleet.yaml gives",
        **{proof.name: proof.title for proof in chosen},
    }
    titles |= {ACCEPTED: "what is accepted is found, and accepted to this day"} if evidence.accepted else {}
    report = Report(titles, witnesses)
    accepted = Acceptances(evidence.accepted, evidence.today)
    tree, run = evidence.tree, Run(evidence)
    overlays = Groups(by_outcome("unjudged"), tree)
    groups = {proof.name: Groups(proof.group_key, tree) for proof in chosen}
    for cluster in tree.clusters():
        for proof in chosen:
            report.add(proof.name, groups[proof.name].hold_back(accepted.mark(proof.of_cluster(cluster, run))))
        report.refuse(FILES, "files/unreadable", _unreadable(cluster))
        report.refuse(FILES, "files/not-built", _build_failures(cluster))
        if any(proof.layered for proof in chosen):
            report.add(FILES, overlays.hold_back(_remote_bases(cluster)))
            report.add(FILES, overlays.hold_back(_without_overlays(cluster)))
    for proof in chosen:
        report.add(proof.name, groups[proof.name].merge())
        report.add(proof.name, accepted.mark(proof.of_fleet(run)))
    report.add(FILES, overlays.merge())
    report.refuse(FILES, "files/unreadable", tree.problems)
    report.refuse(FILES, "files/no-clusters", _without_clusters(tree))
    report.refuse(FILES, "files/base-unreadable", _unreadable_base(evidence.base), "unjudged")
    if evidence.accepted:
        report.add(ACCEPTED, accepted.judge(proof.name for proof in chosen))
    report.settle(tree.cluster_names)
    return report


def _unreadable(cluster: RenderedCluster) -> Iterator[Diagnostic]:
    yield from cluster.problems
    for layer in _layers(cluster):
        yield from layer.problems


def _without_clusters(tree: Tree) -> Iterator[Diagnostic]:
    """A tree of which nothing was judged, for no cluster is in it; what cannot be read of it is told by itself."""
    if not tree.cluster_names and not tree.problems:
        what = "nothing there makes a cluster, neither ARM nor a cluster.json: nothing was judged"
        yield Diagnostic(tree.files.folder, 0, 0, "", what, "run rayfleet render, or name the folder with --output")


def _unreadable_base(base: Tree | None) -> Iterator[Diagnostic]:
    """Files of a commit, which nobody corrects there."""
    for row in base.problems if base else ():
        what = f"{row.what}; what became of all that it had was not judged"
        yield row._replace(what=what, fix="name an older commit with --base, or look yourself at what changed")


def _build_failures(cluster: RenderedCluster) -> Iterator[Diagnostic]:
    for layer in _layers(cluster):
        if layer.error:
            what = f"kustomize does not build the layer: {layer.error}"
            fix = f"see kustomize build {layer.folder}"
            yield Diagnostic(f"{layer.folder}/kustomization.yaml", 1, 1, "", what, fix)


def _remote_bases(cluster: RenderedCluster) -> Iterator[Finding]:
    for layer in _layers(cluster):
        if layer.remote:
            side, reference = layer.remote
            what = f"{reference} is fetched from elsewhere to build the layer {layer.path.rpartition('/')[2]}"
            fix = "copy it into an overlay; or, where you trust who wrote that, run rayfleet check --remote-bases"
            yield unjudged("files/remote-base", cluster.name, f"{what}: it was not built, and not judged", fix, side)


def _without_overlays(cluster: RenderedCluster) -> Iterator[Finding]:
    layers = [layer for layer in cluster.layers.values() if not layer.built and not layer.remote]
    found = [side for layer in layers for side in layer.unread]
    if found:
        what = "its overlays were not judged: layers were read as their files say"
        fix = "install kustomize (in a checkout: make deploy-tools), which builds them, and leave --layers out"
        yield unjudged("files/overlays-unjudged", cluster.name, what, fix, *found[:1])


def _layers(cluster: RenderedCluster) -> list[Layer]:
    return [*([cluster.entry] if cluster.entry else []), *cluster.layers.values()]


__all__ = [
    "FILES", "PROOFS", "Evidence", "Finding", "Outcome", "Place", "Proof", "Report", "ReportRow", "Section", "names",
    "prove",
]  # fmt: skip
