"""Overlays: that what a cluster names is there, in the cluster as here."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic, did_you_mean
from rayfleet.fleet_files import LAYERS, Inputs
from rayfleet.model.fleet import Fleet
from rayfleet.source.origin import Origin


def judge(fleet: Fleet, origin: Origin, inputs: Inputs) -> Iterator[Diagnostic]:
    """Overlays without a Component for any layer, and those with links that Flux cannot follow."""
    known = {folder.split("/")[0] for folder in inputs.overlay_folders}
    for cluster in fleet.clusters:
        for at, name in enumerate(cluster.delivery.overlays):
            place = (cluster.name, ("overlays", at))
            links = [row for row in inputs.overlay_links if row[0] == "." or f"{row[0]}/".startswith(f"{name}/")]
            for path, target in links:
                link = "overlays" if path == "." else f"overlays/{path}"
                what = f"{link} is a link to {target}: Flux has a clone of the repository, where that leads nowhere"
                yield origin.at(*place, what, "copy what it leads to into the repository")
            if not links and name not in known:
                what = f'there is no overlay "{name}"{did_you_mean(name, known)}'
                fix = f"make overlays/{name}/<layer>/kustomization.yaml; the layers are {', '.join(LAYERS)}"
                yield origin.at(*place, what, fix)
