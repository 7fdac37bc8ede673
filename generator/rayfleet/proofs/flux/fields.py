"""Fields of Flux's own objects: durations that its API takes, and the accounts that its controllers act as."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rayfleet.facts.flux import HELM, KUSTOMIZE
from rayfleet.proofs.finding import Finding, failed, warned
from rayfleet.proofs.flux.rollout import Placed, Rollout, named
from rayfleet.tree import get, text
from rayfleet.tree.layer import Manifest

# The pattern of every duration (helm-controller 1.4.5, api/v2; kustomize-controller 1.7.3, api/v1; source-controller
# 1.7.4, api/v1, whose timeouts have no hours).
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+")
_ACTIONS = ("install", "upgrade", "rollback", "uninstall", "test")
_DURATIONS = (
    *(("interval",), ("timeout",), ("retryInterval",), ("chart", "spec", "interval")),
    *((action, "timeout") for action in _ACTIONS),
    *((action, "strategy", "retryInterval") for action in ("install", "upgrade")),
)
# Made by AKS's extension in the namespace of a configuration (MicrosoftDocs/azure-management-docs,
# conceptual-gitops-flux2.md, "Multi-tenancy"), and by Kubernetes in each namespace (Kubernetes docs, service accounts).
_APPLIER, _DEFAULT = "flux-applier", "default"


def of_cluster(rollout: Rollout) -> Iterator[Finding]:
    """Every Flux object."""
    made = {(row.manifest.namespace, row.manifest.name) for row in rollout.of_kind("ServiceAccount")}
    made.add((rollout.namespace, _APPLIER))
    for row in rollout.flux:
        yield from _durations(rollout, row.manifest)
        if row.manifest.group in (KUSTOMIZE, HELM):
            yield from _account(rollout, row, made)


def _durations(rollout: Rollout, manifest: Manifest) -> Iterator[Finding]:
    for path in _DURATIONS:
        written = get(manifest.data, "spec", *path)
        if written is None or (isinstance(written, str) and (_DURATION.fullmatch(written) or "${" in written)):
            continue  # what is left to fill in is said elsewhere
        said = f'"{written}"' if isinstance(written, str) else str(written)
        owner = f"its {named(manifest.kind, manifest.name)}"
        what = f"{owner} has the {'.'.join(path)} {said:.40}, which Flux does not accept"
        fix = "write a number and its unit, as 90s, 10m or 1h"
        yield failed("flux/duration", rollout.cluster.name, what, fix, manifest.side("spec", *path))


def _account(rollout: Rollout, row: Placed, made: set[tuple[str, str]]) -> Iterator[Finding]:
    """It is one of the object's own namespace (kustomize-controller and helm-controller docs, service account
    reference); with kubeConfig, of another cluster.
    """
    manifest = row.manifest
    name = text(manifest.data, "spec", "serviceAccountName")
    if not name or name == _DEFAULT or (manifest.namespace, name) in made or get(manifest.data, "spec", "kubeConfig"):
        return
    account = f"{manifest.namespace}/{name}"
    what = f"its {named(manifest.kind, manifest.name)} is applied as {account}, an account that nothing makes"
    # Whoever adds an object of Flux's own may make its account elsewhere.
    outcome = failed if rollout.rendered(manifest) else warned
    fix = f"leave it out, which is {_APPLIER}, or make the account in {manifest.namespace}"
    yield outcome("flux/no-account", rollout.cluster.name, what, fix, manifest.side("spec", "serviceAccountName"))
