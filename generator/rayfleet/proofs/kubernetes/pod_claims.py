"""The claims of pods: each that a pod of a manifest mounts is there, and something makes it a volume.

Of the claim that Anyscale mounts volume_claim speaks.
"""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import did_you_mean
from rayfleet.facts import charts
from rayfleet.facts.blobfuse import DRIVER
from rayfleet.facts.flux import NO_PROVISIONER
from rayfleet.facts.roles import ACCOUNT as MAY_MAKE_CONTAINERS
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.proofs.kubernetes.volume_claim import judge_static
from rayfleet.scheduler.pods import written_pods
from rayfleet.tree import RenderedCluster, Tree, entries, get, mapping, text
from rayfleet.tree.blob_volume import BlobVolume, target
from rayfleet.tree.gaps import has_gaps
from rayfleet.tree.layer import Manifest
from rayfleet.tree.role_assignments import RoleNeed, assignment_for


def judge(cluster: RenderedCluster, tree: Tree, mounted: Manifest | None) -> Iterator[Finding]:
    """Every claim but ``mounted``, which Anyscale mounts. Of a cluster that cannot be read whole nothing is said."""
    if has_gaps(cluster):
        return
    claims = {(row.namespace, row.name): row for row in cluster.of_kind("PersistentVolumeClaim", "")}
    volumes = {row.name: row for row in cluster.of_kind("PersistentVolume", "")}
    for claim in claims.values():
        name = text(claim.data, "spec", "volumeName")
        if claim is not mounted and name in volumes:
            yield from judge_static(cluster, claim, volumes[name])
        elif claim is not mounted and not name:
            yield from _volume_maker(cluster, tree, claim)
    yield from _missing_claims(cluster, claims)


def _missing_claims(cluster: RenderedCluster, claims: dict[tuple[str, str], Manifest]) -> Iterator[Finding]:
    """A pod waits for its claims (Kubernetes docs, persistent-volumes: claims as volumes)."""
    for pod in written_pods(cluster):
        namespace = pod.manifest.namespace
        for index, volume in enumerate(entries(pod.spec, "volumes")):
            name = text(volume, "persistentVolumeClaim", "claimName")
            if not name or (namespace, name) in claims or may_come_with_chart(cluster, namespace):
                continue
            there = [other for other_namespace, other in claims if other_namespace == namespace]
            what = f"{pod.name} mounts the claim {namespace}/{name}, which no layer makes: its pods wait for ever"
            fix = f"make the claim in a layer{did_you_mean(name, there)}"
            side = pod.side("volumes", index, "persistentVolumeClaim", "claimName")
            yield failed("storage/pod-claim-missing", cluster.name, what, fix, side)


def may_come_with_chart(cluster: RenderedCluster, namespace: str) -> bool:
    """True where a chart that rayfleet does not know is installed in the namespace, or no layer makes that."""
    known = {name for chart in charts.TABLE for name in (chart.name, chart.artifact)}
    theirs = {row.namespace for row in cluster.releases.values() if row.chart not in known}
    return namespace in theirs or namespace not in {row.name for row in cluster.of_kind("Namespace", "")}


# --- who makes the volume ---


def _volume_maker(cluster: RenderedCluster, tree: Tree, claim: Manifest) -> Iterator[Finding]:
    """Somebody made a volume that the claim may take, or the class of the claim makes one."""
    kind, side = text(claim.data, "spec", "storageClassName"), claim.side("spec", "storageClassName")
    if any(_may_take(claim, row) for row in cluster.of_kind("PersistentVolume", "")):
        return
    found = next((row for row in cluster.of_kind("StorageClass", "storage.k8s.io") if kind == row.name), None)
    if found is None:
        return  # of AKS's own, or told by the proof of Flux
    fix = "name a volume in the claim: with static provisioning nobody makes one"
    who = f"the claim {claim.namespace}/{claim.name} names no volume"
    if text(found.data, "provisioner") == NO_PROVISIONER:
        what = f"{who}, and its class {kind} makes none: its pods wait for ever"
        yield failed("storage/nobody-makes-volume", cluster.name, what, fix, side, found.side("provisioner"))
    elif text(found.data, "provisioner") == DRIVER:
        yield from judge_maker(cluster, tree, claim, BlobVolume(found, static=False))


def judge_maker(cluster: RenderedCluster, tree: Tree, claim: Manifest, volume: BlobVolume) -> Iterator[Finding]:
    """The control plane makes the volumes of a class (blob-csi-driver, docs/workload-identity-static-pv-mount.md)."""
    account = tree.resources.get(target(cluster, volume).account_id)
    if volume.static or account is None or cluster.aks is None:
        return
    side = claim.side("spec", "storageClassName")
    resource = cluster.aks.resource
    own = [resource.resolve(key) for key in mapping(resource.data, "identity", "userAssignedIdentities")]
    needs = [RoleNeed(name, MAY_MAKE_CONTAINERS, account.id, "", side) for name in own or [cluster.id]]
    who = f"the claim {claim.namespace}/{claim.name}"
    if not any(assignment_for(tree, need) for need in needs):
        what = f"its control plane may not make containers in {account.name}, and {who} needs one"
        fix = "name a volume in the claim, or grant it Storage Account Contributor (volume.provisioning: dynamic)"
        yield failed("storage/may-not-make-containers", cluster.name, what, fix, side, cluster.side("identity"))
    else:
        what = f"its control plane may make {who} a volume of {volume.name}"
        yield proved("storage/may-not-make-containers", cluster.name, what, side, volume.driver_side)


def _may_take(claim: Manifest, volume: Manifest) -> bool:
    """True where Kubernetes may bind the two: of one class, and kept for this claim or for none (Kubernetes docs,
    persistent-volumes: binding)."""
    kept = get(volume.data, "spec", "claimRef")
    wanted = (text(kept, "namespace"), text(kept, "name"))
    same = text(claim.data, "spec", "storageClassName") == text(volume.data, "spec", "storageClassName")
    return same and (not kept or wanted == (claim.namespace, claim.name))
