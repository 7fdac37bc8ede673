"""One AKS cluster: its settings and every name that two of its outputs must agree on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rayfleet.facts import gateways
from rayfleet.facts.charts import charts_of
from rayfleet.facts.charts.chart import GPU_NAMESPACE
from rayfleet.facts.gateways.gateway import GatewayKind
from rayfleet.facts.labels import DNS_LABEL, LOAD_BALANCER
from rayfleet.model.bindings import ClusterBindings
from rayfleet.model.instance_type import InstanceType
from rayfleet.model.network import Network
from rayfleet.model.node_pool import NodePool
from rayfleet.model.service_account import OPERATOR, SOURCE_CONTROLLER, ServiceAccount
from rayfleet.model.storage import Volume


@dataclass(frozen=True, slots=True)
class Upgrades:
    """Automatic upgrades and their weekly window."""

    channel: str
    node_os_channel: str
    max_surge: str
    day: str
    start_time: str
    utc_offset: str
    duration_hours: int


@dataclass(frozen=True, slots=True)
class HelmChart:
    """A Helm chart's version and the fleet's own values for it."""

    version: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One AKS cluster. Its name is the root of all its other names."""

    name: str
    region: str
    cloud: str
    resource_group: str
    kubernetes_version: str
    tier: str
    network: Network
    authorized_ip_ranges: tuple[str, ...]
    local_accounts: bool
    encryption_at_host: bool
    upgrades: Upgrades
    autoscaler: dict[str, Any]
    pools: tuple[NodePool, ...]
    service_accounts: tuple[ServiceAccount, ...]
    volume: Volume
    gateway_kind: str
    public: bool
    redis_endpoint: str | None
    image_registry: str | None
    charts: dict[str, HelmChart]
    overlays: tuple[str, ...]
    repository_path: str
    signs_in_to_git: bool
    bindings: ClusterBindings
    instance_types: tuple[InstanceType, ...]

    # --- Azure names ---

    @property
    def dns_prefix(self) -> str:
        """The first part of the API server's host name; it can never change."""
        return self.name

    @property
    def node_resource_group(self) -> str:
        """The group in which AKS keeps the nodes."""
        return f"{self.resource_group}-{self.name}-nodes"

    @property
    def vnet(self) -> str:
        return f"{self.name}-vnet"

    @property
    def subnet(self) -> str:
        return "aks-nodes"

    @property
    def nsg(self) -> str:
        return f"{self.name}-nodes-nsg"

    @property
    def nat_gateway(self) -> str:
        return f"{self.name}-nat"

    @property
    def nat_public_ips(self) -> tuple[str, ...]:
        return tuple(f"{self.name}-nat-ip-{number}" for number in range(1, self.network.nat_public_ips + 1))

    @property
    def control_plane_identity(self) -> str:
        return f"{self.name}-control-plane"

    @property
    def workload_identity(self) -> str:
        return f"{self.name}-workload"

    @property
    def git_identity(self) -> str:
        return f"{self.name}-git"

    @property
    def output(self) -> str:
        """The ARM output with the cluster's late values; an output's name takes no hyphen."""
        return self.name.replace("-", "_")

    @property
    def own_service_accounts(self) -> tuple[ServiceAccount, ...]:
        """The accounts that the fleet names, beside the operator's."""
        return tuple(account for account in self.service_accounts if account != OPERATOR)

    # --- node pools ---

    @property
    def system_pools(self) -> tuple[NodePool, ...]:
        """Pools that carry AKS's own pods."""
        return tuple(pool for pool in self.pools if pool.system)

    @property
    def inline_pools(self) -> tuple[NodePool, ...]:
        """Pools inside the cluster resource: a cluster is made with its system pools, and takes no new one that way."""
        there = tuple(pool for pool in self.system_pools if self.exists(pool))
        return there or self.system_pools

    @property
    def child_pools(self) -> tuple[NodePool, ...]:
        """Pools that are resources of their own, which a PUT of the cluster leaves alone."""
        return tuple(pool for pool in self.pools if pool not in self.inline_pools)

    @property
    def gpu_pools(self) -> tuple[NodePool, ...]:
        """Pools with GPUs."""
        return tuple(pool for pool in self.pools if pool.gpu)

    def has_gpus_of(self, vendor: str) -> bool:
        """True where a pool has GPUs of the vendor."""
        return any(pool.vm.gpu_vendor == vendor for pool in self.gpu_pools)

    @property
    def accelerators(self) -> tuple[str, ...]:
        """The accelerators of its pools, in order of name."""
        return tuple(sorted({pool.vm.accelerator for pool in self.gpu_pools}))

    @property
    def gpu_taint_keys(self) -> tuple[str, ...]:
        """The keys of every taint on a GPU pool: what a DaemonSet for GPUs must tolerate."""
        return tuple(sorted({taint.key for pool in self.gpu_pools for taint in pool.taints}))

    @property
    def gpu_resources(self) -> tuple[str, ...]:
        """The extended resources that its GPUs are asked for by."""
        return tuple(sorted({pool.vm.gpu_resource for pool in self.gpu_pools}))

    @property
    def nvidia_accelerators(self) -> tuple[str, ...]:
        """The accelerators that NVIDIA's device plugin serves."""
        return tuple(sorted({pool.vm.accelerator for pool in self.gpu_pools if pool.vm.gpu_vendor == "nvidia"}))

    @property
    def mixed_architectures(self) -> bool:
        """True where Ray pods must say which CPU architecture they were built for."""
        return len({pool.vm.architecture for pool in self.pools if pool.ray}) > 1

    @property
    def infra(self) -> bool:
        """True where infra pools without taints run the operators."""
        return any(pool.role == "infra" and not pool.system for pool in self.pools)

    @property
    def max_nodes(self) -> int:
        """Nodes when every pool is as large as it may get."""
        return sum(pool.maximum for pool in self.pools)

    # --- Anyscale and the way in ---

    # The service account of the operator and of every Ray pod.
    operator = OPERATOR
    # The name of its Gateway, which the operator puts routes on.
    gateway_name = "anyscale"

    @property
    def cloud_resource(self) -> str:
        """The name of its Anyscale cloud resource, unique in the cloud."""
        return self.name

    @property
    def networking_mode(self) -> str:
        """Anyscale's word for whether the gateway has a public address."""
        return "PUBLIC" if self.public else "PRIVATE"

    @property
    def dashed_id(self) -> str:
        """The cloud resource id as DNS and Kubernetes names take it. Raises ValueError while it is not bound."""
        if self.bindings.cloud_resource_id is None:
            raise ValueError(f"{self.name} has no cloud resource id yet: what needs it is pending")
        return self.bindings.cloud_resource_id.replace("_", "-")

    @property
    def gateway_hostname(self) -> str:
        """The public gateway's host name, from its DNS label (Azure: <label>.<region>.cloudapp.azure.com)."""
        return f"{self.dashed_id}.{self.region}.cloudapp.azure.com"

    @property
    def interactive_certificate(self) -> str:
        """The Secret that the operator writes for ``*.i.`` hosts."""
        return f"anyscale-{self.dashed_id}-certificate"

    @property
    def service_certificate(self) -> str:
        """The Secret that the operator writes for ``*.s.`` hosts."""
        return f"anyscale-svc-{self.dashed_id}-certificate"

    @property
    def gateway(self) -> GatewayKind:
        """The row of its kind of gateway."""
        return gateways.gateway(self.gateway_kind)

    @property
    def gateway_api(self) -> bool:
        """True where the way in is a Gateway, not an Ingress."""
        return bool(self.gateway.gateway_class)

    @property
    def gateway_class(self) -> str:
        """The GatewayClass of its gateway."""
        return self.gateway.gateway_class

    @property
    def load_balancer_annotations(self) -> dict[str, str]:
        """Annotations of the load balancer's Service, wherever the kind of gateway takes them.

        Of an Ingress, Anyscale reads the address by itself; a Gateway's it is told, so that one has a DNS label.
        """
        if self.public:
            return {DNS_LABEL: self.dashed_id} if self.gateway_api else {}
        return {
            f"{LOAD_BALANCER}-load-balancer-internal": "true",
            f"{LOAD_BALANCER}-load-balancer-ipv4": self.network.gateway_ip,
        }

    # --- Kubernetes ---

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Namespaces that the platform layer makes, before anything is put into them."""
        names = {OPERATOR.namespace, *(account.namespace for account in self.service_accounts)}
        names |= {GPU_NAMESPACE} if self.gpu_pools else set()
        names |= {chart.namespace for chart in charts_of(self)}
        return tuple(sorted(names - {"default", "kube-system", SOURCE_CONTROLLER.namespace}))

    # --- GitOps ---

    @property
    def platform_path(self) -> str:
        return self._layer("platform")

    @property
    def operators_path(self) -> str:
        return self._layer("operators")

    @property
    def workloads_path(self) -> str:
        return self._layer("workloads")

    @property
    def flux_path(self) -> str:
        """The folder of the repository where the cluster's Flux configuration begins."""
        return self._layer("flux")

    def _layer(self, layer: str) -> str:
        folder = f"rendered/clusters/{self.name}/{layer}"
        return f"./{self.repository_path}/{folder}" if self.repository_path else f"./{folder}"

    @property
    def controllers(self) -> tuple[str, ...]:
        """The chart of its gateway, which the workloads layer waits for; none where AKS runs the gateway."""
        return (self.gateway.chart.name,) if self.gateway.chart else ()

    # --- bindings ---

    @property
    def deployed(self) -> bool:
        """True where its deployment has run."""
        return self.bindings.client_id is not None

    def exists(self, pool: NodePool) -> bool:
        """True where Azure already has the pool, so that its node count is the autoscaler's."""
        return pool.name in self.bindings.node_pools
