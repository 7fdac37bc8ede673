"""Layers: maps merge, lists replace, null removes, whoever else shares a layer never notices."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfleet import schema
from rayfleet.diagnostics import Invalid
from rayfleet.model.layers import Layer, fill, merge
from tests.model import Data, build, smallest

properties = settings(max_examples=150, derandomize=True, deadline=None)

# A key is of one kind in every layer, as the schema has it: on layers that make a map of what was a number, order would
# matter ({a: {x: 1}}, {a: 2}, {a: {y: 3}}).
_SCALARS = st.integers(0, 3) | st.booleans() | st.sampled_from(["", "no", "x"])
_LISTS = st.lists(st.integers(0, 3), max_size=3)


def _layers(*, nulls: bool) -> st.SearchStrategy[Layer]:
    null = st.none() if nulls else st.nothing()

    def layer(**maps: st.SearchStrategy[Any]) -> st.SearchStrategy[Layer]:
        own = {"a": _SCALARS | null, "b": _SCALARS | null, "list": _LISTS | null}
        return st.fixed_dictionaries({}, optional=own | maps)

    return st.recursive(layer(), lambda inner: layer(m=inner | null, n=inner | null), max_leaves=8)


FULL = _layers(nulls=False)
ANY = _layers(nulls=True)


def _leaves(layer: Layer, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every value that is not a map by its whole path."""
    found = {}
    for key, value in layer.items():
        found |= _leaves(value, (*path, key)) if isinstance(value, dict) else {(*path, key): value}
    return found


def _maps(layer: Layer) -> Iterator[Layer]:
    yield layer
    for value in layer.values():
        if isinstance(value, dict):
            yield from _maps(value)


@properties
@given(ANY)
def test_an_empty_layer_changes_nothing(layer: Layer) -> None:
    assert merge(layer, {}) is layer


@properties
@given(FULL)
def test_over_nothing_a_layer_is_what_it_is(layer: Layer) -> None:
    assert merge({}, layer) == layer
    assert merge(layer, layer) == layer


@properties
@given(FULL, FULL)
def test_every_value_is_the_topmost(under: Layer, over: Layer) -> None:
    assert _leaves(merge(under, over)) == _leaves(under) | _leaves(over)


@properties
@given(FULL, FULL, FULL)
def test_how_layers_are_grouped_does_not_matter(first: Layer, second: Layer, third: Layer) -> None:
    assert merge(merge(first, second), third) == merge(first, merge(second, third))


@properties
@given(FULL, ANY)
def test_null_removes(under: Layer, over: Layer) -> None:
    merged = merge(under, over)
    nulls = {path for path, value in _leaves(over).items() if value is None}
    assert None not in _leaves(merged).values()
    expected = {path for path in _leaves(under) if not any(path[: len(null)] == null for null in nulls)}
    assert set(_leaves(merged)) == expected | (set(_leaves(over)) - nulls)


@properties
@given(ANY, ANY)
def test_layers_are_never_changed(under: Layer, over: Layer) -> None:
    before = copy.deepcopy((under, over))
    merge(under, over)
    fill(under, over)
    assert (under, over) == before


@properties
@given(FULL, ANY)
def test_what_a_layer_does_not_touch_is_shared(under: Layer, over: Layer) -> None:
    merged = merge(under, over)
    assert all(merged[key] is under[key] for key in under.keys() - over.keys())


def test_lists_replace() -> None:
    assert merge({"zones": [1, 2, 3], "m": {"list": [1]}}, {"zones": [2], "m": {"list": []}}) == {
        "zones": [2],
        "m": {"list": []},
    }


def test_what_null_removed_a_later_layer_begins_anew() -> None:
    removed = merge({"pools": {"t4": {"count": 1, "spot": True}, "cpu": {}}}, {"pools": {"t4": None}})
    assert removed == {"pools": {"cpu": {}}}
    assert merge(removed, {"pools": {"t4": {"count": 2}}}) == {"pools": {"cpu": {}, "t4": {"count": 2}}}


@properties
@given(FULL, FULL)
def test_fill_takes_a_default_only_where_the_layer_is_silent(defaults: Layer, layer: Layer) -> None:
    filled = fill(defaults, layer)
    assert _leaves(filled) == _leaves(defaults) | _leaves(layer)
    assert fill(filled, {}) == fill({}, filled) == filled
    assert fill(defaults, filled) == filled


@pytest.mark.parametrize("value", [0, False, "", [], {}], ids=repr)
def test_what_is_empty_is_still_said(value: Any) -> None:
    assert fill({"key": 1}, {"key": value}) == merge({"key": 1}, {"key": value}) == {"key": value}


# --- null in fleet.yaml -----------------------------------------------------------------------------------------------

# Says something of its own about almost every setting.
SAYING: Data = {
    "kubernetesVersion": "1.35",
    "tier": "Premium",
    "zones": [1],
    "network": {
        "podCidr": "100.96.0.0/11",
        "serviceCidr": "10.1.0.0/16",
        "dataplane": "azure",
        "nodeSubnetPrefix": 20,
        "natGateway": {"sku": "StandardV2", "publicIps": 3, "idleTimeoutMinutes": 20},
    },
    "apiServer": {"authorizedIpRanges": ["192.168.0.0/16"]},
    "localAccounts": True,
    "encryptionAtHost": False,
    "upgrades": {
        "channel": "stable",
        "nodeOsChannel": "None",
        "maxSurge": "2",
        "window": {"day": "Monday", "startTime": "03:00", "utcOffset": "+01:00", "durationHours": 8},
    },
    "autoscaler": {"expander": "random", "scanInterval": "20s", "balanceSimilarNodeGroups": False},
    "serviceAccounts": ["team/trainer"],
    "volume": {"provisioning": "dynamic", "size": "1Ti", "cache": "file", "cacheSizeMib": 4096},
    "gateway": {"kind": "envoy-gateway", "visibility": "private"},
    "cloudResource": {"redisEndpoint": "redis.example:6379", "imageRegistry": "registry.example"},
    "charts": {"anyscale-operator": {"version": "1.8.1", "values": {"own": 1}}, "envoy-gateway": {"values": {"x": 2}}},
}
SAYING_POOL: Data = {
    "vmSize": "Standard_D16ds_v5",
    "count": 2,
    "minCount": 1,
    "maxCount": 6,
    "spotMaxPrice": 1.5,
    "zones": [2],
    "maxPods": 60,
    "osDiskType": "Managed",
    "osDiskSizeGib": 64,
    "osSku": "AzureLinux",
    "labels": {"own": "label"},
    "taints": ["own=taint:NoSchedule"],
}
LAYERS = (("defaults",), ("regions", "eastus"), ("clusters", "one"))


def _nullable(node: Data, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every setting that the schema lets be null."""
    definitions = schema.load("fleet")["$defs"]
    for key, child in node.get("properties", {}).items():
        while "$ref" in child:
            rest = {name: value for name, value in child.items() if name != "$ref"}
            child = definitions[child["$ref"].rpartition("/")[2]] | rest
        if "null" in child.get("type", ()) or None in child.get("enum", ()):
            yield (*path, key)
        yield from _nullable(child, (*path, key))


SETTINGS = tuple(_nullable(schema.load("fleet")["$defs"]["settings"]))
POOL_SETTINGS = tuple(("nodePools", "cpu", *path) for path in _nullable(schema.load("fleet")["$defs"]["nodePool"]))


def _saying() -> Data:
    data = smallest(**copy.deepcopy(SAYING))
    data["defaults"]["nodePools"] |= {
        "cpu": copy.deepcopy(SAYING_POOL),
        "more": {"vmSize": "Standard_E8s_v5", "count": 1},
    }
    return data


def _silent(path: tuple[str, ...]) -> Data:
    """No layer says anything about the setting."""
    data = _saying()
    *parents, last = path
    node = data["defaults"]
    for key in parents:
        node = node.get(key, {})
    node.pop(last, None)
    return data


def _null(path: tuple[str, ...], layer: tuple[str, ...]) -> Data:
    """The layer takes the setting away."""
    data = _saying()
    *parents, last = (*layer, *path)
    node = data
    for key in parents:
        node = node.setdefault(key, {})
    node[last] = None
    return data


def _outcome(data: Data) -> object:
    try:
        return build(data)
    except Invalid as invalid:
        return [diagnostic.what for diagnostic in invalid.diagnostics]
    except Exception as error:  # a bug, whose setting the comparison names
        return repr(error)


def test_the_fleet_that_says_everything_is_valid_and_differs_from_the_defaults() -> None:
    fleet = build(_saying())
    silent = [path for path in (*SETTINGS, *POOL_SETTINGS) if _outcome(_silent(path)) != fleet]
    assert len(silent) > 40


@pytest.mark.parametrize("layer", LAYERS, ids=".".join)
@pytest.mark.parametrize("paths", [SETTINGS, POOL_SETTINGS], ids=["settings", "pool"])
def test_null_takes_a_setting_away_in_any_layer(layer: tuple[str, ...], paths: tuple[tuple[str, ...], ...]) -> None:
    """Also in the lowest: what then holds is the schema's default."""
    # A cluster's own network has its index, which nothing stands in for.
    required = ("clusters", "one", "network")
    wrong = {
        ".".join(path): outcome
        for path in paths
        if (*layer, *path) != required and (outcome := _outcome(_null(path, layer))) != _outcome(_silent(path))
    }
    assert wrong == {}


@pytest.mark.parametrize("layer", LAYERS, ids=".".join)
def test_null_takes_a_pool_away_in_any_layer(layer: tuple[str, ...]) -> None:
    assert [pool.name for pool in build(_null(("nodePools", "more"), layer)).clusters[0].pools] == ["cpu", "sys"]


@pytest.mark.parametrize("layer", [("defaults",), ("regions", "eastus")], ids=".".join)
def test_a_whole_layer_may_be_null(layer: tuple[str, ...]) -> None:
    data = smallest()
    data["clusters"]["one"] |= data["defaults"]
    expected = build({**data, "defaults": {}})
    *parents, last = layer
    for key in parents:
        data[key] = {}
    (data[parents[0]] if parents else data)[last] = None
    assert build(data) == expected


@pytest.mark.parametrize("layer", LAYERS, ids=".".join)
def test_null_in_the_values_of_a_chart_is_for_helm(layer: tuple[str, ...]) -> None:
    """Helm takes the chart's own value away by it; so it reaches the file, from whichever layer."""
    path = ("charts", "anyscale-operator", "values", "deep")
    data = _null((*path, "gone"), layer)
    (cluster,) = build(data).clusters
    assert cluster.charts["anyscale-operator"].values == {"own": 1, "deep": {"gone": None}}
    (cluster,) = build(_null(path[:3], layer)).clusters
    assert cluster.charts["anyscale-operator"].values == {}, "but the fleet's own values go as all else does"


@pytest.mark.parametrize("layer", LAYERS, ids=".".join)
def test_only_a_chart_has_values_of_helm(layer: tuple[str, ...]) -> None:
    """A node pool may have any name."""
    data = _null(("nodePools", "values", "maxPods"), layer)
    pool = data["defaults"]["nodePools"].setdefault("values", {"maxPods": 50})
    data["defaults"]["nodePools"]["values"] = {"vmSize": "Standard_E8s_v5", "count": 1} | pool
    (cluster,) = build(data).clusters
    assert {pool.name: pool.max_pods for pool in cluster.pools}["values"] == 110
