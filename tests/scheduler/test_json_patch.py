"""Patches: selectors that pick pods, operations of JSON Patch, and what of them is not followed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rayfleet.scheduler.json_patch import Patch, apply, of_values, picks, unfollowed_parts

KNOWN = frozenset({"market", "kind", "shape"})
MARKS = {"market": "SPOT", "kind": "T4"}


@pytest.mark.parametrize(
    ("selector", "picked"),
    [
        ("", True),
        ("market", True),
        ("shape", False),
        ("!shape", True),
        ("! shape", True),
        ("!market", False),
        ("market in (SPOT)", True),
        ("market in (ON_DEMAND, SPOT)", True),
        ("market in (ON_DEMAND)", False),
        ("shape in (x)", False),
        ("market notin (ON_DEMAND)", True),
        ("market notin (SPOT,ON_DEMAND)", False),
        ("shape notin (x)", True),
        ("market=SPOT", True),
        ("market == SPOT", True),
        ("market=ON_DEMAND", False),
        ("market!=ON_DEMAND", True),
        ("market != SPOT", False),
        ("shape!=x", True),
        ("market in (SPOT),kind", True),
        ("market in (SPOT), !kind", False),
        ("  market , kind in ( T4 ) ", True),
        ("other", None),
        ("other,market", None),
        ("other,shape", False),
        ("!other", None),
    ],
)
def test_selectors(selector: str, picked: bool | None) -> None:
    assert picks(selector, MARKS, KNOWN) is picked


@pytest.mark.parametrize("selector", ["in (a)", "a in", "a in b", "a b", "a in (b", ",", "!", "a,,b", "=b"])
def test_what_is_no_selector(selector: str) -> None:
    with pytest.raises(ValueError, match=re.escape(selector)):
        picks(selector, MARKS, KNOWN)


def _spec(*operations: Any) -> dict[str, Any]:
    spec: dict[str, Any] = apply([Patch("", operations, ("patches", 0))]).pod["spec"]
    return spec


def _add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


TERMS = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms"


def test_add_makes_the_way() -> None:
    assert _spec(_add("/spec/nodeSelector/a~1b~0c", "x")) == {"nodeSelector": {"a/b~c": "x"}}
    assert _spec(_add("/spec/tolerations/-", {"key": "k"})) == {"tolerations": [{"key": "k"}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [1, 2]}}
    assert _spec(_add(f"{TERMS}/-", 1), _add(f"{TERMS}/-", 2)) == {"affinity": {"nodeAffinity": required}}


@pytest.mark.parametrize(
    ("operation", "selector"),
    [
        (_add("/spec/nodeSelector/b", "y"), {"a": "x", "b": "y"}),
        (_add("/spec/nodeSelector/a", "y"), {"a": "y"}),
        (_add("/spec/nodeSelector", {"b": "y"}), {"b": "y"}),
        ({"op": "replace", "path": "/spec/nodeSelector/a", "value": "y"}, {"a": "y"}),
        ({"op": "replace", "path": "/spec/nodeSelector/b", "value": "y"}, {"a": "x"}),
        ({"op": "remove", "path": "/spec/nodeSelector/a"}, {}),
        ({"op": "remove", "path": "/spec/nodeSelector/b"}, {"a": "x"}),
        ({"op": "remove", "path": "/spec/nodeSelector/b/c"}, {"a": "x"}),
        (_add("/spec/nodeSelector/a/b/c", "y"), {"a": "x"}),
        ({"op": "test", "path": "/spec/nodeSelector/a", "value": "x"}, {"a": "x"}),
        ({"op": "add", "path": "spec/nodeSelector/b", "value": "y"}, {"a": "x"}),
        ({"op": "add", "path": 7, "value": "y"}, {"a": "x"}),
        (None, {"a": "x"}),
    ],
)
def test_operations_on_maps(operation: Any, selector: dict[str, str]) -> None:
    assert _spec(_add("/spec/nodeSelector/a", "x"), operation)["nodeSelector"] == selector


@pytest.mark.parametrize(
    ("operation", "rows"),
    [
        (_add("/spec/tolerations/0", "c"), ["c", "a", "b"]),
        (_add("/spec/tolerations/2", "c"), ["a", "b", "c"]),
        (_add("/spec/tolerations/3", "c"), ["a", "b"]),
        (_add("/spec/tolerations/x", "c"), ["a", "b"]),
        ({"op": "replace", "path": "/spec/tolerations/1", "value": "c"}, ["a", "c"]),
        ({"op": "remove", "path": "/spec/tolerations/0"}, ["b"]),
        ({"op": "remove", "path": "/spec/tolerations/2"}, ["a", "b"]),
        (_add("/spec/tolerations/0/key", "c"), ["a", "b"]),
    ],
)
def test_operations_on_lists(operation: Any, rows: list[str]) -> None:
    assert _spec(_add("/spec/tolerations", ["a", "b"]), operation)["tolerations"] == rows


def test_the_way_may_lead_through_a_list() -> None:
    more = _add(f"{TERMS}/0/matchExpressions/-", "b")
    found = _spec(_add(f"{TERMS}/-", {"matchExpressions": ["a"]}), more, _add(f"{TERMS}/1/matchExpressions/-", "c"))
    required = found["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert required == {"nodeSelectorTerms": [{"matchExpressions": ["a", "b"]}]}


def test_a_pod_does_not_change_what_made_it() -> None:
    value = {"a": "x"}
    assert _spec(_add("/spec/nodeSelector", value), _add("/spec/nodeSelector/b", "y"))["nodeSelector"]["b"] == "y"
    assert value == {"a": "x"}


def test_the_last_patch_that_asks_for_a_label_is_its_origin() -> None:
    first = Patch("", [_add("/spec/nodeSelector/a", "x"), _add("/spec/nodeSelector/b", "x")], ("first",))
    second = Patch("", [_add("/spec/nodeSelector", {"a": "y"})], ("second",))
    found = apply([first, second])
    assert found.pod["spec"]["nodeSelector"] == {"a": "y"}
    assert found.origins == {"a": ("second", 0), "b": ("first", 1)}


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (_add("/spec/nodeSelector/a", "x"), []),
        (_add("/metadata/annotations/a", "x"), []),
        (_add("/spec/containers/0/env/-", {}), []),
        (_add("/spec/containers/0/resources/limits/cpu", 1), ["add on /spec/containers/0/resources/limits/cpu"]),
        (_add("/spec/containers/-", {}), ["add on /spec/containers/-"]),
        (_add("/spec/nodeName", "x"), ["add on /spec/nodeName"]),
        (_add("/spec/affinity/podAntiAffinity", {}), ["add on /spec/affinity/podAntiAffinity"]),
        (_add("", {}), ["add on the whole pod"]),
        ({"op": "move", "path": "/spec/tolerations/0"}, ["move on /spec/tolerations/0"]),
        ({"path": "/spec/tolerations/0"}, ["an operation on /spec/tolerations/0"]),
    ],
)
def test_what_is_not_followed(operation: Any, said: list[str]) -> None:
    assert [what for _, what in unfollowed_parts(Patch("", [operation], ()), KNOWN)] == said


def test_pods_that_nobody_knows() -> None:
    patch = Patch("other in (x), market", [_add("/spec/nodeSelector/a", "x")], ("patches", 0))
    assert list(unfollowed_parts(patch, KNOWN)) == [(("patches", 0), "nothing rendered says which pods have other")]
    assert list(unfollowed_parts(patch._replace(operations=[_add("/metadata/labels/a", "x")]), KNOWN)) == []


def test_only_patches_of_pods_count() -> None:
    rows = [{"kind": "Pod", "patch": [1]}, {"kind": "Ingress", "patch": [2]}, None, {"kind": "Pod", "selector": "a"}]
    assert of_values(rows, ("patches",)) == [
        Patch("", [1], ("patches", 0, "patch")),
        Patch("a", (), ("patches", 3, "patch")),
    ]
    assert of_values({"kind": "Pod"}, ()) == []
