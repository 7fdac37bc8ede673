"""Gaps of a cluster: files of it that could not be read. The proofs of files and of Flux say why, and no other proof
says it again."""

from __future__ import annotations

from rayfleet.tree import RenderedCluster, Tree, text
from rayfleet.tree.cluster import folder_in_rendered
from rayfleet.tree.helm_release import Release


def has_gaps(cluster: RenderedCluster) -> bool:
    """True where files of it, or a layer, cannot be read or built: what is missing may be there."""
    _ = cluster.releases, cluster.cloud_resource  # which are read when asked for
    layers = [cluster.entry, *cluster.layers.values()]
    listed = {row.name for row in cluster.kustomizations if folder_in_rendered(text(row.data, "spec", "path"))}
    return bool(
        cluster.problems
        or any(layer is None or layer.problems or layer.error or layer.remote for layer in layers)
        or listed - cluster.layers.keys()
    )


def operator_of(cluster: RenderedCluster) -> Release | None:
    """Its operator; None while it, or a part of its values, is not rendered."""
    operator = cluster.operator
    return operator if operator and not operator.unresolved else None


def templates_whole(tree: Tree) -> bool:
    """True where every ARM template is there, and was read."""
    paths = {template.path for template in tree.templates}
    rows = tree.deployments
    folder = tree.files.name("azure/")
    return (
        bool(rows)
        and all(f"azure/{row.template}" in paths for row in rows)
        and not any(row.file.startswith(folder) for row in tree.problems)
    )
