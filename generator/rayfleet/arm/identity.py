"""Microsoft.ManagedIdentity and Microsoft.Authorization: who a cluster is, and what it may do."""

from __future__ import annotations

from rayfleet.arm import network, storage
from rayfleet.arm.expression import Expression, extension_id, guid, property_of, resource_id
from rayfleet.arm.template import Resource
from rayfleet.facts.resource_types import CLUSTER, FEDERATED_CREDENTIAL, IDENTITY, ROLE_ASSIGNMENT, api_version
from rayfleet.facts.roles import ACCOUNT_CONTRIBUTOR, BLOB_DATA_CONTRIBUTOR, NETWORK_CONTRIBUTOR
from rayfleet.facts.workload_identity import AUDIENCE, ISSUER
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet
from rayfleet.model.service_account import SOURCE_CONTROLLER, ServiceAccount


def identity_id(name: str) -> Expression:
    """The id of a user-assigned identity."""
    return resource_id(IDENTITY, name)


def identity_property(name: str, path: str) -> Expression:
    """``clientId`` or ``principalId`` of an identity."""
    return property_of(IDENTITY, identity_id(name), path)


def identities(fleet: Fleet, cluster: Cluster) -> list[Resource]:
    """The control plane's identity, the workloads' own, and one for Git where Git wants an identity."""
    names = [cluster.control_plane_identity, cluster.workload_identity]
    names += [cluster.git_identity] if cluster.delivery.gitops.signs_in else []
    return [
        {
            "type": IDENTITY,
            "apiVersion": api_version(IDENTITY),
            "name": name,
            "location": cluster.region,
            "tags": fleet.tags,
            "properties": {},
        }
        for name in names
    ]


def network_role(cluster: Cluster) -> Resource:
    """Network Contributor on the VNet for the control plane; the cluster can't be made before it holds."""
    return _role_assignment(
        network.vnet_id(cluster), cluster.control_plane_identity, NETWORK_CONTRIBUTOR, [network.vnet_id(cluster)]
    )


def network_role_id(cluster: Cluster) -> Expression:
    """The id of the role assignment that the cluster depends on."""
    return _role_assignment_id(network.vnet_id(cluster), cluster.control_plane_identity, NETWORK_CONTRIBUTOR)


def storage_roles(fleet: Fleet, cluster: Cluster) -> list[Resource]:
    """The cluster's roles on the shared account: the workloads use its data; the control plane needs none, unless the
    blob driver makes the volume."""
    account = storage.account_id(fleet.storage)
    roles = [_role_assignment(account, cluster.workload_identity, BLOB_DATA_CONTRIBUTOR, [])]
    if not cluster.volume.static:
        roles.append(_role_assignment(account, cluster.control_plane_identity, ACCOUNT_CONTRIBUTOR, []))
    return roles


def federated_credentials(cluster: Cluster) -> list[Resource]:
    """A credential for each service account. Chained: Azure refuses parallel writes to one identity."""
    found: list[Resource] = []
    before: Expression = resource_id(CLUSTER, cluster.name)
    for account in cluster.ray.service_accounts:
        found.append(_credential(cluster, cluster.workload_identity, account, before))
        before = resource_id(FEDERATED_CREDENTIAL, cluster.workload_identity, account.credential)
    if cluster.delivery.gitops.signs_in:
        found.append(_credential(cluster, cluster.git_identity, SOURCE_CONTROLLER, resource_id(CLUSTER, cluster.name)))
    return found


def git_credential_id(cluster: Cluster) -> Expression:
    """The id that the Flux configuration depends on where Git wants an identity."""
    return resource_id(FEDERATED_CREDENTIAL, cluster.git_identity, SOURCE_CONTROLLER.credential)


def _credential(cluster: Cluster, identity: str, account: ServiceAccount, before: Expression) -> Resource:
    # The issuer must match the cluster's to the letter, which only Azure knows.
    issuer = property_of(CLUSTER, resource_id(CLUSTER, cluster.name), ISSUER)
    depends = [identity_id(identity), resource_id(CLUSTER, cluster.name)]
    return {
        "type": FEDERATED_CREDENTIAL,
        "apiVersion": api_version(FEDERATED_CREDENTIAL),
        "name": f"{identity}/{account.credential}",
        "dependsOn": depends if before in depends else [*depends, before],
        "properties": {"issuer": issuer, "subject": account.subject, "audiences": [AUDIENCE]},
    }


def _role_assignment_name(scope: Expression, identity: str, role: str) -> Expression:
    # From ids only: the same at every deployment, as Azure wants a name to be.
    return guid(scope, identity_id(identity), role)


def _role_assignment_id(scope: Expression, identity: str, role: str) -> Expression:
    return extension_id(scope, ROLE_ASSIGNMENT, _role_assignment_name(scope, identity, role))


def _role_assignment(scope: Expression, identity: str, role: str, depends: list[Expression]) -> Resource:
    definition = Expression(f"subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{role}')")
    return {
        "type": ROLE_ASSIGNMENT,
        "apiVersion": api_version(ROLE_ASSIGNMENT),
        "scope": scope,
        "name": _role_assignment_name(scope, identity, role),
        "dependsOn": [identity_id(identity), *depends],
        "properties": {
            "roleDefinitionId": definition,
            "principalId": identity_property(identity, "principalId"),
            # Without it a young identity is "not found" until it has spread.
            "principalType": "ServicePrincipal",
        },
    }
