"""Application routing: the Gateway API that AKS itself runs (AKS docs, app-routing-gateway-api)."""

from __future__ import annotations

from rayfleet.facts.gateways.gateway import GatewayKind

KIND = GatewayKind(
    "application-routing",
    gateway_class="approuting-istio",
    in_cluster_resource=(
        (("ingressProfile", "gatewayAPI", "installation"), "Standard"),
        (("ingressProfile", "webAppRouting", "gatewayAPIImplementations", "appRoutingIstio", "mode"), "Enabled"),
    ),
    annotations="cluster/workloads/application-routing.j2",
)
