"""The types that may ever be deleted, and those that never are: the last look at an id before Azure gets to see it."""

from __future__ import annotations

import re
from collections.abc import Collection

from rayfleet.azure.resource_id import type_of
from rayfleet.facts.identifiers import UUID, is_uuid
from rayfleet.facts.resource_types import DELETION_ORDER, EXTENSION, FLUX_CONFIGURATION, ROLE_ASSIGNMENT

# What names of these types are made of (Azure docs, resource-name-rules), so that nothing needs to be escaped.
_NAME = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9_.()-]+"
_ID = re.compile(
    rf"/subscriptions/{UUID}/resourceGroups/{_NAME}(?:/providers/[A-Za-z]+\.[A-Za-z]+(?:/[A-Za-z]+/{_NAME})+){{1,2}}",
    re.IGNORECASE,
)
_ABOUT_OTHERS = {kind.lower() for kind in (FLUX_CONFIGURATION, EXTENSION, ROLE_ASSIGNMENT)}


class DeletionRefusal(Exception):
    """Raised instead of deleting; says why."""


def guard(identifier: str, rendered: Collection[str]) -> None:
    """Raises DeletionRefusal unless an id may be deleted. ``rendered``: the ids that still are, in lower case."""
    if not _ID.fullmatch(identifier):
        raise DeletionRefusal("its id is none that rayfleet makes")
    kind, key = type_of(identifier), identifier.lower()
    if kind not in DELETION_ORDER:
        raise DeletionRefusal(f"{kind} is no type that is ever deleted")
    if (key.count("/providers/") == 2) != (kind in _ABOUT_OTHERS):
        raise DeletionRefusal("its id is none that rayfleet makes")
    if kind == ROLE_ASSIGNMENT.lower() and not is_uuid(key.rpartition("/")[2]):
        raise DeletionRefusal("a role assignment's name is a GUID")
    if key in rendered:
        raise DeletionRefusal("it is still rendered")
    # A role is no part of what it is about: this asks what would go with the id, not what it would be taken from.
    if inside := next((other for other in rendered if other.startswith(f"{key}/")), None):
        raise DeletionRefusal(f"{inside} is still rendered, and would go with it")
