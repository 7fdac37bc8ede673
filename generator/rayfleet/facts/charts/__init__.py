"""The Helm charts: a new one is a module and a row."""

from __future__ import annotations

from rayfleet.facts.charts import anyscale_operator, envoy_gateway, ingress_nginx, nvidia_device_plugin
from rayfleet.facts.charts.chart import Chart, ChartCluster, ChartKinds, DevicePlugin

#: Those that are rendered, in the order in which they are listed.
TABLE: tuple[Chart, ...] = (
    anyscale_operator.CHART,
    envoy_gateway.CHART,
    ingress_nginx.CHART,
    nvidia_device_plugin.CHART,
)

#: What charts bring that an overlay may well install, by their own names.
OTHERS = {
    # ray-project/kuberay v1.7.0, helm-chart/kuberay-operator/crds.
    "kuberay-operator": ChartKinds(("ray.io",), folder=True),
    # kubernetes-sigs/kueue v0.19.2, charts/kueue/templates/crd.
    "kueue": ChartKinds(("kueue.x-k8s.io",), folder=False),
    # cert-manager docs, installation/helm: none unless asked for more for more for.
    "cert-manager": ChartKinds(
        ("cert-manager.io", "acme.cert-manager.io"), folder=False, switch=("crds", "enabled"), default=False
    ),
}


def charts_of(cluster: ChartCluster) -> tuple[Chart, ...]:
    """The charts that a cluster has."""
    return tuple(chart for chart in TABLE if chart.when(cluster))


def device_plugins() -> dict[str, DevicePlugin]:
    """The device plugins, by the name of the chart that each is of."""
    return {chart.name: chart.device_plugin for chart in TABLE if chart.device_plugin}


def brought_by(artifact: str) -> ChartKinds | None:
    """The kinds that a chart brings, by its own name."""
    own = next((chart.kinds for chart in TABLE if chart.artifact == artifact), None)
    return own or OTHERS.get(artifact)
