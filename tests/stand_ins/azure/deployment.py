"""A deployment in a test's Resource Manager: how it goes, and what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

_ENDS = {"Succeeded", "Failed", "Canceled", "Deleted"}


@dataclass
class Deployment:
    """How a deployment goes, and what became of it."""

    name: str
    polls: int = 2  # looks at it before it ends
    ends: str = "Succeeded"
    working: str = "Running"  # its state until then
    outputs: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    operations: list[dict[str, Any]] = field(default_factory=list)
    validation: dict[str, Any] | None = None  # an error that validate answers 200 with
    changes: list[dict[str, Any]] = field(default_factory=list)  # what what-if answers
    turns: list[dict[str, Any]] = field(default_factory=list)  # attributes to set at each start, in order
    state: str = ""  # empty: it was never deployed
    starts: int = 0
    clashes: int = 0
    body: Any = None  # of the last PUT that was taken
    template_hash: str = ""
    seen: int = 0
    late: int = 0  # PUTs that came late
    denied: int = 0  # how often it was there and was not: scripted answers, and ends that are empty

    @property
    def active(self) -> bool:
        return bool(self.state) and self.state not in _ENDS

    def start(self, body: Any) -> None:
        for name, value in (self.turns.pop(0) if self.turns else {}).items():
            setattr(self, name, value)
        self.starts += 1
        self.body, self.seen, self.state = body, 0, "Accepted"
        self.template_hash = hash_of(body["properties"]["template"])

    def look(self) -> None:
        """Time passes for a deployment when it is looked at."""
        if self.active:
            self.seen += 1
            self.state = self.ends if self.seen > self.polls else self.working
            self.denied += not self.state

    def json(self, scope: str) -> dict[str, Any]:
        properties: dict[str, Any] = {
            "provisioningState": self.state,
            "correlationId": f"correlation-{self.name}-{self.starts}",
            "timestamp": f"2026-11-01T00:{self.starts:02}:{self.seen:02}Z",
            "duration": f"PT{self.seen}S",
            "templateHash": self.template_hash,
            "mode": "Incremental",
        }
        if self.state == "Succeeded":
            properties["outputs"] = self.outputs
        if self.state in ("Failed", "Canceled") and self.error:
            properties["error"] = self.error
        identifier = f"{scope}/providers/Microsoft.Resources/deployments/{self.name}"
        return {
            "id": identifier,
            "name": self.name,
            "type": "Microsoft.Resources/deployments",
            "properties": properties,
        }


def hash_of(template: object) -> str:
    """What this server has for a template's hash."""
    return str(len(json.dumps(template, sort_keys=True)))


def operation(
    name: str, kind: str, status: str = "Succeeded", identifier: str = "", error: object = None, action: str = "Create"
) -> dict[str, Any]:
    """A row of ``Deployment.operations``."""
    target = {"resourceType": kind, "resourceName": name, "id": identifier or f"/x/providers/{kind}/{name}"}
    properties: dict[str, Any] = {
        "provisioningOperation": action,
        "provisioningState": status,
        "timestamp": "2026-11-01T00:00:00Z",
        "duration": "PT1S",
        "targetResource": target,
    }
    if error is not None:
        properties["statusMessage"] = {"status": status, "error": error}
    return {"id": f"operation-{name}", "operationId": name, "properties": properties}
