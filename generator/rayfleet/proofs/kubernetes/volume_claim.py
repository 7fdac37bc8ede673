"""The claim that Anyscale mounts: from the cloud resource to the volume it is bound to, and whether the two fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rayfleet.diagnostics import did_you_mean, nearest
from rayfleet.facts.blobfuse import DRIVER
from rayfleet.facts.quantity import quantity
from rayfleet.proofs.finding import Finding, failed, pending, warned
from rayfleet.proofs.kubernetes.blob_mount import options
from rayfleet.source import Source
from rayfleet.tree import RenderedCluster, Side, entries, get, text
from rayfleet.tree.blob_volume import CLAIM, BlobVolume
from rayfleet.tree.gaps import has_gaps
from rayfleet.tree.layer import Manifest

_SHARED, _READ = "ReadWriteMany", "ReadOnlyMany"


class MountedVolume(NamedTuple):
    """A claim, and the volume that it names or the storage class that makes it one."""

    claim: Manifest
    volume: BlobVolume


def find(cluster: RenderedCluster) -> tuple[MountedVolume | None, list[Finding]]:
    """The claim and volume that Anyscale mounts in a cluster, or the reasons why they cannot be found."""
    resource = cluster.cloud_resource
    if resource is None:
        return None, list(_no_cloud_resource(cluster))
    claim = _claim(cluster, resource)
    volume = claim if isinstance(claim, Finding) else _volume(cluster, claim)
    if isinstance(claim, Finding) or isinstance(volume, Finding):
        # Of a cluster that cannot be read whole, nothing is known to be missing.
        found = [row for row in (volume,) if isinstance(row, Finding)]
        return None, [row for row in found if row.outcome != "failed" or not has_gaps(cluster)]
    return MountedVolume(claim, volume), []


def _no_cloud_resource(cluster: RenderedCluster) -> Iterator[Finding]:
    if cluster.problems:
        return  # it is there, and cannot be read
    bound = cluster.late_side("principalId")
    if bound is None:
        yield pending(
            "storage/no-cloud-resource",
            cluster.name,
            "what Anyscale mounts waits for principalId: there is no cloud resource yet",
        )
    else:
        what = "its principalId is bound, and its cloud resource is not rendered: nothing says what Anyscale mounts"
        yield failed("storage/no-cloud-resource", cluster.name, what, "render again", bound)


def _claim(cluster: RenderedCluster, resource: Source) -> Manifest | Finding:
    """The claim of the cloud resource's name, in the namespace that the operator is installed in."""
    name, side = text(resource.data, *CLAIM), Side(resource, CLAIM)
    if not name:
        return failed(
            "storage/no-claim", cluster.name, "its cloud resource names no claim", "name one under file_storage", side
        )
    claims = cluster.of_kind("PersistentVolumeClaim", "")
    operator = cluster.operator
    if not claims and cluster.late("clientId") is None:
        return pending("storage/no-claim", cluster.name, f"the claim {name} waits for clientId", side)
    same = [row for row in claims if row.name == name]
    found = next((row for row in same if operator is None or row.namespace == operator.namespace), None)
    if found:
        return found
    if operator and same:
        what = f"Anyscale mounts the claim {name} of namespace {operator.namespace}, and it is in {same[0].namespace}"
        fix = f"put the claim into {operator.namespace}"
        return failed(
            "storage/claim-namespace",
            cluster.name,
            what,
            fix,
            same[0].side("metadata", "namespace"),
            _operator_namespace_side(cluster, side),
        )
    near = nearest(name, [row.name for row in claims])
    others = [row.side("metadata", "name") for row in sorted(claims, key=lambda row: row.name != near)[:1]]
    what = f"Anyscale mounts the claim {name}, and there is none of that name"
    fix = f"name a claim of the operator's namespace{did_you_mean(name, [row.name for row in claims])}"
    return failed("storage/no-claim", cluster.name, what, fix, side, *others)


def _operator_namespace_side(cluster: RenderedCluster, otherwise: Side) -> Side:
    """The place of the operator's namespace."""
    return cluster.operator.manifest.side("spec", "targetNamespace") if cluster.operator else otherwise


def _volume(cluster: RenderedCluster, claim: Manifest) -> BlobVolume | Finding:
    """A claim names its volume; one that does not gets what its class makes."""
    name, kind = text(claim.data, "spec", "volumeName"), text(claim.data, "spec", "storageClassName")
    if name:
        side = claim.side("spec", "volumeName")
        volumes = cluster.of_kind("PersistentVolume", "")
        found = next((BlobVolume(row, static=True) for row in volumes if row.name == name), None)
        what, others = f"its claim {claim.name} names the volume {name}, and there is none", volumes
    else:
        side = claim.side("spec", "storageClassName")
        classes = cluster.of_kind("StorageClass", "storage.k8s.io")
        found = next((BlobVolume(row, static=False) for row in classes if kind and row.name == kind), None)
        what, others = f"its claim {claim.name} is of the storage class {kind}, and there is none", classes
        if not kind:
            # AKS marks a class of disks as the default (AKS docs, concepts-storage).
            what = f"its claim {claim.name} names neither a volume nor a storage class: AKS gives it a disk"
    if found is None:
        there = [row.name for row in others]
        near = nearest(name or kind, there)
        fix = f"name a volume, or a storage class, that the platform layer has{did_you_mean(name or kind, there)}"
        return failed(
            "storage/claim-of-nothing",
            cluster.name,
            what,
            fix,
            side,
            *(row.side("metadata", "name") for row in sorted(others, key=lambda row: row.name != near)[:1]),
        )
    if found.driver != DRIVER:
        what = f"{found.name} is of the driver {found.driver or 'none'}, not of {DRIVER}: it leads to no container"
        return failed("storage/another-driver", cluster.name, what, f"use {DRIVER}", found.driver_side, side)
    return found


# --- what fits ---


def judge(cluster: RenderedCluster, mounted: MountedVolume) -> Iterator[Finding]:
    """Kubernetes binds the two to each other, pods of many nodes may mount it, and Flux deletes neither."""
    claim, volume = mounted
    if volume.static:
        yield from judge_static(cluster, claim, volume.manifest)
    yield from _modes(cluster, claim, volume)
    yield from _write_access(cluster, mounted)


def judge_static(cluster: RenderedCluster, claim: Manifest, volume: Manifest) -> Iterator[Finding]:
    """A claim and the volume that it names."""
    yield from _claim_binding(cluster, claim, volume)
    yield from _size(cluster, claim, volume)


def _claim_binding(cluster: RenderedCluster, claim: Manifest, volume: Manifest) -> Iterator[Finding]:
    """Each names the other, and both one class (Kubernetes docs, persistent-volumes: reserving, class)."""
    side = claim.side("spec", "volumeName")
    wanted, named = (claim.namespace, claim.name), _claim_ref(volume)
    if named is None:
        what = f"the volume {volume.name} names no claim: another claim may take it first"
        yield warned(
            "storage/volume-not-kept",
            cluster.name,
            what,
            "name the claim in claimRef",
            volume.side("spec", "claimRef"),
            side,
        )
    elif named != wanted:
        key = "namespace" if named[1] == wanted[1] else "name"
        what = f"the volume {volume.name} is kept for the claim {'/'.join(named)}, not for {'/'.join(wanted)}"
        yield failed(
            "storage/volume-of-another-claim",
            cluster.name,
            what,
            f"name {'/'.join(wanted)}",
            volume.side("spec", "claimRef", key),
            side,
        )
    own, other = (get(row.data, "spec", "storageClassName") for row in (claim, volume))
    if own is None:
        what = f"its claim {claim.name} names no storage class, and Kubernetes then puts the default one in"
        fix = f"write {other or ''!r}, as the volume does"
        yield failed(
            "storage/default-class",
            cluster.name,
            what,
            fix,
            claim.side("spec"),
            volume.side("spec", "storageClassName"),
        )
    elif own != (other or ""):
        what = f"its claim is of the storage class {own!r}, and the volume of {other or ''!r}: they are never bound"
        sides = (row.side("spec", "storageClassName") for row in (claim, volume))
        yield failed("storage/class-differs", cluster.name, what, "name one class on both", *sides)


def _claim_ref(volume: Manifest) -> tuple[str, str] | None:
    """Namespace and name of the claim that a volume is kept for."""
    reference = get(volume.data, "spec", "claimRef")
    return (text(reference, "namespace"), text(reference, "name")) if reference else None


def _size(cluster: RenderedCluster, claim: Manifest, volume: Manifest) -> Iterator[Finding]:
    wants = get(claim.data, "spec", "resources", "requests", "storage")
    has = get(volume.data, "spec", "capacity", "storage")
    asked, given = quantity(wants), quantity(has)
    sides = claim.side("spec", "resources", "requests", "storage"), volume.side("spec", "capacity", "storage")
    if asked is None or given is None:
        who, said = ("the claim asks for", wants) if asked is None else ("the volume has", has)
        side, other = sides if asked is None else sides[::-1]
        yield failed("storage/size", cluster.name, f"{who} {said}, which is no size", "write one, as 10Ti", side, other)
    elif asked > given:
        what = f"its claim asks for {wants}, and the volume has {has}: they are never bound"
        yield failed("storage/size", cluster.name, what, "ask for no more than the volume has", *sides)


def _modes(cluster: RenderedCluster, claim: Manifest, volume: BlobVolume) -> Iterator[Finding]:
    wanted = [mode for mode in entries(claim.data, "spec", "accessModes") if isinstance(mode, str)]
    side = claim.side("spec", "accessModes")
    if volume.static:
        given = entries(volume.manifest.data, "spec", "accessModes")
        lacking = [mode for mode in wanted if mode not in given]
        if lacking:
            what = (
                f"its claim asks for {', '.join(lacking)}, and the volume has {', '.join(map(str, given)) or 'nothing'}"
            )
            fix = "give the volume every mode of the claim"
            yield failed(
                "storage/access-modes", cluster.name, what, fix, side, volume.manifest.side("spec", "accessModes")
            )
    if _SHARED not in wanted and set(wanted) != {_READ}:
        # Kubernetes docs, persistent-volumes: what an access mode promises, if not what the driver enforces.
        what = f"its claim asks for {', '.join(wanted) or 'no access mode'}, and pods of many nodes mount it"
        yield warned("storage/access-mode-of-one-node", cluster.name, what, f"ask for {_SHARED}", side)


def _write_access(cluster: RenderedCluster, mounted: MountedVolume) -> Iterator[Finding]:
    """Anyscale writes to what it mounts. A volume is read-only by its own word, by a mount option of BlobFuse2's, or by
    the modes of its claim (Kubernetes docs, persistent-volumes; Azure/azure-storage-fuse, README: read-only).
    """
    claim, volume = mounted
    given, attach = options(volume), ("spec", "csi", "readOnly")
    places = []
    if volume.static and get(volume.manifest.data, *attach) is True:
        places.append((f"{volume.name} is readOnly", volume.manifest.side(*attach)))
    if "ro" in given.fuse:
        places.append((f"{volume.name} is mounted with -o ro", given.fuse["ro"].side))
    if given.is_on("--read-only"):
        places.append((f"{volume.name} is mounted with --read-only", given.named["--read-only"].side))
    if set(map(str, entries(claim.data, "spec", "accessModes"))) == {_READ}:
        places.append((f"its claim asks for {_READ}", claim.side("spec", "accessModes")))
    for what, side in places:
        fix = "take it out" if _READ not in what else f"ask for {_SHARED}"
        yield failed("storage/read-only", cluster.name, f"{what}, and Anyscale writes to it", fix, side)
