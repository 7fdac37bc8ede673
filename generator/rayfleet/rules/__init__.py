"""The rules of a fleet beyond the shape of its file, one module a subject. Rules report; they never raise."""

from __future__ import annotations

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.catalogue import Catalogue
from rayfleet.fleet_files import Inputs
from rayfleet.model.fleet import Fleet
from rayfleet.rules import (
    anyscale,
    bindings,
    charts,
    example,
    gateway,
    gitops,
    identity,
    names,
    network,
    node_os,
    overlays,
    pools,
    regions,
    removals,
    storage,
    upgrades,
)
from rayfleet.source import Source
from rayfleet.source.origin import Origin


def judge(fleet: Fleet, origin: Origin, catalogue: Catalogue, inputs: Inputs) -> list[Diagnostic]:
    """Every finding about a fleet."""
    return [
        *names.judge(fleet, origin),
        *regions.judge(fleet, origin, catalogue),
        *network.judge(fleet, origin, catalogue),
        *pools.judge(fleet, origin, catalogue),
        *node_os.judge(fleet, origin),
        *upgrades.judge(fleet, origin),
        *identity.judge(fleet, origin, catalogue),
        *storage.judge(fleet, origin.source, catalogue),
        *gitops.judge(fleet, origin.source),
        *gateway.judge(fleet, origin),
        *anyscale.judge(fleet, origin),
        *charts.judge(fleet, origin),
        *removals.judge(origin.source),
        *example.judge(origin.source),
        *overlays.judge(fleet, origin, inputs),
    ]


def judge_bindings(fleet: Fleet, source: Source, catalogue: Catalogue) -> list[Diagnostic]:
    """Every finding about the bindings of a fleet."""
    return [*bindings.judge(fleet, source, catalogue), *example.judge_bindings(fleet, source)]
