"""Envoy Gateway: the Gateway API by a chart of its own."""

from __future__ import annotations

from rayfleet.facts.charts import envoy_gateway
from rayfleet.facts.gateways.gateway import GatewayKind

KIND = GatewayKind(
    "envoy-gateway",
    gateway_class="envoy-gateway",
    own_class=True,
    own_proxy=True,
    # values.tmpl.yaml
    controller="gateway.envoyproxy.io/gatewayclass-controller",
    chart=envoy_gateway.CHART,
    waits="cluster/operators/envoy-gateway/waits.j2",
)
