"""Anyscale's operator (anyscale-operator 1.8.0, values.yaml), which makes Ray's pods and the routes to them."""

from __future__ import annotations

from rayfleet.facts.charts.chart import Chart, ChartBudget, ChartPod
from rayfleet.facts.late_values import CLIENT_ID, CLOUD_RESOURCE_ID

CHART = Chart(
    name="anyscale-operator",
    artifact="anyscale-operator",
    source="https://anyscale.github.io/helm-charts",
    part="ray",
    namespace="anyscale-operator",
    when=lambda cluster: True,
    needs=(CLIENT_ID, CLOUD_RESOURCE_ID),
    # values.yaml, templates/service_account.yaml
    service_account="anyscale-operator",
    pods=(
        ChartPod(
            "Anyscale's operator",
            ("operator",),
            containers={
                "container": {"resources": {"requests": {"cpu": 1, "memory": "512Mi"}}},
                "vector": {"resources": {"requests": {"cpu": "100m", "memory": "512Mi"}}},
            },
            labels={"app": "anyscale-operator"},
        ),
    ),
    given=("workloads", "global.auth.audience"),
    given_with_gateway=("networking.gateway.namespace",),
    # On unless told otherwise: maxUnavailable 0 for every pod with the label ray-node-type=head.
    budgets=(ChartBudget("Ray heads", ("workloads", "enableAnyscaleRayHeadNodePDB"), True),),
)
