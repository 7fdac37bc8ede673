"""One cluster: its parts, and every name that two of its outputs must agree on."""

from __future__ import annotations

from dataclasses import dataclass

from rayfleet.facts.certificates import certificate
from rayfleet.facts.charts import charts_of
from rayfleet.facts.charts.chart import GPU_NAMESPACE
from rayfleet.facts.labels import DNS_LABEL, LOAD_BALANCER
from rayfleet.model.bindings import ClusterBindings
from rayfleet.model.delivery import Delivery
from rayfleet.model.gateway import Gateway
from rayfleet.model.gpu_support import GpuSupport
from rayfleet.model.infrastructure import Infrastructure
from rayfleet.model.network import Network
from rayfleet.model.node_pool import NodePool
from rayfleet.model.ray import Ray
from rayfleet.model.service_account import OPERATOR, SOURCE_CONTROLLER
from rayfleet.model.storage import Volume


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster, composed of parts. Its name is the root of all its other names."""

    name: str
    region: str
    infrastructure: Infrastructure
    ray: Ray
    gateway: Gateway
    volume: Volume
    delivery: Delivery
    bindings: ClusterBindings

    @property
    def network(self) -> Network:
        return self.infrastructure.network

    @property
    def pools(self) -> tuple[NodePool, ...]:
        return self.infrastructure.pools

    @property
    def gpus(self) -> GpuSupport:
        """The pools with GPUs, and what they need."""
        return GpuSupport(tuple(pool for pool in self.pools if pool.gpu))

    # --- Azure names ---

    @property
    def dns_prefix(self) -> str:
        """The first part of the API server's host name; it can never change."""
        return self.name

    @property
    def node_resource_group(self) -> str:
        """The group in which AKS keeps the nodes."""
        return f"{self.infrastructure.resource_group}-{self.name}-nodes"

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

    # --- node pools ---

    @property
    def inline_pools(self) -> tuple[NodePool, ...]:
        """Pools inside the cluster resource: a cluster is made with its system pools, and takes no new one that way."""
        there = tuple(pool for pool in self.infrastructure.system_pools if self.exists(pool))
        return there or self.infrastructure.system_pools

    @property
    def child_pools(self) -> tuple[NodePool, ...]:
        """Pools that are resources of their own, which a PUT of the cluster leaves alone."""
        return tuple(pool for pool in self.pools if pool not in self.inline_pools)

    # --- what charts go by ---

    @property
    def gateway_kind(self) -> str:
        """The name of its kind of gateway."""
        return self.gateway.kind.name

    def has_gpus_of(self, vendor: str) -> bool:
        """True where any pool has GPUs of the vendor."""
        return self.gpus.of_vendor(vendor)

    # --- Anyscale and the way in ---

    # The service account of the operator and of every Ray pod.
    operator = OPERATOR

    @property
    def cloud_resource(self) -> str:
        """The name of its Anyscale cloud resource, unique in the cloud."""
        return self.name

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
        return certificate("i", self.dashed_id)

    @property
    def service_certificate(self) -> str:
        """The Secret that the operator writes for ``*.s.`` hosts."""
        return certificate("s", self.dashed_id)

    @property
    def load_balancer_annotations(self) -> dict[str, str]:
        """Annotations of the load balancer's Service, wherever the kind of gateway takes them.

        Of an Ingress, Anyscale reads the address by itself; a Gateway's it is told, so that one has a DNS label.
        """
        if self.gateway.public:
            return {DNS_LABEL: self.dashed_id} if self.gateway.api else {}
        return {
            f"{LOAD_BALANCER}-load-balancer-internal": "true",
            f"{LOAD_BALANCER}-load-balancer-ipv4": self.network.gateway_ip,
        }

    # --- Kubernetes ---

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Namespaces that the platform layer makes, before anything is put into them."""
        names = {OPERATOR.namespace, *(account.namespace for account in self.ray.service_accounts)}
        names |= {GPU_NAMESPACE} if self.gpus.pools else set()
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
        path = self.delivery.gitops.path
        return f"./{path}/{folder}" if path else f"./{folder}"

    # --- bindings ---

    @property
    def deployed(self) -> bool:
        """True where its deployment has run."""
        return self.bindings.client_id is not None

    def exists(self, pool: NodePool) -> bool:
        """True where Azure already has the pool, so that its node count is the autoscaler's."""
        return pool.name in self.bindings.node_pools
