"""Storage: what Anyscale mounts in each cluster is the container that ARM makes, and the mount can work."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rayfleet.diagnostics import many, name_advice, nearest
from rayfleet.facts.resource_types import CONTAINER
from rayfleet.proofs.anyscale import bucket
from rayfleet.proofs.azure import retention, storage_firewall
from rayfleet.proofs.azure import storage_account as accounts
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.proofs.kubernetes import blob_mount, pod_claims
from rayfleet.proofs.kubernetes import volume_claim as claims
from rayfleet.proofs.kubernetes.volume_claim import MountedVolume
from rayfleet.proofs.run import Run, see
from rayfleet.proofs.values import is_legal
from rayfleet.tree import AksCluster, RenderedCluster, Resource, Side, Tree, get, mapping, text
from rayfleet.tree.blob_volume import CLAIM, BlobVolume, Target, fleet_volumes, target, volumes
from rayfleet.tree.gaps import templates_whole


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """From the cloud resource to the container, and every volume and storage class on the way or beside it."""
    tree = run.evidence.tree
    mounted, found = claims.find(cluster)
    every, ours = list(volumes(cluster)), fleet_volumes(cluster, tree)
    for volume in every:
        untyped = list(_parameter_types(cluster, volume))
        found += untyped
        if volume not in ours:
            what = f"the account of {volume.name} is not one of the fleet's: it was not checked"
            found.append(noted("storage/another-account", cluster.name, what, volume.side("storageAccount")))
        elif not untyped:
            found += _mount_target(cluster, volume, tree)
            if volume.text("protocol") != "nfs":
                # Nothing mounts by the class of a claim that names its volume.
                found += blob_mount.judge(cluster, volume, volume.static or not (mounted and mounted.volume.static))
    found += _volume_ids(cluster, every)
    if every:
        found += _driver(cluster.aks) if cluster.aks else ()
    if mounted:
        found += claims.judge(cluster, mounted)
        found += pod_claims.judge_maker(cluster, tree, *mounted)
        found += storage_firewall.judge(cluster, mounted, tree)
        container = target(cluster, mounted.volume).container_id
        if container in tree.resources:
            see(run.containers, container, cluster.name, mounted.volume.side("containerName"))
    found += pod_claims.judge(cluster, tree, mounted.claim if mounted else None)
    if cluster.cloud_resource:
        found += bucket.judge(cluster, cluster.cloud_resource, mounted, tree)
        found += accounts.cors(cluster, tree, bucket.read_bucket(cluster.cloud_resource).account)
    if mounted and not any(row.outcome == "failed" for row in found):
        yield from _mount_chain(cluster, mounted, tree)
    yield from found


def of_fleet(run: Run) -> Iterator[Finding]:
    """The storage accounts, and whether all clusters mount the same container."""
    found = run.containers
    yield from accounts.judge(run.evidence.tree, set(found))
    yield from retention.judge(run.evidence.tree)
    for container, row in list(found.items())[1:]:
        first, other = next(iter(found.items()))
        what = f"it mounts {_title(container)}, and {other.first} {_title(first)}: neither sees what the other writes"
        fix = "mount one container in all clusters of a cloud, or bring over what both need"
        yield warned("storage/several-containers", row.first, what, fix, row.side, other.side)
    if len(found) == 1:
        ((container, row),) = found.items()
        yield proved(
            "storage/several-containers",
            "",
            f"{many(len(row.clusters), 'cluster')} mount one container, {_title(container)}",
            row.side,
        )


def _mount_chain(cluster: RenderedCluster, mounted: MountedVolume, tree: Tree) -> Iterator[Finding]:
    claim, volume = mounted
    container = tree.resources.get(target(cluster, volume).container_id)
    if container and cluster.cloud_resource:
        what = f"its claim {claim.name} leads through {volume.name} to {_title(container.id)}, which is its bucket too"
        side = Side(cluster.cloud_resource, CLAIM)
        yield proved(
            "storage/bucket-not-mounted", cluster.name, what, side, volume.side("containerName"), container.side("name")
        )


# --- from a volume to ARM ---


def _parameter_types(cluster: RenderedCluster, volume: BlobVolume) -> Iterator[Finding]:
    """Both kinds of parameters map text to text (Kubernetes API reference, CSIPersistentVolumeSource, StorageClass)."""
    for key, written in volume.parameters.items():
        if written is not None and not isinstance(written, str):
            said = json.dumps(written, default=str)
            what = f"{volume.name}: {key} is {said} and no text: Kubernetes refuses it"
            yield failed("storage/not-text", cluster.name, what, f'write {key}: "{said}"', volume.side(key))


def _mount_target(cluster: RenderedCluster, volume: BlobVolume, tree: Tree) -> Iterator[Finding]:
    """Its account and its container are among what the templates make."""
    goal = target(cluster, volume)
    nfs = volume.text("protocol") == "nfs"
    if not nfs and volume.text("protocol") != "fuse2":
        said = volume.text("protocol") or "no protocol, which means fuse"
        what = f"{volume.name} asks for {said}, and its mount options are those of BlobFuse2"
        yield failed("storage/protocol", cluster.name, what, "write protocol: fuse2", volume.side("protocol"))
    if not volume.retains and is_legal(volume.manifest.data, *volume.reclaim_path):
        what = f"{volume.name} deletes the container, and all that every cluster stores in it, with the claim"
        yield failed(
            "storage/deletes", cluster.name, what, "reclaim by Retain", volume.manifest.side(*volume.reclaim_path)
        )
    account = tree.resources.get(goal.account_id)
    if not goal.account or account is None:
        if not goal.account or templates_whole(tree):
            yield _no_account(cluster, volume, goal, tree)
        return
    yield from _container(cluster, volume, goal, account, tree)
    if nfs:
        yield from _nfs_protocol(cluster, volume, account)
    else:
        yield from _sign_in(cluster, volume, account)
        yield from _namespace(cluster, volume, account)


def _no_account(cluster: RenderedCluster, volume: BlobVolume, goal: Target, tree: Tree) -> Finding:
    others = accounts.by_name(tree)
    near = nearest(goal.account, others) or next(iter(others), "")
    found = others.get(goal.account) or others.get(near)
    sides = [found.side("name")] if found else []
    fix = f"name {found.name} of {found.template.scope.resource_group}" if found else "let a template make it"
    side = volume.side("storageAccount")
    if not goal.account:
        what = f"{volume.name} names no storage account: the driver picks or makes one of its own"
    else:
        what = (
            f"{volume.name} leads to the account {goal.account} in {goal.resource_group}, which no template makes there"
        )
        if goal.account in others:
            side = volume.side("subscriptionID" if volume.text("subscriptionID") else "resourceGroup")
            if not volume.text("resourceGroup"):
                what += ": without resourceGroup the driver looks among the nodes"
    return failed("storage/account-missing", cluster.name, what, fix, side, *sides)


def _container(
    cluster: RenderedCluster, volume: BlobVolume, goal: Target, account: Resource, tree: Tree
) -> Iterator[Finding]:
    """blob-csi-driver, docs/driver-parameters.md: containerName."""
    if goal.container_id in tree.resources and goal.container:
        return
    there = {row.name: row for row in accounts.below(account, tree, CONTAINER)}
    fix = name_advice(goal.container, there) or "let a template make it"
    made = there.get(nearest(goal.container, there)) or next(iter(there.values()), account)
    what = f"{volume.name} leads to the container {goal.container} of {account.name}, which no template makes"
    if not goal.container:
        does = "nothing can be mounted" if volume.static else "the driver makes a new, empty one for each claim"
        what = f"{volume.name} names no container: {does}"
    yield failed("storage/container-missing", cluster.name, what, fix, volume.side("containerName"), made.side("name"))


def _sign_in(cluster: RenderedCluster, volume: BlobVolume, account: Resource) -> Iterator[Finding]:
    """Without shared keys the mount signs in by the pod's own token, and nothing asks for a key (blob-csi-driver,
    docs/workload-identity-static-pv-mount.md; pkg/blob/nodeserver.go takes the text "true" only).
    """
    if get(account.properties, "allowSharedKeyAccess") is not False:
        return
    other = account.side("properties", "allowSharedKeyAccess")
    key = volume.key("mountWithWorkloadIdentityToken")
    written = mapping(volume.parameters).get(key)
    if written != "true":
        said = f"{key} is {json.dumps(written)}" if written is not None else f"has no {key}"
        what = f"{volume.name} mounts with the account's key, but {account.name} accepts no keys: {said}"
        yield failed(
            "storage/account-key",
            cluster.name,
            what,
            'write mountWithWorkloadIdentityToken: "true"',
            volume.side(key),
            other,
        )
    for asks in ("storeAccountKey", "useDataPlaneAPI"):
        if volume.text(asks).lower() == "true":
            what = f"{volume.name} asks for the key of {account.name}, which accepts no keys: {asks} is true"
            yield failed("storage/account-key", cluster.name, what, f'write {asks}: "false"', volume.side(asks), other)


def _nfs_protocol(cluster: RenderedCluster, volume: BlobVolume, account: Resource) -> Iterator[Finding]:
    """Azure docs, network-file-system-protocol-support-how-to: an account speaks NFS from its beginning or never."""
    if get(account.properties, "isNfsV3Enabled") is not True:
        what = f"{volume.name} asks for nfs, which {account.name} does not speak"
        sides = volume.side("protocol"), account.side("properties", "isNfsV3Enabled")
        yield failed("storage/no-nfs", cluster.name, what, "write protocol: fuse2", *sides)


def _namespace(cluster: RenderedCluster, volume: BlobVolume, account: Resource) -> Iterator[Finding]:
    """BlobFuse2 speaks to the dfs endpoint where there is a hierarchical namespace, and only there (blob-csi-driver,
    docs/driver-parameters.md, isHnsEnabled; Azure/azure-storage-fuse, README: use-adls).
    """
    hierarchical = get(account.properties, "isHnsEnabled") is True
    adls = blob_mount.speaks_dfs(volume) or volume.text("isHnsEnabled").lower() == "true"
    if hierarchical == adls:
        return
    has = "has a hierarchical namespace" if hierarchical else "has no hierarchical namespace"
    what = f"{account.name} {has}, and {volume.name} is mounted {'without' if hierarchical else 'with'} --use-adls=true"
    fix = "add --use-adls=true to its mountOptions" if hierarchical else "give the account one, with isHnsEnabled"
    sides = volume.manifest.side(*volume.options_path), account.side("properties", "isHnsEnabled")
    yield failed("storage/use-adls", cluster.name, what, fix, *(sides if hierarchical else sides[::-1]))


def _volume_ids(cluster: RenderedCluster, every: list[BlobVolume]) -> Iterator[Finding]:
    """A handle tells volumes apart within a cluster (blob-csi-driver, docs/driver-parameters.md)."""
    seen: dict[str, BlobVolume] = {}
    path = ("spec", "csi", "volumeHandle")
    for volume in every:
        handle = text(volume.manifest.data, *path)
        if not volume.static:
            continue
        if not handle:
            what = f"{volume.name} has no volumeHandle"
            yield failed(
                "storage/no-handle", cluster.name, what, "write <account>_<container>", volume.manifest.side(*path)
            )
        elif handle in seen:
            what = f"{volume.name} has the volumeHandle of {seen[handle].name}: the driver takes the two for one"
            sides = volume.manifest.side(*path), seen[handle].manifest.side(*path)
            yield failed("storage/handle-twice", cluster.name, what, "give each volume its own", *sides)
        else:
            seen[handle] = volume


def _driver(cluster: AksCluster) -> Iterator[Finding]:
    path = ("storageProfile", "blobCSIDriver", "enabled")
    if get(cluster.resource.properties, *path) is not True:
        what = "its blob driver is not enabled: nothing mounts the volume"
        fix = "enable storageProfile.blobCSIDriver"
        yield failed("storage/driver-off", cluster.name, what, fix, cluster.side("properties", *path))


# --- of the fleet ---


def _title(container: str) -> str:
    """``container of account``, of a container's id."""
    parts = container.split("/")
    return f"{parts[-1]} of {parts[-5]}"
