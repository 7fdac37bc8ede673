"""The accounts that Flux's controllers act as."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.flux import HELM, KUSTOMIZE
from rayfleet.proofs.finding import Finding
from rayfleet.proofs.flux.rollout import PlacedObject, Rollout, object_name
from rayfleet.tree import get, text

# Made by AKS's extension in the namespace of a configuration (MicrosoftDocs/azure-management-docs,
# conceptual-gitops-flux2.md, "Multi-tenancy"), and by Kubernetes in each namespace (Kubernetes docs, service accounts).
_APPLIER, _DEFAULT = "flux-applier", "default"


def of_cluster(rollout: Rollout) -> Iterator[Finding]:
    """Every Kustomization and every HelmRelease."""
    made = {(row.manifest.namespace, row.manifest.name) for row in rollout.of_kind("ServiceAccount")}
    made.add((rollout.namespace, _APPLIER))
    for row in rollout.flux:
        if row.manifest.group in (KUSTOMIZE, HELM):
            yield from _account(rollout, row, made)


def _account(rollout: Rollout, row: PlacedObject, made: set[tuple[str, str]]) -> Iterator[Finding]:
    """It is one of the object's own namespace (kustomize-controller and helm-controller docs, service account
    reference); with kubeConfig, of another cluster.
    """
    manifest = row.manifest
    name = text(manifest.data, "spec", "serviceAccountName")
    if not name or name == _DEFAULT or (manifest.namespace, name) in made or get(manifest.data, "spec", "kubeConfig"):
        return
    account = f"{manifest.namespace}/{name}"
    what = f"its {object_name(manifest.kind, manifest.name)} is applied as {account}, an account that nothing makes"
    fix = f"leave it out, which is {_APPLIER}, or make the account in {manifest.namespace}"
    # Whoever adds an object of Flux's own may make its account elsewhere.
    ids = ("flux/no-account", "flux/overlay-no-account")
    yield rollout.broken(manifest, *ids, what, fix, manifest.side("spec", "serviceAccountName"))
