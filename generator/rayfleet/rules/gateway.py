"""The way in."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic
from rayfleet.model.fleet import Fleet
from rayfleet.source.origin import Origin


def judge(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Warns of what is retired."""
    for cluster in fleet.clusters:
        if cluster.gateway_kind == "ingress-nginx":
            what = "ingress-nginx was retired in March 2026 and gets no security fixes"
            fix = "use application-routing, or envoy-gateway"
            yield origin.at(cluster.name, ("gateway", "kind"), what, fix).as_warning()
