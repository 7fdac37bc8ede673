"""Microsoft.KubernetesConfiguration: the Flux extension, and the configuration that follows the Git repository."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from rayfleet.arm import identity
from rayfleet.arm.cluster import cluster_id
from rayfleet.arm.expression import Expression, extension_id, parameter
from rayfleet.arm.node_pools import last_pool_id
from rayfleet.arm.template import Resource
from rayfleet.facts.resource_types import EXTENSION, FLUX_CONFIGURATION, api_version
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet

#: The secure parameter of each way to sign in that needs a credential, and the setting that takes it.
CREDENTIALS = {"sshKey": ("gitSshPrivateKey", "sshPrivateKey"), "httpsToken": ("gitHttpsToken", "httpsKey")}


def parameters(fleet: Fleet) -> dict[str, Any]:
    """The template's parameters: the Git credential, where there is one. It has no default and no place in a file."""
    if fleet.gitops.auth not in CREDENTIALS:
        return {}
    name, _ = CREDENTIALS[fleet.gitops.auth]
    description = f"The credential of gitops.auth: {fleet.gitops.auth}, as it is; the template encodes it."
    return {name: {"type": "securestring", "metadata": {"description": description}}}


def flux_resources(fleet: Fleet, cluster: Cluster) -> list[Resource]:
    """The extension and one configuration, for the cluster's own folder."""
    return [_extension(fleet, cluster), _configuration(fleet, cluster)]


def _extension(fleet: Fleet, cluster: Cluster) -> Resource:
    settings: dict[str, Any] = {}
    if cluster.delivery.gitops.signs_in:
        settings = {
            "workloadIdentity.enable": "true",
            "workloadIdentity.azureClientId": identity.identity_property(cluster.git_identity, "clientId"),
            "workloadIdentity.azureTenantId": fleet.tenant_id,
        }
    git = [identity.identity_id(cluster.git_identity)] if cluster.delivery.gitops.signs_in else []
    return {
        "type": EXTENSION,
        "apiVersion": api_version(EXTENSION),
        "scope": cluster_id(cluster),
        "name": "flux",
        # After every pool: its pods need somewhere to run, and AKS allows one write to a cluster at a time.
        "dependsOn": [cluster_id(cluster), last_pool_id(cluster), *git],
        "properties": {
            "extensionType": "microsoft.flux",
            "autoUpgradeMinorVersion": True,
            "releaseTrain": "Stable",
            "scope": {"cluster": {"releaseNamespace": "flux-system"}},
            "configurationSettings": settings,
        },
    }


def _configuration(fleet: Fleet, cluster: Cluster) -> Resource:
    gitops = fleet.gitops
    git = [identity.git_credential_id(cluster)] if cluster.delivery.gitops.signs_in else []
    return {
        "type": FLUX_CONFIGURATION,
        "apiVersion": api_version(FLUX_CONFIGURATION),
        "scope": cluster_id(cluster),
        "name": gitops.source,
        "dependsOn": [extension_id(cluster_id(cluster), EXTENSION, "flux"), *git],
        "properties": {
            "scope": "cluster",
            "namespace": gitops.namespace,
            "sourceKind": "GitRepository",
            # Infrastructure that is well should not be called failed because a workload is not.
            "waitForReconciliation": False,
            "gitRepository": _repository(fleet),
            **_protected_settings(fleet),
            "kustomizations": {
                "flux": {
                    "path": cluster.flux_path,
                    "prune": True,
                    "wait": False,
                    "timeoutInSeconds": 600,
                    "syncIntervalInSeconds": gitops.interval_seconds,
                    "retryIntervalInSeconds": 60,
                }
            },
        },
    }


def _repository(fleet: Fleet) -> dict[str, Any]:
    gitops = fleet.gitops
    repository: dict[str, Any] = {
        "url": gitops.url,
        "repositoryRef": {"branch": gitops.branch},
        "syncIntervalInSeconds": gitops.interval_seconds,
        "timeoutInSeconds": 600,
    }
    if gitops.auth == "azureIdentity":
        repository["provider"] = "Azure"
    if gitops.auth == "httpsToken":
        repository["httpsUser"] = gitops.https_user
    if gitops.known_hosts is not None:
        repository["sshKnownHosts"] = b64encode(gitops.known_hosts.encode()).decode()
    return repository


def _protected_settings(fleet: Fleet) -> dict[str, Any]:
    """The credential. Azure never gives it back, so every deployment hands it over again."""
    if fleet.gitops.auth not in CREDENTIALS:
        return {}
    name, setting = CREDENTIALS[fleet.gitops.auth]
    return {"configurationProtectedSettings": {setting: Expression(f"base64({parameter(name)})")}}
