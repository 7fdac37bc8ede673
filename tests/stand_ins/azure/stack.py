"""A deployment stack in a test's Resource Manager: a deployment, and the list of what it made.

What it answers is as azure-cli recorded it (2.60 to 2.69, test_list_ and test_validate_deployment_stack).
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.stand_ins.azure.deployment import Deployment

_ENDS = {"Succeeded": "succeeded", "Failed": "failed", "Canceled": "canceled"}
_RESOURCE_ID = re.compile(r"\[resourceId\('([^']+)'((?:, *'[^']*')+)\)\]")


@dataclass
class Stack(Deployment):
    """``managed``: the ids of what it has; ``stuck``: those that Azure fails to delete, with the error."""

    scope: str = ""
    managed: list[str] = field(default_factory=list)
    stuck: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)  # by all of its runs
    detached: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    says_what_it_has: bool = True  # whether validation names resources
    unnamed: list[dict[str, Any]] = field(default_factory=list)  # what it has beside, without ids

    def look(self) -> None:
        was_active = self.active
        super().look()
        if was_active and self.state == "Succeeded" and self.body:
            self._take_away()

    def _take_away(self) -> None:
        has = ids(self.body["properties"]["template"], self.scope)
        gone = [key for key in self.managed if key.lower() not in {row.lower() for row in has}]
        self.failed = [key for key in gone if key in self.stuck]
        if self.body["properties"]["actionOnUnmanage"]["resources"] == "delete":
            self.deleted += [key for key in gone if key not in self.stuck]
        else:
            self.detached += gone
            self.failed = []
        self.managed = [*has, *self.failed]
        if self.failed:
            self.state = "Failed"
            self.error = {
                "code": "DeploymentStackDeleteResourcesFailed",
                "message": "One or more could not be deleted.",
            }

    @property
    def inner(self) -> str:
        """The name of the deployment that it runs."""
        return f"{self.name}-{self.starts}"

    def json(self, scope: str) -> dict[str, Any]:
        early = self.active and self.seen < 2  # Azure names the deployment a moment later
        properties: dict[str, Any] = {
            "provisioningState": "initializing" if early else _ENDS.get(self.state, "deploying"),
            "correlationId": f"correlation-stack-{self.name}-{self.starts}",
            **(
                {key: self.body["properties"][key] for key in ("actionOnUnmanage", "denySettings")} if self.body else {}
            ),
            **({} if early else {"deploymentId": f"{scope}/providers/Microsoft.Resources/deployments/{self.inner}"}),
            "resources": [
                *({"id": key, "status": "deleteFailed" if key in self.failed else "managed"} for key in self.managed),
                *self.unnamed,
            ],
            "failedResources": [{"id": key, "error": self.stuck[key]} for key in self.failed],
        }
        if self.state == "Succeeded":
            properties["outputs"] = self.outputs
        if self.state in ("Failed", "Canceled") and self.error:
            properties["error"] = self.error
        return {
            "id": f"{scope}/providers/Microsoft.Resources/deploymentStacks/{self.name}",
            "name": self.name,
            "type": "Microsoft.Resources/deploymentStacks",
            "systemData": {"lastModifiedAt": f"2026-11-01T00:{self.starts:02}:00Z"},
            "properties": properties,
        }

    def validated(self, body: Any, scope: str) -> dict[str, Any]:
        """What validation answers."""
        rows = ids(body["properties"]["template"], scope) if self.says_what_it_has else []
        return {"properties": {"validatedResources": [{"id": key} for key in rows]}}


def ids(template: dict[str, Any], scope: str) -> list[str]:
    """The ids of what a template has, as Azure makes them."""
    return [_id(row, scope) for row in template["resources"]]


def _id(row: dict[str, Any], scope: str) -> str:
    if row["type"] == "Microsoft.Resources/resourceGroups":
        return f"{scope}/resourceGroups/{row['name']}"
    about = _RESOURCE_ID.fullmatch(row.get("scope", ""))
    above = scope
    if about:
        above = _joined(scope, about[1], re.findall(r"'([^']*)'", about[2]))
    name = row["name"]
    names = [str(uuid.uuid5(uuid.NAMESPACE_OID, name))] if name.startswith("[") else name.split("/")
    return _joined(above, row["type"], names)


def _joined(scope: str, kind: str, names: list[str]) -> str:
    provider, *kinds = kind.split("/")
    return "/".join([scope, "providers", provider, *(part for pair in zip(kinds, names, strict=True) for part in pair)])
