"""The command that does a step by hand."""

from __future__ import annotations

import shlex

_IN_CLUSTER = {
    "microsoft.kubernetesconfiguration/fluxconfigurations": ("k8s-configuration", "flux", "delete"),
    "microsoft.kubernetesconfiguration/extensions": ("k8s-extension", "delete"),
}
_OF_PARENT = {
    "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials": (
        ("identity", "federated-credential", "delete"), "--identity-name", ("--yes",),
    ),
    "microsoft.containerservice/managedclusters/agentpools": (("aks", "nodepool", "delete"), "--cluster-name", ()),
    "microsoft.containerservice/managedclusters/maintenanceconfigurations": (
        ("aks", "maintenanceconfiguration", "delete"), "--cluster-name", (),
    ),
}  # fmt: skip
_BY_ID = {
    "microsoft.containerservice/managedclusters": ("aks", "delete", "--yes"),
    "microsoft.managedidentity/userassignedidentities": ("identity", "delete"),
    "microsoft.network/virtualnetworks/subnets": ("network", "vnet", "subnet", "delete"),
    "microsoft.network/natgateways": ("network", "nat", "gateway", "delete"),
    "microsoft.network/publicipaddresses": ("network", "public-ip", "delete"),
    "microsoft.network/networksecuritygroups": ("network", "nsg", "delete"),
    "microsoft.network/virtualnetworks": ("network", "vnet", "delete"),
}


def command(kind: str, identifier: str) -> str:
    """For a shell. ``kind`` is a type in lower case; empty for one that no command here is known for."""
    parts = identifier.split("/")
    if kind in _BY_ID:
        return shlex.join(["az", *_BY_ID[kind], "--ids", identifier])
    where = ["--subscription", parts[2], "--resource-group", parts[4]] if len(parts) > 8 else []
    if kind in _IN_CLUSTER and where:
        cluster = ["--cluster-type", "managedClusters", "--cluster-name", parts[8]]
        return shlex.join(["az", *_IN_CLUSTER[kind], *where, *cluster, "--name", parts[-1], "--yes"])
    if kind in _OF_PARENT and where:
        verbs, parent, more = _OF_PARENT[kind]
        return shlex.join(["az", *verbs, *where, parent, parts[8], "--name", parts[-1], *more])
    return ""


def of_role(scope: str, role: str, identity: str) -> str:
    """Takes a role from an identity; its principal id is for Azure to say."""
    principal = (
        f'"$({shlex.join(["az", "identity", "show", "--ids", identity, "--query", "principalId", "-o", "tsv"])})"'
    )
    return f"az role assignment delete --assignee {principal} {shlex.join(['--role', role, '--scope', scope])}"


def of_cloud_resource(cloud: str, resource: str) -> tuple[str, ...]:
    """The arguments that remove a cloud resource (anyscale 0.26.112, cloud_commands.cloud_resource_delete)."""
    return ("cloud", "resource", "delete", "--cloud", cloud, "--resource", resource, "--yes")
