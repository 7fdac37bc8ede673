"""What of the reference has to do with storage, for breaks of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.proofs.breaks.arm import CONTAINERS
from tests.testing.broken_trees import Edit, edited, tree

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
    return {**shared["resources"][CONTAINERS], "name": "aksmultiregionsa/default/second"}


def option(old: str, new: str) -> Edit:
    """Another mount option of the volume."""
    return Edit(PV, f'    - "{old}"\n', f'    - "{new}"\n' if new else "")
