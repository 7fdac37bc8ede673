"""The form of a template: what each needs, and types of which something is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.testing.broken_trees import check, tree

EAST = "azure/eastus.json"


def claims(edit: Callable[[Any], object]) -> dict[str, str]:
    """The failed claims of the template after an edit, each with what is said."""
    document = json.loads(tree()[EAST])
    edit(document)
    report = check({**tree(), EAST: json.dumps(document, indent=2).encode()}, "arm")
    return {row.claim: row.what for row in report.of("failed")}


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda row: row.pop("$schema"), "its $schema is none of a template"),
        (lambda row: row.update({"$schema": "https://example.com/deploymentTemplate.json"}), "its $schema is none"),
        (lambda row: row.pop("contentVersion"), "its contentVersion is not four numbers"),
        (lambda row: row.update(contentVersion="1.0"), "its contentVersion is not four numbers"),
        (lambda row: row["outputs"]["aks_eastus"].pop("type"), "the output aks_eastus has no value, or a type"),
        (lambda row: row["outputs"]["aks_eastus"].update(type="map"), "the output aks_eastus has no value, or a type"),
    ],
)  # fmt: skip
def test_what_every_template_needs(edit: Callable[[Any], object], says: str) -> None:
    found = claims(edit)
    assert set(found) == {"arm/template-form"} and says in found["arm/template-form"]


def test_a_type_that_nobody_knows() -> None:
    def edit(document: Any) -> None:
        (row,) = [row for row in document["resources"] if row["type"].endswith("/natGateways")]
        row["type"] = row["type"].replace("natGateways", "natGatewys")

    said = claims(edit)["arm/unknown-type"]
    assert (
        'of the type Microsoft.Network/natGatewys, of which nothing is known (did you mean "Microsoft.Network/nat'
        in said
    )


@pytest.mark.parametrize(
    "schema", ["2018-05-01/subscriptionDeploymentTemplate.json#", "2019-04-01/deploymentTemplate.json#"]
)
def test_the_schemas_of_templates(schema: str) -> None:
    assert claims(lambda row: row.update({"$schema": f"https://schema.management.azure.com/schemas/{schema}"})) == {}
