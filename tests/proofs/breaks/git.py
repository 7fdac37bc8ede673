"""Flux without a way into Git."""

from __future__ import annotations

from tests.proofs.breaks.azure import CLIENT, ZOO, git_trusts, of, template, without
from tests.testing.broken_trees import Break, Edit

BREAKS = (
    Break(
        "an extension without workload identity",
        (Edit(ZOO, '"workloadIdentity.enable": "true"', '"workloadIdentity.enable": "false"'),),
        "zoo: Flux must sign in to Git as an identity, but its extension has workloadIdentity.enable off",
        ((ZOO, "workloadIdentity.enable"), (ZOO, "provider")),
        fleet="accelerators",
    ),
    Break(
        "the principal id for Flux",
        (Edit(ZOO, of("zoo-git", "clientId"), of("zoo-git")),),
        "workloadIdentity.azureClientId of its Flux extension is the principal id of zoo-git",
        ((ZOO, "azureClientId"), (ZOO, "zoo-git")),
        fleet="accelerators",
    ),
    Break(
        "a client id that is written out",
        (Edit(ZOO, f"[{of('zoo-git', 'clientId')}]", CLIENT),),
        "workloadIdentity.azureClientId of its Flux extension is not read from an identity that a template makes",
        ((ZOO, "azureClientId"),),
        fleet="accelerators",
    ),
    Break(
        "a credential for another controller",
        (git_trusts("system:serviceaccount:flux-system:kustomize-controller"),),
        "Flux cannot sign in to Git as zoo-git: no credential is for system:serviceaccount:flux-system:source-",
        ((ZOO, "kustomize-controller"), (ZOO, "azureClientId")),
        fleet="accelerators",
    ),
    Break(
        "no credential for Git",
        (template(ZOO, without("federatedIdentityCredentials", "source-controller"), "accelerators"),),
        "Flux cannot sign in to Git as zoo-git",
        ((ZOO, "zoo-git"), (ZOO, "azureClientId")),
        fleet="accelerators",
    ),
    Break(
        "another tenant for Git",
        (Edit(ZOO, '"workloadIdentity.azureTenantId": "0', '"workloadIdentity.azureTenantId": "9'),),
        "workloadIdentity.azureTenantId of its Flux extension is 90000000",
        ((ZOO, "azureTenantId"), (ZOO, "tenantID")),
        fleet="accelerators",
    ),
)
