"""Late values of nobody, of two, or of somebody who is gone."""

from __future__ import annotations

import json

from tests.proofs.breaks.azure import of
from tests.proofs.breaks.bound import (
    CLIENT,
    EAST,
    OUTPUT,
    POOLS_LINE,
    PRINCIPAL,
    REGISTRATION,
    RESOURCE,
    WEST,
    WEST_CLIENT,
    bound,
)
from tests.testing.broken_trees import BINDINGS, Break, Edit, tree

ORDER = "azure/deployments.json"
WITHOUT_EAST = json.dumps({
    "deployments": [
        row for row in json.loads(tree()[ORDER])["deployments"] if f"azure/{row['template']}" != EAST
    ]
})  # fmt: skip

BREAKS = (
    Break(
        "a deployment that was renamed",
        bound(f"{OUTPUT}.clientId", "aks-multi-region-eastusa.outputs.aks_eastus.clientId"),
        "the producer of clientId is of aks-multi-region-eastusa, which is no deployment that has a template (did you "
        'mean "aks-multi-region-eastus"?)',
        ((BINDINGS, "clientId"), ("azure/deployments.json", '"deployments"')),
    ),
    Break(
        "a cluster that was retired, and is still bound",
        (Edit(EAST, tree()[EAST].decode(), None), Edit(ORDER, tree()[ORDER].decode(), WITHOUT_EAST)),
        "aks-eastus: it is bound, and no ARM template makes it",
        ((BINDINGS, "aks-eastus:"),),
        outcome="warned",
    ),
    Break(
        "an output that was renamed",
        (Edit(EAST, '"aks_eastus": {', '"aks_east": {'),),
        "is of the output aks_eastus, which the template does not have",
        ((BINDINGS, "clientId"), (EAST, '"outputs"')),
    ),
    Break(
        "a key that is gone",
        bound(f"{OUTPUT}.clientId", f"{OUTPUT}.client"),
        "the producer of clientId is of client, which the output aks_eastus does not have",
        ((BINDINGS, "clientId"), (EAST, '"value"')),
    ),
    Break(
        "the other id's key",
        bound(f"{OUTPUT}.clientId", f"{OUTPUT}.oidcIssuerUrl"),
        "the producer of clientId is the output's oidcIssuerUrl",
        ((BINDINGS, "clientId"), (EAST, "oidcIssuerUrl")),
    ),
    Break(
        "another cluster's output",
        bound(f"{OUTPUT}.clientId", "aks-multi-region-westus2.outputs.aks_westus2.clientId"),
        "the producer of clientId is the output aks_westus2, which is not the cluster's",
        ((BINDINGS, "clientId"), (WEST, "clientId")),
    ),
    Break(
        "no producer of any form",
        bound(f"{OUTPUT}.clientId", "me"),
        "the producer of clientId is not <deployment>.outputs.<output>.<key>",
        ((BINDINGS, "clientId"),),
    ),
    Break(
        "no producer",
        bound(f"{CLIENT}, producer: {OUTPUT}.clientId", CLIENT),
        "the producer of clientId is not <deployment>.outputs.<output>.<key>",
        ((BINDINGS, "clientId"),),
    ),
    Break(
        "one producer for two",
        bound(f"{OUTPUT}.principalId", f"{OUTPUT}.clientId"),
        "principalId has the producer of aks-eastus.clientId",
        ((BINDINGS, "principalId"), (BINDINGS, "clientId")),
    ),
    Break(
        "one id in two clusters",
        bound(WEST_CLIENT, CLIENT),
        "clientId is the id that aks-eastus.clientId is",
        ((BINDINGS, "aks_westus2.clientId"), (BINDINGS, "aks_eastus.clientId")),
    ),
    Break(
        "one id twice in a cluster",
        bound(PRINCIPAL, CLIENT),
        "principalId is the id that aks-eastus.clientId is",
        ((BINDINGS, "principalId"), (BINDINGS, "clientId")),
    ),
    Break(
        "no registration",
        bound(REGISTRATION, "anyscale.aks-multi-region"),
        "the producer of cloudResourceId is not anyscale.<cloud>.<cloud resource>.cloud_resource_id",
        ((BINDINGS, "cloudResourceId"),),
    ),
    Break(
        "a cloud resource that is rendered under another name",
        (Edit(RESOURCE, 'name: "aks-eastus"', "name: east"),),
        "the producer of cloudResourceId is cloud resource aks-eastus; the one rendered is east",
        ((BINDINGS, "cloudResourceId"), (RESOURCE, "name: east")),
    ),
    Break(
        "another cloud",
        bound("anyscale.aks-multi-region.aks-westus2", "anyscale.mine.aks-westus2"),
        "aks-westus2: its cloud resource is of the cloud mine, and that of other clusters of aks-multi-region",
        ((BINDINGS, "anyscale.mine"), (BINDINGS, "anyscale.aks-multi-region")),
    ),
    Break(
        "a cluster that is gone",
        bound("  aks-eastus:\n", "  aks-east:\n"),
        'aks-east: it is bound, and no ARM template makes it (did you mean "aks-eastus"?)',
        ((BINDINGS, "aks-east:"),),
        outcome="warned",
    ),
    Break(
        "an output that lost a key",
        (
            Edit(
                EAST,
                f'"principalId": "[{of("aks-eastus-workload")}]",\n        "oidcIssuerUrl"',
                '"oidcIssuerUrl"',
            ),
        ),
        "the producer of principalId is of principalId, which the output aks_eastus does not have",
        ((BINDINGS, "principalId"), (EAST, '"value"')),
    ),
    Break(
        "an output that is gone before it is bound",
        (
            Edit(BINDINGS, tree()[BINDINGS].decode(), "version: 1\nclusters: {}\n"),
            Edit(EAST, '"aks_eastus": {', '"aks_east": {'),
            Edit(EAST, "oidcIssuerUrl", "issuer"),
        ),
        "no output of its template says its clientId, principalId, nodePools, for which it waits",
        ((EAST, '"outputs"'), (EAST, "aks-eastus")),
    ),
    Break(
        "part of a deployment's output",
        bound(POOLS_LINE, ""),
        "nodePools missing, though the deployment that gives clientId gives all",
        ((BINDINGS, "clientId"),),
    ),
)
