"""The form of objects: of a kind that there is, and with all that Flux or the API server would decide without."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import did_you_mean, many
from rayfleet.facts.explicit_properties import EXPLICIT_FIELDS
from rayfleet.facts.kubernetes_values import KINDS
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.proofs.flux.rollout import Rollout, object_name
from rayfleet.proofs.values import absent
from rayfleet.tree import get
from rayfleet.tree.layer import Manifest

_HEAD = (("apiVersion",), ("kind",), ("metadata", "name"))


def of_cluster(rollout: Rollout) -> Iterator[Finding]:
    """Every object; only rayfleet's own have to state what others may leave out."""
    found = [row for _, manifest in rollout.placed for row in _judge(rollout, manifest)]
    yield from found
    if rollout.placed and not found:
        what = f"its {many(len(rollout.placed), 'object')} are of kinds that there are, and state all that they should"
        yield proved("flux/unstated", rollout.cluster.name, what, rollout.placed[0].manifest.side("kind"))


def _judge(rollout: Rollout, manifest: Manifest) -> Iterator[Finding]:
    missing = [".".join(path) for path in _HEAD if not get(manifest.data, *path)]
    if missing:
        what = f"an object of {manifest.side().source.file} has no {', '.join(missing)}"
        yield failed("flux/object-form", rollout.cluster.name, what, "write it", manifest.side())
        return
    kinds = KINDS.get(manifest.group, ())
    if kinds and manifest.kind not in kinds:
        what = f"its {object_name(manifest.kind, manifest.name)} is of a kind that Kubernetes does not have"
        fix = f"write one of its kinds{did_you_mean(manifest.kind, kinds)}"
        yield failed("flux/object-form", rollout.cluster.name, what, fix, manifest.side("kind"))
    elif rollout.rendered(manifest):
        yield from _omissions(rollout, manifest)


def _omissions(rollout: Rollout, manifest: Manifest) -> Iterator[Finding]:
    rows = EXPLICIT_FIELDS.get((manifest.group, manifest.kind), ())
    left_out = [".".join(map(str, path)).removeprefix("spec.") for path in absent(manifest.data, rows)]
    if left_out:
        who = f"its {object_name(manifest.kind, manifest.name)}"
        what = f"{who} does not state {', '.join(left_out)}: a default counts, and not the fleet"
        fix = "write what rayfleet render writes"
        yield failed("flux/unstated", rollout.cluster.name, what, fix, manifest.side("spec"))
