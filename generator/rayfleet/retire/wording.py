"""What people call the steps of a retirement, and why each is one."""

from __future__ import annotations

from rayfleet.azure.deletable import ALLOWED, ROLE_ASSIGNMENTS
from rayfleet.retire.step import AKS, ANYSCALE, STACK
from rayfleet.tree import Tree
from rayfleet.tree.arm_expression import reference
from rayfleet.tree.azure_resources import called

_KINDS = {
    ALLOWED[0]: "Flux configuration",
    ALLOWED[1]: "Flux extension",
    ALLOWED[2]: "federated credential",
    ALLOWED[4]: "maintenance window",
    ALLOWED[5]: "node pool",
    ALLOWED[6]: "cluster",
    ALLOWED[7]: "identity",
    ALLOWED[8]: "subnet",
    ALLOWED[9]: "NAT gateway",
    ALLOWED[10]: "public address",
    ALLOWED[11]: "network security group",
    ALLOWED[12]: "network",
    "microsoft.resources/resourcegroups": "resource group",
    "microsoft.storage/storageaccounts": "storage account",
    "microsoft.storage/storageaccounts/blobservices/containers": "container",
}
_WHY = {
    ANYSCALE: "Anyscale places no more work there; end what still runs on it first: this does not wait for it",
    ALLOWED[0]: "Flux takes away what it applied while the cluster is there to do it",
    ALLOWED[1]: "Flux goes after its configuration, which would be stuck without it",
    ALLOWED[2]: "no pod signs in as the identity any more",
    ROLE_ASSIGNMENTS: "the identity may do nothing any more; afterwards nobody would know whose role it was",
    ALLOWED[4]: "it is no longer rendered",
    ALLOWED[5]: "its nodes go, and what runs on them",
    AKS.lower(): "its node resource group goes with it, and all that is in there",
    ALLOWED[7]: "nothing signs in with it any more",
    ALLOWED[8]: "it holds on to the NAT gateway and the network security group",
    ALLOWED[9]: "it holds on to the public addresses",
    ALLOWED[10]: "nothing leaves through it any more",
    ALLOWED[11]: "no subnet has it any more",
    ALLOWED[12]: "nothing is in it any more",
    STACK: "nothing is deployed as it any more; what it has is detached, never deleted",
}
_OF_LIVING = {
    ALLOWED[5]: "it is no longer rendered; its nodes go, and what runs on them",
    ROLE_ASSIGNMENTS: "it is no longer rendered: the identity stays, and loses this role",
}


def what(kind: str, identifier: str, base: Tree) -> str:
    """A resource of the base in the fleet's words: its kind and its name."""
    name = identifier.rpartition("/")[2]
    if kind == ROLE_ASSIGNMENTS:
        return _role(identifier, base)
    if kind not in _KINDS:
        return called(identifier, base)
    row = base.resources.get(identifier)
    return f"{_KINDS[kind]} {row.written_name.rpartition('/')[2] if row else name}"


def _role(identifier: str, base: Tree) -> str:
    row = base.resources.get(identifier)
    about = base.resources.get(row.scope_id or "") if row else None
    on = f" on {what(about.type.lower(), about.id, base)}" if about else ""
    principal = reference(row.properties.get("principalId"), row.template.scope) if row else None
    owner = base.resources.get(principal.id) if principal else None
    return f"role{on}" + (f" of {what(owner.type.lower(), owner.id, base)}" if owner else "")


def why(kind: str, stays: bool) -> str:
    """Why it goes; ``stays``: though the cluster that it served does not."""
    return _OF_LIVING.get(kind, "it is no longer rendered") if stays else _WHY[kind]
