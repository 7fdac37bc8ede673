"""Envoy Gateway (v1.9.0, charts/gateway-helm), which brings the Gateway API with it."""

from __future__ import annotations

from rayfleet.facts.charts.chart import Chart, ChartKinds, ChartPod, ManifestPod

CHART = Chart(
    name="envoy-gateway",
    artifact="gateway-helm",
    source="oci://docker.io/envoyproxy/gateway-helm",
    part="gateway",
    namespace="envoy-gateway-system",
    when=lambda cluster: cluster.gateway_kind == "envoy-gateway",
    # charts/crds; of the Gateway API's, the experimental channel.
    kinds=ChartKinds(("gateway.networking.k8s.io", "gateway.envoyproxy.io"), folder=True, switch=("crds", "enabled")),
    # values.tmpl.yaml
    pods=(
        ChartPod("Envoy Gateway", ("deployment", "pod")),
        ChartPod("Envoy Gateway's certificate job", ("certgen", "job")),
    ),
    # api/v1alpha1/shared_types.go: what Envoy asks for by default.
    manifest_pods=(
        ManifestPod(
            "Envoy",
            "gateway.envoyproxy.io",
            "EnvoyProxy",
            path=("spec", "provider", "kubernetes", "envoyDeployment", "pod"),
            container=("spec", "provider", "kubernetes", "envoyDeployment", "container"),
            requests={"cpu": "100m", "memory": "512Mi"},
        ),
    ),
)
