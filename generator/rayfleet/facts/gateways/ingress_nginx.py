"""ingress-nginx: Ingresses."""

from __future__ import annotations

from rayfleet.facts.charts import ingress_nginx
from rayfleet.facts.gateways.gateway import GatewayKind

KIND = GatewayKind(
    "ingress-nginx",
    chart=ingress_nginx.CHART,
    retired="was retired in March 2026 and gets no security fixes",
)
