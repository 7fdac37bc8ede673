"""Settings: maps merge, lists replace, null removes, whoever else shares a level never notices."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfleet import schema
from rayfleet.diagnostics import Invalid
from rayfleet.model.settings import Settings, fill, merge
from tests.testing.smallest_fleet import Data, build, smallest

# A key is of one kind in every level, as the schema has it: on levels that make a map of what was a number, order would
# matter ({a: {x: 1}}, {a: 2}, {a: {y: 3}}).
_SCALARS = st.integers(0, 3) | st.booleans() | st.sampled_from(["", "no", "x"])
_LISTS = st.lists(st.integers(0, 3), max_size=3)


def _settings(*, nulls: bool) -> st.SearchStrategy[Settings]:
    null = st.none() if nulls else st.nothing()

    def level(**maps: st.SearchStrategy[Any]) -> st.SearchStrategy[Settings]:
        own = {"a": _SCALARS | null, "b": _SCALARS | null, "list": _LISTS | null}
        return st.fixed_dictionaries({}, optional=own | maps)

    return st.recursive(level(), lambda inner: level(m=inner | null, n=inner | null), max_leaves=8)


FULL = _settings(nulls=False)
ANY = _settings(nulls=True)


def _leaves(level: Settings, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every value that is not a map by its whole path."""
    found = {}
    for key, value in level.items():
        found |= _leaves(value, (*path, key)) if isinstance(value, dict) else {(*path, key): value}
    return found


def _maps(level: Settings) -> Iterator[Settings]:
    yield level
    for value in level.values():
        if isinstance(value, dict):
            yield from _maps(value)


@given(ANY)
def test_an_empty_level_changes_nothing(level: Settings) -> None:
    assert merge(level, {}) is level


@given(FULL)
def test_over_nothing_a_level_is_what_it_is(level: Settings) -> None:
    assert merge({}, level) == level
    assert merge(level, level) == level


@given(FULL, FULL)
def test_every_value_is_the_topmost(under: Settings, over: Settings) -> None:
    assert _leaves(merge(under, over)) == _leaves(under) | _leaves(over)


@given(FULL, FULL, FULL)
def test_how_levels_are_grouped_does_not_matter(first: Settings, second: Settings, third: Settings) -> None:
    assert merge(merge(first, second), third) == merge(first, merge(second, third))


@given(FULL, ANY)
def test_null_removes(under: Settings, over: Settings) -> None:
    merged = merge(under, over)
    nulls = {path for path, value in _leaves(over).items() if value is None}
    assert None not in _leaves(merged).values()
    expected = {path for path in _leaves(under) if not any(path[: len(null)] == null for null in nulls)}
    assert set(_leaves(merged)) == expected | (set(_leaves(over)) - nulls)


@given(ANY, ANY)
def test_levels_are_never_changed(under: Settings, over: Settings) -> None:
    before = copy.deepcopy((under, over))
    merge(under, over)
    fill(under, over)
    assert (under, over) == before


@given(FULL, ANY)
def test_what_a_level_does_not_touch_is_shared(under: Settings, over: Settings) -> None:
    merged = merge(under, over)
    assert all(merged[key] is under[key] for key in under.keys() - over.keys())


def test_lists_replace() -> None:
    assert merge({"zones": [1, 2, 3], "m": {"list": [1]}}, {"zones": [2], "m": {"list": []}}) == {
        "zones": [2],
        "m": {"list": []},
    }


def test_what_null_removed_a_later_level_begins_anew() -> None:
    removed = merge({"pools": {"t4": {"count": 1, "spot": True}, "cpu": {}}}, {"pools": {"t4": None}})
    assert removed == {"pools": {"cpu": {}}}
    assert merge(removed, {"pools": {"t4": {"count": 2}}}) == {"pools": {"cpu": {}, "t4": {"count": 2}}}


@given(FULL, FULL)
def test_fill_takes_a_default_only_where_the_level_is_silent(defaults: Settings, level: Settings) -> None:
    filled = fill(defaults, level)
    assert _leaves(filled) == _leaves(defaults) | _leaves(level)
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
    "charts": {
        "anyscale-operator": {"version": "1.8.1", "values": {"patches": []}},
        "envoy-gateway": {"values": {"commonLabels": {}}},
    },
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
LEVELS = (("defaults",), ("regions", "eastus"), ("clusters", "one"))


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
    """No level says anything about the setting."""
    data = _saying()
    *parents, last = path
    node = data["defaults"]
    for key in parents:
        node = node.get(key, {})
    node.pop(last, None)
    return data


def _null(path: tuple[str, ...], level: tuple[str, ...]) -> Data:
    """The level takes the setting away."""
    data = _saying()
    *parents, last = (*level, *path)
    node = data
    for key in parents:
        node = node.setdefault(key, {})
    node[last] = None
    return data


def _outcome(data: Data) -> object:
    try:
        return build(data)
    except Invalid as invalid:
        return [row.what for row in invalid.diagnostics if row.severity == "error"]
    except Exception as error:  # a bug, whose setting the comparison names
        return repr(error)


def test_the_fleet_that_says_everything_is_valid_and_differs_from_the_defaults() -> None:
    fleet = build(_saying())
    silent = [path for path in (*SETTINGS, *POOL_SETTINGS) if _outcome(_silent(path)) != fleet]
    assert len(silent) > 40


@pytest.mark.parametrize("level", LEVELS, ids=".".join)
@pytest.mark.parametrize("paths", [SETTINGS, POOL_SETTINGS], ids=["settings", "pool"])
def test_null_takes_a_setting_away_in_any_level(level: tuple[str, ...], paths: tuple[tuple[str, ...], ...]) -> None:
    """Also in the lowest: what then holds is the schema's default."""
    # A cluster's own network has its index, which nothing stands in for.
    required = ("clusters", "one", "network")
    wrong = {
        ".".join(path): outcome
        for path in paths
        if (*level, *path) != required and (outcome := _outcome(_null(path, level))) != _outcome(_silent(path))
    }
    assert wrong == {}


@pytest.mark.parametrize("level", LEVELS, ids=".".join)
def test_null_takes_a_pool_away_in_any_level(level: tuple[str, ...]) -> None:
    assert [pool.name for pool in build(_null(("nodePools", "more"), level)).clusters[0].pools] == ["cpu", "sys"]


@pytest.mark.parametrize("level", [("defaults",), ("regions", "eastus")], ids=".".join)
def test_a_whole_level_may_be_null(level: tuple[str, ...]) -> None:
    data = smallest()
    data["clusters"]["one"] |= data["defaults"]
    expected = build({**data, "defaults": {}})
    *parents, last = level
    for key in parents:
        data[key] = {}
    (data[parents[0]] if parents else data)[last] = None
    assert build(data) == expected


@pytest.mark.parametrize("level", LEVELS, ids=".".join)
def test_null_in_the_values_of_a_chart_is_for_helm(level: tuple[str, ...]) -> None:
    """Helm takes the chart's own value away by it; so it reaches the file, from whichever level."""
    path = ("charts", "anyscale-operator", "values", "deep")
    data = _null((*path, "gone"), level)
    (cluster,) = build(data).clusters
    assert cluster.delivery.charts["anyscale-operator"].values == {"patches": [], "deep": {"gone": None}}
    (cluster,) = build(_null(path[:3], level)).clusters
    assert cluster.delivery.charts["anyscale-operator"].values == {}, "but the fleet's own values go as all else does"


@pytest.mark.parametrize("level", LEVELS, ids=".".join)
def test_only_a_chart_has_values_of_helm(level: tuple[str, ...]) -> None:
    """A node pool may have any name."""
    data = _null(("nodePools", "values", "maxPods"), level)
    pool = data["defaults"]["nodePools"].setdefault("values", {"maxPods": 50})
    data["defaults"]["nodePools"]["values"] = {"vmSize": "Standard_E8s_v5", "count": 1} | pool
    (cluster,) = build(data).clusters
    assert {pool.name: pool.max_pods for pool in cluster.pools}["values"] == 110
