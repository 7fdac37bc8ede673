"""The command that does a step by hand, for a shell; read of azure-cli 2.91.0 and anyscale 0.26.112."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from rayfleet.facts.resource_types import (
    CLUSTER,
    EXTENSION,
    FEDERATED_CREDENTIAL,
    FLUX_CONFIGURATION,
    IDENTITY,
    MAINTENANCE_WINDOW,
    NAT_GATEWAY,
    NODE_POOL,
    NSG,
    PUBLIC_IP,
    SUBNET,
    VNET,
)
from rayfleet.tree.deployment_steps import DeploymentStep

# Of az's extensions k8s-configuration and k8s-extension.
_IN_CLUSTER = {
    FLUX_CONFIGURATION.lower(): ("k8s-configuration", "flux", "delete"),
    EXTENSION.lower(): ("k8s-extension", "delete"),
}
_OF_PARENT = {
    FEDERATED_CREDENTIAL.lower(): (
        ("identity", "federated-credential", "delete"), "--identity-name", ("--yes",),
    ),
    NODE_POOL.lower(): (("aks", "nodepool", "delete"), "--cluster-name", ()),
    MAINTENANCE_WINDOW.lower(): (
        ("aks", "maintenanceconfiguration", "delete"), "--cluster-name", (),
    ),
}  # fmt: skip
_BY_ID = {
    IDENTITY.lower(): ("identity", "delete"),
    SUBNET.lower(): ("network", "vnet", "subnet", "delete"),
    NAT_GATEWAY.lower(): ("network", "nat", "gateway", "delete"),
    PUBLIC_IP.lower(): ("network", "public-ip", "delete"),
    NSG.lower(): ("network", "nsg", "delete"),
    VNET.lower(): ("network", "vnet", "delete"),
}


def command(kind: str, identifier: str) -> str:
    """``kind`` is a type in lower case; empty for one that no command here is known for."""
    parts = identifier.split("/")
    if kind in _BY_ID:
        return shlex.join(["az", *_BY_ID[kind], "--ids", identifier])
    where = ["--subscription", parts[2], "--resource-group", parts[4]] if len(parts) > 8 else []
    if kind == CLUSTER.lower() and where:  # its commands take no --ids
        return shlex.join(["az", "aks", "delete", *where, "--name", parts[8], "--yes"])
    if kind in _IN_CLUSTER and where:
        cluster = ["--cluster-type", "managedClusters", "--cluster-name", parts[8]]
        return shlex.join(["az", *_IN_CLUSTER[kind], *where, *cluster, "--name", parts[-1], "--yes"])
    if kind in _OF_PARENT and where:
        verbs, parent, more = _OF_PARENT[kind]
        return shlex.join(["az", *verbs, *where, parent, parts[8], "--name", parts[-1], *more])
    return ""


def of_roles(identifiers: Iterable[str]) -> str:
    """Takes role assignments away that were found. By whose they are would be unsafe: without an assignee, as of an
    identity that is gone, az takes everybody's.
    """
    return shlex.join(["az", "role", "assignment", "delete", "--ids", *identifiers])


def of_stack(row: DeploymentStep) -> str:
    """Takes a deployment stack away, and leaves what it has."""
    group = row.scope.resource_group
    where = ["group", "delete", "--resource-group", group] if group else ["sub", "delete"]
    own = ["--subscription", row.scope.subscription, "--name", row.name]
    return shlex.join(["az", "stack", *where, *own, "--action-on-unmanage", "detachAll", "--yes"])


def of_locks(identifier: str) -> str:
    """Shows the locks of a subscription and of all in it: one of a resource's groups holds the resource as well."""
    return shlex.join(["az", "lock", "list", "--subscription", identifier.split("/")[2]])


def of_cloud_resource(cloud: str, resource: str) -> tuple[str, ...]:
    """The arguments that remove a cloud resource (anyscale 0.26.112, cloud_commands.cloud_resource_delete)."""
    return ("cloud", "resource", "delete", "--cloud", cloud, "--resource", resource, "--yes")


def of_named(cloud: str, resource: str) -> str:
    """The same for a shell."""
    return shlex.join(["anyscale", *of_cloud_resource(cloud, resource)])
