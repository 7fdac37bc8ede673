"""The values of fields, and the API versions of objects, as the API server and Flux take them."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import many
from rayfleet.facts.flux import FLUX
from rayfleet.facts.kubernetes_values import KUBERNETES_VALUES, VERSIONS
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.proofs.flux.rollout import Rollout, object_name
from rayfleet.proofs.values import misfits
from rayfleet.tree import text
from rayfleet.tree.layer import Manifest


def of_cluster(rollout: Rollout) -> Iterator[Finding]:
    """Every object. What is left to fill in is said elsewhere."""
    found = [
        row for _, manifest in rollout.placed for row in (*_version(rollout, manifest), *_values(rollout, manifest))
    ]
    yield from found
    if rollout.placed and not found:
        what = f"the API server knows the versions and values of its {many(len(rollout.placed), 'object')}"
        yield proved("flux/value", rollout.cluster.name, what, rollout.placed[0].manifest.side("apiVersion"))


def _version(rollout: Rollout, manifest: Manifest) -> Iterator[Finding]:
    known, version = VERSIONS.get(manifest.group), text(manifest.data, "apiVersion").rpartition("/")[2]
    if known and version and version not in known:
        flux = manifest.group.endswith(FLUX)
        has = "Flux 2.7 no longer has" if flux else "the API server does not have"
        what = f"its {object_name(manifest.kind, manifest.name)} is of {version}, which {has}"
        fix = f"write {manifest.group}/{known[0]}".replace(" /", " ")
        yield failed("flux/api-version", rollout.cluster.name, what, fix, manifest.side("apiVersion"))


def _values(rollout: Rollout, manifest: Manifest) -> Iterator[Finding]:
    takes = "Flux" if manifest.group.endswith(FLUX) else "the API server"
    for misfit in misfits(manifest.data, KUBERNETES_VALUES.get((manifest.group, manifest.kind), ())):
        if "${" not in str(misfit.written):
            what = misfit.sentence(f"its {object_name(manifest.kind, manifest.name)}", takes)
            yield failed("flux/value", rollout.cluster.name, what, misfit.fix, manifest.side(*misfit.path))
