"""Application routing: the Gateway API that AKS itself runs (AKS docs, app-routing-gateway-api)."""

from __future__ import annotations

from rayfleet.facts.gateways.gateway import GatewayKind

KIND = GatewayKind(
    "application-routing",
    gateway_class="approuting-istio",
    by_aks=True,
    annotations="cluster/workloads/application-routing.j2",
)
