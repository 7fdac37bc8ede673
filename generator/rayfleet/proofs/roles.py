"""Role assignments, read back: which identity may do what with which resource, and the near miss where it may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.tree import Resource, Side, Tree, get, text
from rayfleet.tree.arm_expression import Call, reference

ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
# Azure docs, built-in-roles.
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
ACCOUNT_CONTRIBUTOR = "17d1049b-9a84-46fb-8f53-869881c3d3ab"
NAMES = {
    NETWORK_CONTRIBUTOR: "Network Contributor",
    CONTRIBUTOR: "Contributor",
    OWNER: "Owner",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    BLOB_DATA_CONTRIBUTOR: "Storage Blob Data Contributor",
    BLOB_DATA_OWNER: "Storage Blob Data Owner",
    ACCOUNT_CONTRIBUTOR: "Storage Account Contributor",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
    "81a9662b-bebf-436f-a333-f67b29880f12": "Storage Account Key Operator Service Role",
}

# The roles that do for a need, the least first: to read and write blobs (blob-csi-driver docs, driver-parameters), to
# join nodes to a subnet (AKS docs, use-managed-identity), to make containers for dynamic volumes (AKS docs,
# create-volume-azure-blob-storage).
BLOB_DATA = (BLOB_DATA_CONTRIBUTOR, BLOB_DATA_OWNER)
NETWORK = (NETWORK_CONTRIBUTOR, CONTRIBUTOR, OWNER)
ACCOUNT = (ACCOUNT_CONTRIBUTOR, CONTRIBUTOR, OWNER)

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CONTAINER = re.compile(r"/storageaccounts/([^/]+)/blobservices/default/containers/([^/]+)$")


class Assignment(NamedTuple):
    """``principal`` is the id of the identity whose property ``path`` it reads, or what is written out."""

    resource: Resource
    scope: str
    principal: str
    path: str
    role: str

    def covers(self, target: str) -> bool:
        """Whether it holds for a resource: at its own scope, or above."""
        return target == self.scope or target.startswith(f"{self.scope}/")


class Need(NamedTuple):
    """The identity with the id ``whose`` must have one of the ``roles`` on ``target``, because ``side`` says so."""

    whose: str
    roles: tuple[str, ...]
    target: str
    why: str
    side: Side


@lru_cache(maxsize=2)
def _assignments(tree: Tree) -> dict[str, list[Assignment]]:
    """Every role assignment by its principal."""
    found: dict[str, list[Assignment]] = {}
    for resource in tree.of_type(ASSIGNMENT):
        written = get(resource.properties, "principalId")
        read = reference(written, resource.template.scope)
        principal, path = read if read else (resource.resolve(written), "")
        role = resource.resolve(get(resource.properties, "roleDefinitionId")).rpartition("/")[2]
        row = Assignment(resource, _scope(resource), principal, path, role)
        found.setdefault(principal, []).append(row)
    return found


def _scope(resource: Resource) -> str:
    """What an assignment is about; without a scope of its own, what its deployment deploys into."""
    if resource.scope_id is not None:
        return resource.scope_id
    subscription, group = resource.template.scope
    return f"/subscriptions/{subscription}{f'/resourcegroups/{group}' if group else ''}".lower()


def granted(tree: Tree, need: Need, principal: str | None = None) -> Assignment | None:
    """The assignment that meets a need; one to the ``principal`` id that is bound counts as well."""
    rows = _assignments(tree)
    own = [row for row in rows.get(need.whose, ()) if row.path == "principalId"]
    own += rows.get(principal.lower(), ()) if principal else ()
    return next((row for row in own if row.role in need.roles and row.covers(need.target)), None)


def named(tree: Tree, identifier: str) -> str:
    """The name of a resource as it is written, of one that is not rendered the end of its id."""
    resource = tree.resources.get(identifier)
    return resource.name if resource else identifier.rpartition("/")[2]


def place(tree: Tree, identifier: str) -> str:
    """The name of what a role is on; of a container, whose it is as well."""
    container = _CONTAINER.search(identifier)
    return f"{container[2]} of {container[1]}" if container else named(tree, identifier)


def refused(tree: Tree, subject: str, need: Need) -> Finding:
    """Why nothing meets a need: the assignment that comes nearest."""
    who, on, wanted = named(tree, need.whose), place(tree, need.target), NAMES[need.roles[0]]
    fix = f"grant {who} {wanted} on {on}"
    own = _assignments(tree).get(need.whose, [])
    right = [row for row in own if row.path == "principalId"]
    for row in own:
        if row.path == "clientId" and row.role in need.roles and row.covers(need.target):
            what = f"{_role(row)} on {on} is granted to the client id of {who}: roles are granted to the principal id"
            side = row.resource.side("properties", "principalId")
            return failed(subject, what, "read principalId of the identity", side, need.side)
    for row in right:
        if row.covers(need.target):
            side = row.resource.side("properties", "roleDefinitionId")
            if row.role not in NAMES and _GUID.fullmatch(row.role):
                # One of the fleet's own, or of Azure's many: what it allows is not rendered.
                what = f"{who} is {_role(row)} on {on}, and what that allows is not known here: {need.why}"
                return warned(subject, what, f"make sure that it allows what {wanted} does", side, need.side)
            what = f"{who} is {_role(row)} on {on}, which is too little: {need.why}"
            return failed(subject, what, fix, side, need.side)
    for row in right:
        if row.role in need.roles:
            what = f"{who} is {_role(row)} on {place(tree, row.scope)}, not on {on}: {need.why}"
            return failed(subject, what, fix, row.resource.side("scope"), need.side)
    other = _meant(tree, need)
    if other:
        whom = named(tree, other.principal) or "nobody"
        what = f"{_role(other)} on {on} is granted to {whom}, not to {who}: {need.why}"
        return failed(subject, what, fix, other.resource.side("properties", "principalId"), need.side)
    identity = tree.resources.get(need.whose)
    sides = (identity.side("name"), need.side) if identity else (need.side,)
    return failed(subject, f"{who} is not {wanted} on {on}: {need.why}", fix, *sides)


def _role(row: Assignment) -> str:
    return NAMES.get(row.role, f"role {row.role or 'nothing'}")


def _meant(tree: Tree, need: Need) -> Assignment | None:
    """An assignment that waits for the identity, though it is not granted to it."""
    rows = (row for rows in _assignments(tree).values() for row in rows if row.role in need.roles)
    return next((row for row in rows if need.whose in row.resource.depends_on and row.covers(need.target)), None)


# --- names ---


def judge(tree: Tree) -> Iterator[Finding]:
    """Names that Azure takes again at every deployment, each for one grant, and each grant under one name."""
    names: dict[str, Assignment] = {}
    grants: dict[tuple[str, str, str, str], Assignment] = {}
    found: list[Finding] = []
    rows = [row for rows in _assignments(tree).values() for row in rows]
    for row in rows:
        found += _name(row)
        kind = text(row.resource.properties, "principalType")
        if kind not in ("", "ServicePrincipal") and row.path == "principalId":
            # Azure docs, role-assignments-template: a managed identity is a service principal.
            what = f"{_role(row)} for {named(tree, row.principal)} has the principalType {kind}: Azure refuses it"
            side = row.resource.side("properties", "principalType")
            found.append(failed(_about(row), what, "write ServicePrincipal, as which an identity counts", side))
        if not kind:
            # Azure docs, role-assignments-template: without it a young identity may be "not found" yet.
            what = f"{_role(row)} for {named(tree, row.principal)} has no principalType"
            fix = "write ServicePrincipal, so that Azure does not look up an identity that is only just made"
            found.append(warned(_about(row), what, fix, row.resource.side("properties", "principalId")))
        grant = (row.scope, row.principal, row.path, row.role)
        same_name = names.setdefault(row.resource.resolve(row.resource.written_name), row)
        same_grant = grants.setdefault(grant, row)
        if (same_name.scope, same_name.principal, same_name.path, same_name.role) != grant:
            what = f"its name is also that of the assignment of {_role(same_name)} on {place(tree, same_name.scope)}"
            fix = "make the name of the scope, the identity and the role: guid(scope, identity, role)"
            found.append(failed(_about(row), what, fix, row.resource.side("name"), same_name.resource.side("name")))
        elif same_grant.resource.id != row.resource.id:
            what = f"{_role(row)} on {place(tree, row.scope)} is granted to one principal twice, by two names"
            sides = row.resource.side("name"), same_grant.resource.side("name")
            found.append(failed(_about(row), what, "remove one: Azure takes a grant once", *sides))
    yield from found
    if rows and not any(row.outcome == "failed" for row in found):
        what = f"the names of {len(rows)} role assignments are the same at every deployment, each for one grant"
        yield proved("", what, rows[0].resource.side("name"))


def _about(row: Assignment) -> str:
    deployment = row.resource.template.deployment
    return deployment.name if deployment else row.resource.template.path


def _name(row: Assignment) -> Iterator[Finding]:
    """A GUID, made of what is known before anything is deployed (ARM docs, template-functions-resource: reference()
    has no place in a name; Azure docs, role-assignments-template).
    """
    written = row.resource.written_name
    for use in row.resource.uses:
        calls = {call.name.lower() for call in use.node.calls()} if isinstance(use.node, Call) else set()
        late = sorted(name for name in calls if name in ("reference", "newguid") or name.startswith("list"))
        if use.path == ("name",) and late:
            what = f"the name of a role assignment is made with {late[0]}(), and so another at every deployment"
            yield failed(_about(row), what, "make it of ids: guid(scope, identity, role)", row.resource.side("name"))
    if not written.startswith("[") and not _GUID.fullmatch(written):
        what = f"the name of a role assignment is {written!r}, which is no GUID"
        yield failed(_about(row), what, "make it of ids: guid(scope, identity, role)", row.resource.side("name"))
