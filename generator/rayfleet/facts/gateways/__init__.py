"""The kinds of gateway: a new one is a module and a row."""

from __future__ import annotations

from rayfleet.facts.charts.chart import Chart
from rayfleet.facts.gateways import application_routing, envoy_gateway, ingress_nginx
from rayfleet.facts.gateways.gateway import GatewayKind

#: The default first.
TABLE: tuple[GatewayKind, ...] = (application_routing.KIND, envoy_gateway.KIND, ingress_nginx.KIND)


def gateway(name: str) -> GatewayKind:
    """The row of a name, which the schema of fleet.yaml has checked."""
    return next(row for row in TABLE if row.name == name)


def of_class(name: str) -> GatewayKind | None:
    """The row whose Gateway is of a class."""
    return next((row for row in TABLE if name and row.gateway_class == name), None)


def of_chart(artifact: str) -> GatewayKind | None:
    """The row whose controller a chart is, by its own name."""
    return next((row for row in TABLE if row.chart and row.chart.artifact == artifact), None)


def ingress_charts() -> tuple[Chart, ...]:
    """The charts whose controllers serve Ingresses."""
    return tuple(row.chart for row in TABLE if row.chart and not row.gateway_class)
