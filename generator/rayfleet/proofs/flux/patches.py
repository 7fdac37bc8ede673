"""Patches that Flux applies after a layer is built: none deletes what holds data."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Invalid
from rayfleet.facts.flux import HOLDS_DATA
from rayfleet.proofs.finding import Finding, failed
from rayfleet.proofs.flux.rollout import Rollout
from rayfleet.source import read_all
from rayfleet.tree import entries, get, text
from rayfleet.tree.layer import Manifest


def judge(rollout: Rollout, layer: Manifest) -> Iterator[Finding]:
    """A strategic merge patch with ``$patch: delete`` takes its objects out of the layer, and what left it is pruned
    (kustomize-controller docs, spec/v1/kustomizations.md: patches, prune).
    """
    for index, patch in enumerate(entries(layer.data, "spec", "patches")):
        written = text(patch, "patch")
        if "$patch" not in written:
            continue
        try:
            documents = [row.data for row in read_all("patch", written.encode())]
        except Invalid:
            continue  # Flux refuses the layer, and says why
        for document in documents:
            kind = text(patch, "target", "kind") or text(document, "kind")
            if get(document, "$patch") == "delete" and (kind in HOLDS_DATA or not kind):
                name = text(patch, "target", "name") or text(document, "metadata", "name")
                whose = f"{kind or 'everything'} {name}".rstrip()
                what = f"a patch of its layer {layer.name} deletes {whose}, and the data with it"
                fix = "take the patch out; leave out of an overlay what is not wanted"
                side = layer.side("spec", "patches", index)
                yield failed("flux/patch-deletes-data", rollout.cluster.name, what, fix, side)
