"""Breaks of access to the account, of its firewall and of what becomes of its objects."""

from __future__ import annotations

from typing import Any

from tests.proofs.breaks.arm import BLOBS, POLICY, STORAGE
from tests.proofs.breaks.storage import (
    ACCOUNT_ID,
    CLASS,
    CONTAINER,
    DYNAMIC,
    EAST,
    HANDLE,
    PV,
    PVC,
    RESOURCE,
    SHARED,
    VALUES,
    WEST,
    changed,
    option,
    second_container,
)
from tests.testing.broken_trees import Break, Edit, tree

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
        (changed(SHARED, lambda document: document["resources"][BLOBS]["properties"].pop("cors")),),
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
        document["resources"][STORAGE]["properties"]["networkAcls"] = acls

    return changed(SHARED, change)


def private(*targets: str) -> Edit:
    """No public address, and private endpoints to these accounts."""

    def change(document: Any) -> None:
        document["resources"][STORAGE]["properties"]["publicNetworkAccess"] = "Disabled"
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
        "a lifecycle rule for a container that is not there",
        (Edit(SHARED, '"aks-anyscale-blob/"', '"aks-anyscale-blobs/"'),),
        "its rule cool-unused is for aks-anyscale-blobs/, and no template makes the container aks-anyscale-blobs",
        ((SHARED, "aks-anyscale-blobs/"),),
        "warned",
    ),
    Break(
        "deleted containers that are gone at once",
        (
            Edit(
                SHARED,
                '"containerDeleteRetentionPolicy": {\n          "enabled": true',
                '"containerDeleteRetentionPolicy": {\n          "enabled": false',
            ),
        ),
        "a deleted container of it is gone at once: containerDeleteRetentionPolicy is off",
        ((SHARED, "containerDeleteRetentionPolicy"),),
        "warned",
    ),
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
        (changed(SHARED, lambda document: document["resources"][POLICY].update(dependsOn=[ACCOUNT_ID])),),
        "the lifecycle policy does not wait for aksmultiregionsa/default",
        ((SHARED, "dependsOn"), (SHARED, '"aksmultiregionsa/default"')),
    ),
)
