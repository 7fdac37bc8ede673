"""The schemas themselves, and that the quick checker, jsonschema and the rest of the code read them alike."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rayfleet import schema, schema_matcher, source
from rayfleet.compiler import compile_fleet
from rayfleet.diagnostics import Invalid
from rayfleet.facts import late_values
from rayfleet.fleet_files import FleetFiles, Inputs
from rayfleet.source import Source
from tests.testing.extent import sampled
from tests.testing.rendering import REFERENCE

NAMES = ("fleet", "bindings", "quota", "accepted")
OVERLAYS = frozenset({"operator-availability/workloads"})

Node = dict[str, Any]
Route = tuple[str | int, ...]


def nodes(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    """Every schema in a schema, itself first, with the way to it."""
    yield path, node
    for keyword in ("properties", "$defs"):
        for name, child in node.get(keyword, {}).items():
            yield from nodes(child, f"{path}/{keyword}/{name}")
    for keyword in ("additionalProperties", "propertyNames", "items"):
        if isinstance(node.get(keyword), dict):
            yield from nodes(node[keyword], f"{path}/{keyword}")


def every_node() -> list[tuple[str, Node]]:
    return [found for name in NAMES for found in nodes(schema.load(name), name)]


def resolved(path: str, node: Node) -> Node:
    """The node with what its $ref says; its own words win."""
    while "$ref" in node:
        target: Any = schema.load(path.split("/")[0])
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def validator(path: str, node: Node) -> Draft202012Validator:
    return Draft202012Validator({**node, "$defs": schema.load(path.split("/")[0]).get("$defs", {})})


# --- the files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema.load(name))


def test_only_known_keywords_are_used_and_every_known_one_is() -> None:
    used = {keyword for _, node in every_node() for keyword in node}
    assert used - schema_matcher.ANNOTATIONS == schema_matcher.KEYWORDS
    assert used >= schema_matcher.ANNOTATIONS


def test_every_property_is_described() -> None:
    missing = [
        path
        for path, node in every_node()
        if path.split("/")[-2:-1] == ["properties"] and not resolved(path, node).get("description")
    ]
    assert missing == []


def test_a_mapping_with_properties_takes_no_others() -> None:
    assert [
        path for path, node in every_node() if "properties" in node and node.get("additionalProperties", True)
    ] == []


def test_a_pattern_judges_the_whole_text() -> None:
    patterns = [node["pattern"] for _, node in every_node() if "pattern" in node]
    assert len(patterns) > 20
    assert [pattern for pattern in patterns if not (pattern.startswith("^") and pattern.endswith("$"))] == []


def test_defaults_and_examples_are_valid() -> None:
    judged = 0
    for path, node in every_node():
        whole = resolved(path, node)
        for value in [*whole.get("examples", []), *([whole["default"]] if "default" in whole else [])]:
            judged += 1
            assert [error.message for error in validator(path, node).iter_errors(value)] == [], path
    assert judged > 60


def test_what_fills_in_is_what_the_schema_says() -> None:
    filled = schema.defaults()
    assert filled.root["storage"]["redundancy"] == "ZRS"
    assert filled.settings["upgrades"]["window"] == {
        "day": "Sunday",
        "startTime": "02:00",
        "utcOffset": "+00:00",
        "durationHours": 6,
    }
    assert filled.node_pool["maxPods"] == 110
    assert "vmSize" not in filled.node_pool


def test_clusters_take_what_defaults_and_regions_take() -> None:
    defs = schema.load("fleet")["$defs"]
    cluster, settings_ = defs["cluster"]["properties"], defs["settings"]["properties"]
    own, shared = defs["clusterNetwork"]["properties"], defs["network"]["properties"]
    assert {name for name in cluster if cluster[name] != settings_.get(name)} == {"region", "network"}
    assert set(settings_) == set(cluster) - {"region"}
    assert {name for name in own if own[name] != shared.get(name)} == {"index", "vnetCidr"}
    assert set(shared) == set(own) - {"index", "vnetCidr"}


def test_bindings_are_those_of_the_model() -> None:
    loaded = schema.load("bindings")
    cluster = loaded["properties"]["clusters"]["additionalProperties"]
    assert set(cluster["properties"]) == set(late_values.kinds())
    for row in late_values.TABLE:
        value = schema_matcher.resolve(loaded, cluster["properties"][row.key])["properties"]["value"]
        assert value["type"] == ("string" if row.pattern else "array")
        assert value.get("pattern") == (f"^{row.pattern}$" if row.pattern else None)


# --- the quick checker ------------------------------------------------------------------------------------------------


@cache
def reference() -> tuple[Node, ...]:
    fleet = source.read("fleet.yaml", (REFERENCE / "fleet.yaml").read_bytes()).data
    fleet["regions"] = {"eastus": {"tier": "Premium", "zones": [1, 2]}}
    fleet["azure"] |= {"tags": {"team": "ml"}, "adminGroupIds": ["00000000-0000-0000-0000-000000000001"]}
    fleet["vmSizes"] = {"Standard_Own_v1": {"vcpus": 8, "memoryGib": 32.5, "family": "own"}}
    fleet["storage"] |= {"moreContainers": ["logs"], "lifecycle": {"runs": {"prefix": "runs/", "deleteAfterDays": 30}}}
    fleet["routing"] = {"regionOrder": ["westus2", "eastus"]}
    fleet["defaults"] |= {
        "apiServer": {"authorizedIpRanges": ["203.0.113.0/24"]},
        "charts": {"anyscale-operator": {"values": {"replicas": 2}}},
        "serviceAccounts": ["team/trainer"],
        "upgrades": {"window": {"day": "Monday"}},
    }
    fleet["defaults"]["nodePools"]["cpu"] |= {"labels": {"team": "ml"}, "taints": ["team=ml:NoSchedule"], "zones": [1]}
    return (fleet,)


def routes(value: Any, route: Route = ()) -> Iterator[Route]:
    """The way to every value below."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield (*route, step)
        yield from routes(child, (*route, step))


@cache
def keys() -> list[str]:
    names = {name for _, node in every_node() for name in node.get("properties", {})}
    return [*sorted(names), "aks-eastus", "cpu", "eastus", "Standard_Own_v1", "x", "X y"]


SCALARS = [
    None, True, False, -1, 0, 1, 2, 3, 30, 1000, 1001, 0.5, 2.25, "", "1", "1.36", "10%", "10s", "02:00", "a", "A",
    "a b", "eastus", "westus2", "spot", "system", "infra", "Free", "LRS", "10.0.0.0/16", "100.64.0.0/10", "team/b",
    "a=b:NoExecute", "Standard_D8ds_v5", "Standard_NC16as_T4_v3", "Standard_Own_v1", "operator-availability", "x" * 70,
    "[x]", "ünï",
]  # fmt: skip


def like(known: Any, values: list[Any]) -> list[Any]:
    """Those of the values that could be meant where ``known`` stands."""
    kinds = (int, float) if type(known) is int else type(known)
    return [known, *(value for value in values if isinstance(value, kinds))]


@st.composite
def mutated(draw: st.DrawFn, scalars: list[Any]) -> Node:
    """The reference fleet, with something of everything, after a few changes that may or may not suit it."""
    (original,) = reference()
    data = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 2))):
        *parents, last = draw(st.sampled_from(list(routes(data))))
        holder: Any = data
        for step in parents:
            holder = holder[step]
        scalar = draw(st.sampled_from(scalars))
        change = draw(st.sampled_from(["alike", "replace", "remove", "add", "wrap", "repeat"]))
        if change == "alike":
            holder[last] = draw(st.sampled_from(like(holder[last], scalars)))
        elif change == "replace":
            holder[last] = scalar
        elif change == "remove":
            del holder[last]
        elif change == "wrap":
            holder[last] = draw(st.sampled_from([[scalar], {draw(st.sampled_from(keys())): scalar}, [], {}]))
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(keys()))] = scalar if change == "add" else holder[last]
        else:
            holder.append(scalar if change == "add" else holder[last])
        if not data:
            break
    return data


def parsed(data: Node) -> Source:
    return source.read("fleet.yaml", json.dumps(data).encode())


@sampled
def test_the_checker_and_jsonschema_agree() -> None:
    judge = Draft202012Validator(schema.load("fleet"))
    verdicts = []

    @given(mutated(SCALARS))
    def agree(data: Node) -> None:
        accepted = schema.accepts(parsed(data), "fleet")
        assert accepted == judge.is_valid(data)
        verdicts.append(accepted)

    agree()
    assert min(verdicts.count(True), verdicts.count(False)) > len(verdicts) / 10


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data", [None, [], "text", 1, True])
def test_what_is_no_mapping_is_refused_by_both(name: str, data: object) -> None:
    assert not Draft202012Validator(schema.load(name)).is_valid(data)
    stand_in = parsed({"a": 1})
    stand_in.data = data  # a file that is not a mapping is refused when it is read
    assert not schema.accepts(stand_in, name)


def test_a_line_break_at_the_end_is_where_they_part() -> None:
    """JSON Schema's ``$`` is the end of the text; jsonschema uses Python's, which also matches before a line break."""
    (data,) = copy.deepcopy(reference())
    assert schema.accepts(parsed(data), "fleet")
    data["name"] += "\n"
    assert Draft202012Validator(schema.load("fleet")).is_valid(data)
    assert not schema.accepts(parsed(data), "fleet")
    (found,) = schema.violations(parsed(data), "fleet")
    assert found.path == ["name"]
    assert found.diagnostic.what.startswith('"aks-multi-region\\n" does not have the right form, which is ')
    assert found.diagnostic.fix.startswith('write "aks-multi-region"')


# JSON Schema takes 1.0 for an integer, which no code of ours expects.
FLOATS = [-1.0, 0.0, 1.0, 2.0, 1e3]


@given(mutated([*SCALARS, *FLOATS, "a\n"]))
def test_what_is_refused_is_explained_and_what_is_explained_is_refused(data: Node) -> None:
    found = schema.violations(parsed(data), "fleet")
    assert bool(found) != schema.accepts(parsed(data), "fleet")
    for violation in found:
        assert violation.diagnostic.line >= 1
        assert violation.diagnostic.what and violation.diagnostic.fix


@pytest.mark.parametrize("route", ["version", "storage.softDeleteDays", "clusters.aks-eastus.network.index"])
def test_a_number_with_a_point_is_no_integer(route: str) -> None:
    (data,) = copy.deepcopy(reference())
    *parents, last = route.split(".")
    holder = data
    for step in parents:
        holder = holder[step]
    holder[last] = 1.0
    (found,) = schema.violations(parsed(data), "fleet")
    assert found.path == route.split(".")


# --- and all that reads them ------------------------------------------------------------------------------------------


def outcome(data: Node) -> dict[str, bytes] | set[str]:
    """What is rendered, or what is wrong."""
    inputs = Inputs(json.dumps(data).encode(), None, OVERLAYS)
    try:
        return dict(compile_fleet(FleetFiles("fleet.yaml", "rendered"), inputs).rendered())
    except Invalid as invalid:
        assert any(found.severity == "error" for found in invalid.diagnostics)
        return {found.what for found in invalid.diagnostics}


@sampled
def test_what_the_schema_takes_the_rest_can_take() -> None:
    """Any fleet is rendered or refused; a traceback is neither."""
    rendered = []

    @given(mutated([*SCALARS, *FLOATS, "a\n"]))
    def render(data: Node) -> None:
        rendered.append(isinstance(outcome(data), dict))

    render()
    assert min(rendered.count(True), rendered.count(False)) > len(rendered) / 10


@cache
def nullable() -> list[Route]:
    """Every setting of ``defaults`` that null may remove."""

    def below(node: Node, route: Route) -> Iterator[Route]:
        node = resolved("fleet", node)
        types = node.get("type", [])
        if "null" in types or None in node.get("enum", []):
            yield route
        for name, child in node.get("properties", {}).items():
            yield from below(child, (*route, name))
        if isinstance(node.get("additionalProperties"), dict):  # node pools, labels
            yield from below(node["additionalProperties"], (*route, "cpu" if route[-1] == "nodePools" else "team"))

    return list(below(schema.load("fleet")["$defs"]["settings"], ("defaults",)))


@pytest.mark.parametrize("route", nullable(), ids=".".join)
def test_null_removes_what_the_layers_below_say(route: Route) -> None:
    """In the lowest layer there is nothing to remove: the schema's default holds, as if nothing were said."""
    (data,) = copy.deepcopy(reference())
    holder: Any = data
    for step in route[:-1]:
        holder = holder.setdefault(step, {})
    holder[route[-1]] = None
    said = outcome(data)
    del holder[route[-1]]
    assert outcome(data) == said


@pytest.mark.parametrize("name", ["values", "charts", "null"])
def test_null_removes_in_a_pool_of_any_name(name: str) -> None:
    """Only in Helm's values does null stay, and those are not found by their name alone."""
    (data,) = copy.deepcopy(reference())
    pool = data["defaults"]["nodePools"][name] = {"vmSize": "Standard_D16ds_v5", "maxCount": 3}
    said = outcome(data)
    assert isinstance(said, dict)
    pool |= {"labels": None, "taints": None, "minCount": None}
    assert outcome(data) == said
