"""Role assignments: the near miss where an identity may not what it needs to, and names that Azure accepts again."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.facts.identifiers import is_uuid
from rayfleet.facts.resource_types import ROLE_ASSIGNMENT
from rayfleet.facts.roles import NAMES
from rayfleet.proofs.azure.property_values import unknown
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.tree import Tree, text
from rayfleet.tree.arm_expression import Call
from rayfleet.tree.role_assignments import Assignment, RoleNeed, assignments, resource_name, scope_name


def missing_role(tree: Tree, subject: str, need: RoleNeed) -> Finding:
    """The reason why nothing meets a need: the assignment that comes nearest."""
    who, on, wanted = resource_name(tree, need.whose), scope_name(tree, need.target), NAMES[need.roles[0]]
    fix = f"grant {who} {wanted} on {on}"
    own = assignments(tree).get(need.whose, [])
    right = [row for row in own if row.path == "principalId"]
    for row in own:
        if row.path == "clientId" and row.role in need.roles and row.covers(need.target):
            what = f"{_role(row)} on {on} is granted to the client id of {who}: roles are granted to the principal id"
            side = row.resource.side("properties", "principalId")
            return failed(
                "identity/role-for-client-id", subject, what, "read principalId of the identity", side, need.side
            )
    for row in right:
        if row.covers(need.target):
            side = row.resource.side("properties", "roleDefinitionId")
            if row.role not in NAMES and is_uuid(row.role):
                # One of the fleet's own, or of Azure's many: what it allows is not rendered.
                what = f"{who} is {_role(row)} on {on}, and what that allows is not known here: {need.why}"
                return warned(
                    "identity/role-unknown",
                    subject,
                    what,
                    f"make sure that it allows what {wanted} does",
                    side,
                    need.side,
                )
            what = f"{who} is {_role(row)} on {on}, which is too little: {need.why}"
            return failed("identity/no-role", subject, what, fix, side, need.side)
    for row in right:
        if row.role in need.roles:
            what = f"{who} is {_role(row)} on {scope_name(tree, row.scope)}, not on {on}: {need.why}"
            return failed("identity/no-role", subject, what, fix, row.resource.side("scope"), need.side)
    other = _ungranted_role(tree, need)
    if other:
        whom = resource_name(tree, other.principal) or "nobody"
        what = f"{_role(other)} on {on} is granted to {whom}, not to {who}: {need.why}"
        return failed(
            "identity/no-role", subject, what, fix, other.resource.side("properties", "principalId"), need.side
        )
    identity = tree.resources.get(need.whose)
    sides = (identity.side("name"), need.side) if identity else (need.side,)
    return failed("identity/no-role", subject, f"{who} is not {wanted} on {on}: {need.why}", fix, *sides)


def _role(row: Assignment) -> str:
    return NAMES.get(row.role, f"role {row.role or 'nothing'}")


def _ungranted_role(tree: Tree, need: RoleNeed) -> Assignment | None:
    """An assignment that waits for the identity, though it is not granted to it."""
    rows = (row for rows in assignments(tree).values() for row in rows if row.role in need.roles)
    return next((row for row in rows if need.whose in row.resource.depends_on and row.covers(need.target)), None)


# --- names ---


def judge(tree: Tree) -> Iterator[Finding]:
    """Names that Azure accepts at every deployment, each for one grant, and each grant under one name."""
    names: dict[str, Assignment] = {}
    grants: dict[tuple[str, str, str, str], Assignment] = {}
    found: list[Finding] = []
    rows = [row for rows in assignments(tree).values() for row in rows]
    for row in rows:
        found += _name(row)
        kind = text(row.resource.properties, "principalType")
        known = not unknown(ROLE_ASSIGNMENT, kind, "properties", "principalType")
        if kind not in ("", "ServicePrincipal") and known and row.path == "principalId":
            # Azure docs, role-assignments-template: a managed identity is a service principal.
            what = (
                f"{_role(row)} for {resource_name(tree, row.principal)} has the principalType {kind}: Azure refuses it"
            )
            side = row.resource.side("properties", "principalType")
            found.append(
                failed(
                    "identity/principal-type",
                    _deployment_name(row),
                    what,
                    "write ServicePrincipal: that is what an identity is",
                    side,
                )
            )
        if not kind:
            # Azure docs, role-assignments-template: without it a young identity may be "not found" yet.
            what = f"{_role(row)} for {resource_name(tree, row.principal)} has no principalType"
            fix = "write ServicePrincipal, so that Azure does not look up an identity that is only just made"
            found.append(
                warned(
                    "identity/principal-type-missing",
                    _deployment_name(row),
                    what,
                    fix,
                    row.resource.side("properties", "principalId"),
                )
            )
        grant = (row.scope, row.principal, row.path, row.role)
        same_name = names.setdefault(row.resource.resolve(row.resource.written_name), row)
        same_grant = grants.setdefault(grant, row)
        if (same_name.scope, same_name.principal, same_name.path, same_name.role) != grant:
            what = (
                f"its name is also that of the assignment of {_role(same_name)} on {scope_name(tree, same_name.scope)}"
            )
            fix = "make the name of the scope, the identity and the role: guid(scope, identity, role)"
            found.append(
                failed(
                    "identity/assignment-name-twice",
                    _deployment_name(row),
                    what,
                    fix,
                    row.resource.side("name"),
                    same_name.resource.side("name"),
                )
            )
        elif same_grant.resource.id != row.resource.id:
            what = f"{_role(row)} on {scope_name(tree, row.scope)} is granted to one principal twice, by two names"
            sides = row.resource.side("name"), same_grant.resource.side("name")
            found.append(
                failed(
                    "identity/granted-twice",
                    _deployment_name(row),
                    what,
                    "remove one: Azure accepts a grant once",
                    *sides,
                )
            )
    yield from found
    if rows and not any(row.outcome == "failed" for row in found):
        what = f"the names of {len(rows)} role assignments are the same at every deployment, each for one grant"
        yield proved("identity/assignment-name-changes", "", what, rows[0].resource.side("name"))


def _deployment_name(row: Assignment) -> str:
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
            what = f"the name of a role assignment is made with {late[0]}(), so it is another one at every deployment"
            yield failed(
                "identity/assignment-name-changes",
                _deployment_name(row),
                what,
                "make it of ids: guid(scope, identity, role)",
                row.resource.side("name"),
            )
    if not written.startswith("[") and not is_uuid(written):
        what = f"the name of a role assignment is {written!r}, which is no GUID"
        yield failed(
            "identity/assignment-name",
            _deployment_name(row),
            what,
            "make it of ids: guid(scope, identity, role)",
            row.resource.side("name"),
        )
