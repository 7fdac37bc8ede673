"""Role assignments, read back: which identity may do what with which resource."""

from __future__ import annotations

import re
from typing import NamedTuple

from rayfleet.facts.resource_types import ROLE_ASSIGNMENT
from rayfleet.tree import Resource, Side, Tree, get
from rayfleet.tree.arm_expression import reference
from rayfleet.tree.memo import once

_CONTAINER = re.compile(r"/storageaccounts/([^/]+)/blobservices/default/containers/([^/]+)$")


class Assignment(NamedTuple):
    """``principal`` is the id of the identity whose property ``path`` it reads, or what is written out."""

    resource: Resource
    scope: str
    principal: str
    path: str
    role: str

    def covers(self, target: str) -> bool:
        """True where it holds for a resource: at its own scope, or above."""
        return target == self.scope or target.startswith(f"{self.scope}/")


class RoleNeed(NamedTuple):
    """The identity with the id ``whose`` must have one of the ``roles`` on ``target``, because ``side`` says so."""

    whose: str
    roles: tuple[str, ...]
    target: str
    why: str
    side: Side


@once
def assignments(tree: Tree) -> dict[str, list[Assignment]]:
    """Every role assignment by its principal."""
    found: dict[str, list[Assignment]] = {}
    for resource in tree.of_type(ROLE_ASSIGNMENT):
        written = get(resource.properties, "principalId")
        read = reference(written, resource.template.scope)
        principal, path = read if read else (resource.resolve(written), "")
        role = resource.resolve(get(resource.properties, "roleDefinitionId")).rpartition("/")[2]
        row = Assignment(resource, _scope(resource), principal, path, role)
        found.setdefault(principal, []).append(row)
    return found


def _scope(resource: Resource) -> str:
    """The scope of an assignment; without one of its own, that of its deployment."""
    if resource.scope_id is not None:
        return resource.scope_id
    subscription, group = resource.template.scope
    return f"/subscriptions/{subscription}{f'/resourcegroups/{group}' if group else ''}".lower()


def assignment_for(tree: Tree, need: RoleNeed, principal: str | None = None) -> Assignment | None:
    """The assignment that meets a need; one to the ``principal`` id that is bound counts as well."""
    rows = assignments(tree)
    own = [row for row in rows.get(need.whose, ()) if row.path == "principalId"]
    own += rows.get(principal.lower(), ()) if principal else ()
    return next((row for row in own if row.role in need.roles and row.covers(need.target)), None)


def resource_name(tree: Tree, identifier: str) -> str:
    """The name of a resource as it is written, of one that is not rendered the end of its id."""
    resource = tree.resources.get(identifier)
    return resource.name if resource else identifier.rpartition("/")[2]


def scope_name(tree: Tree, identifier: str) -> str:
    """The name of what a role is on; of a container, whose it is as well."""
    container = _CONTAINER.search(identifier)
    return f"{container[2]} of {container[1]}" if container else resource_name(tree, identifier)
