"""ingress-nginx: Ingresses."""

from __future__ import annotations

from rayfleet.facts.charts import ingress_nginx
from rayfleet.facts.gateways.gateway import GatewayKind
from rayfleet.facts.labels import LOAD_BALANCER

KIND = GatewayKind(
    "ingress-nginx",
    chart=ingress_nginx.CHART,
    # Any other path gets a 404 (ingress-nginx docs, deploy: Azure).
    health_probe=(f"{LOAD_BALANCER}-load-balancer-health-probe-request-path", "/healthz"),
    retired="was retired in March 2026 and gets no security fixes",
)
