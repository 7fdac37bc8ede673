"""What may be bound, and what is said of the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from rayfleet import schema
from rayfleet.bind import answers
from rayfleet.bind.judge import Judgement, judge
from rayfleet.bind.needs import expected_values
from rayfleet.diagnostics import Invalid
from rayfleet.facts.late_values import kinds
from rayfleet.source import Source
from tests.testing.rendering import reference

ID, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
EAST, WEST = "aks-multi-region-eastus", "aks-multi-region-westus2"
GOOD = {"clientId": ID, "principalId": OTHER, "oidcIssuerUrl": "https://x/", "nodePools": ["sys", "cpu"]}
ROWS = expected_values(reference().fleet)
ALL = [row.cluster for row in ROWS]
UUID = "32 hexadecimal digits in lower case, in groups of 8, 4, 4, 4 and 12 with hyphens between them"
RESOURCE = "cldrsrc_, then 1 to 48 lower-case letters or digits"


def of_output(value: object, deployment: str = EAST, output: str = "aks_eastus", only: list[str] = ALL) -> Judgement:
    given = answers.of_deployment(deployment, {output: {"type": "Object", "value": value}})
    return judge(ROWS, given, "aks-multi-region", only)


def of_resources(*resources: object, cloud: object = "aks-multi-region") -> Judgement:
    given = answers.of_cloud("aks-multi-region", {"name": cloud, "resources": list(resources)})
    return judge(ROWS, given, "aks-multi-region", ALL)


def told(judged: Judgement) -> list[str]:
    return [str(row).partition("\n")[0] for row in judged.found]


def test_good_outputs() -> None:
    judged = of_output(GOOD)
    assert judged.found == []
    assert [row[:4] for row in judged.values] == [
        ("aks-eastus", "clientId", ID, f"{EAST}.outputs.aks_eastus.clientId"),
        ("aks-eastus", "principalId", OTHER, f"{EAST}.outputs.aks_eastus.principalId"),
        ("aks-eastus", "nodePools", ["cpu", "sys"], f"{EAST}.outputs.aks_eastus.nodePools"),
    ]


def test_ids_are_bound_in_lower_case() -> None:
    judged = of_output({**GOOD, "clientId": "ABCDEFAB-1111-4111-8111-111111111111"})
    assert judged.values[0].value == "abcdefab-1111-4111-8111-111111111111"


PLACE = f"deployment {EAST}: aks_eastus.value"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (None, f"{PLACE}: the output is null and no object"),
        ("x" * 100, f"{PLACE}: the output is {'x' * 57}... and no object"),
        ({**GOOD, "clientId": None}, f"{PLACE}.clientId: clientId of aks-eastus is missing"),
        ({**GOOD, "clientId": 1}, f"{PLACE}.clientId: clientId of aks-eastus: 1 is not of type string"),
        ({**GOOD, "clientId": "\x1b[31m"},
         f'{PLACE}.clientId: clientId of aks-eastus: "\\u001b[31m" does not have the right form, which is {UUID}'),
        ({**GOOD, "clientId": f"{ID}\n"},
         f'{PLACE}.clientId: clientId of aks-eastus: "{ID}\\n" does not have the right form, which is {UUID}'),
        ({**GOOD, "principalId": ID}, f"{PLACE}.principalId: it is also the clientId; an identity's two ids are never "
         "the same"),
        ({**GOOD, "principalId": "[reference('x')]"}, f"{PLACE}.principalId: principalId of aks-eastus: "
         f"\"[reference('x')]\" does not have the right form, which is {UUID}"),
        ({**GOOD, "nodePools": "sys"},
         f'{PLACE}.nodePools: nodePools of aks-eastus: "sys" is not of type array'),
        ({**GOOD, "nodePools": ["sys", "CPU"]},
         f'{PLACE}.nodePools[1]: nodePools of aks-eastus: "CPU" does not have the right form, which is lower-case '
         "letters and digits, a letter first"),
        ({**GOOD, "nodePools": ["sys", None]},
         f"{PLACE}.nodePools[1]: nodePools of aks-eastus: null is not of type string"),
        ({**GOOD, "nodePools": ["sys", "sys"]},
         f"{PLACE}.nodePools: nodePools of aks-eastus: an entry is listed twice"),
        ({**GOOD, "clientId": "00000000-0000-0000-0000-000000000000"},
         f"{PLACE}.clientId: clientId of aks-eastus is the id of nobody"),
        ({**GOOD, "nodePools": []}, f"{PLACE}.nodePools: nodePools of aks-eastus is empty, and a cluster has a pool"),
    ],
)  # fmt: skip
def test_bad_outputs_bind_nothing(value: object, what: str) -> None:
    judged = of_output(value)
    assert told(judged) == [what]
    assert judged.values == []


def test_all_that_is_wrong_at_once() -> None:
    assert told(of_output({})) == [
        f"{PLACE}.{kind}: {kind} of aks-eastus is missing" for kind in ("clientId", "principalId", "nodePools")
    ]


def of_addresses(**values: object) -> Judgement:
    return judge(ROWS, answers.of_file("x.json", json.dumps(values).encode(), "fix"), "aks-multi-region", ALL)


def test_values_by_their_producer() -> None:
    judged = of_addresses(
        **{
            f"{EAST}.outputs.aks_eastus.clientId": ID.upper(),
            "anyscale.aks-multi-region.aks-westus2.cloud_resource_id": "cldrsrc_a",
            f"{WEST}.outputs.aks_eastus.clientId": ID,
        }
    )
    assert [row[:3] for row in judged.values] == [
        ("aks-eastus", "clientId", ID),
        ("aks-westus2", "cloudResourceId", "cldrsrc_a"),
    ]
    (left,) = told(judged)
    assert f"no cluster of the fleet waits for what {WEST}.outputs.aks_eastus.clientId hands out (did you mean" in left


def test_a_wrong_value_by_its_producer() -> None:
    (found,) = told(of_addresses(**{f"{EAST}.outputs.aks_eastus.clientId": 1}))
    assert found.endswith("clientId of aks-eastus: 1 is not of type string")


def test_an_output_of_another_deployment() -> None:
    judged = of_output(GOOD, WEST)
    assert told(judged) == [f"deployment {WEST}: aks_eastus: it is an output of {EAST}, not of {WEST}"]
    assert judged.values == []


def test_a_cluster_that_the_fleet_has_not() -> None:
    judged = of_output(GOOD, EAST, "aks_eastsu")
    what = 'the fleet has no cluster with the output "aks_eastsu" (did you mean "aks_eastus"?)'
    assert told(judged) == [f"deployment {EAST}: warning: aks_eastsu: {what}"]
    assert of_output("https://x/", EAST, "blobEndpoint") == Judgement([], [], [])  # what regions share


def test_clusters_that_were_not_asked_for() -> None:
    assert of_output({}, only=["aks-westus2"]) == Judgement([], [], [])


def test_good_resources() -> None:
    judged = of_resources({"name": "aks-westus2", "cloud_resource_id": "cldrsrc_a1", "operator_status": "HEALTHY"})
    assert judged.found == []
    producer = "anyscale.aks-multi-region.aks-westus2.cloud_resource_id"
    assert [row[:4] for row in judged.values] == [("aks-westus2", "cloudResourceId", "cldrsrc_a1", producer)]


@pytest.mark.parametrize(
    ("resource", "what"),
    [
        ({"name": "aks-eastus"}, "resources[0].cloud_resource_id: cloudResourceId of aks-eastus is missing"),
        ({"name": "aks-eastus", "cloud_resource_id": "cldrsrc-a1"},
         'resources[0].cloud_resource_id: cloudResourceId of aks-eastus: "cldrsrc-a1" does not have the right form, '
         f"which is {RESOURCE}: this is how it is written in DNS names"),
        ({"name": "aks-eastus", "cloud_resource_id": "cld_a1"},
         'resources[0].cloud_resource_id: cloudResourceId of aks-eastus: "cld_a1" does not have the right form, '
         f"which is {RESOURCE}: this is the id of a cloud"),
        ({"name": "aks-eastus", "cloud_resource_id": ID},
         f'resources[0].cloud_resource_id: cloudResourceId of aks-eastus: "{ID}" does not have the right form, '
         f"which is {RESOURCE}"),
        ({"name": "aks-eastus", "cloud_resource_id": ["cldrsrc_a1"]}, "resources[0].cloud_resource_id: cloudResourceId "
         'of aks-eastus: ["cldrsrc_a1"] is not of type string'),
        ({"name": "aks-est", "cloud_resource_id": "cldrsrc_a1"}, "warning: resources[0].name: the fleet has no cluster "
         'with the cloud resource "aks-est" (did you mean "aks-eastus"?)'),
        ({"name": "", "cloud_resource_id": "cldrsrc_a1"},
         'warning: resources[0].name: the fleet has no cluster with the cloud resource ""'),
        ({}, "warning: resources[0]: a cloud resource without a name"),
        (None, "warning: resources[0]: a cloud resource without a name"),
    ],
)  # fmt: skip
def test_bad_resources(resource: object, what: str) -> None:
    judged = of_resources(resource)
    *_, said = told(judged)[0].partition("aks-multi-region: ")
    assert said == what
    assert judged.values == []


FROM_AZURE = (
    "take it from: az deployment group show --resource-group aks-multi-region --name aks-multi-region-eastus "
    "--query properties.outputs --output json"
)


def test_nobody_is_told_to_type_an_id() -> None:
    """What is right is what Azure or Anyscale say: each command runs as it is printed."""
    wrong = {"clientId": f"{{{ID}}}", "nodePools": "sys"}
    assert {row.fix for row in of_output({**GOOD, **wrong}).found} == {FROM_AZURE}
    assert {row.fix for row in of_output(GOOD, WEST).found} == {FROM_AZURE}
    found = of_resources({"name": "aks-eastus", "cloud_resource_id": "cld_1"}).found
    fix = "take it from: anyscale cloud get --name aks-multi-region --output-format json"
    assert [row.fix for row in found] == [fix]
    assert [row.fix for row in of_resources(cloud="other").found] == [fix]


def test_among_all_deployments_that_ever_were() -> None:
    """``az deployment group list``: one of the portal's has the same outputs, and others came to nothing."""
    given = answers.merge(
        [
            answers.of_deployment("Microsoft.Template-1", {"aks_eastus": {"value": {**GOOD, "clientId": OTHER}}}),
            answers.of_deployment(EAST, {"aks_eastus": {"value": GOOD}}),
            answers.of_deployment("Microsoft.Template-2", {}, "Failed"),
            answers.of_deployment(WEST, {}, "Failed"),
        ]
    )
    judged = judge(ROWS, given, "aks-multi-region", ALL)
    assert (len(judged.values), judged.found) == (3, [])
    assert [str(row) for row in judged.unfinished] == [
        f"deployment {WEST}: it is Failed, and has no outputs to bind\n    fix: run rayfleet deploy --region westus2"
    ]
    assert judge(ROWS, given, "aks-multi-region", ["aks-eastus"]).unfinished == []


@pytest.mark.parametrize("name", ["other", None, 1])
def test_another_cloud(name: object) -> None:
    judged = of_resources({"name": "aks-eastus", "cloud_resource_id": "cldrsrc_a1"}, cloud=name)
    shown = "null" if name is None else name
    assert told(judged)[0].endswith(f"name: it is the cloud {shown}, and the fleet's is aks-multi-region")
    assert judged.values == []


def test_two_answers_that_differ() -> None:
    def of(value: dict[str, Any]) -> answers.Answers:
        return answers.of_deployment(EAST, {"aks_eastus": {"type": "Object", "value": value}})

    third = "33333333-3333-4333-8333-333333333333"
    judged = judge(ROWS, answers.merge([of(GOOD), of({**GOOD, "clientId": third})]), "aks-multi-region", ALL)
    what = f"clientId of aks-eastus is {third} here, and {ID} in deployment {EAST}"
    assert told(judged) == [f"{PLACE}.clientId: {what}"]
    again = judge(ROWS, answers.merge([of(GOOD), of(GOOD)]), "aks-multi-region", ALL)
    assert (len(again.values), again.found) == (3, [])


KEYS = [
    "aks_eastus",
    "value",
    "type",
    "properties",
    "outputs",
    "resources",
    "name",
    "cloud_resource_id",
    EAST,
    *kinds(),
]
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from([ID, OTHER, "cldrsrc_a", "aks-eastus"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given_any(
    st.dictionaries(st.sampled_from(["aks_eastus", EAST, "resources", "name", "properties", "x"]), JSON, max_size=3)
)
def test_whatever_is_answered_is_judged_and_never_a_crash(data: dict[str, Any]) -> None:
    try:
        given = answers.of_file("a.json", json.dumps(data).encode(), "save it")
    except Invalid:
        return
    judged = judge(ROWS, given, "aks-multi-region", ALL)
    for value in judged.values:
        candidate = {"version": 1, "clusters": {value.cluster: {value.kind: {"value": value.value, "producer": "p"}}}}
        assert schema.accepts(Source("", "", candidate), "bindings")
    assert all(str(row) for row in judged.found)
