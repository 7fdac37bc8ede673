"""Releases that leave their layer, or have another name, since the base commit: Flux uninstalls them."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.changes.kubernetes import RELEASE, objects, same_file
from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import Finding, failed
from rayfleet.proofs.flux.rollout import Rollout, has_prune_disabled, key_of, namespaced_name
from rayfleet.tree import Tree, get, text


def of_cluster(rollout: Rollout, evidence: Evidence) -> Iterator[Finding]:
    """Every release that the base commit has."""
    base = evidence.base
    if base is not None and evidence.had(rollout.cluster.template):
        for path in base.cluster_files.get(rollout.cluster.name, ()):
            if path.endswith("/helmrelease.yaml"):
                yield from _file_moves(rollout, path, base, evidence.tree)


def _file_moves(rollout: Rollout, path: str, base: Tree, now: Tree) -> Iterator[Finding]:
    """A release that leaves its layer, or has another name, is uninstalled with the object that goes."""
    folder, file = "/".join(path.split("/")[:3]), now.files.name(path)
    here = [(rollout.layers[layer].path, row.manifest) for layer, row in rollout.releases]
    own = [(where, row) for where, row in here if row.written.file == file]
    if not _prunes(rollout, folder):
        return
    if own and all(where == folder for where, _ in own) and same_file(path, base, now):
        return
    before = [row for row in objects(base, path, []) if row.kind == RELEASE]
    known = {key_of(row.document) for row in before}
    new = next((row for _, row in own if key_of(row.written.data) not in known), None)
    for old in before:
        same = [(where, row) for where, row in here if key_of(row.written.data) == key_of(old.document)]
        if has_prune_disabled(old.source.data) or any(where == folder for where, _ in same):
            continue
        name, at = text(old.document, "metadata", "name"), ("metadata", "name")
        if same:
            (where, moved), was = same[0], folder.rpartition("/")[2]
            what = f"its release {name} is in {where.rpartition('/')[2]} and was in {was}: Flux uninstalls it there"
            yield failed(
                "flux/release-renamed", rollout.cluster.name, what, f"leave it in {was}", moved.side(*at), old.side(at)
            )
        elif new:
            names = namespaced_name(old.document), namespaced_name(new.written.data)
            what = f"its release {names[0]} is called {names[1]} now: Flux uninstalls it"
            yield failed(
                "flux/release-renamed",
                rollout.cluster.name,
                what,
                f"call it {namespaced_name(old.document)} again",
                new.side(*at),
                old.side(at),
            )


def _prunes(rollout: Rollout, folder: str) -> bool:
    """True where Flux deletes an object that leaves a folder."""
    rows = rollout.kustomizations.items()
    found = next((row for name, row in rows if name in rollout.layers and rollout.layers[name].path == folder), None)
    return found is not None and get(found.data, "spec", "prune") is True
