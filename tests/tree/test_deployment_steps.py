"""The order of deployments, as deployments.json says it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rayfleet.diagnostics import Invalid
from rayfleet.tree import Tree, deployment_steps
from rayfleet.tree.files import Files
from tests.testing.broken_trees import rendered, tree
from tests.testing.deployments import reference

PATH = "azure/deployments.json"


def edited(edit: Callable[[list[dict[str, Any]]], None]) -> Tree:
    """The reference's tree after an edit of its rows."""
    document = json.loads(tree()[PATH])
    edit(document["deployments"])
    return rendered({**tree(), PATH: json.dumps(document).encode()})


def test_waves_of_the_reference() -> None:
    waves = deployment_steps.waves(deployment_steps.steps(rendered(tree())))
    names = [[step.name.removeprefix("aks-multi-region-") for step in wave] for wave in waves]
    assert names == [["resource-group"], ["shared"], ["eastus", "westus2"]]


def test_a_step_is_all_that_deploying_needs() -> None:
    steps = reference()
    group, east = steps["resource-group"], steps["eastus"]
    assert group.at_subscription and group.location == "eastus" and group.outputs == ()
    scope = "/subscriptions/00000000-0000-0000-0000-000000000000"
    name = "providers/Microsoft.Resources/deployments/aks-multi-region"
    assert group.id == f"{scope}/{name}-resource-group"
    assert east.id == f"{scope}/resourceGroups/aks-multi-region/{name}-eastus"
    assert (east.file, east.outputs, east.missing) == ("azure/eastus.json", ("aks_eastus",), ())
    (identity,) = east.identities
    assert identity.endswith("userassignedidentities/aks-eastus-workload")
    assert east.side.place[:2] == ("rendered/azure/deployments.json", 35)


def test_values_reach_the_steps_that_need_them_and_show_nowhere() -> None:
    row = next(step for step in deployment_steps.steps(rendered(tree("token"), "token")) if step.needs)
    assert row.missing == row.needs != ()
    values = {row.needs[0]: "s3cret-value", "another": "not asked for"}
    steps = deployment_steps.steps(rendered(tree("token"), "token"), values)
    assert [dict(step.parameters) for step in steps if step.needs] == [{row.needs[0]: "s3cret-value"}] * sum(
        bool(step.needs) for step in steps
    )
    assert all(not step.missing and "s3cret" not in f"{step} {step!r}" for step in steps)


def test_a_region_and_what_it_needs() -> None:
    steps = reference().values()
    names = [step.name.removeprefix("aks-multi-region-") for step in deployment_steps.select(steps, ["westus2"])]
    assert names == ["resource-group", "shared", "westus2"]
    assert deployment_steps.select(steps, []) == tuple(steps)
    assert deployment_steps.select(steps, ["nowhere"]) == ()
    assert [len(wave) for wave in deployment_steps.waves(deployment_steps.select(steps, ["westus2"]))] == [1, 1, 1]


def _no_template(rows: list[dict[str, Any]]) -> None:
    rows[1]["template"] = "none.json"


def _two_names(rows: list[dict[str, Any]]) -> None:
    rows[3]["name"] = rows[2]["name"]


def _misspelled(rows: list[dict[str, Any]]) -> None:
    rows[3]["dependsOn"] = ["aks-multi-region-share"]


def _circle(rows: list[dict[str, Any]]) -> None:
    rows[0]["dependsOn"] = [rows[1]["name"]]


def _no_scope(rows: list[dict[str, Any]]) -> None:
    del rows[2]["scope"]


def _name(name: str) -> Callable[[list[dict[str, Any]]], None]:
    def edit(rows: list[dict[str, Any]]) -> None:
        rows[0]["name"] = name
        rows[1]["dependsOn"] = [name]

    return edit


def _scope(**scope: str) -> Callable[[list[dict[str, Any]]], None]:
    return lambda rows: rows[2]["scope"].update(scope)


def _none(rows: list[dict[str, Any]]) -> None:
    rows.clear()


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (_no_template, "there is no azure/none.json"),
        (_two_names, "two deployments have this name"),
        (_misspelled, 'which is not deployed (did you mean "aks-multi-region-shared"?)'),
        (_circle, "the deployments wait for each other"),
        (_no_scope, "a deployment has no name, subscription or location"),
        (_none, "there is nothing to deploy"),
        *((_name(name), "is no name that a deployment can have") for name in ("a/b?c#d", "..", "a" * 65, "é", "a%2f")),
        (_scope(resourceGroup="a/../b"), "goes to no subscription and resource group"),
        (_scope(resourceGroup="dot."), "goes to no subscription and resource group"),
        (_scope(subscriptionId="../x"), "goes to no subscription and resource group"),
    ],
)
def test_rows_that_cannot_be_carried_out(edit: Callable[[list[dict[str, Any]]], None], says: str) -> None:
    with pytest.raises(Invalid) as raised:
        deployment_steps.steps(edited(edit))
    assert says in str(raised.value)
    assert all(row.file.startswith("rendered/azure/") and row.fix for row in raised.value.diagnostics)


def test_a_tree_that_is_none() -> None:
    for content in ({}, {PATH: b"{"}, {PATH: b"[]"}, {PATH: b'{"deployments": [1, {}]}'}):
        with pytest.raises(Invalid):
            deployment_steps.steps(Tree(Files("rendered", content)))
