"""Workload identity: the tokens of pods that Entra takes (Entra docs, workload-identity-federation, 2026-08)."""

from __future__ import annotations

#: Whom a pod's token is for, in Azure's public cloud: exactly this one (Entra docs,
#: workload-identity-federation-create-trust-user-assigned-managed-identity).
AUDIENCE = "api://AzureADTokenExchange"
#: The property of a cluster that its issuer is read from (ARM schema, Microsoft.ContainerService.Aks.json). It must
#: match to the letter, so no template writes it down.
ISSUER = "oidcIssuerProfile.issuerURL"
#: The annotation of a service account that has the client id its pods sign in with, and the label by which the webhook
#: knows pods that want to (azure-workload-identity docs, service-account-labels-and-annotations).
CLIENT_ID_ANNOTATION = "azure.workload.identity/client-id"
USE_LABEL = "azure.workload.identity/use"
#: The variable in which a container may have the client id for itself (same page).
CLIENT_ID_VARIABLE = "AZURE_CLIENT_ID"
