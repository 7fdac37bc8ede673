"""Words for the steps of a retirement: the name of each, and its reason."""

from __future__ import annotations

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
    ROLE_ASSIGNMENT,
    SUBNET,
    VNET,
    label,
    resource_type,
)
from rayfleet.retire.step import ANYSCALE, STACK
from rayfleet.tree import Tree
from rayfleet.tree.arm_expression import reference
from rayfleet.tree.azure_resources import resource_title

_WHY = {
    ANYSCALE: "Anyscale places no more work there; stop what still runs there first: retire does not wait for it",
    FLUX_CONFIGURATION: "Flux removes what it applied, while the cluster still exists",
    EXTENSION: "Flux is removed after its configuration, which could not be deleted without it",
    FEDERATED_CREDENTIAL: "no pod signs in as the identity any more",
    ROLE_ASSIGNMENT: "the identity needs no role any more; once it is deleted, nobody knows whose role it was",
    MAINTENANCE_WINDOW: "it is no longer rendered",
    NODE_POOL: "its nodes are deleted, with all that runs on them",
    CLUSTER: "its node resource group is deleted with it, and everything in it",
    IDENTITY: "nothing signs in with it any more",
    SUBNET: "it uses the NAT gateway and the network security group, which must be deleted after it",
    NAT_GATEWAY: "it uses the public addresses, which must be deleted after it",
    PUBLIC_IP: "no traffic leaves through it any more",
    NSG: "no subnet uses it any more",
    VNET: "it is empty by then",
    STACK: "nothing is deployed as it any more; what it has is detached, never deleted",
}
_OF_LIVING = {
    NODE_POOL: "it is no longer rendered; its nodes are deleted, with all that runs on them",
    ROLE_ASSIGNMENT: "it is no longer rendered: the identity stays, and loses this role",
}


def title(kind: str, identifier: str, base: Tree) -> str:
    """A resource of the base in the fleet's words: its kind and its name."""
    name = identifier.rpartition("/")[2]
    if kind == ROLE_ASSIGNMENT.lower():
        return _role(identifier, base)
    if resource_type(kind) is None:
        return resource_title(identifier, base)
    row = base.resources.get(identifier)
    return f"{label(kind)} {row.written_name.rpartition('/')[2] if row else name}"


def _role(identifier: str, base: Tree) -> str:
    row = base.resources.get(identifier)
    about = base.resources.get(row.scope_id or "") if row else None
    on = f" on {title(about.type.lower(), about.id, base)}" if about else ""
    principal = reference(row.properties.get("principalId"), row.template.scope) if row else None
    owner = base.resources.get(principal.id) if principal else None
    return f"role{on}" + (f" of {title(owner.type.lower(), owner.id, base)}" if owner else "")


def reason(kind: str, stays: bool) -> str:
    """The reason why it goes; ``stays``: though the cluster that it served does not."""
    known = resource_type(kind)
    own = known.type if known else kind
    return _OF_LIVING.get(own, "it is no longer rendered") if stays else _WHY[own]
