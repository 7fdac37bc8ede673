"""A kind of gateway: what Anyscale's traffic comes in by."""

from __future__ import annotations

from typing import NamedTuple

from rayfleet.facts.charts.chart import Chart


class GatewayKind(NamedTuple):
    """A kind of gateway by its name in fleet.yaml. ``gateway_class`` is that of its Gateway, empty where the operator
    writes Ingresses; ``own_class``: we render it, and ``own_proxy``: also how its pods run. ``in_cluster_resource`` are
    the properties of the cluster's resource, each with its value, by which AKS runs the controller; elsewhere a
    ``chart`` does. ``waits`` and ``annotations`` are templates: what the operator's release waits for, what its Gateway
    says beside. ``retired`` says that it is. ``controller`` is that of its class, where we render it. ``health_probe``
    is the annotation without which the load balancer's probe fails.
    """

    name: str
    gateway_class: str = ""
    own_class: bool = False
    own_proxy: bool = False
    in_cluster_resource: tuple[tuple[tuple[str, ...], str], ...] = ()
    chart: Chart | None = None
    waits: str = ""
    annotations: str = ""
    retired: str = ""
    controller: str = ""
    health_probe: tuple[str, str] | None = None

    @property
    def by_aks(self) -> bool:
        """True where AKS runs its controller."""
        return bool(self.in_cluster_resource)
