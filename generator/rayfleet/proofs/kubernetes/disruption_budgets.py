"""Disruption budgets: each lets a pod be evicted. Upgrades drain nodes, and a drain evicts every pod of a node."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.facts import charts
from rayfleet.proofs.finding import Finding, proved, warned
from rayfleet.tree import RenderedCluster, Side, entries, get, mapping, text
from rayfleet.tree.layer import Manifest

# What has replicas of one pod (Kubernetes docs, disruptions: pod disruption budgets).
_WORKLOADS = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")
_SHARE = re.compile(r"([0-9]{1,3})%")
_REFUSES = "AKS refuses every upgrade before it starts"
_STOPS = "an upgrade stops at the first node with such a pod"
_ALLOW = "let it allow one: maxUnavailable: 1, or more replicas than minAvailable"


class Replicas(NamedTuple):
    """The replicas of a workload, by the labels of its pods."""

    namespace: str
    labels: Mapping[str, Any]
    pods: int


def of_cluster(cluster: RenderedCluster) -> Iterator[Finding]:
    """Every budget of one cluster: of its layers, overlays included, and of its charts."""
    found: list[Finding] = []
    judged: list[Side] = []
    workloads = list(_replicas(cluster))
    for row in cluster.of_kind("PodDisruptionBudget", "policy"):
        judged.append(row.side("spec"))
        found += _budget(cluster, row, workloads)
    for chart in charts.TABLE:
        release = cluster.releases.get(chart.name)
        for budget in chart.budgets if release else ():
            if release is None:
                continue
            side = release.side(*budget.switch)
            judged.append(side)
            if get(release.values, *budget.switch, default=budget.default) is not False:
                what = f"{chart.name}'s budget of {budget.name} allows no eviction: {_REFUSES}"
                fix = f"write {'.'.join(budget.switch)}: false in charts.{chart.name}.values (docs/upgrading.md)"
                found.append(warned("versions/budget-allows-none", cluster.name, what, fix, side))
    yield from found
    if judged and not found:
        what = "no disruption budget of it keeps pods on a node that AKS upgrades"
        yield proved("versions/budget-allows-none", cluster.name, what, judged[0])


def _budget(cluster: RenderedCluster, row: Manifest, workloads: list[Replicas]) -> Iterator[Finding]:
    """AKS looks for maxUnavailable 0 before it starts, and waits for evictions afterwards (Microsoft Learn,
    troubleshoot/azure/azure-kubernetes: unsatisfiablepdb-error and error-code-poddrainfailure)."""
    spec = mapping(row.data, "spec")
    name = f"{row.namespace}/{row.name}".lstrip("/")
    if _count(spec.get("maxUnavailable"), 1) == 0:
        what = f"its PodDisruptionBudget {name} allows no eviction: {_REFUSES}"
        yield _warned(cluster, what, row.side("spec", "maxUnavailable"))
        return
    least = spec.get("minAvailable")
    pods = sum(each.pods for each in workloads if each.namespace == row.namespace and _selects(spec, each.labels))
    needed = _count(least, pods or 1)
    if needed is not None and (needed >= pods > 0 or least == "100%"):
        of = f"{pods} replicas" if pods else "all its pods"
        what = f"its PodDisruptionBudget {name} keeps {least} of {of} available: {_STOPS}"
        yield _warned(cluster, what, row.side("spec", "minAvailable"))


def _warned(cluster: RenderedCluster, what: str, side: Side) -> Finding:
    return warned("versions/budget-allows-none", cluster.name, what, _ALLOW, side)


def _count(written: object, pods: int) -> int | None:
    """The number of pods that a number or a share means: shares are rounded up, for both fields (Kubernetes docs,
    configure-pdb)."""
    if isinstance(written, int) and not isinstance(written, bool):
        return written
    share = _SHARE.fullmatch(written) if isinstance(written, str) else None
    return -(-pods * int(share[1]) // 100) if share else None


def _selects(spec: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """An empty selector takes every pod of the namespace, and none takes no pod (Kubernetes API, policy/v1)."""
    if not isinstance(spec.get("selector"), dict):
        return False
    wanted = mapping(spec, "selector", "matchLabels")
    expressions = entries(spec, "selector", "matchExpressions")
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(row, labels) for row in expressions
    )


def _holds(expression: Any, labels: Mapping[str, Any]) -> bool:
    key, values = text(expression, "key"), entries(expression, "values")
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }.get(text(expression, "operator"), False)


def _replicas(cluster: RenderedCluster) -> Iterator[Replicas]:
    """The replicas that are known: an autoscaler's least, where one has the number."""
    least = {
        (row.namespace, text(row.data, "spec", "scaleTargetRef", "name")): get(
            row.data, "spec", "minReplicas", default=1
        )
        for row in cluster.of_kind("HorizontalPodAutoscaler")
    }
    for kind in _WORKLOADS:
        for row in cluster.of_kind(kind):
            count = get(row.data, "spec", "replicas", default=1)
            count = least.get((row.namespace, row.name), count)
            if isinstance(count, int):
                labels = mapping(row.data, "spec", "template", "metadata", "labels")
                yield Replicas(row.namespace, labels, count)
    for chart in charts.TABLE:
        release = cluster.releases.get(chart.name)
        for pod in chart.pods if release else ():
            count = get(release.values, *pod.path, "replicas", default=1) if release else None
            if release and pod.labels and isinstance(count, int):
                yield Replicas(release.namespace, pod.labels, count)
