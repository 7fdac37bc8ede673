"""A kind of gateway: what Anyscale's traffic comes in by."""

from __future__ import annotations

from typing import NamedTuple

from rayfleet.facts.charts.chart import Chart


class GatewayKind(NamedTuple):
    """A kind of gateway by its name in fleet.yaml. ``gateway_class`` is that of its Gateway, empty where the operator
    writes Ingresses; ``own_class``: we render it; ``by_aks``: AKS runs its controller, and not a ``chart``. ``waits``
    and ``annotations`` are templates: what the operator's release waits for, what its Gateway says beside. ``retired``
    says that it is.
    """

    name: str
    gateway_class: str = ""
    own_class: bool = False
    by_aks: bool = False
    chart: Chart | None = None
    waits: str = ""
    annotations: str = ""
    retired: str = ""
