"""The skeletons of ARM templates."""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]

RESOURCE_GROUP_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
SUBSCRIPTION_SCHEMA = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"


def template(
    resources: list[Resource],
    *,
    made_by: str,
    made_from: str,
    schema: str = RESOURCE_GROUP_SCHEMA,
    parameters: dict[str, Any] | None = None,
    outputs: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """An ARM template with an array of resources, which older tools and checkov read too."""
    return {
        "$schema": schema,
        "contentVersion": "1.0.0.0",
        "metadata": {"_generator": generator_mark(made_by, made_from)},
        "parameters": parameters or {},
        "resources": resources,
        "outputs": outputs or {},
    }


def generator_mark(made_by: str, made_from: str) -> dict[str, str]:
    """The mark in a rendered JSON file that says what made it, and from which files."""
    return {"name": "rayfleet", "madeBy": made_by, "madeFrom": made_from, "note": "Edit those, not this file."}


def output(kind: str, value: Any) -> dict[str, Any]:
    """One output of a template."""
    return {"type": kind, "value": value}


def checkov_skip(**reasons: str) -> dict[str, Any]:
    """Resource metadata (ARM ignores it) that tells checkov which check does not apply here, and why."""
    return {"checkov": [f"{check}: {reason}" for check, reason in sorted(reasons.items())]}
