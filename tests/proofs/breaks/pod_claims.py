"""Claims of overlays that nobody makes a volume, and pods whose claims are not there."""

from __future__ import annotations

from tests.proofs.breaks.manifest_accounts import TEAM, team
from tests.proofs.breaks.storage import EAST
from tests.testing.broken_trees import Break

KEPT = "annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}"


def claim(more: str = "", storage_class: str = "blob-fuse2") -> str:
    return f"""apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: scratch, namespace: team-a, {KEPT}}}
spec:
  accessModes: [ReadWriteMany]
  storageClassName: {storage_class}
  resources: {{requests: {{storage: 1Ti}}}}
  {more}
---
"""


def volume(kept_for: str = "{namespace: team-a, name: scratch}", size: str = "1Ti") -> str:
    return f"""apiVersion: v1
kind: PersistentVolume
metadata: {{name: scratch, {KEPT}}}
spec:
  capacity: {{storage: {size}}}
  accessModes: [ReadWriteMany]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: blob-fuse2
  claimRef: {kept_for}
  mountOptions:
    - -o allow_other
    - --use-adls=true
    - --block-cache
    - --block-cache-block-size=16
    - --block-cache-pool-size=2048
    - --block-cache-prefetch=32
  csi:
    driver: blob.csi.azure.com
    volumeHandle: scratch
    volumeAttributes:
      protocol: fuse2
      resourceGroup: aks-multi-region
      storageAccount: aksmultiregionsa
      containerName: aks-anyscale-blob
      clientID: 11111111-1111-4111-8111-111111111111
      mountWithWorkloadIdentityToken: "true"
---
"""


def deployment(claim: str) -> str:
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: team-a}}
spec:
  template:
    spec:
      containers: [{{name: web, image: web}}]
      volumes: [{{name: data, persistentVolumeClaim: {{claimName: {claim}}}}}]
"""


NOBODY = f"""apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: by-hand, {KEPT}}}
provisioner: kubernetes.io/no-provisioner
---
"""

BREAKS = (
    Break(
        "a claim without a volume, where volumes are static",
        team(claim(), deployment("scratch")),
        "its control plane may not make containers in aksmultiregionsa, and the claim team-a/scratch needs one",
        ((TEAM, "storageClassName"), (EAST, '"identity"')),
    ),
    Break(
        "a claim of a class that makes no volume",
        team(NOBODY, claim(storage_class="by-hand")),
        "the claim team-a/scratch names no volume, and its class by-hand makes none",
        ((TEAM, "storageClassName"), (TEAM, "provisioner")),
    ),
    Break(
        "a pod that mounts a claim which is not there",
        team(claim("volumeName: scratch"), volume(), deployment("scrathc")),
        "Deployment web mounts the claim team-a/scrathc, which no layer makes",
        ((TEAM, "claimName"),),
    ),
    Break(
        "a claim of a team's that asks for more than its volume has",
        team(claim("volumeName: scratch"), volume(size="1Gi")),
        "its claim asks for 1Ti, and the volume has 1Gi: they are never bound",
        ((TEAM, "storage: 1Ti"), (TEAM, "storage: 1Gi")),
    ),
)

#: What a team may do, and nothing is said of.
GOOD = (
    team(claim("volumeName: scratch"), volume(), deployment("scratch")),
    team(claim(), volume(), deployment("scratch")),
    team(claim(storage_class="managed-csi"), deployment("scratch")),
)
