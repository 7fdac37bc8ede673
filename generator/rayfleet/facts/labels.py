"""Keys of node labels and taints: whose they are, and who reads them."""

from __future__ import annotations

#: Anyscale's operator matches these (anyscale-operator 1.8.0, values.yaml: workloads.marketType,
#: workloads.accelerator).
CAPACITY_TYPE = "node.anyscale.com/capacity-type"
ACCELERATOR_TYPE = "node.anyscale.com/accelerator-type"
#: What Anyscale says of a Ray pod, by which the operator's patches pick it (the same file: patches, zone selector).
POD_MARKET, POD_ACCELERATOR, POD_INSTANCE = (
    f"anyscale.com/{name}" for name in ("market-type", "accelerator-type", "instance-type")
)
POD_ZONE = "anyscale.com/zone"
#: AKS puts these on spot nodes itself, as label and as taint (AKS docs, spot-node-pool), but a PUT without them takes
#: them away (Azure/AKS#3152).
SPOT_PRIORITY = "kubernetes.azure.com/scalesetpriority"
#: A taint that only AKS's own and other critical pods tolerate (AKS docs, use-system-pools).
CRITICAL_ADDONS = "CriticalAddonsOnly"
#: Our own keys: nothing but us writes them, so that GPU feature discovery or Karpenter cannot change what they say.
ROLE = "rayfleet.dev/role"
ACCELERATOR = "rayfleet.dev/accelerator"

#: The resources that device plugins offer, by which pods ask for GPUs (NVIDIA/k8s-device-plugin and
#: ROCm/k8s-device-plugin, README).
NVIDIA_GPU, AMD_GPU = "nvidia.com/gpu", "amd.com/gpu"
AMD_PREFIX = "amd.com/"
GPU_RESOURCES = frozenset({NVIDIA_GPU, AMD_GPU})
#: The upstream autoscaler knows NVIDIA GPUs of a pool without nodes by itself; of others this tag tells it
#: (kubernetes/autoscaler, cluster-autoscaler/cloudprovider/azure: node-template).
SCALE_FROM_ZERO_TAG = "k8s.io_cluster-autoscaler_node-template_resources_{resource}"

#: Prefixes that AKS refuses on a node pool's labels (AKS docs, use-labels: reserved prefixes, 2026-08).
AKS_PREFIX = "kubernetes.azure.com"
AKS_PREFIXES = (AKS_PREFIX, "kubernetes.io")
#: Owners of label and taint prefixes, with all below them: AKS's, Kubernetes' own (Kubernetes docs,
#: labels-annotations-taints), ours, and those of what reads or writes labels here. A fleet writes none of them itself.
OWNED_PREFIXES = (*AKS_PREFIXES, "k8s.io", "rayfleet.dev", "anyscale.com", "nvidia.com", "amd.com")
#: Labels without a prefix that AKS sets (AKS docs, use-labels).
AKS_LABELS = ("agentpool", "storageprofile", "storagetier", "accelerator")

#: Labels of Kubernetes and its cloud providers that every node has (Kubernetes docs, labels-annotations-taints).
OS, ARCHITECTURE, HOST_NAME = "kubernetes.io/os", "kubernetes.io/arch", "kubernetes.io/hostname"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
REGION, ZONE = "topology.kubernetes.io/region", "topology.kubernetes.io/zone"
#: The names that they had before, which nodes still have (the same page).
OLDER = {
    OS: "beta.kubernetes.io/os",
    ARCHITECTURE: "beta.kubernetes.io/arch",
    INSTANCE_TYPE: "beta.kubernetes.io/instance-type",
    REGION: "failure-domain.beta.kubernetes.io/region",
    ZONE: "failure-domain.beta.kubernetes.io/zone",
}
#: GPU and node feature discovery write labels with these prefixes to running nodes (NVIDIA/k8s-device-plugin docs,
#: gpu-feature-discovery; Node Feature Discovery docs).
NODE_FEATURES = "feature.node.kubernetes.io/"
DISCOVERED = (f"{NVIDIA_GPU}.", "nvidia.com/cuda.", "nvidia.com/mig.", NODE_FEATURES)
#: Annotations of a Service that Azure's load balancer reads (cloud-provider-azure docs, loadbalancer).
LOAD_BALANCER = "service.beta.kubernetes.io/azure"
DNS_LABEL = f"{LOAD_BALANCER}-dns-label-name"

#: What a taint does (Kubernetes API reference, Taint), and which of it keeps a pod off: PreferNoSchedule does not.
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
HARD = ("NoSchedule", "NoExecute")

#: The forms of a label's name or value, and of the domain before its name (Kubernetes docs, labels: syntax). The key
#: and the value of a taint follow them too.
LABEL_PART = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
LABEL_DOMAIN = r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
