"""The way in."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts import gateways
from rayfleet.model.fleet import Fleet
from rayfleet.source.origin import Origin


def judge(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Warns of what is retired."""
    for cluster in fleet.clusters:
        if cluster.gateway.kind.retired:
            what = f"{cluster.gateway_kind} {cluster.gateway.kind.retired}"
            fix = f"use {', or '.join(row.name for row in gateways.TABLE if not row.retired)}"
            yield origin.at(cluster.name, ("gateway", "kind"), what, fix).as_warning()
