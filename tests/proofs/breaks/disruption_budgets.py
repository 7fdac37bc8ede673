"""Disruption budgets that allow no eviction."""

from __future__ import annotations

from tests.testing.broken_trees import Break, Edit

WORKLOADS = "clusters/aks-eastus/workloads"
VALUES = "clusters/aks-eastus/operators/anyscale-operator/values.yaml"
LAYER = f"{WORKLOADS}/kustomization.yaml"
BUDGET = f"{WORKLOADS}/budget.yaml"
RESOURCES = "resources:\n"
SWITCH = "  enableAnyscaleRayHeadNodePDB: false\n"


def budget(spec: str, more: str = "") -> tuple[Edit, ...]:
    """A budget in the layer of workloads, of the pods that are called web."""
    text = (
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web, namespace: default}\n"
        f"spec:\n  selector: {{matchLabels: {{app: web}}}}\n  {spec}\n"
    )
    return (Edit(LAYER, RESOURCES, f"{RESOURCES}  - budget.yaml\n"), Edit(BUDGET, "", text + more))


def of_operators(spec: str) -> tuple[Edit, ...]:
    """The same of Anyscale's operator, whose replicas the chart's values have."""
    layer, file = budget(spec)
    text = (file.new or "").replace("namespace: default", "namespace: anyscale-operator")
    return layer, file._replace(new=text.replace("app: web", "app: anyscale-operator"))


def workload(replicas: int, kind: str = "Deployment") -> str:
    return (
        f"---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: web, namespace: default}}\nspec:\n"
        f"  replicas: {replicas}\n  selector: {{matchLabels: {{app: web}}}}\n"
        "  template: {metadata: {labels: {app: web}}, spec: {nodeSelector: {}}}\n"
    )


def scaled(least: int) -> str:
    return (
        "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
        "metadata: {name: web, namespace: default}\n"
        f"spec: {{scaleTargetRef: {{kind: Deployment, name: web}}, minReplicas: {least}, maxReplicas: 9}}\n"
    )


BREAKS = (
    Break(
        "a budget with maxUnavailable 0",
        budget("maxUnavailable: 0"),
        "its PodDisruptionBudget default/web allows no eviction: AKS refuses every upgrade before it starts",
        ((BUDGET, "maxUnavailable: 0"),),
        "warned",
    ),
    Break(
        "a budget with maxUnavailable of no share",
        budget('maxUnavailable: "0%"'),
        "default/web allows no eviction",
        ((BUDGET, "0%"),),
        "warned",
    ),
    Break(
        "a budget that keeps all",
        budget('minAvailable: "100%"'),
        "keeps 100% of all its pods available: an upgrade stops at the first node with such a pod",
        ((BUDGET, "100%"),),
        "warned",
    ),
    Break(
        "a budget of as many as there are",
        budget("minAvailable: 2", workload(2)),
        "keeps 2 of 2 replicas available",
        ((BUDGET, "minAvailable: 2"),),
        "warned",
    ),
    Break(
        "a budget of a share that is rounded up",
        budget('minAvailable: "51%"', workload(1, "StatefulSet")),
        "keeps 51% of 1 replicas available",
        ((BUDGET, "51%"),),
        "warned",
    ),
    Break(
        "a budget of the least that an autoscaler leaves",
        budget("minAvailable: 1", workload(3) + scaled(1)),
        "keeps 1 of 1 replicas available",
        ((BUDGET, "minAvailable: 1"),),
        "warned",
    ),
    Break(
        "a budget of as many operators as there are",
        of_operators("minAvailable: 2"),
        "keeps 2 of 2 replicas available",
        ((BUDGET, "minAvailable: 2"),),
        "warned",
    ),
    Break(
        "the operator's budget of Ray heads",
        (Edit(VALUES, SWITCH, SWITCH.replace("false", "true")),),
        "anyscale-operator's budget of Ray heads allows no eviction: AKS refuses every upgrade before it starts",
        ((VALUES, "enableAnyscaleRayHeadNodePDB: true"),),
        "warned",
    ),
    Break(
        "the operator's budget of Ray heads, as the chart has it",
        (Edit(VALUES, SWITCH, ""),),
        "anyscale-operator's budget of Ray heads allows no eviction",
        ((VALUES, "workloads:"),),
        "warned",
    ),
)
