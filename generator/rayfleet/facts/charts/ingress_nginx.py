"""ingress-nginx (4.15, charts/ingress-nginx/values.yaml): Ingresses, which Anyscale's operator writes unless told."""

from __future__ import annotations

from rayfleet.facts.charts.chart import LINUX, Chart, ChartPod

CHART = Chart(
    name="ingress-nginx",
    artifact="ingress-nginx",
    source="https://kubernetes.github.io/ingress-nginx",
    part="gateway",
    namespace="ingress-nginx",
    when=lambda cluster: cluster.gateway_kind == "ingress-nginx",
    pods=(
        ChartPod("ingress-nginx", ("controller",), LINUX),
        ChartPod("ingress-nginx's webhook job", ("controller", "admissionWebhooks", "patch"), LINUX),
    ),
)
