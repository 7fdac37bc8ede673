"""Claims whose StorageClass leads elsewhere since the base commit: they keep the container that they were given."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.changes.change import Change
from rayfleet.proofs.finding import Finding, failed
from rayfleet.proofs.flux.rollout import Rollout, namespaced_name
from rayfleet.tree import text

_CLASS, _CLAIM = "StorageClass.storage.k8s.io", "PersistentVolumeClaim"
# Where the blob driver makes a volume (blob-csi-driver docs, driver-parameters).
_PLACES = frozenset(
    ("parameters", key) for key in ("containerName", "storageAccount", "resourceGroup", "subscriptionID", "server")
)


def leads_elsewhere(row: Change) -> bool:
    """True where a class makes volumes of another container or account from now on."""
    return row.event == "changed" and row.kind == _CLASS and row.path in _PLACES


def claims_left(rollout: Rollout, changes: list[Change]) -> Iterator[tuple[Change, Finding]]:
    """Each claim of before that has its volume from such a class, with the change that it does not follow."""
    made = {row.id for row in changes if row.event == "made"}
    for row in filter(leads_elsewhere, changes):
        name = row.id.rpartition("/")[2]
        for placed in rollout.of_kind(_CLAIM):
            data = placed.manifest.data
            static = text(data, "spec", "volumeName")
            new = f"{_CLAIM}/{text(data, 'metadata', 'namespace')}/{text(data, 'metadata', 'name')}" in made
            if text(data, "spec", "storageClassName") == name and not static and not new:
                what = (
                    f"its claim {namespaced_name(data)} stays on the volume that it has, of {row.property} "
                    f"{row.before}: only new claims follow the StorageClass to {row.after}"
                )
                fix = "write what was there; or delete claim and volume by hand first, as docs/storage.md says"
                sides = (side for side in (row.new, row.old) if side)
                side = placed.manifest.side("spec", "storageClassName")
                yield row, failed("flux/claim-stays", rollout.cluster.name, what, fix, *sides, side)
