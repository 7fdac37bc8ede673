"""Late values that are none."""

from __future__ import annotations

from tests.proofs.breaks.bound import CLIENT, CLIENT_LINE, DASHED, ID, POOLS, PRINCIPAL, bound
from tests.testing.broken_trees import BINDINGS, Break, Edit, tree

BREAKS = (
    Break("bound to nothing", bound(CLIENT, '""'), "clientId is bound to nothing", ((BINDINGS, '""'),)),
    Break("bound to null", bound(CLIENT, "null"), "clientId is bound to nothing", ((BINDINGS, "null"),)),
    Break("no value", bound(f"value: {CLIENT}, ", ""), "clientId is bound to nothing", ((BINDINGS, "clientId"),)),
    Break(
        "no pools",
        bound(POOLS, POOLS.replace("a100, cpu, sys, t4", "")),
        "nodePools is bound to nothing",
        ((BINDINGS, "nodePools"),),
    ),
    Break(
        "a hint in angles",
        bound(CLIENT, "<client id>"),
        "clientId is the placeholder <client id>",
        ((BINDINGS, "<client id>"),),
    ),
    Break("something to do", bound(PRINCIPAL, "TODO"), "principalId is the placeholder TODO", ((BINDINGS, "TODO"),)),
    Break(
        "a variable",
        bound(ID, '"${cloud_resource_id}"'),
        "cloudResourceId is the placeholder ${cloud_resource_id}",
        ((BINDINGS, "${cloud"),),
    ),
    Break(
        "nobody's UUID",
        bound(CLIENT, "00000000-0000-0000-0000-000000000000"),
        "clientId is the placeholder 00000000-",
        ((BINDINGS, "00000000-"),),
    ),
    Break(
        "an id that is no UUID",
        bound(CLIENT, "1111"),
        "clientId is 1111, and not a UUID in lower case",
        ((BINDINGS, "1111"),),
    ),
    Break("the dashed id", bound(ID, DASHED), f"cloudResourceId is {DASHED}, and not cldrsrc_", ((BINDINGS, DASHED),)),
    Break(
        "pools that are no list",
        bound(POOLS, POOLS.replace("[a100, cpu, sys, t4]", "t4")),
        "nodePools is t4, and not a list of pools",
        ((BINDINGS, "nodePools"),),
    ),
    Break(
        "a kind that nothing takes",
        bound(CLIENT_LINE, f"{CLIENT_LINE}    tenant: {{value: a, producer: b}}\n"),
        "nothing takes tenant",
        ((BINDINGS, "tenant"),),
    ),
    Break(
        "no clusters",
        (Edit(BINDINGS, tree()[BINDINGS].decode(), "version: 1\nclusters: []\n"),),
        "bindings.yaml has no clusters",
        ((BINDINGS, "clusters"),),
    ),
    Break(
        "a cluster's bindings are a text",
        bound("clusters:\n", "clusters:\n  aks-north: none\n"),
        "aks-north: its bindings are no mapping",
        ((BINDINGS, "aks-north"),),
    ),
)
