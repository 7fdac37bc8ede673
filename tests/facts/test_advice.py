"""What to do about an error: every row of the table is reached by an error that Azure, or we, really give."""

from __future__ import annotations

import ast
import re

import pytest

from rayfleet.facts import upgrade_advice
from rayfleet.facts.advice import TABLE, advice_for, encryption_at_host
from tests.testing.rendering import SOURCE_ROOT

# For each row of the table, in its order: codes with words of their message, and a word of the advice.
ERRORS: list[tuple[list[tuple[str, str]], str]] = [
    (
        [
            ("NotSignedIn", "AADSTS700213: No matching federated identity record found"),
            ("NotSignedIn", "AADSTS70021: No matching federated identity record found"),
        ],
        "federated credential",
    ),
    ([("NotSignedIn", "AADSTS700024: Client assertion is not within its valid time range")], "sign-in has expired"),
    ([("NotSignedIn", "AADSTS7000215: Invalid client secret provided")], "AZURE_CLIENT_SECRET"),
    ([("NotSignedIn", "AADSTS700016: Application was not found"), ("NotSignedIn", "AADSTS90002: Tenant")], "TENANT_ID"),
    ([("NotSignedIn", "AADSTS50076: you must use multi-factor authentication")], "--scope https://management."),
    ([("NotSignedIn", "SSLError: CERTIFICATE_VERIFY_FAILED")], "REQUESTS_CA_BUNDLE"),
    ([("NotSignedIn", "the environment (AZURE_TENANT_ID) does not do to sign in with: no")], "unset it"),
    ([("NotSignedIn", "Azure CLI not found on path")], "install the Azure CLI"),
    ([("NotSignedIn", "Please run 'az login'"), ("ExpiredAuthenticationToken", "The access token expiry")], "az login"),
    ([("InvalidAuthenticationTokenTenant", "from the wrong issuer")], "az login --tenant TENANT"),
    ([("InvalidAuthenticationToken", "is invalid"), ("InvalidAuthenticationTokenAudience", "")], "az logout"),
    ([("SignInUnavailable", "Failed to invoke the Azure CLI")], "az account get-access-token"),
    ([(code, "") for code in ("NoConnection", "NoAnswerInTime", "ConnectionDropped", "Http511")], "network"),
    ([(code, "") for code in ("MalformedAnswer", "OperationWithoutEnd", "Http503")], "azure.status.microsoft"),
    ([("EndpointNotLocal", "")], "unset"),
    ([("ParameterMissing", "there is no value for gitHttpsToken")], "RAYFLEET_PARAMETER_"),
    ([("DeploymentWithoutEnd", "")], "goes on waiting"),
    ([(code, "") for code in ("DeploymentCanceled", "DeploymentDeleted", "DeploymentVanished")], "who did that"),
    ([("DeploymentFailed", "Azure does not say why; its correlation ID is 1-2")], "activity-log"),
    (
        [("UnsatisfiablePDB", "1 error occurred: * PDB a/b has maxunavailble == 0 can't proceed")],
        "allows no disruption",
    ),
    ([("PodDrainFailure", "")], "upgrades.drainTimeoutMinutes"),
    ([("UpgradeFailed", "Drain node aks-a-vmss0 failed when evicting pod b")], "upgrades.drainTimeoutMinutes"),
    ([("UpgradeFailed", "Upgrade of the pool failed")], "where it stopped"),
    ([("NodePoolMcVersionIncompatible", "Node pool version 1.32.9 and control plane ...")], "three minors behind"),
    ([("NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged", "Using managed cluster api")], "orchestratorVersion"),
    ([("OperationNotAllowed", "Upgrading Kubernetes version 1.34.9 to 1.36.6 is not allowed.")], "one at a time"),
    (
        [("AvailabilityZoneNotSupported", "The zone(s) '1' for resource 'a100' is not supported.")],
        "nodePools.POOL.zones",
    ),
    ([("VMCacheSizeTooSmall", ""), ("VMTemporaryDiskTooSmall", "")], "smaller osDiskSizeGib"),
    ([("VMSizeDoesNotSupportEphemeralOS", "")], "carries no ephemeral OS disk"),
    (
        [("FailedToCreateOrUpdateVMSS", "The Diff Disk Placement of type 'CacheDisk' is not supported")],
        "finds no place",
    ),
    ([("OutboundConnFailVMExtensionError", ""), ("VMExtensionError_OutboundConnFail", "")], "mcr.microsoft.com"),
    (
        [("VMExtensionProvisioningError", "Unable to establish outbound connection from agents, please see")],
        "mcr.microsoft.com",
    ),
    ([("SubnetIsFull", "")], "upgrades.maxSurge"),
    ([("ServiceCidrOverlapExistingSubnetsCidr", "")], "network.serviceCidr"),
    ([("ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity", "")], "one at a time"),
    ([("ExtensionOperationFailed", "Helm installation failed: context deadline exceeded")], "az k8s-extension show"),
    ([("PropertyChangeNotAllowed", "Changing property 'agentPoolProfile.vmSize' is not allowed.")], "never changes"),
    ([("BadRequest", "A new agent pool was introduced. Adding agent pools ...")], "system pool"),
    (
        [("BadRequest", "The VM size of Standard_D2_v2 is not allowed in your subscription in location 'eastus'.")],
        "az vm list-skus",
    ),
    ([("SkuNotAvailable", "not available"), ("VMSizeNotSupported", "")], "az vm list-skus"),
    ([("DeploymentQuotaExceeded", "The number of deployments has exceeded the limit of 800")], "deleting the oldest"),
    ([("PublicIPCountLimitReached", "Cannot create more than 20 public IP addresses")], "az network list-usages"),
    ([("QuotaExceeded", ""), ("ErrCode_InsufficientVCPUQuota", "")], "az quota update"),
    ([("OperationNotAllowed", "exceeding approved Total Regional Cores quota")], "az quota update"),
    ([("OperationNotAllowed", "cluster is stopped")], "az resource show"),
    ([("ZonalAllocationFailed", ""), ("OverconstrainedZonalAllocationRequest", "")], "zones"),
    ([("OverconstrainedAllocationRequest", "")], "fewer zones"),
    ([("AllocationFailed", "")], "no room"),
    ([("InsufficientSubnetSize", "")], "nodeSubnetPrefix"),
    ([("K8sVersionNotSupported", "")], "az aks get-versions"),
    ([("RoleAssignmentExists", "The role assignment already exists.")], "--scope SCOPE, az"),
    ([("RoleAssignmentUpdateNotPermitted", "")], "az role assignment delete"),
    ([("RoleAssignmentLimitExceeded", "No more role assignments can be created")], "az role assignment list --all;"),
    ([("PrincipalNotFound", "")], "some minutes"),
    ([("AuthorizationFailed", ""), ("LinkedAuthorizationFailed", "")], "Owner"),
    ([("DenyAssignmentAuthorizationFailed", "")], "whatever the role"),
    ([("MissingSubscriptionRegistration", "")], "az provider register"),
    ([("SubscriptionNotEnabledEncryptionAtHost", "EncryptionAtHost is not enabled")], "encryptionAtHost: false"),
    ([("FeatureNotRegistered", "Microsoft.ContainerService/Other")], "az feature register"),
    ([("SubscriptionNotFound", ""), ("InvalidSubscriptionId", "")], "azure.subscriptionId"),
    ([("ReadOnlyDisabledSubscription", "")], "is disabled"),
    ([("RequestDisallowedByAzure", "")], "another region"),
    ([("RequestDisallowedByPolicy", "")], "policy"),
    ([("ScopeLocked", "")], "az lock list"),
    ([("InUseSubnetCannotBeDeleted", "")], "rayfleet retire"),
    ([("TooManyRequests", ""), ("SubscriptionRequestsThrottled", ""), ("Http429", "")], "some minutes"),
    ([("AnotherOperationInProgress", ""), ("Conflict", "")], "wait"),
    ([("DeploymentActive", "")], "waits for it"),
    ([("DeploymentStackInNonTerminalState", "")], "waits for it"),
    (
        [("Unsaid", "The deployment stack 'x' might not have an accurate list of managed resources. To prevent")],
        "deployed last with --stack",
    ),
    ([("InvalidDeploymentLocation", "")], "primaryRegion"),
    ([("InvalidResourceLocation", "The resource 'vnet' already exists in location 'eastus'")], "none can move"),
    ([("StorageAccountAlreadyTaken", "")], "storage.account"),
    ([("ResourceGroupNotFound", ""), ("ResourceNotFound", "")], "not there"),
    ([("InvalidTemplateDeployment", ""), ("BadRequest", ""), ("InvalidParameter", "")], "does not take"),
    ([("SomethingNobodyKnows", "whatever"), ("", "")], "mend what the message names"),
]


def test_every_row_is_reached_by_its_own_code() -> None:
    assert len(ERRORS) == len(TABLE)


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_an_error_reaches_its_row(number: int) -> None:
    errors, word = ERRORS[number]
    for code, message in errors:
        assert advice_for(code, message) is TABLE[number], f"{code}: {message}"
    assert word in TABLE[number].fix


def test_the_codes_of_public_reports_have_a_source_with_a_day() -> None:
    """What was met in public reports and on pages that change says where, and of when it is."""
    assert not [row.code for row in upgrade_advice.ROWS if not re.search(r", 20\d\d(-\d\d-\d\d)?$", row.source)]


def test_what_azure_calls_by_case_is_found() -> None:
    assert (
        advice_for("skunotavailable", "") == advice_for("SkuNotAvailable", "")
        and advice_for("SkuNotAvailable", "").leaf == "vmSize"
    )


def test_codes_of_our_own_all_have_advice() -> None:
    """Every fault that we make up has a row, and not the last one, which goes by a message of Azure's."""
    own = set()
    for file in sorted(path for room in ("azure", "deploy") for path in (SOURCE_ROOT / "rayfleet" / room).glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Fault", "Problem") and node.args:
                first = node.args[0]
                own |= {str(first.value)} if isinstance(first, ast.Constant) else set()
    assert len(own) > 10
    assert {code for code in own if advice_for(code, "") is TABLE[-1]} == set()


def test_no_command_of_az_that_az_refuses() -> None:
    """--all is for all scopes (azure-cli, role/custom.py: "group or scope are not required when --all is used")."""
    assert not [row for row in TABLE if re.search(r"--scope SCOPE [^;),]*--all|--all [^;),]*--scope", row.fix)]


def test_encryption_at_host_has_one_text() -> None:
    assert encryption_at_host("S").replace("--subscription S ", "") == encryption_at_host()
    assert encryption_at_host("S").count("--subscription S --namespace Microsoft.Compute") == 3
