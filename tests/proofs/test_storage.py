"""Storage: from the cloud resource to the container, mount options, and the account."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from rayfleet.source import read_all
from tests.testing import rendering
from tests.testing.broken_trees import Break, Edit, assert_seen, broken, check, edited, failures, tree
from tests.testing.extent import sampled, some

EAST, WEST, SHARED = "azure/eastus.json", "azure/westus2.json", "azure/shared.json"
AT = "clusters/aks-eastus"
PV, PVC = f"{AT}/platform/persistentvolume.yaml", f"{AT}/platform/persistentvolumeclaim.yaml"
CLASS, RESOURCE = f"{AT}/platform/storageclass.yaml", f"{AT}/anyscale/cloud_resource.yaml"
RELEASE, VALUES = f"{AT}/operators/anyscale-operator/helmrelease.yaml", f"{AT}/operators/anyscale-operator/values.yaml"
NAMESPACES, LAYER = f"{AT}/platform/namespaces.yaml", f"{AT}/flux/platform.yaml"
# Dynamic provisioning, with a file cache.
DYNAMIC = "every-choice"
ENVOY, SWEDEN = "clusters/envoy/platform", "azure/swedencentral.json"
HANDLE = 'volumeHandle: "aksmultiregionsa_aks-anyscale-blob"'
CONTAINER = '  containerName: "aks-anyscale-blob"\n'
SECOND = f"""\
apiVersion: v1
kind: PersistentVolume
metadata: {{name: second}}
spec:
  capacity: {{storage: 10Ti}}
  accessModes: [ReadWriteMany]
  storageClassName: second
  mountOptions: [-o allow_other, --use-adls=true, --cache-size-mb=1024]
  csi:
    driver: blob.csi.azure.com
    {HANDLE}
    volumeAttributes:
      protocol: fuse2
      resourceGroup: aks-multi-region
      storageAccount: aksmultiregionsa
      containerName: aks-anyscale-blob
      mountWithWorkloadIdentityToken: "true"
"""


ACCOUNT_ID = "[resourceId('Microsoft.Storage/storageAccounts', 'aksmultiregionsa')]"
# Azure's roles: Storage Account Contributor, and Reader.
CONTRIBUTOR, READER = "17d1049b-9a84-46fb-8f53-869881c3d3ab", "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def changed(path: str, change: Callable[[Any], object]) -> Edit:
    """A JSON file of the reference after a change of its data."""
    document = json.loads(tree()[path])
    change(document)
    return edited(path, document)


def second_container(shared: Any) -> dict[str, Any]:
    """Another container of the account."""
    return {**shared["resources"][2], "name": "aksmultiregionsa/default/second"}


def option(old: str, new: str) -> Edit:
    """Another mount option of the volume."""
    return Edit(PV, f'    - "{old}"\n', f'    - "{new}"\n' if new else "")


PATH = (
    Break(
        "no container, as in the reference: a new, empty one for each claim",
        (Edit(CLASS, CONTAINER, ""),),
        "the storage class blob-fuse2 names no container: the driver makes a new, empty one for each claim",
        ((CLASS, "parameters"), (SHARED, "aksmultiregionsa/default/aks-anyscale-blob")),
    ),
    Break(
        "no container in the claim's own class, as in the reference",
        (Edit(f"{ENVOY}/storageclass.yaml", '  containerName: "ray"\n', ""),),
        "the storage class blob-fuse2 names no container",
        ((f"{ENVOY}/storageclass.yaml", "parameters"), (SHARED, "choices/default/ray")),
        fleet=DYNAMIC,
    ),
    Break(
        "no container in the volume",
        (Edit(PV, f"    {CONTAINER}", ""),),
        "the volume blob-fuse2 names no container: nothing can be mounted",
        ((PV, "volumeAttributes"), (SHARED, "aksmultiregionsa/default/aks-anyscale-blob")),
    ),
    Break(
        "another container than ARM makes",
        (Edit(PV, f"    {CONTAINER}", '      containerName: "other"\n'),),
        "the volume blob-fuse2 leads to the container other of aksmultiregionsa, which no template makes",
        ((PV, "containerName"), (SHARED, "aksmultiregionsa/default/aks-anyscale-blob")),
    ),
    Break(
        "no account",
        (Edit(CLASS, '  storageAccount: "aksmultiregionsa"\n', ""),),
        "the storage class blob-fuse2 names no storage account: the driver picks or makes one of its own",
        ((CLASS, "parameters"), (SHARED, '"name": "aksmultiregionsa"')),
    ),
    Break(
        "another account than ARM makes",
        (Edit(PV, 'storageAccount: "aksmultiregionsa"', 'storageAccount: "another"'),),
        "the volume blob-fuse2 leads to the account another in aks-multi-region, which no template makes there",
        ((PV, "storageAccount"), (SHARED, '"name": "aksmultiregionsa"')),
    ),
    Break(
        "another resource group",
        (Edit(PV, 'resourceGroup: "aks-multi-region"', 'resourceGroup: "another"'),),
        "the volume blob-fuse2 leads to the account aksmultiregionsa in another, which no template makes there",
        ((PV, "resourceGroup"), (SHARED, '"name": "aksmultiregionsa"')),
    ),
    Break(
        "no resource group",
        (Edit(CLASS, '  resourceGroup: "aks-multi-region"\n', ""),),
        "without resourceGroup the driver looks among the nodes",
        ((CLASS, "parameters"), (SHARED, '"name": "aksmultiregionsa"')),
    ),
    Break(
        "another subscription",
        (Edit(PV, "protocol: fuse2", "protocol: fuse2\n      subscriptionID: 00000000-0000-0000-0000-000000000009"),),
        "leads to the account aksmultiregionsa in aks-multi-region, which no template makes there",
        ((PV, "subscriptionID"), (SHARED, '"name": "aksmultiregionsa"')),
    ),
    Break(
        "the account deployed elsewhere",
        (Edit(SHARED, '"name": "aksmultiregionsa",', '"name": "renamed",'),),
        "leads to the account aksmultiregionsa in aks-multi-region, which no template makes there",
        ((PV, "storageAccount"), (SHARED, '"name": "renamed"')),
    ),
    Break(
        "blobfuse 1, which is the default",
        (Edit(PV, "      protocol: fuse2\n", ""),),
        "the volume blob-fuse2 asks for no protocol, which means fuse",
        ((PV, "volumeAttributes"),),
    ),
    Break(
        "NFS",
        (Edit(CLASS, "protocol: fuse2", "protocol: nfs"),),
        "the storage class blob-fuse2 asks for nfs, which aksmultiregionsa does not speak",
        ((CLASS, "protocol"), (SHARED, '"properties"')),
    ),
    Break(
        "a volume that is deleted with its claim",
        (Edit(PV, "persistentVolumeReclaimPolicy: Retain", "persistentVolumeReclaimPolicy: Delete"),),
        "the volume blob-fuse2 deletes the container, and all that every cluster stores in it, with the claim",
        ((PV, "persistentVolumeReclaimPolicy"),),
    ),
    Break(
        "a class whose volumes are deleted by default",
        (Edit(CLASS, "reclaimPolicy: Retain\n", ""),),
        "the storage class blob-fuse2 deletes the container",
        ((CLASS, "apiVersion"),),
    ),
    Break(
        "two volumes with one handle",
        (
            Edit(f"{AT}/platform/second.yaml", "", SECOND),
            Edit(f"{AT}/platform/kustomization.yaml", "resources:\n", "resources:\n  - second.yaml\n"),
        ),
        "the volume blob-fuse2 has the volumeHandle of the volume second: the driver takes the two for one",
        ((PV, "volumeHandle"), (f"{AT}/platform/second.yaml", "volumeHandle")),
    ),
    Break(
        "no handle",
        (Edit(PV, f"    {HANDLE}\n", ""),),
        "the volume blob-fuse2 has no volumeHandle",
        ((PV, "csi:"),),
    ),
    Break(
        "the blob driver off",
        (
            Edit(
                EAST,
                '"blobCSIDriver": {\n            "enabled": true',
                '"blobCSIDriver": {\n            "enabled": false',
            ),
        ),
        "its blob driver is not enabled",
        ((EAST, '"enabled": false'),),
    ),
    Break(
        "a control plane that may make no containers",
        (Edit(SWEDEN, f"roleDefinitions', '{CONTRIBUTOR}'", f"roleDefinitions', '{READER}'"),),
        "its control plane may not make containers in choices, and its claim needs one",
        ((f"{ENVOY}/persistentvolumeclaim.yaml", "storageClassName"), (SWEDEN, '"identity"')),
        fleet=DYNAMIC,
    ),
)

CLAIM = (
    Break(
        "another claim than Anyscale mounts",
        (Edit(RESOURCE, 'claim: "blob-fuse2"', 'claim: "blob"'),),
        "Anyscale mounts the claim blob, and there is none of that name",
        ((RESOURCE, "persistent_volume_claim"), (PVC, 'name: "blob-fuse2"')),
    ),
    Break(
        "no claim",
        (Edit(RESOURCE, 'file_storage:\n  persistent_volume_claim: "blob-fuse2"\n', ""),),
        "its cloud resource names no claim",
        ((RESOURCE, "name:"),),
    ),
    Break(
        "the claim in another namespace than the operator",
        (Edit(PVC, 'namespace: "anyscale-operator"', 'namespace: "gpu-operators"'),),
        "Anyscale mounts the claim blob-fuse2 of namespace anyscale-operator, and it is in gpu-operators",
        ((PVC, "namespace"), (RELEASE, "targetNamespace")),
    ),
    Break(
        "the operator in another namespace than the claim",
        (Edit(RELEASE, 'targetNamespace: "anyscale-operator"', 'targetNamespace: "anyscale"'),),
        "Anyscale mounts the claim blob-fuse2 of namespace anyscale, and it is in anyscale-operator",
        ((PVC, "namespace"), (RELEASE, "targetNamespace")),
    ),
    Break(
        "a claim taken out of its layer",
        (Edit(f"{AT}/platform/kustomization.yaml", '  - "persistentvolumeclaim.yaml"\n', ""),),
        "Anyscale mounts the claim blob-fuse2, and there is none of that name",
        ((RESOURCE, "persistent_volume_claim"),),
    ),
    Break(
        "a volume taken out of its layer",
        (Edit(f"{AT}/platform/kustomization.yaml", '  - "persistentvolume.yaml"\n', ""),),
        "its claim blob-fuse2 names the volume blob-fuse2, and there is none",
        ((PVC, "volumeName"),),
    ),
    Break(
        "a class taken out of its layer",
        (Edit(f"{ENVOY}/kustomization.yaml", '  - "storageclass.yaml"\n', ""),),
        "its claim blob-fuse2 is of the storage class blob-fuse2, and there is none",
        ((f"{ENVOY}/persistentvolumeclaim.yaml", "storageClassName"),),
        fleet=DYNAMIC,
    ),
    Break(
        "neither a volume nor a class",
        (Edit(f"{ENVOY}/persistentvolumeclaim.yaml", '  storageClassName: "blob-fuse2"\n', ""),),
        "names neither a volume nor a storage class: AKS gives it a disk",
        ((f"{ENVOY}/persistentvolumeclaim.yaml", "spec:"), (f"{ENVOY}/storageclass.yaml", "name:")),
        fleet=DYNAMIC,
    ),
    Break(
        "a volume of another driver",
        (Edit(PV, "    driver: blob.csi.azure.com", "    driver: file.csi.azure.com"),),
        "the volume blob-fuse2 is of the driver file.csi.azure.com, not of blob.csi.azure.com",
        ((PV, "driver"), (PVC, "volumeName")),
    ),
    Break(
        "a volume kept for another claim",
        (Edit(PV, '    name: "blob-fuse2"\n  mountOptions', '    name: "other"\n  mountOptions'),),
        "the volume blob-fuse2 is kept for the claim anyscale-operator/other, not for anyscale-operator/blob-fuse2",
        ((PV, 'name: "other"'), (PVC, "volumeName")),
    ),
    Break(
        "a volume kept for a claim of another namespace",
        (Edit(PV, '    namespace: "anyscale-operator"', '    namespace: "default"'),),
        "is kept for the claim default/blob-fuse2",
        ((PV, 'namespace: "default"'), (PVC, "volumeName")),
    ),
    Break(
        "a volume kept for nobody",
        (Edit(PV, '  claimRef:\n    namespace: "anyscale-operator"\n    name: "blob-fuse2"\n', ""),),
        "the volume blob-fuse2 names no claim: another claim may take it first",
        ((PV, "spec:"), (PVC, "volumeName")),
        "warned",
    ),
    Break(
        "two classes",
        (Edit(PV, '  storageClassName: "blob-fuse2"', '  storageClassName: ""'),),
        "its claim is of the storage class 'blob-fuse2', and the volume of '': they are never bound",
        ((PVC, "storageClassName"), (PV, "storageClassName")),
    ),
    Break(
        "a claim that leaves its class to Kubernetes",
        (Edit(PVC, '  storageClassName: "blob-fuse2"\n', ""),),
        "its claim blob-fuse2 names no storage class, and Kubernetes then puts the default one in",
        ((PVC, "spec:"), (PV, "storageClassName")),
    ),
    Break(
        "more than the volume has",
        (Edit(PVC, 'storage: "10Ti"', 'storage: "10241Gi"'),),
        "its claim asks for 10241Gi, and the volume has 10Ti: they are never bound",
        ((PVC, "storage:"), (PV, "storage:")),
    ),
    Break(
        "no size",
        (Edit(PV, 'storage: "10Ti"', 'storage: "10 TB"'),),
        "the volume has 10 TB, which is no size",
        ((PV, "storage:"), (PVC, "storage:")),
    ),
    Break(
        "a mode that the volume lacks",
        (Edit(PVC, "    - ReadWriteMany", "    - ReadWriteMany\n    - ReadOnlyMany"),),
        "its claim asks for ReadOnlyMany, and the volume has ReadWriteMany",
        ((PVC, "accessModes"), (PV, "accessModes")),
    ),
    Break(
        "one node at a time",
        (Edit(PVC, "    - ReadWriteMany", "    - ReadWriteOnce"),),
        "its claim asks for ReadWriteOnce, and pods of many nodes mount it",
        ((PVC, "accessModes"),),
        "warned",
    ),
)

ACCESS = (
    Break(
        "no token, with the keys off",
        (Edit(PV, '      mountWithWorkloadIdentityToken: "true"\n', ""),),
        "the volume blob-fuse2 mounts with the account's key, but aksmultiregionsa accepts no keys: has no mount",
        ((PV, "volumeAttributes"), (SHARED, "allowSharedKeyAccess")),
    ),
    Break(
        "a token that is no text",
        (Edit(CLASS, 'mountWithWorkloadIdentityToken: "true"', "mountWithWorkloadIdentityToken: true"),),
        "the storage class blob-fuse2: mountWithWorkloadIdentityToken is true and no text: Kubernetes refuses it",
        ((CLASS, "mountWithWorkloadIdentityToken"),),
    ),
    Break(
        "a key to store that nobody takes",
        (Edit(CLASS, 'storeAccountKey: "false"', 'storeAccountKey: "true"'),),
        "the storage class blob-fuse2 asks for the key of aksmultiregionsa, which accepts no keys: store",
        ((CLASS, "storeAccountKey"), (SHARED, "allowSharedKeyAccess")),
    ),
    Break(
        "containers made with a key",
        (Edit(CLASS, 'storeAccountKey: "false"', 'useDataPlaneAPI: "true"'),),
        "which accepts no keys: useDataPlaneAPI is true",
        ((CLASS, "useDataPlaneAPI"), (SHARED, "allowSharedKeyAccess")),
    ),
    Break(
        "keys on, as in the reference",
        (Edit(SHARED, '"allowSharedKeyAccess": false', '"allowSharedKeyAccess": true'),),
        "whoever has one of its keys may do everything, and nothing says who did",
        ((SHARED, "allowSharedKeyAccess"),),
        "warned",
    ),
    Break(
        "abfss without a hierarchical namespace, as in the reference",
        (Edit(SHARED, '"isHnsEnabled": true', '"isHnsEnabled": false'),),
        "aksmultiregionsa: it has no hierarchical namespace, and Anyscale stores in it by abfss://",
        ((SHARED, "isHnsEnabled"), (RESOURCE, "bucket_name")),
    ),
    Break(
        "the dfs endpoint of an account without it",
        (Edit(SHARED, '        "isHnsEnabled": true,\n', ""),),
        "aksmultiregionsa has no hierarchical namespace, and the volume blob-fuse2 is mounted with --use-adls=true",
        ((SHARED, '"properties"'), (PV, "mountOptions")),
    ),
    Break(
        "the blob endpoint of an account with a hierarchical namespace",
        (option("--use-adls=true", "--use-adls=false"),),
        "aksmultiregionsa has a hierarchical namespace, and the volume blob-fuse2 is mounted without --use-adls=true",
        ((PV, "mountOptions"), (SHARED, "isHnsEnabled")),
    ),
    Break(
        "containers that may be opened",
        (Edit(SHARED, '"allowBlobPublicAccess": false', '"allowBlobPublicAccess": true'),),
        "its containers may be opened to everybody",
        ((SHARED, "allowBlobPublicAccess"),),
    ),
    Break(
        "an open container",
        (Edit(SHARED, '"publicAccess": "None"', '"publicAccess": "Blob"'),),
        "aks-anyscale-blob: everybody may read it: publicAccess is Blob",
        ((SHARED, "publicAccess"),),
    ),
    Break(
        "old TLS",
        (Edit(SHARED, '        "minimumTlsVersion": "TLS1_2",\n', ""),),
        "it takes connections with TLS1_0",
        ((SHARED, '"properties"'),),
    ),
    Break(
        "no TLS",
        (Edit(SHARED, '"supportsHttpsTrafficOnly": true', '"supportsHttpsTrafficOnly": false'),),
        "it takes connections without TLS",
        ((SHARED, "supportsHttpsTrafficOnly"),),
    ),
)

BUCKET = "abfss://aks-anyscale-blob@aksmultiregionsa.dfs.core.windows.net"
OBJECTS = (
    Break(
        "a bucket of another kind",
        (Edit(RESOURCE, BUCKET, "s3://aks-anyscale-blob"),),
        "its bucket is s3://aks-anyscale-blob, which is no container of an account with a hierarchical namespace",
        ((RESOURCE, "bucket_name"),),
    ),
    Break(
        "a bucket of another account",
        (Edit(RESOURCE, BUCKET, BUCKET.replace("aksmulti", "other")),),
        "its bucket is of the account otherregionsa, which no template makes",
        ((RESOURCE, "bucket_name"), (SHARED, '"name": "aksmultiregionsa"')),
    ),
    Break(
        "a bucket that ARM does not make",
        (Edit(RESOURCE, BUCKET, BUCKET.replace("aks-anyscale-blob", "other")),),
        "its bucket is the container other of aksmultiregionsa, which no template makes",
        ((RESOURCE, "bucket_name"), (SHARED, '"name": "aksmultiregionsa"')),
    ),
    Break(
        "another bucket than is mounted, as in the reference",
        (Edit(RESOURCE, BUCKET, BUCKET.replace("aks-anyscale-blob", "other")),),
        "its bucket is other of aksmultiregionsa, and it mounts aks-anyscale-blob of aksmultiregionsa",
        ((RESOURCE, "bucket_name"), (PV, "containerName")),
    ),
    Break(
        "another endpoint",
        (Edit(RESOURCE, "https://aksmultiregionsa.blob", "https://other.blob"),),
        "its bucket is of aksmultiregionsa, and the endpoint is https://other.blob.core.windows.net",
        ((RESOURCE, "endpoint"), (SHARED, '"name": "aksmultiregionsa"')),
    ),
    Break(
        "no endpoint, as in the reference",
        (Edit(RESOURCE, '  endpoint: "https://aksmultiregionsa.blob.core.windows.net"\n', ""),),
        "its bucket is of aksmultiregionsa, and the endpoint is missing",
        ((RESOURCE, "object_storage"), (SHARED, '"name": "aksmultiregionsa"')),
    ),
    Break(
        "the cluster's region, not the account's",
        (Edit("clusters/aks-westus2/anyscale/cloud_resource.yaml", '  region: "eastus"', '  region: "westus2"'),),
        "its bucket is in eastus, where aksmultiregionsa is, and object_storage.region is westus2",
        (("clusters/aks-westus2/anyscale/cloud_resource.yaml", "westus2"), (SHARED, "location")),
    ),
    Break(
        "no region, as in the reference",
        (Edit(RESOURCE, '  region: "eastus"\n', ""),),
        "object_storage.region is missing",
        ((RESOURCE, "object_storage"), (SHARED, "location")),
    ),
    Break(
        "a cloud resource lost after its identity was bound",
        (Edit(RESOURCE, tree()[RESOURCE].decode(), None),),
        "its principalId is bound, and its cloud resource is not rendered",
        (("bindings.yaml", "principalId"),),
    ),
    Break(
        "a cluster in another region than the account",
        (),
        "mounts aksmultiregionsa of eastus: every read crosses from eastus to westus2, and every write back",
        ((WEST, "location"), (SHARED, "location")),
        "noted",
    ),
    Break(
        "a different container in each region, as in the reference",
        (
            changed(SHARED, lambda document: document["resources"].append(second_container(document))),
            Edit(PV, f"    {CONTAINER}", '      containerName: "second"\n'),
        ),
        "aks-westus2: it mounts aks-anyscale-blob of aksmultiregionsa, and aks-eastus second of aksmultiregionsa",
        (("clusters/aks-westus2/platform/persistentvolume.yaml", "containerName"), (PV, "containerName")),
        "warned",
    ),
)

CORS = (
    Break(
        "no CORS",
        (changed(SHARED, lambda document: document["resources"][1]["properties"].pop("cors")),),
        "it has no CORS rule: the console shows no logs and no files of it",
        ((SHARED, '"properties"'),),
        "warned",
    ),
    Break(
        "the reference's CORS rule",
        (Edit(SHARED, "https://*.anyscale.com", "https://console.anyscale.com"),),
        "Anyscale's check of its CORS rules fails: no rule has the origin https://*.anyscale.com",
        ((SHARED, "corsRules"),),
    ),
    Break(
        "headers not exposed, as in the reference",
        (Edit(SHARED, '"exposedHeaders": [\n                "*"', '"exposedHeaders": [\n                ""'),),
        "no rule has all headers exposed for https://*.anyscale.com",
        ((SHARED, "corsRules"),),
    ),
    Break(
        "reading only, as in the reference",
        (Edit(SHARED, '                "HEAD",\n                "PUT"', '                "HEAD"'),),
        "no rule has PUT for https://*.anyscale.com",
        ((SHARED, "corsRules"),),
    ),
    Break(
        "another console",
        (Edit(VALUES, "https://console.anyscale.com", "https://anyscale.example.com"),),
        "none of its CORS rules is for https://anyscale.example.com",
        ((SHARED, "corsRules"), (VALUES, "controlPlaneURL")),
        "warned",
    ),
)


def walled(*subnets: tuple[str, str], **more: Any) -> Edit:
    """Only these subnets of the fleet are let in to the account."""

    def change(document: Any) -> None:
        kind = "Microsoft.Network/virtualNetworks/subnets"
        rules = [{"id": f"[resourceId('{kind}', '{vnet}', '{subnet}')]"} for vnet, subnet in subnets]
        acls = {"defaultAction": "Deny", "virtualNetworkRules": rules, **more}
        document["resources"][0]["properties"]["networkAcls"] = acls

    return changed(SHARED, change)


def private(*targets: str) -> Edit:
    """No public address, and private endpoints to these accounts."""

    def change(document: Any) -> None:
        document["resources"][0]["properties"]["publicNetworkAccess"] = "Disabled"
        for target in targets:
            link = {"properties": {"privateLinkServiceId": target}}
            endpoint = {"type": "Microsoft.Network/privateEndpoints", "name": "data"}
            document["resources"].append({**endpoint, "properties": {"privateLinkServiceConnections": [link]}})

    return changed(SHARED, change)


FIREWALL = (
    Break(
        "no public address",
        (private(),),
        "aksmultiregionsa: publicNetworkAccess is Disabled, and no private endpoint leads to it: no cluster mounts it",
        ((SHARED, "publicNetworkAccess"),),
    ),
    Break(
        "a private endpoint of another account",
        (private("[resourceId('Microsoft.Storage/storageAccounts', 'other')]"),),
        "aksmultiregionsa: publicNetworkAccess is Disabled, and no private endpoint leads to it",
        ((SHARED, "publicNetworkAccess"),),
    ),
    Break(
        "a firewall that lets nobody in",
        (walled(),),
        "aksmultiregionsa: its defaultAction is Deny, and it lets in no subnet: no cluster mounts it",
        ((SHARED, "defaultAction"), (EAST, "vnetSubnetID")),
    ),
    Break(
        "a firewall that lets in one cluster of two",
        (walled(("aks-eastus-vnet", "aks-nodes")),),
        "aks-westus2: aksmultiregionsa does not let in aks-nodes, where a100 is: no mount works",
        ((SHARED, "virtualNetworkRules"), (WEST, "vnetSubnetID")),
    ),
    Break(
        "an address of the account's own region",
        (walled(ipRules=[{"value": "203.0.113.7"}]),),
        "aksmultiregionsa: its defaultAction is Deny, and it lets in no subnet",
        ((SHARED, "defaultAction"), (EAST, "vnetSubnetID")),
    ),
)

READ_ONLY = (
    Break(
        "a volume that is read-only",
        (Edit(PV, f"    {HANDLE}\n", f"    {HANDLE}\n    readOnly: true\n"),),
        "the volume blob-fuse2 is readOnly, and Anyscale writes to it",
        ((PV, "readOnly"),),
    ),
    Break(
        "a mount with -o ro",
        (option("-o allow_other", "-o allow_other,ro"),),
        "the volume blob-fuse2 is mounted with -o ro, and Anyscale writes to it",
        ((PV, "allow_other,ro"),),
    ),
    Break(
        "a mount with --read-only",
        (option("--log-level=LOG_WARNING", "--read-only"),),
        "the volume blob-fuse2 is mounted with --read-only, and Anyscale writes to it",
        ((PV, "--read-only"),),
    ),
    Break(
        "a claim that only reads",
        (Edit(PVC, "- ReadWriteMany", "- ReadOnlyMany"), Edit(PV, "- ReadWriteMany", "- ReadOnlyMany")),
        "its claim asks for ReadOnlyMany, and Anyscale writes to it",
        ((PVC, "accessModes"),),
    ),
)

LIFECYCLE = (
    Break(
        "archive under what is mounted",
        (Edit(SHARED, '"tierToCool"', '"tierToArchive"'), Edit(SHARED, "Standard_ZRS", "Standard_LRS")),
        "its rule cool-unused archives aks-anyscale-blob, which clusters mount: it cannot be read",
        ((SHARED, "tierToArchive"),),
        "warned",
    ),
    Break(
        "archive under a folder of what is mounted",
        (),
        "its rule old-runs archives runs/ of ray, which clusters mount",
        ((SHARED, "tierToArchive"),),
        "warned",
        DYNAMIC,
    ),
    Break(
        "archive across zones",
        (Edit(SHARED, '"tierToCool"', '"tierToArchive"'),),
        "its rule cool-unused archives, and blobs of Standard_ZRS cannot be archived",
        ((SHARED, "tierToArchive"), (SHARED, "Standard_ZRS")),
    ),
    Break(
        "deleting what is mounted",
        (Edit(SHARED, '"tierToCool"', '"delete"'),),
        "its rule cool-unused deletes all that clusters mount as it ages",
        ((SHARED, '"delete"'),),
    ),
    Break(
        "access that nothing tracks",
        (Edit(SHARED, '"enable": true', '"enable": false'),),
        "its rule cool-unused counts from the last access, which nothing tracks",
        ((SHARED, "tierToCool"), (SHARED, "lastAccessTimeTrackingPolicy")),
    ),
    Break(
        "a policy before its blob service",
        (changed(SHARED, lambda document: document["resources"][3].update(dependsOn=[ACCOUNT_ID])),),
        "the lifecycle policy does not wait for aksmultiregionsa/default",
        ((SHARED, "dependsOn"), (SHARED, '"aksmultiregionsa/default"')),
    ),
)

MOUNT = (
    Break(
        "more ahead than the pool holds",
        (option("--block-cache-prefetch=32", "--block-cache-prefetch=129"),),
        "the volume blob-fuse2 reads 129 blocks of 16 MiB ahead, and its pool has 2048 MiB: it exits",
        ((PV, "pool-size"), (PV, "prefetch=129")),
    ),
    Break(
        "blocks larger than the pool",
        (
            option("--block-cache-block-size=16", "--block-cache-block-size=4096"),
            option("--block-cache-prefetch=32", "--block-cache-prefetch=0"),
        ),
        "reads 0 blocks of 4096 MiB ahead, and its pool has 2048 MiB: it exits",
        ((PV, "pool-size"), (PV, "prefetch=0")),
    ),
    Break(
        "too little ahead",
        (option("--block-cache-prefetch=32", "--block-cache-prefetch=10"),),
        "a prefetch of 10 is neither 0 nor at least 11, and BlobFuse2 exits",
        ((PV, "prefetch=10"),),
    ),
    Break(
        "a prefetch that follows the CPUs of the largest node",
        (option("--block-cache-prefetch=32", ""),),
        "reads 192 blocks of 16 MiB ahead, and its pool has 2048 MiB: it exits",
        ((PV, "pool-size"), (EAST, "Standard_ND96asr_v4")),
    ),
    Break(
        "a pool without a size",
        (option("--block-cache-pool-size=2048", ""),),
        "the volume blob-fuse2 has a block cache without a size: each mount takes most of the node's free memory",
        ((PV, "mountOptions"),),
    ),
    Break(
        "a size with a unit",
        (option("--block-cache-pool-size=2048", "--block-cache-pool-size=2Gi"),),
        "--block-cache-pool-size is 2Gi, which is no number, and BlobFuse2 exits",
        ((PV, "pool-size=2Gi"),),
    ),
    Break(
        "a pool larger than a node",
        (option("--block-cache-pool-size=2048", "--block-cache-pool-size=65537"),),
        "each mount takes 65537 MiB of memory, and a node of cpu has 65536 MiB",
        ((PV, "pool-size"), (EAST, "Standard_D16ds_v5")),
    ),
    Break(
        "a pool that leaves room for few pods",
        (option("--block-cache-pool-size=2048", "--block-cache-pool-size=20000"),),
        "each mount takes 20000 MiB of memory, and a node of cpu has 65536 MiB: 3 pods leave nothing",
        ((PV, "pool-size"), (EAST, "Standard_D16ds_v5")),
        "warned",
    ),
    Break(
        "two ways to cache",
        (option("--block-cache", "--block-cache=true"), option("--log-level=LOG_WARNING", "--streaming")),
        "the volume blob-fuse2: --streaming and --block-cache exclude each other",
        ((PV, "--streaming"), (PV, "--block-cache=true")),
    ),
    Break(
        "a file cache's size beside a block cache",
        (option("--log-level=LOG_WARNING", "--cache-size-mb=1000"),),
        "--cache-size-mb has no effect beside --block-cache",
        ((PV, "--cache-size-mb"), (PV, '"--block-cache"')),
        "warned",
    ),
    Break(
        "a block cache's size without one",
        (option("--block-cache", "--block-cache=false"),),
        "--block-cache-pool-size has no effect without --block-cache",
        ((PV, "pool-size"),),
    ),
    Break(
        "an option that does not exist",
        (option("--attr-cache-timeout=120", "--atr-cache-timeout=120"),),
        'BlobFuse2 has no option --atr-cache-timeout (did you mean "attr-cache-timeout"?), and exits',
        ((PV, "--atr-cache-timeout"),),
        "warned",
    ),
    Break(
        "a FUSE option that BlobFuse2 refuses",
        (option("-o allow_other", "-o allow_other,big_writes"),),
        "BlobFuse2 takes no -o big_writes, and exits",
        ((PV, "big_writes"),),
    ),
    Break(
        "two ways around the kernel's cache",
        (
            option("-o allow_other", "-o allow_other,direct_io"),
            option("--log-level=LOG_WARNING", "--disable-kernel-cache"),
        ),
        "BlobFuse2 takes --disable-kernel-cache or -o direct_io, not both, and exits",
        ((PV, "--disable-kernel-cache"), (PV, "direct_io")),
    ),
    Break(
        "a mount for root alone",
        (option("-o allow_other", "-o attr_timeout=20"),),
        "the volume blob-fuse2 is mounted without -o allow_other: only root reads it",
        ((PV, "mountOptions"),),
        "warned",
    ),
    Break(
        "a file cache larger than the disk",
        (Edit(f"{ENVOY}/storageclass.yaml", "--cache-size-mb=65536", "--cache-size-mb=400000"),),
        "each mount caches 390.625 GiB of files, and a node of head has 172 GiB for it",
        ((f"{ENVOY}/storageclass.yaml", "--cache-size-mb"), (SWEDEN, "Standard_D8ds_v5")),
        fleet=DYNAMIC,
    ),
    Break(
        "a file cache that two pods overfill",
        (Edit(f"{ENVOY}/storageclass.yaml", "--cache-size-mb=65536", "--cache-size-mb=100000"),),
        "a node of head has 172 GiB for it: two pods that mount may fill it",
        ((f"{ENVOY}/storageclass.yaml", "--cache-size-mb"), (SWEDEN, "Standard_D8ds_v5")),
        "warned",
        DYNAMIC,
    ),
    Break(
        "a file cache that is not on the temporary disk",
        (
            Edit(f"{ENVOY}/storageclass.yaml", "--cache-size-mb=65536", "--cache-size-mb=140000"),
            Edit(f"{ENVOY}/storageclass.yaml", "--use-attr-cache=true", "--tmp-path=/var/cache"),
        ),
        "each mount caches 136.719 GiB of files, and a node of cpuspot has 128 GiB for it",
        ((f"{ENVOY}/storageclass.yaml", "--cache-size-mb"), (SWEDEN, "Standard_E16ds_v5")),
        fleet=DYNAMIC,
    ),
    Break(
        "a file cache without a size",
        (Edit(f"{ENVOY}/storageclass.yaml", '  - "--cache-size-mb=65536"\n', ""),),
        "has a file cache without a size: each mount may fill 80% of what the node's disk has free",
        ((f"{ENVOY}/storageclass.yaml", "mountOptions"),),
        "warned",
        DYNAMIC,
    ),
    Break(
        "a file cache of a size with a unit",
        (Edit(f"{ENVOY}/storageclass.yaml", "--cache-size-mb=65536", "--cache-size-mb=64Gi"),),
        "--cache-size-mb is 64Gi, which is no number, and BlobFuse2 exits",
        ((f"{ENVOY}/storageclass.yaml", "--cache-size-mb"),),
        fleet=DYNAMIC,
    ),
    Break(
        "a file cache that its pods share",
        (),
        "its pods on a node cache files in one folder, and the first that ends empties it for all",
        (("clusters/nginx/platform/storageclass.yaml", "--cache-size-mb"),),
        "noted",
        DYNAMIC,
    ),
)

BREAKS = (*PATH, *CLAIM, *ACCESS, *OBJECTS, *CORS, *FIREWALL, *READ_ONLY, *LIFECYCLE, *MOUNT)


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_break_is_seen(case: Break) -> None:
    files = broken(case.edits, case.fleet)
    assert_seen(check(files, "storage", fleet=case.fleet), files, "storage", case)


# --- what holds ---


def test_witnesses_lead_from_the_cloud_resource_to_arm() -> None:
    proved = {row.what: row for row in check(tree(), "storage").of("proved")}
    row = proved["its claim blob-fuse2 leads through the volume blob-fuse2 to aks-anyscale-blob of aksmultiregionsa, "
                 "which is its bucket too"]  # fmt: skip
    assert [place.file.removeprefix("rendered/") for place in row.places] in (
        [
            f"clusters/{cluster}/anyscale/cloud_resource.yaml",
            f"clusters/{cluster}/platform/persistentvolume.yaml",
            SHARED,
        ]
        for cluster in ("aks-eastus", "aks-westus2")
    )
    assert "2 clusters mount one container, aks-anyscale-blob of aksmultiregionsa" in proved
    assert "nobody reads it without signing in, and no key exists that could leak" in proved
    assert "the console shows what is in aksmultiregionsa: its CORS rules let it" in proved
    assert "the mount options of the volume blob-fuse2 go together" in proved
    takes = "the volume blob-fuse2: each mount takes 2048 MiB of memory, and a node of cpu has 65536 MiB"
    assert [place.file.removeprefix("rendered/") for place in proved[takes].places][1] in (EAST, WEST)


def test_a_file_cache_that_fits_is_proved() -> None:
    said = [row.what for row in check(tree(DYNAMIC), "storage", fleet=DYNAMIC).of("proved")]
    holds = "each mount caches 64 GiB of files, and a node of head has 172 GiB for it"
    assert f"the storage class blob-fuse2: {holds}" in said


@pytest.mark.parametrize("fleet", ["reference", *rendering.FLEETS])
def test_no_false_alarm(fleet: str) -> None:
    report = check(tree(fleet), "storage", fleet=fleet)
    assert failures(report) == []
    expected = {"archives runs/ of ray", "none of its CORS rules is for https://anyscale.example.com"}
    warnings = [row.what for row in report.of("warned")]
    assert len(warnings) == (len(expected) if fleet == DYNAMIC else 0)
    assert all(any(part in what for part in expected) for what in warnings)


@pytest.mark.parametrize("fleet", rendering.FLEETS)
def test_what_is_not_bound_is_pending(fleet: str) -> None:
    files = dict(rendering.compiled(fleet, bound=False).rendered())
    report = check(files, "storage", fleet=fleet)
    assert failures(report) == []
    assert all("waits for principalId" in row.what for row in report.of("pending"))
    first, *others = rendering.compiled(fleet, bound=False).fleet.clusters
    (row,) = report.of("pending")
    assert row.subject.endswith(f" and {len(others)} more" if others else first.name)


def test_a_claim_waits_for_its_client_id() -> None:
    files = broken((Edit("bindings.yaml", tree()["bindings.yaml"].decode(), None),))
    gone = [path for path in files if path.startswith("clusters/") and "/platform/" in path]
    report = check({path: content for path, content in files.items() if path not in gone}, "storage")
    (row,) = report.of("pending")
    assert (row.subject, row.what) == ("aks-eastus and 1 more", "the claim blob-fuse2 waits for clientId")
    assert failures(report) == []


def test_the_namespace_of_an_operator_that_is_pending_is_not_asked_for() -> None:
    """Azure's values are bound, Anyscale's are not yet."""
    files = broken((Edit(f"{AT}/operators/kustomization.yaml", '  - "anyscale-operator/helmrelease.yaml"\n', ""),))
    assert failures(check(files, "storage")) == []


RULE_ON = '"enabled": true,\n              "type"'
ARCHIVE, DELETE = (Edit(SHARED, '"tierToCool"', f'"{step}"') for step in ("tierToArchive", "delete"))
HNS = 'protocol: fuse2\n      isHnsEnabled: "true"'


NFS = (
    Edit(CLASS, "protocol: fuse2", "protocol: nfs"),
    Edit(SHARED, '"isHnsEnabled": true', '"isHnsEnabled": true, "isNfsV3Enabled": true'),
)


@pytest.mark.parametrize(
    ("name", "edits"),
    [
        ("parameters in any case", (Edit(PV, "storageAccount:", "STORAGEACCOUNT:"),)),
        ("a smaller claim", (Edit(PVC, 'storage: "10Ti"', "storage: 10000000000000"),)),
        ("a region as people write it", (Edit(SHARED, '"location": "eastus"', '"location": "East US"'),)),
        ("the default of a volume made by hand", (Edit(PV, "  persistentVolumeReclaimPolicy: Retain\n", ""),)),
        ("newer TLS", (Edit(SHARED, "TLS1_2", "TLS1_3"),)),
        ("a rule that is off", (Edit(SHARED, RULE_ON, RULE_ON.replace("true", "false")), ARCHIVE)),
        ("a rule beside what is mounted", (Edit(SHARED, '"aks-anyscale-blob/"', '"datasets/"'), DELETE)),
        ("no prefetch", (option("--block-cache-prefetch=32", "--block-cache-prefetch=0"),)),
        ("an option in two words", (option("--log-level=LOG_WARNING", "--log-level LOG_WARNING"),)),
        ("several FUSE options", (option("-o allow_other", "-o allow_other,attr_timeout=20"),)),
        ("the driver's own isHnsEnabled", (option("--use-adls=true", ""), Edit(PV, "protocol: fuse2", HNS))),
        ("another console of Anyscale's", (Edit(VALUES, "//console.anyscale", "//console.azure.anyscale"),)),
        ("both clusters let in", (walled(("aks-eastus-vnet", "aks-nodes"), ("aks-westus2-vnet", "aks-nodes")),)),
        ("a private endpoint", (private(ACCOUNT_ID),)),
        ("an account that speaks NFS", NFS),
        ("a firewall that is open", (walled(defaultAction="Allow"),)),
        ("the operator's own console", (Edit(VALUES, '  controlPlaneURL: "https://console.anyscale.com"\n', ""),)),
    ],
)  # fmt: skip
def test_what_may_be_is_no_alarm(name: str, edits: tuple[Edit, ...]) -> None:
    report = check(broken(edits), "storage")
    assert failures(report) == report.of("warned") == [], name


# --- what is a team's own ---

OWN_VOLUME = SECOND.replace("aksmultiregionsa", "teamdata").replace("aks-multi-region\n", "team\n")
OWN_CLASS = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: blob-nfs}
provisioner: blob.csi.azure.com
parameters: {protocol: nfs, skuName: Premium_LRS}
"""


@pytest.mark.parametrize(
    ("text", "name"), [(OWN_VOLUME, "the volume second"), (OWN_CLASS, "the storage class blob-nfs")]
)
def test_what_is_mounted_from_elsewhere_is_noted_once(text: str, name: str) -> None:
    edits = [
        edit
        for cluster in ("aks-eastus", "aks-westus2")
        for folder in (f"clusters/{cluster}/platform",)
        for edit in (
            Edit(f"{folder}/own.yaml", "", text.replace("mountWithWorkloadIdentityToken", "clientID")),
            Edit(f"{folder}/kustomization.yaml", "resources:\n", "resources:\n  - own.yaml\n"),
        )
    ]
    report = check(broken(tuple(edits)), "storage", "bindings", "identity")
    assert failures(report) == report.of("warned") == []
    (row,) = [row for row in report.of("noted") if "not one of the fleet's" in row.what]
    assert (row.subject, row.what) == (
        "aks-eastus and 1 more",
        f"the account of {name} is not one of the fleet's: it was not checked",
    )


def test_a_class_that_nothing_mounts_by_has_no_cache_to_note() -> None:
    cached = "  - --file-cache-timeout=120\n  - --cache-size-mb=1024\n"
    old = tree()[CLASS].decode()
    (line,) = [row for row in old.splitlines(keepends=True) if '"--block-cache"' in row]
    options = [row for row in old.splitlines(keepends=True) if "--block-cache" in row and row != line]
    edits = (Edit(CLASS, "".join([line, *options]), cached),)
    assert not any("one folder" in row.what for row in check(broken(edits), "storage").of("noted"))


# --- what cannot be read ---


def test_no_template_is_one_reason() -> None:
    """The proofs of files and of ARM say which."""
    shared = tree()[SHARED].decode()
    for edit in (Edit(SHARED, shared, None), Edit(SHARED, shared, "{")):
        assert failures(check(broken((edit,)), "storage", "identity", "bindings")) == [
            row for row in failures(check(broken((edit,)), "storage")) if row.proof == "files"
        ]


# --- anything at all ---

GARBAGE = (None, [], "", -1, True, [None, 7, {"a": []}], {"name": 3})


@cache
def small() -> dict[str, bytes]:
    """One cluster, and of its template what the proof reads."""
    files = {path: content for path, content in tree().items() if "westus2" not in path}
    document = json.loads(files[EAST])
    kinds = ("managedClusters", "agentPools", "fluxConfigurations")
    rows = {row["type"]: row for row in document["resources"] if row["type"].rpartition("/")[2] in kinds}
    found = {**files, EAST: json.dumps({"resources": list(rows.values())}).encode()}
    assert len(check(found, "storage").of("proved")) == 8, "all of the proof must be at work"
    return found


def paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each value stands, the whole aside."""
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield (*path, key)
        yield from paths(value, (*path, key))


def garbled(data: Any, path: tuple[Any, ...], garbage: Any) -> bytes:
    """The document with another value at a place, as JSON, which is YAML."""
    document = deepcopy(data)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = garbage
    return json.dumps(document).encode()


@sampled
@pytest.mark.parametrize(
    "path", [PV, PVC, CLASS, RESOURCE, RELEASE, LAYER, NAMESPACES, f"{AT}/platform/kustomization.yaml"]
)
def test_garbage_in_a_manifest_is_survived(path: str) -> None:
    first, *_ = read_all(path, tree()[path])
    whole = [(place, garbage) for place in paths(first.data) for garbage in GARBAGE]
    for place, garbage in some(whole, 20):
        check({**small(), path: garbled(first.data, place, garbage)}, "storage")


@sampled
@pytest.mark.parametrize("path", [SHARED, EAST])
def test_garbage_in_arm_is_survived(path: str) -> None:
    """One piece for each place, another for the next."""
    data = json.loads(small()[path])
    for number, place in enumerate(some(paths(data["resources"], ("resources",)), 20)):
        check({**small(), path: garbled(data, place, GARBAGE[number % len(GARBAGE)])}, "storage")
