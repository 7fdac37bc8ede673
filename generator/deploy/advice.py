"""What to do about an error of Azure's: the codes that fleets run into."""

from __future__ import annotations

import re
from typing import NamedTuple


class Advice(NamedTuple):
    """``code`` and ``message`` are patterns, ``fix`` is what to do; ``leaf`` is the setting of a pool that it is about,
    where it is.
    """

    code: str
    message: str
    fix: str
    leaf: str = ""


_AGAIN = "run rayfleet deploy again"
# The first that fits counts. Sources: ARM docs, "Troubleshoot common Azure deployment errors" and its pages by code;
# AKS docs, "Troubleshoot AKS" by code; azure facts, sections 2.4 and 3.2, with their issues.
_TABLE = (
    # AKS refuses new pools inside the cluster resource (Azure/bicep#9644).
    Advice(
        "",
        "new agent pool was introduced",
        "the system pool was renamed or added; give it back its name: of a cluster that runs AKS takes new pools only "
        "as resources of their own",
        "name",
    ),
    Advice(
        "SkuNotAvailable",
        "",
        "this subscription gets no such VM size in that region or zone: az vm list-skus --location REGION --size SIZE "
        "--all --output table says where; choose another vmSize, zones or region",
        "vmSize",
    ),
    # OperationNotAllowed is what Compute calls a quota (AKS: InsufficientVCPUQuota).
    Advice(
        r"QuotaExceeded|.*InsufficientVCPUQuota|.*QuotaExceeded.*",
        "",
        "ask for more: az quota update, or Quotas in the portal; or lower the counts of the pool",
        "vmSize",
    ),
    Advice(
        "OperationNotAllowed",
        r"quota|cores",
        "ask for more: az quota update, or Quotas in the portal; or lower the counts of the pool",
        "vmSize",
    ),
    Advice(
        "OperationNotAllowed",
        "",
        "the resource's state does not allow it: az resource show says what it is doing; wait, or stop that",
    ),
    Advice(
        "ZonalAllocationFailed|OverconstrainedZonalAllocationRequest",
        "",
        f"the zone has no room for that VM size now: {_AGAIN} later, or give the pool more zones or another vmSize",
        "vmSize",
    ),
    Advice(
        "OverconstrainedAllocationRequest",
        "",
        f"no place meets all that is asked for: {_AGAIN} later, or with fewer zones or another vmSize",
        "vmSize",
    ),
    Advice(
        ".*AllocationFailed",
        "",
        f"the region has no room for that VM size now: {_AGAIN} later, or choose another vmSize or region",
        "vmSize",
    ),
    # The assignment's name is made of its ids, so another one was made by hand, or of an identity that is gone.
    Advice(
        "RoleAssignmentExists",
        "",
        "somebody made the same role assignment under another name: delete that one (az role assignment list --scope "
        f"SCOPE --all, az role assignment delete --ids ID), then {_AGAIN}",
    ),
    Advice(
        "RoleAssignmentUpdateNotPermitted",
        "",
        "the assignment is of an identity that was deleted and made anew: az role assignment delete --ids ID, then "
        f"{_AGAIN}",
    ),
    # A principal takes minutes to reach every replica of Entra (ARM docs, role-based access control troubleshooting).
    Advice("PrincipalNotFound", "", f"Entra does not know the new identity everywhere yet: {_AGAIN} in some minutes"),
    Advice(
        "AuthorizationFailed|LinkedAuthorizationFailed",
        "",
        "whoever is logged in may not: Owner, or Contributor with Role Based Access Control Administrator, is needed; "
        "a role just given takes minutes, and a new login",
    ),
    Advice(
        "MissingSubscriptionRegistration|SubscriptionNotRegistered",
        "",
        "az provider register --namespace NAMESPACE --wait, with the namespace that the message names",
    ),
    Advice(
        ".*FeatureNotRegistered|.*FeatureNotEnabled|SubscriptionNotEnabledEncryptionAtHost",
        "encryption ?at ?host",
        "az feature register --namespace Microsoft.Compute --name EncryptionAtHost, wait for Registered, then "
        "az provider register --namespace Microsoft.Compute; or encryptionAtHost: false",
        "encryptionAtHost",
    ),
    Advice(
        ".*FeatureNotRegistered|.*FeatureNotEnabled",
        "",
        "az feature register --namespace NAMESPACE --name FEATURE, wait for Registered, then az provider register "
        "--namespace NAMESPACE",
    ),
    # The first three are of azure.py: no sign-in, no network, no end.
    Advice("NotSignedIn|InvalidAuthenticationToken.*|ExpiredAuthenticationToken", "", "az login"),
    Advice("NoConnection|NoAnswerInTime|ConnectionDropped", "", f"look at the network and its proxy, then {_AGAIN}"),
    Advice("MalformedAnswer|OperationWithoutEnd", "", f"{_AGAIN}; whether Azure is well: azure.status.microsoft"),
    Advice(
        "SubscriptionNotFound|InvalidSubscriptionId",
        "",
        "correct azure.subscriptionId, or log in to its tenant: az login --tenant TENANT",
    ),
    # An older API deletes subnets that a VNet does not name (azure facts, section 2.4).
    Advice(
        "InUseSubnetCannotBeDeleted|InUse.*CannotBe(Deleted|Updated)",
        "",
        "something still uses it: rayfleet retire takes clusters away in order",
    ),
    Advice(
        "AnotherOperationInProgress|OperationPreempted|Conflict.*|.*OperationNotAllowedDueToOngoingOperation",
        "",
        f"something else changes the same resource: wait for it, then {_AGAIN}",
    ),
    Advice(
        "DeploymentActive",
        "",
        f"a deployment of this name is running: {_AGAIN}, which waits for it; or az deployment group cancel",
    ),
    Advice(
        "DeploymentStackInNonTerminalState",
        "",
        f"a deployment of this stack is running: {_AGAIN}, which waits for it",
    ),
    # The service says so itself (Azure docs, deployment-stacks: out-of-sync).
    Advice(
        ".*Stack.*OutOfSync.*",
        "",
        "Azure lost track of what the stack has: check its list with az stack group show, deploy the commit that was "
        "deployed last with --stack, and then this one",
    ),
    # A name belongs to a location for ever (ARM docs, deploy-to-subscription).
    Advice(
        "InvalidDeploymentLocation",
        "",
        "a deployment of this name was kept in another location: az deployment sub delete --name NAME, or give "
        "primaryRegion back",
    ),
    Advice(
        "DeploymentQuotaExceeded",
        "",
        "this scope keeps 800 deployments already, and Azure could delete none: remove the lock, or delete old ones",
    ),
    Advice(
        "StorageAccountAlreadyTaken|StorageAccountAlreadyExists|AccountNameAlreadyTaken",
        "",
        "account names are unique in all of Azure: choose another storage.account",
    ),
    Advice(
        "RequestDisallowedByPolicy",
        "",
        "a policy of the organisation refuses it: meet it, or ask for an exemption from the one that the message names",
    ),
    Advice(
        "K8sVersionNotSupported|.*UnsupportedKubernetesVersion|AgentPoolK8sVersionNotSupported|DowngradeNotAllowed",
        "",
        "az aks get-versions --location REGION says which versions there are; change kubernetesVersion",
        "kubernetesVersion",
    ),
    Advice("ScopeLocked", "", "a lock forbids it: az lock list; remove it for the deployment"),
    Advice(
        "ResourceGroupNotFound|ParentResourceNotFound|ResourceNotFound|NotFound",
        "",
        f"what it needs is not there, or not yet: {_AGAIN}; without --region if it is another region's",
    ),
    Advice(
        "InvalidTemplate.*|Invalid.*|LinkedInvalidPropertyId|PropertyChangeNotAllowed|BadRequest",
        "",
        "Azure does not take what is rendered: change what the message names, in fleet.yaml or an overlay, and render",
    ),
    Advice("", "", f"mend what the message names, then {_AGAIN}"),
)


def about(code: str, message: str) -> Advice:
    """The advice for an error; there always is one."""
    return next(
        row
        for row in _TABLE
        if re.fullmatch(row.code or ".*", code, re.I | re.S) and re.search(row.message, message, re.I)
    )
