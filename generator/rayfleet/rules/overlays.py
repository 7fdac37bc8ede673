"""Overlays: that what a cluster names is there."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic, did_you_mean
from rayfleet.fleet_files import LAYERS
from rayfleet.model.fleet import Fleet
from rayfleet.source.origin import Origin


def judge(fleet: Fleet, origin: Origin, folders: frozenset[str]) -> Iterator[Diagnostic]:
    """Overlays without a Component for any layer."""
    known = {folder.split("/")[0] for folder in folders}
    for cluster in fleet.clusters:
        for at, name in enumerate(cluster.delivery.overlays):
            if name not in known:
                what = f'there is no overlay "{name}"{did_you_mean(name, known)}'
                fix = f"make overlays/{name}/<layer>/kustomization.yaml; the layers are {', '.join(LAYERS)}"
                yield origin.at(cluster.name, ("overlays", at), what, fix)
