"""Advice on the errors of Azure, and on our own on the way to it: the codes that fleets run into."""

from __future__ import annotations

import re

from rayfleet.facts import upgrade_advice
from rayfleet.facts.advice_row import AGAIN, Advice

_NO_SIZE = (
    "this subscription gets no such VM size in that region or zone: az vm list-skus --location REGION --size SIZE "
    "--all --output table says where; choose another vmSize, zones or region"
)
_MORE_CORES = "ask for more: az quota update, or Quotas in the portal; or lower the counts of the pool"
_WHO = "az monitor activity-log list --correlation-id ID"


def encryption_at_host(subscription: str = "") -> str:
    """The advice where the feature is not registered. Registering the provider afterwards brings the feature to it (AKS
    docs, enable-host-encryption)."""
    which = f"--subscription {subscription} " * bool(subscription)
    feature = f"{which}--namespace Microsoft.Compute --name EncryptionAtHost"
    return (
        f"az feature register {feature}, wait until az feature show {feature} says Registered, then "
        f"az provider register {which}--namespace Microsoft.Compute; or encryptionAtHost: false"
    )


# The first that fits counts. Sources: ARM docs, "Troubleshoot common Azure deployment errors" and its pages by code;
# AKS docs, "Troubleshoot AKS" by code; azure facts, sections 2.4 and 3.2, with their issues.
TABLE = (
    # --- signing in: Entra docs, reference-error-codes and workload-identity-federation; azure-cli's own advice ---
    Advice(
        "NotSignedIn",
        "make issuer, subject and audience of the federated credential those that the message names (docs/pipeline.md);"
        f" where it was just made, wait some minutes, and {AGAIN}",
        message=r"AADSTS(70021|70021[123])\b",
    ),
    # GitHub's token is good for minutes, and az hands in the same one for each new token (Azure/azure-cli#28708).
    Advice(
        "NotSignedIn",
        f"the workflow's sign-in has expired: sign in again, and {AGAIN}, which picks up running deployments",
        message=r"AADSTS700024\b",
    ),
    Advice(
        "NotSignedIn",
        "make a new client secret, and set AZURE_CLIENT_SECRET to its value",
        message=r"AADSTS(7000215|7000222)\b",
    ),
    Advice("NotSignedIn", "correct AZURE_CLIENT_ID and AZURE_TENANT_ID", message=r"AADSTS(700016|90002)\b"),
    Advice(
        "NotSignedIn",
        "az login --tenant TENANT --scope https://management.core.windows.net//.default",
        message=r"AADSTS(50058|50076|50078|50079|50158|50173|53000|53001|53002|53003|70043|700082)\b",
    ),
    Advice(
        "NotSignedIn",
        "the proxy's certificate is not trusted: set REQUESTS_CA_BUNDLE to a file that has it",
        message="CERTIFICATE_VERIFY_FAILED",
    ),
    Advice(
        "NotSignedIn",
        "correct the variable that the message names, AZURE_..., or unset it",
        message="does not do to sign in with",
    ),
    Advice(
        "NotSignedIn",
        "install the Azure CLI and az login; or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET",
        message="CLI not found",
    ),
    Advice("NotSignedIn|ExpiredAuthenticationToken", "az login"),
    Advice("InvalidAuthenticationTokenTenant", "az login --tenant TENANT, with azure.tenantId"),
    Advice("InvalidAuthenticationToken.*", "az logout, then az login"),
    Advice(
        "SignInUnavailable",
        f"check that az account get-access-token answers at once, and check the network; then {AGAIN}",
    ),
    # --- our own: no network, no answer, no end ---
    Advice(
        "NoConnection|NoAnswerInTime|ConnectionDropped|ForeignLink|Http511",
        f"check the network and its proxy, then {AGAIN}",
    ),
    Advice(
        "MalformedAnswer|OperationWithoutEnd|OperationFailed|Http5..",
        f"{AGAIN}; outages of Azure: azure.status.microsoft",
    ),
    Advice("EndpointNotLocal", "unset RAYFLEET_ARM_ENDPOINT"),
    Advice(
        "ParameterMissing", "give its value: in the environment as RAYFLEET_PARAMETER_..., or when asked on a terminal"
    ),
    Advice("DeploymentWithoutEnd", f"look at it in the portal; {AGAIN}, which goes on waiting"),
    Advice("DeploymentCanceled|DeploymentDeleted|DeploymentVanished", f"{_WHO} says who did that; {AGAIN}"),
    # The code of a whole deployment; what failed in it is told instead, where Azure says it.
    Advice("DeploymentFailed", f"{_WHO} says more"),
    # --- pools and clusters ---
    *upgrade_advice.ROWS,
    # AKS refuses new pools inside the cluster resource (Azure/bicep#9644).
    Advice(
        "",
        "the system pool was renamed or added; give it back its name: AKS accepts new pools of an existing cluster "
        "only as resources of their own",
        message="new agent pool was introduced",
        leaf="name",
    ),
    # AKS says BadRequest, and names the sizes that it would take.
    Advice("", _NO_SIZE, message=r"VM size of .* is not allowed in your subscription in location", leaf="vmSize"),
    Advice("SkuNotAvailable|.*VMSizeNotSupported", _NO_SIZE, leaf="vmSize"),
    # It deletes the oldest by itself, in the background, unless it may not (ARM docs, deployment-history-deletions).
    Advice(
        "DeploymentQuotaExceeded",
        f"this scope keeps 800 deployments, and Azure is deleting the oldest: {AGAIN} in some minutes; if it stays, a "
        "lock (az lock list) or a role without Microsoft.Resources/deployments/delete forbids that",
    ),
    Advice(
        ".*PublicIPCountLimitReached",
        "az network list-usages --location REGION says how many there are; ask for more under Quotas in the portal",
    ),
    # OperationNotAllowed is what Compute calls a quota (AKS: InsufficientVCPUQuota).
    Advice(r".*InsufficientVCPUQuota|.*QuotaExceeded.*", _MORE_CORES, leaf="vmSize"),
    Advice("OperationNotAllowed", _MORE_CORES, message=r"quota|cores", leaf="vmSize"),
    Advice(
        "OperationNotAllowed",
        "the resource's state does not allow it: az resource show says what it is doing; wait, or stop that",
    ),
    Advice(
        "ZonalAllocationFailed|OverconstrainedZonalAllocationRequest",
        f"the zone has no room for that VM size now: {AGAIN} later, or give the pool more zones or another vmSize",
        leaf="vmSize",
    ),
    Advice(
        "OverconstrainedAllocationRequest",
        f"no zone or host meets all constraints: {AGAIN} later, or with fewer zones or another vmSize",
        leaf="vmSize",
    ),
    Advice(
        ".*AllocationFailed",
        f"the region has no room for that VM size now: {AGAIN} later, or choose another vmSize or region",
        leaf="vmSize",
    ),
    Advice(
        ".*InsufficientSubnetSize",
        "its node subnet has too few addresses: lower the pools' maxCount, or give the cluster a larger "
        "network.nodeSubnetPrefix before it is made",
        leaf="network",
    ),
    Advice(
        ".*K8sVersionNotSupported|.*UnsupportedKubernetesVersion|DowngradeNotAllowed",
        "az aks get-versions --location REGION says which versions there are; change kubernetesVersion",
        leaf="kubernetesVersion",
    ),
    # --- roles, registrations, subscriptions ---
    # The assignment's name is made of its ids, so another one was made by hand, or of an identity that is gone.
    Advice(
        "RoleAssignmentExists",
        "somebody made the same role assignment under another name: delete that one (az role assignment list --scope "
        f"SCOPE, az role assignment delete --ids ID), then {AGAIN}",
    ),
    Advice(
        "RoleAssignmentUpdateNotPermitted",
        "the assignment is of an identity that was deleted and created again: az role assignment delete --ids ID, then "
        f"{AGAIN}",
    ),
    Advice(
        "RoleAssignmentLimitExceeded",
        "the subscription has as many role assignments as Azure allows: az role assignment list --all; delete those of "
        "identities that are gone",
    ),
    # A principal takes minutes to reach every replica of Entra (ARM docs, role-based access control troubleshooting).
    Advice("PrincipalNotFound", f"Entra does not know the new identity everywhere yet: {AGAIN} in some minutes"),
    Advice(
        "AuthorizationFailed|LinkedAuthorizationFailed",
        "whoever is logged in lacks the rights: Owner, or Contributor with Role Based Access Control Administrator, is "
        "needed; a new role takes some minutes, and a new login",
    ),
    Advice(
        "DenyAssignmentAuthorizationFailed",
        "a deny assignment forbids it, whatever the role: let the owner of the deployment stack or the managed "
        "application that the message names remove it",
    ),
    Advice(
        "MissingSubscriptionRegistration|SubscriptionNotRegistered",
        "az provider register --namespace NAMESPACE --wait, with the namespace that the message names",
    ),
    Advice(
        ".*FeatureNotRegistered|.*FeatureNotEnabled|SubscriptionNotEnabledEncryptionAtHost",
        encryption_at_host(),
        message="encryption ?at ?host",
        leaf="encryptionAtHost",
    ),
    Advice(
        ".*FeatureNotRegistered|.*FeatureNotEnabled",
        "az feature register --namespace NAMESPACE --name FEATURE, wait for Registered, then az provider register "
        "--namespace NAMESPACE",
    ),
    Advice(
        "SubscriptionNotFound|InvalidSubscriptionId",
        "correct azure.subscriptionId, or log in to its tenant: az login --tenant TENANT",
    ),
    Advice(
        "ReadOnlyDisabledSubscription",
        "the subscription is disabled: whoever pays for it enables it again, under Subscriptions in the portal",
    ),
    Advice(
        "RequestDisallowedByAzure",
        "Azure gives this subscription nothing of the kind in that region: choose another region",
    ),
    Advice(
        "RequestDisallowedByPolicy",
        "a policy of the organisation refuses it: meet it, or ask for an exemption from the one that the message names",
    ),
    Advice(".*ScopeLocked", "a lock forbids it: az lock list; remove it for the deployment"),
    # --- what else goes on, and what is there already ---
    # An older API deletes subnets that a VNet does not name (azure facts, section 2.4).
    Advice(
        "InUseSubnetCannotBeDeleted|InUse.*CannotBe(Deleted|Updated)",
        "something still uses it: rayfleet retire takes clusters away in order",
    ),
    Advice("TooManyRequests|.*Throttled|Http429", f"Azure limits requests at the moment: {AGAIN} in some minutes"),
    Advice(
        "AnotherOperationInProgress|OperationPreempted|Conflict.*|.*OperationNotAllowedDueToOngoingOperation",
        f"something else changes the same resource: wait for it, then {AGAIN}",
    ),
    Advice(
        "DeploymentActive",
        f"a deployment of this name is running: {AGAIN}, which waits for it; or az deployment group cancel",
    ),
    Advice("DeploymentStackInNonTerminalState", f"a deployment of this stack is running: {AGAIN}, which waits for it"),
    # The docs give its words and no code (Azure docs, deployment-stacks-known-issues).
    Advice(
        "",
        "Azure lost track of what the stack has: check its list with az stack group show, deploy the commit that was "
        "deployed last with --stack, and then this one",
        message="might not have an accurate list of managed resources",
    ),
    # A name belongs to a location for ever (ARM docs, deploy-to-subscription).
    Advice(
        "InvalidDeploymentLocation",
        "a deployment of this name was kept in another location: az deployment sub delete --name NAME, or give "
        "primaryRegion back",
    ),
    Advice(
        "InvalidResourceLocation",
        "a resource of this name is in another region, and none can move: give the region back, or rename the cluster",
    ),
    Advice(
        "StorageAccountAlreadyTaken|StorageAccountAlreadyExists|AccountNameAlreadyTaken",
        "account names are unique in all of Azure: choose another storage.account",
    ),
    Advice(
        "ResourceGroupNotFound|ParentResourceNotFound|ResourceNotFound|NotFound",
        f"what it needs is not there, or not yet: {AGAIN}; without --region if it is another region's",
    ),
    Advice(
        "InvalidTemplate.*|Invalid.*|LinkedInvalidPropertyId|BadRequest",
        "Azure does not take what is rendered: change what the message names, in fleet.yaml or an overlay, and render",
    ),
    Advice("", f"mend what the message names, then {AGAIN}"),
)


def advice_for(code: str, message: str) -> Advice:
    """The advice for an error; there always is one."""
    return next(
        row
        for row in TABLE
        if re.fullmatch(row.code or ".*", code, re.I | re.S) and re.search(row.message, message, re.I)
    )
