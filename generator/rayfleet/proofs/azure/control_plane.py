"""The identity of a cluster's control plane: there before the cluster, and with a role on the subnets of its nodes."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.resource_types import CLUSTER, IDENTITY
from rayfleet.facts.roles import NETWORK
from rayfleet.proofs.azure.property_values import unknown
from rayfleet.proofs.azure.role_assignments import missing_role
from rayfleet.proofs.finding import Finding, failed, proved
from rayfleet.tree import AksCluster, Side, Tree, get, mapping, text
from rayfleet.tree.arm_order import dependencies, earlier_deployments
from rayfleet.tree.role_assignments import Assignment, RoleNeed, assignment_for, resource_name


def judge(cluster: AksCluster, tree: Tree) -> Iterator[Finding]:
    """It is user-assigned, because only such an identity can have its role before the cluster is made (AKS docs,
    use-managed-identity).
    """
    kind = text(cluster.resource.data, "identity", "type")
    side = cluster.side("identity", "type")
    needs = list(_needs(cluster))
    if unknown(CLUSTER, kind or None, "identity", "type"):
        return
    if kind != "UserAssigned":
        what = f"its control plane's identity is {kind or 'not said'}: it can have no role before the cluster is made"
        fix = "make it UserAssigned, with Network Contributor on the VNet"
        yield failed(
            "identity/control-plane-identity", cluster.name, what, fix, side, *(need.side for need in needs[:1])
        )
        return
    aks = cluster.resource
    own = [aks.resolve(key) for key in mapping(aks.data, "identity", "userAssignedIdentities")]
    resource = tree.resources.get(own[0]) if len(own) == 1 else None
    if resource is None or resource.type.lower() != IDENTITY.lower():
        said = f"{resource_name(tree, own[0])}, which no template makes" if len(own) == 1 else f"{len(own)} identities"
        what = f"its control plane has {said}: it needs one that exists before it"
        side = cluster.side("identity", "userAssignedIdentities")
        yield failed("identity/control-plane-identity", cluster.name, what, "name one identity of the template", side)
        return
    for need in needs:
        need = need._replace(whose=resource.id)
        row = assignment_for(tree, need)
        yield _made_before_cluster(cluster, tree, need, row) if row else missing_role(tree, cluster.name, need)


def _needs(cluster: AksCluster) -> Iterator[RoleNeed]:
    """One for each subnet of its nodes."""
    seen = set()
    for pool in cluster.pools:
        written = get(pool.data, "vnetSubnetID")
        subnet = cluster.resource.resolve(written)
        if subnet and subnet not in seen:
            seen.add(subnet)
            yield RoleNeed("", NETWORK, subnet, "it cannot join nodes to the subnet", pool.side("vnetSubnetID"))


def _made_before_cluster(cluster: AksCluster, tree: Tree, need: RoleNeed, row: Assignment) -> Finding:
    """The assignment is made before the cluster, which Azure otherwise refuses (AKS docs, use-managed-identity)."""
    who, on = resource_name(tree, need.whose), resource_name(tree, row.scope)
    if _is_earlier(cluster, tree, row):
        what = f"its control plane {who} has its role on {on} before the cluster is made"
        return proved(
            "identity/control-plane-role-late",
            cluster.name,
            what,
            row.resource.side("properties", "principalId"),
            _depends_on_side(cluster),
        )
    what = f"it does not wait for the role of its control plane {who} on {on}"
    fix = "let the cluster depend on the role assignment"
    return failed(
        "identity/control-plane-role-late",
        cluster.name,
        what,
        fix,
        _depends_on_side(cluster),
        row.resource.side("name"),
    )


def _is_earlier(cluster: AksCluster, tree: Tree, row: Assignment) -> bool:
    if row.resource.template is cluster.template:
        return row.resource.id in cluster.resource.depends_on or row.resource.id in dependencies(cluster.resource)
    other, own = row.resource.template.deployment, cluster.template.deployment
    return bool(other and own and other.name in earlier_deployments(tree, own.name))


def _depends_on_side(cluster: AksCluster) -> Side:
    return cluster.side("dependsOn")
