"""Every resource of an ARM template: of nested deployments, and inside others."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

Json = dict[str, Any]

DEPLOYMENT = "Microsoft.Resources/deployments"


class Resource(NamedTuple):
    """One resource of a template: where it stands, its full type, the scope it is deployed at."""

    where: str
    type: str
    scope: str  # "subscription" or "resourceGroup"
    body: Json


def resources(template: Json) -> tuple[list[Resource], list[str]]:
    """Every resource, those of nested deployments and children included, and what hides others.

    The second list is not empty when something cannot be looked into: `resources` that is not an
    array (the symbolic form, which checkov and the official schemas do not see either), a resource
    without a type, a nested deployment without a template of its own.
    """
    found: list[Resource] = []
    hidden: list[str] = []
    _template(template, "", _scope(template, "resourceGroup"), found, hidden)
    return found, hidden


def _template(template: Json, outer: str, scope: str, found: list[Resource], hidden: list[str]) -> None:
    listed = template.get("resources")
    if isinstance(listed, list):
        _resources(listed, outer, "", scope, found, hidden)
    else:
        hidden.append(unexpected(f"{outer}resources", "array", listed))


def _resources(
    listed: list[Any], outer: str, parent: str, scope: str, found: list[Resource], hidden: list[str]
) -> None:
    for position, body in enumerate(listed):
        kind = body.get("type") if isinstance(body, dict) else None
        if not isinstance(kind, str):
            hidden.append(f"{outer}resources[{position}]: a resource needs a type")
            continue
        full = f"{parent}/{kind}" if parent and "." not in kind.split("/")[0] else kind
        resource = Resource(f"{outer}{full} {body.get('name')!r}", full, scope, body)
        found.append(resource)
        _resources(body.get("resources", []), f"{resource.where} > ", full, scope, found, hidden)
        if full == DEPLOYMENT:
            _nested(resource, found, hidden)


def _nested(deployment: Resource, found: list[Resource], hidden: list[str]) -> None:
    properties = deployment.body.get("properties")
    template = properties.get("template") if isinstance(properties, dict) else None
    if not isinstance(template, dict):
        hidden.append(f"{deployment.where}: properties.template: only inline templates are judged")
        return
    scope = "resourceGroup" if "resourceGroup" in deployment.body else deployment.scope
    _template(template, f"{deployment.where} > ", _scope(template, scope), found, hidden)


def _scope(template: Json, default: str) -> str:
    schema = str(template.get("$schema", ""))
    return "subscription" if "subscriptionDeploymentTemplate" in schema else default


def unexpected(path: str, name: str, value: Any) -> str:
    """The message about a value of another JSON type."""
    got = "an object" if isinstance(value, dict) else "an array"
    scalar = not isinstance(value, dict | list)
    return f"{path}: expected {name}, got {json.dumps(value) if scalar else got}"
