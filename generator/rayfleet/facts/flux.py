"""The words of Flux 2.7 and AKS: API versions, fields, and the kinds that each chart or add-on brings.

Flux 2.7.5 is what the AKS extension microsoft.flux 1.24.1 ships (MicrosoftDocs/azure-management-docs,
articles/azure-arc/kubernetes/flux-gitops-release-notes.md, 2026-08-10). Checked on 2026-11-21.
"""

from __future__ import annotations

from typing import Any

FLUX = ".toolkit.fluxcd.io"
KUSTOMIZE, HELM = f"kustomize{FLUX}", f"helm{FLUX}"

#: The API versions that are left of each group (the same page: "Deprecation and removal notice").
VERSIONS = {
    f"source{FLUX}": ("v1",),
    KUSTOMIZE: ("v1",),
    HELM: ("v2",),
    f"notification{FLUX}": ("v1", "v1beta3"),
    f"image{FLUX}": ("v1", "v1beta2"),
}

#: Fields of Flux 2.8 and 2.9, which the API server drops or refuses where 2.7 runs: tried against the custom resource
#: definitions of helm-controller 1.4.5, kustomize-controller 1.7.3 and source-controller 1.7.4. By kind and by the
#: field of the spec that they are, or are in; ``*`` is any entry of a list.
NEWER: dict[str, dict[str, tuple[tuple[str, ...], ...]]] = {
    "HelmRelease": {
        "healthCheckExprs": ((),),
        "install": (("serverSideApply",),),
        "postRenderStrategy": ((),),
        "rollback": (("serverSideApply",),),
        "upgrade": (("serverSideApply",), ("chartNameChangeStrategy",)),
        "valuesFrom": (("*", "literal"),),
        "waitStrategy": ((),),
    },
    "Kustomization": {
        "buildMetadata": ((),),
        "ignore": ((),),
        "postBuild": (("substituteStrategy",),),
    },
    "OCIRepository": {"verify": (("trustedRootSecretRef",),)},
}

#: Kubernetes' own API groups (Kubernetes 1.37 API reference); those without a dot are the oldest.
KUBERNETES = frozenset(
    {
        *("", "apps", "autoscaling", "batch", "policy"),
        *(
            f"{group}.k8s.io"
            for group in (
                *("admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization"),
                *("certificates", "coordination", "discovery", "events", "flowcontrol.apiserver", "networking"),
                *("node", "rbac.authorization", "resource", "scheduling", "storage", "storagemigration"),
            )
        ),
    }
)

#: What AKS brings, by group: the property of the cluster that says so, and its value. From AKS docs, in this order:
#: managed-gateway-api, azure-cni-powered-by-cilium, csi-storage-drivers, keda-about, vertical-pod-autoscaler,
#: kafka-configure (the PodMonitor of Azure Monitor), csi-secrets-store-driver.
BY_AKS: dict[str, tuple[tuple[str, ...], Any]] = {
    "gateway.networking.k8s.io": (("ingressProfile", "gatewayAPI", "installation"), "Standard"),
    "cilium.io": (("networkProfile", "networkDataplane"), "cilium"),
    "snapshot.storage.k8s.io": (("storageProfile", "snapshotController", "enabled"), True),
    "keda.sh": (("workloadAutoScalerProfile", "keda", "enabled"), True),
    "autoscaling.k8s.io": (("workloadAutoScalerProfile", "verticalPodAutoscaler", "enabled"), True),
    "azmonitoring.coreos.com": (("azureMonitorProfile", "metrics", "enabled"), True),
    "secrets-store.csi.x-k8s.io": (("addonProfiles", "azureKeyvaultSecretsProvider", "enabled"), True),
}

#: What the extension brings unasked, and what it brings when its setting says so (MicrosoftDocs/azure-management-docs,
#: articles/azure-arc/kubernetes/tutorial-use-gitops-flux2.md).
BY_FLUX = frozenset({f"source{FLUX}", KUSTOMIZE, HELM, f"notification{FLUX}"})
IMAGE_SETTINGS = ("image-automation-controller.enabled", "image-reflector-controller.enabled")


#: Namespaces that are there before Flux is: Kubernetes' own (Kubernetes docs, namespaces: initial namespaces), and
#: AKS's by the property that brings them (AKS docs: app-routing-gateway-api, app-routing, use-azure-policy).
INITIAL = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
AKS_NAMESPACES: dict[str, tuple[tuple[str, ...], Any]] = {
    "aks-istio-system": (
        ("ingressProfile", "webAppRouting", "gatewayAPIImplementations", "appRoutingIstio", "mode"),
        "Enabled",
    ),
    "app-routing-system": (("ingressProfile", "webAppRouting", "enabled"), True),
    "gatekeeper-system": (("addonProfiles", "azurepolicy", "enabled"), True),
}

#: The provisioner of classes whose volumes somebody makes by hand (Kubernetes docs, storage-classes: local).
NO_PROVISIONER = "kubernetes.io/no-provisioner"
#: Storage classes that AKS makes (AKS docs, concepts-storage).
STORAGE_CLASSES = frozenset(
    {
        *("default", "managed", "managed-premium", "managed-csi", "managed-csi-premium", "managed-csi-premium-v2"),
        *("azurefile", "azurefile-premium", "azurefile-csi", "azurefile-csi-premium"),
        *("azureblob-nfs-premium", "azureblob-fuse-premium"),
    }
)

#: What is in a namespace, of the kinds that a fleet may well have: the API server refuses one without (Kubernetes API
#: reference; fluxcd/pkg, ssa/errors: "namespace not specified").
NAMESPACED = frozenset(
    {
        *("ConfigMap", "PersistentVolumeClaim", "Pod", "Secret", "Service", "ServiceAccount", "ResourceQuota"),
        *("LimitRange", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Role", "RoleBinding"),
        *("Ingress", "NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler", "Gateway", "HTTPRoute"),
        *("Kustomization", "HelmRelease", "HelmRepository", "OCIRepository", "GitRepository"),
    }
)

#: Kinds whose deletion takes data with it: volumes, and whatever is inside a namespace or of a kind.
HOLDS_DATA = frozenset({"CustomResourceDefinition", "Namespace", "PersistentVolume", "PersistentVolumeClaim"})
