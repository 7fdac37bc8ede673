"""The identity that Flux signs in to Azure DevOps with."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.late_values import words
from rayfleet.facts.resource_types import EXTENSION, IDENTITY
from rayfleet.proofs.azure.federation import federation
from rayfleet.proofs.azure.workload_identity import tenant
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import AksCluster, Resource, Tree, get, mapping, text
from rayfleet.tree.arm_expression import reference
from rayfleet.tree.role_assignments import resource_name

# Azure docs, tutorial-use-gitops-flux2, "Workload identity": the extension's settings, the service account that fetches
# sources, and the namespace that the extension takes by default.
_SETTINGS = ("properties", "configurationSettings")
_ENABLE, _CLIENT, _TENANT = (f"workloadIdentity.{key}" for key in ("enable", "azureClientId", "azureTenantId"))
_NAMESPACE, _ACCOUNT = "flux-system", "source-controller"


def judge(cluster: AksCluster, tree: Tree) -> Iterator[Finding]:
    """The identity of the Flux extension where Git wants one: it trusts the extension's source controller."""
    wants = [
        row
        for row in cluster.flux_configurations
        if text(row.properties, "gitRepository", "provider").lower() == "azure"
    ]
    for extension in cluster.children(EXTENSION):
        if text(extension.properties, "extensionType").lower() == "microsoft.flux":
            settings = mapping(extension.data, *_SETTINGS)
            if str(settings.get(_ENABLE)).lower() == "true":
                yield from _sign_in(cluster, tree, extension, settings)
            elif wants:
                what = f"Flux must sign in to Git as an identity, but its extension has {_ENABLE} off"
                fix = f'set {_ENABLE} to "true", and {_CLIENT} to the client id of an identity'
                provider = wants[0].side("properties", "gitRepository", "provider")
                yield failed(
                    "identity/git-sign-in-off", cluster.name, what, fix, extension.side(*_SETTINGS, _ENABLE), provider
                )


def _sign_in(cluster: AksCluster, tree: Tree, extension: Resource, settings: dict[str, object]) -> Iterator[Finding]:
    side = extension.side(*_SETTINGS, _CLIENT)
    read = reference(settings.get(_CLIENT), extension.template.scope)
    identity = tree.resources.get(read.id) if read else None
    if read is None or identity is None or identity.type.lower() != IDENTITY.lower():
        what = f"{_CLIENT} of its Flux extension is not read from an identity that a template makes"
        yield failed(
            "identity/git-client-id", cluster.name, what, "read clientId of the identity for Git with reference()", side
        )
        return
    if read.path != "clientId":
        what = f"{_CLIENT} of its Flux extension is the {words(read.path)} of {identity.name}"
        fix = "read clientId: software signs in with the client id"
        yield failed("identity/git-client-id", cluster.name, what, fix, side, identity.side("name"))
    yield from _tenant(cluster, extension, settings)
    namespace = text(extension.properties, "scope", "cluster", "releaseNamespace") or _NAMESPACE
    subject = f"system:serviceaccount:{namespace}:{_ACCOUNT}"
    rows = federation(tree).of_identity.get(identity.id, [])
    right = [row for row in rows if row.subject == subject and row.issuer == cluster.id]
    if right:
        what = f"Flux may sign in to Git as {identity.name}: {subject}"
        yield proved(
            "identity/git-no-credential", cluster.name, what, right[0].resource.side("properties", "subject"), side
        )
    else:
        what = f"Flux cannot sign in to Git as {identity.name}: no credential is for {subject} of this cluster"
        near = rows[0].resource.side("properties", "subject") if rows else identity.side("name")
        fix = f"give {resource_name(tree, identity.id)} a credential for {subject}"
        yield failed("identity/git-no-credential", cluster.name, what, fix, near, side)


def _tenant(cluster: AksCluster, extension: Resource, settings: dict[str, object]) -> Iterator[Finding]:
    own, side = tenant(cluster)
    said = get(settings, _TENANT)
    if own and said is not None and str(said).lower() != own:
        what = f"{_TENANT} of its Flux extension is {said}, and the cluster is of tenant {own}"
        yield failed(
            "identity/git-tenant", cluster.name, what, f"write {own}", extension.side(*_SETTINGS, _TENANT), side
        )
