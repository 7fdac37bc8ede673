"""The values that the API server and Flux take of the fields that fleets write, and the API versions that are left.

Of Flux: the custom resource definitions of helm-controller 1.4.5, kustomize-controller 1.7.3 and source-controller
1.7.4 (Flux 2.7.5); of the Gateway API those of 1.6.1; of Kubernetes its API reference, 1.37. Checked on 2026-12-01.
"""

from __future__ import annotations

from rayfleet.facts.flux import FLUX, HELM, KUSTOMIZE
from rayfleet.facts.flux import VERSIONS as FLUX_VERSIONS
from rayfleet.facts.property_values import Form, NumberRange, PropertyValues, Words, at

_SOURCE, _NOTIFICATION, _IMAGE = f"source{FLUX}", f"notification{FLUX}", f"image{FLUX}"
GATEWAY_API = "gateway.networking.k8s.io"

DURATION = Form(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+", "a number and its unit, as 90s, 10m or 1h")
# A source is not waited for longer than minutes.
_SHORT = Form(r"([0-9]+(\.[0-9]+)?(ms|s|m))+", "a number and its unit, as 90s or 10m")
_DNS = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_ACTIONS = ("install", "upgrade", "rollback", "uninstall", "test")
_DEFINITIONS = Words(("Skip", "Create", "CreateReplace"))
_STRATEGY = Words(("RemediateOnFailure", "RetryOnFailure"))
_ACCESS = Words(("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"))
_MODE = Words(("Filesystem", "Block"))
_PROVIDERS = Words(("generic", "aws", "azure", "gcp"))
_FETCHED = (at("spec/interval", DURATION), at("spec/timeout", _SHORT))

_RELEASE = (
    *(at(f"spec/{key}", DURATION) for key in ("interval", "timeout", "chart/spec/interval")),
    *(at(f"spec/{action}/timeout", DURATION) for action in _ACTIONS),
    *(at(f"spec/{action}/strategy/retryInterval", DURATION) for action in _ACTIONS[:2]),
    *(at(f"spec/{action}/strategy/name", _STRATEGY) for action in _ACTIONS[:2]),
    *(at(f"spec/{action}/crds", _DEFINITIONS) for action in _ACTIONS[:2]),
    at("spec/upgrade/remediation/strategy", Words(("rollback", "uninstall"))),
    at("spec/driftDetection/mode", Words(("enabled", "warn", "disabled"))),
    at("spec/chart/spec/sourceRef/kind", Words(("HelmRepository", "GitRepository", "Bucket"))),
    at("spec/chartRef/kind", Words(("OCIRepository", "HelmChart", "ExternalArtifact"))),
    at("spec/valuesFrom/*/kind", Words(("ConfigMap", "Secret"))),
    at("spec/valuesFrom/*/valuesKey", Form(r"[\-._a-zA-Z0-9]+", "letters, digits and -_.")),
)
_LAYER = (
    *(at(f"spec/{key}", DURATION) for key in ("interval", "timeout", "retryInterval")),
    at("spec/sourceRef/kind", Words(("GitRepository", "OCIRepository", "Bucket", "ExternalArtifact"))),
    at("spec/deletionPolicy", Words(("MirrorPrune", "Delete", "WaitForTermination", "Orphan"))),
)
_GATEWAY = (
    at("spec/listeners/*/name", Form(_DNS, "a DNS name of a-z, 0-9, - and .")),
    at("spec/listeners/*/hostname", Form(rf"(\*\.)?{_DNS}", "a host name, or one after *.")),
    at("spec/listeners/*/port", NumberRange(1, 65_535, "")),
    # The protocols of the Gateway API; those of a vendor have its domain before them.
    at("spec/listeners/*/protocol", Form("HTTPS?|TLS|TCP|UDP|.+/.+", "HTTP, HTTPS, TLS, TCP or UDP")),
    at("spec/listeners/*/tls/mode", Words(("Terminate", "Passthrough"))),
    at("spec/listeners/*/allowedRoutes/namespaces/from", Words(("All", "Selector", "Same"))),
)
#: By API group and kind.
KUBERNETES_VALUES: dict[tuple[str, str], tuple[PropertyValues, ...]] = {
    (HELM, "HelmRelease"): _RELEASE,
    (KUSTOMIZE, "Kustomization"): _LAYER,
    (_SOURCE, "HelmRepository"): (
        *_FETCHED,
        at("spec/type", Words(("default", "oci"))),
        at("spec/provider", _PROVIDERS),
        at("spec/url", Form("(http|https|oci)://.*", "an address that begins with https:// or oci://")),
    ),
    (_SOURCE, "OCIRepository"): (
        *_FETCHED,
        at("spec/layerSelector/operation", Words(("extract", "copy"))),
        at("spec/provider", _PROVIDERS),
        at("spec/url", Form("oci://.*", "an address that begins with oci://")),
    ),
    (_SOURCE, "GitRepository"): (*_FETCHED, at("spec/provider", Words(("generic", "azure", "github")))),
    (_SOURCE, "Bucket"): _FETCHED,
    (_SOURCE, "HelmChart"): (at("spec/interval", DURATION),),
    # Not written by rayfleet, but well by an overlay: all their durations are of one form (the same releases).
    (_NOTIFICATION, "Provider"): (at("spec/interval", DURATION), at("spec/timeout", DURATION)),
    (_NOTIFICATION, "Receiver"): (at("spec/interval", DURATION),),
    (_IMAGE, "ImageRepository"): (at("spec/interval", DURATION), at("spec/timeout", DURATION)),
    (_IMAGE, "ImageUpdateAutomation"): (at("spec/interval", DURATION),),
    (GATEWAY_API, "Gateway"): _GATEWAY,
    (GATEWAY_API, "GatewayClass"): (
        at(
            "spec/controllerName",
            Form(rf"{_DNS}/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+", "a domain, a slash and a path"),
        ),
    ),
    ("gateway.envoyproxy.io", "EnvoyProxy"): (
        at("spec/provider/type", Words(("Kubernetes",), {"Host": "the proxies of a cluster are pods"})),
    ),
    ("storage.k8s.io", "StorageClass"): (
        at("reclaimPolicy", Words(("Retain", "Delete"))),
        at("volumeBindingMode", Words(("Immediate", "WaitForFirstConsumer"))),
    ),
    ("", "PersistentVolume"): (
        at("spec/persistentVolumeReclaimPolicy", Words(("Retain", "Delete", "Recycle"))),
        at("spec/accessModes/*", _ACCESS),
        at("spec/volumeMode", _MODE),
    ),
    ("", "PersistentVolumeClaim"): (
        at("spec/accessModes/*", _ACCESS),
        at("spec/volumeMode", _MODE),
    ),
}
#: The versions of each API group that the API server of AKS has, where it has no other: alpha and new beta ones are off
#: (Kubernetes docs, deprecation guide and feature gates; AKS docs, supported-kubernetes-versions).
VERSIONS: dict[str, tuple[str, ...]] = {
    **FLUX_VERSIONS,
    **dict.fromkeys(("", "apps", "batch", "policy"), ("v1",)),
    "autoscaling": ("v2", "v1"),
    **dict.fromkeys(
        (
            *("apiextensions.k8s.io", "apiregistration.k8s.io", "coordination.k8s.io", "discovery.k8s.io"),
            *("networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io", "scheduling.k8s.io", "storage.k8s.io"),
        ),
        ("v1",),
    ),
    # Kinds of their own have each of these (gateway-api 1.6.1, standard channel).
    GATEWAY_API: ("v1", "v1beta1", "v1alpha3", "v1alpha2"),
    # envoyproxy/gateway v1.9.0, api/v1alpha1.
    "gateway.envoyproxy.io": ("v1alpha1",),
}

#: The kinds that people write of Kubernetes' own API groups (Kubernetes API reference, 1.37).
KINDS: dict[str, tuple[str, ...]] = {
    "": (
        "ConfigMap", "Endpoints", "LimitRange", "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim", "Pod",
        "PodTemplate", "ReplicationController", "ResourceQuota", "Secret", "Service", "ServiceAccount",
    ),
    "apps": ("ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    "autoscaling": ("HorizontalPodAutoscaler",),
    "batch": ("CronJob", "Job"),
    "networking.k8s.io": ("IPAddress", "Ingress", "IngressClass", "NetworkPolicy", "ServiceCIDR"),
    "policy": ("PodDisruptionBudget",),
    "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
    "scheduling.k8s.io": ("PriorityClass",),
    "storage.k8s.io": (
        "CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass", "VolumeAttachment", "VolumeAttributesClass",
    ),
}  # fmt: skip
