"""Workload identity: the tokens of pods that Entra takes (Entra docs, workload-identity-federation, 2026-08)."""

from __future__ import annotations

#: Whom a pod's token is for, in Azure's public cloud: exactly this one (Entra docs,
#: workload-identity-federation-create-trust-user-assigned-managed-identity).
AUDIENCE = "api://AzureADTokenExchange"
#: The property of a cluster that its issuer is read from (ARM schema, Microsoft.ContainerService.Aks.json). It must
#: match to the letter, so no template writes it down.
ISSUER = "oidcIssuerProfile.issuerURL"
