"""Volumes of the blob driver, read back: what PersistentVolumes and StorageClasses tell it, and where that leads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rayfleet.facts.blobfuse import DRIVER
from rayfleet.facts.resource_types import CONTAINER, STORAGE_ACCOUNT
from rayfleet.tree import RenderedCluster, Resource, Side, Tree, get, mapping, text
from rayfleet.tree.arm_expression import DeploymentScope, resource_id
from rayfleet.tree.layer import Manifest
from rayfleet.tree.memo import once

#: Where a cloud resource names the claim that Anyscale mounts.
CLAIM = ("file_storage", "persistent_volume_claim")


class BlobVolume(NamedTuple):
    """A PersistentVolume, or the StorageClass that makes them. Parameters are told apart by no case, as the driver does
    (blob-csi-driver, docs/driver-parameters.md).
    """

    manifest: Manifest
    static: bool

    @property
    def name(self) -> str:
        return f"{'the volume' if self.static else 'the storage class'} {self.manifest.name}"

    @property
    def driver(self) -> str:
        return (
            text(self.manifest.data, "spec", "csi", "driver")
            if self.static
            else text(self.manifest.data, "provisioner")
        )

    @property
    def options_path(self) -> tuple[str, ...]:
        return ("spec", "mountOptions") if self.static else ("mountOptions",)

    @property
    def reclaim_path(self) -> tuple[str, ...]:
        return ("spec", "persistentVolumeReclaimPolicy") if self.static else ("reclaimPolicy",)

    @property
    def retains(self) -> bool:
        """True where data outlive the claim. By default those of a PersistentVolume made by hand do, and those of a
        StorageClass do not (Kubernetes docs, persistent-volumes, storage-classes)."""
        default = "Retain" if self.static else "Delete"
        return bool(get(self.manifest.data, *self.reclaim_path, default=default) == "Retain")

    @property
    def _path(self) -> tuple[str, ...]:
        return ("spec", "csi", "volumeAttributes") if self.static else ("parameters",)

    @property
    def parameters(self) -> dict[str, Any]:
        return mapping(self.manifest.data, *self._path)

    def key(self, name: str) -> str:
        """The key of a parameter as it is written there, or else as the driver's docs have it."""
        return next((key for key in self.parameters if key.lower() == name.lower()), name)

    def text(self, name: str) -> str:
        """A parameter, empty where it is missing or, what Kubernetes refuses, no text."""
        return text(self.parameters, self.key(name))

    def side(self, name: str) -> Side:
        return self.manifest.side(*self._path, self.key(name))

    @property
    def driver_side(self) -> Side:
        return self.manifest.side(*(("spec", "csi", "driver") if self.static else ("provisioner",)))


def volumes(cluster: RenderedCluster) -> Iterator[BlobVolume]:
    """Every volume and storage class of the blob driver."""
    rows = [BlobVolume(row, static=True) for row in cluster.of_kind("PersistentVolume", "")]
    rows += [BlobVolume(row, static=False) for row in cluster.of_kind("StorageClass", "storage.k8s.io")]
    yield from (row for row in rows if row.driver == DRIVER)


@once
def fleet_volumes(cluster: RenderedCluster, tree: Tree) -> tuple[BlobVolume, ...]:
    """The volumes that the fleet answers for: whatever Anyscale's claim leads to, and all on accounts of its templates.
    Others are a team's own.
    """
    names = {row.name for row in tree.of_type(STORAGE_ACCOUNT)}
    leads = _mounted_names(cluster)
    return tuple(
        row
        for row in volumes(cluster)
        if row.text("storageAccount") in names or leads & {(row.static, row.manifest.name), _claim_of(row)}
    )


def _mounted_names(cluster: RenderedCluster) -> set[tuple[bool, str] | str]:
    """The claim that Anyscale mounts, its volume (static) and its storage class."""
    wanted = text(cluster.cloud_resource.data, *CLAIM) if cluster.cloud_resource else ""
    found: set[tuple[bool, str] | str] = {wanted} if wanted else set()
    for claim in cluster.of_kind("PersistentVolumeClaim", "") if wanted else ():
        if claim.name == wanted:
            found.add((True, text(claim.data, "spec", "volumeName")))
            found.add((False, text(claim.data, "spec", "storageClassName")))
    return found


def _claim_of(volume: BlobVolume) -> str:
    """The name of the claim that a volume is kept for, or what no claim is called."""
    return text(volume.manifest.data, "spec", "claimRef", "name") if volume.static else "/"


class Target(NamedTuple):
    """The container that a volume leads to. Ids are in lower case; the resource group is the node resource group where
    none is named (blob-csi-driver, docs/driver-parameters.md, as AKS configures it)."""

    account: str
    container: str
    resource_group: str
    subscription: str

    @property
    def account_id(self) -> str:
        return resource_id(DeploymentScope(self.subscription, self.resource_group), STORAGE_ACCOUNT, self.account)

    @property
    def container_id(self) -> str:
        scope = DeploymentScope(self.subscription, self.resource_group)
        return resource_id(scope, CONTAINER, f"{self.account}/default/{self.container}")


def target(cluster: RenderedCluster, volume: BlobVolume) -> Target:
    """The account and the container that the driver will look for."""
    aks = cluster.aks
    group = volume.text("resourceGroup") or (text(aks.resource.properties, "nodeResourceGroup") if aks else "")
    subscription = volume.text("subscriptionID") or (aks.template.scope.subscription if aks else cluster.subscription)
    return Target(volume.text("storageAccount"), volume.text("containerName"), group, subscription)


def region(resource: Resource) -> str:
    """The region of a resource, as Azure compares regions: ``East US`` is ``eastus``."""
    return resource.resolve(get(resource.data, "location")).replace(" ", "")
