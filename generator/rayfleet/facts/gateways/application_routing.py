"""Application routing: the Gateway API that AKS itself runs (AKS docs, app-routing-gateway-api)."""

from __future__ import annotations

from rayfleet.facts.gateways.gateway import GatewayKind
from rayfleet.facts.labels import LOAD_BALANCER

KIND = GatewayKind(
    "application-routing",
    gateway_class="approuting-istio",
    in_cluster_resource=(
        (("ingressProfile", "gatewayAPI", "installation"), "Standard"),
        (("ingressProfile", "webAppRouting", "gatewayAPIImplementations", "appRoutingIstio", "mode"), "Enabled"),
    ),
    # AKS sets a probe for port 80 only; that of port 443 would ask for HTTP (cloud-provider-azure docs, load balancer).
    health_probe=(f"{LOAD_BALANCER.rpartition('/')[0]}/port_443_health-probe_protocol", "tcp"),
    annotations="cluster/workloads/application-routing.j2",
)
