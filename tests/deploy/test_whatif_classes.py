"""What-if and ``check --base`` read one table: they say the same of the same change, in its direction."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from rayfleet.changes.azure import azure_changes
from rayfleet.changes.ranges import RANGES
from rayfleet.deploy import whatif
from rayfleet.facts import resource_types as types
from rayfleet.facts.change_classes import ChangeRow, Steps, classify, rows
from rayfleet.facts.change_directions import value_at
from rayfleet.proofs.azure import network_moves, property_changes
from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import Finding
from rayfleet.tree import Tree
from rayfleet.tree.files import Files

_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_GROUP = f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/g"
_OUTCOMES = {
    "refused": "failed", "at risk": "warned", "unclassified": "warned", "restarted": "noted", "noted": "noted",
}  # fmt: skip
_STEPS: dict[str, tuple[Any, Any]] = {
    "leaps": ("1.33", "1.37"),
    "skips": ("1.34", "1.36"),
    "down": ("1.37", "1.36"),
    "wider": ("100.64.0.0/11", "100.64.0.0/10"),
    "reaches": ([], [{"definition": {"actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 1}}}}}]),
}


def _pair(row: ChangeRow) -> tuple[Any, Any]:
    """A value before and one after, in the direction of a row."""
    if row.step:
        return _STEPS[row.step]
    before = row.before[0] if row.before else "100.64.0.0/11"
    after = next((value for value in row.after or ["100.80.0.0/12"] if value != before), None)
    return before, after


# Another scope is another resource, a pool is one inside its cluster, and what is secret nobody sees.
_APART = {"scope", "agentPoolProfiles", "configurationProtectedSettings"}
CASES = [
    pytest.param(kind, path, *_pair(row), row, id=f"{kind} {'.'.join(path)} {number}")
    for kind in [known.type for known in types.TYPES]
    for number, row in enumerate(rows(kind))
    for path in [tuple(step.replace("**", "x").replace("*", "x") for step in written) for written in row.paths]
    if not _APART & set(path[:2]) or path[1:2] == ("scope",)
]


def _resource(kind: str, path: Steps, value: Any, row: ChangeRow) -> dict[str, Any]:
    name = "/".join(f"n{index}" for index in range(kind.count("/")))
    found: dict[str, Any] = {"type": kind, "name": name}
    for steps, values in [*row.beside, (path, [value])]:
        place = found
        for step in steps[:-1]:
            place = place.setdefault(step, {})
        if values[0] is not None:
            place[steps[-1]] = values[0]
    return found


def _tree(resource: dict[str, Any]) -> Tree:
    row = {"name": "d", "template": "a.json", "scope": {"subscriptionId": _SUBSCRIPTION, "resourceGroup": "g"}}
    content = {"azure/deployments.json": {"deployments": [row]}, "azure/a.json": {"resources": [resource]}}
    return Tree(Files("rendered", {path: json.dumps(data).encode() for path, data in content.items()}))


def _checked(before: dict[str, Any], after: dict[str, Any]) -> list[Finding]:
    base, now = _tree(before), _tree(after)
    moved = network_moves.append_only(Evidence(now, date(2026, 12, 1), base))
    changes = azure_changes(base, now)
    found = [*property_changes.judge(changes, base, now), *property_changes.new_pools(changes, base, now), *moved]
    return [row for row in found if row.outcome != "proved"]


def _predicted(kind: str, path: Steps, before: dict[str, Any], after: dict[str, Any]) -> whatif.Summary:
    provider, *inner = kind.split("/")
    names = "".join(f"/{part}/n{index}" for index, part in enumerate(inner))
    values = {"before": value_at(before, *path), "after": value_at(after, *path)}
    delta = {"path": ".".join(path), "propertyChangeType": "Modify", **values}
    change = {"resourceId": f"{_GROUP}/providers/{provider}{names}", "changeType": "Modify", "delta": [delta]}
    return whatif.summary("d", {"changes": [{**change, "before": before, "after": after}]})


@pytest.mark.parametrize(("kind", "path", "before", "after", "row"), CASES)
def test_both_say_the_same(kind: str, path: Steps, before: Any, after: Any, row: ChangeRow) -> None:
    old, new = (_resource(kind, path, value, row) for value in (before, after))
    (expected,) = classify(kind, path, before, after, new)
    summary = _predicted(kind, path, old, new)
    assert [shown.noise for change in summary.changes for shown in change.properties] == [""]
    alerts = [alert for alert in summary.alerts if alert.kind != "scaled"]
    findings = _checked(old, new)
    assert [found.outcome for found in findings] == [_OUTCOMES[alert.kind] for alert in alerts]
    assert len(findings) == expected.row.reported
    (change,) = azure_changes(_tree(old), _tree(new))
    assert (change.path, change.row) == (path, expected.row)
    assert (change.before, change.after) == (before, after)
    if findings and path not in RANGES.get(kind.lower(), {}):
        assert findings[0].what.endswith(expected.row.sentence)
        assert expected.row.says in alerts[0].what


def test_a_pool_that_is_new_inside_its_cluster() -> None:
    def cluster(pool: str) -> dict[str, Any]:
        return {"type": types.CLUSTER, "name": "n0", "properties": {"agentPoolProfiles": [{"name": pool}]}}

    old, new = cluster("sys"), cluster("sysb")
    (found,) = [row for row in _checked(old, new) if row.outcome == "failed"]
    rows = [{"path": "0", "propertyChangeType": "Create", "before": None, "after": {"name": "sysb"}}]
    delta = {"path": "properties.agentPoolProfiles", "propertyChangeType": "Array", "children": rows}
    change = {"resourceId": f"{_GROUP}/providers/{types.CLUSTER}/n0", "changeType": "Modify", "delta": [delta]}
    (alert,) = whatif.summary("d", {"changes": [{**change, "before": old, "after": new}]}).alerts
    assert alert.kind == "refused" and alert.subject == "node pool n0/sysb"
    says = "AKS accepts new pools of an existing cluster only as resources of their own"
    assert says in found.what and says in alert.what


def test_a_pool_inside_its_cluster_has_the_rows_of_pools() -> None:
    def cluster(size: str, zones: list[str]) -> dict[str, Any]:
        pool = {"name": "sys", "vmSize": size, "availabilityZones": zones}
        return {"type": types.CLUSTER, "name": "n0", "properties": {"agentPoolProfiles": [pool]}}

    old, new = cluster("A", ["1", "2"]), cluster("B", ["1"])
    zone = {"path": "1", "propertyChangeType": "Delete", "before": "2"}
    inside = [
        {"path": "vmSize", "propertyChangeType": "Modify", "before": "A", "after": "B"},
        {"path": "availabilityZones", "propertyChangeType": "Array", "children": [zone]},
    ]
    rows = [{"path": "0", "propertyChangeType": "Modify", "children": inside}]
    delta = {"path": "properties.agentPoolProfiles", "propertyChangeType": "Array", "children": rows}
    change = {"resourceId": f"{_GROUP}/providers/{types.CLUSTER}/n0", "changeType": "Modify", "delta": [delta]}
    alerts = whatif.summary("d", {"changes": [{**change, "before": old, "after": new}]}).alerts
    assert [(alert.kind, alert.subject, alert.what) for alert in alerts] == [
        ("refused", "node pool n0/sys", 'cannot change properties.availabilityZones: ["1", "2"] -> ["1"]'),
        ("refused", "node pool n0/sys", "cannot change properties.vmSize: A -> B"),
    ]
    assert [row.what for row in _checked(old, new)] == [
        "vmSize of n0/sys was A and is now B: Azure cannot change it",
        "availabilityZones of n0/sys was 1, 2 and is now 1: Azure cannot change it",
    ]
