"""The table: everything that is rendered, one row each. A new output is a row and a template, or a function of arm/.

A row's path is below ``rendered/`` (for clusters: below ``rendered/clusters/<cluster>/``), and its template is
``templates/<per>/<path>.j2``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from rayfleet import cluster_record
from rayfleet.arm import documents
from rayfleet.facts.labels import ACCELERATOR, ROLE
from rayfleet.facts.late_values import CLIENT_ID, CLOUD_RESOURCE_ID, PRINCIPAL_ID
from rayfleet.fleet_files import LAYERS
from rayfleet.model.cluster import Cluster
from rayfleet.model.compute_config import compute_configs
from rayfleet.model.fleet import Fleet

Make = Callable[[], str]

CHARTS = ("anyscale-operator", "envoy-gateway", "ingress-nginx", "nvidia-device-plugin")

#: The labels that templates select by; ``role_pointer`` is the JSON pointer of a pod's node selector for the role.
LABELS = {
    "accelerator": ACCELERATOR,
    "role": ROLE,
    "role_pointer": f"/spec/nodeSelector/{ROLE.replace('/', '~1')}",
}


class Output(NamedTuple):
    """One output. It is pending without the bindings it ``needs``; its layer's kustomization lists a ``manifest``."""

    path: str
    when: Callable[[Cluster], bool] = lambda cluster: True
    needs: tuple[str, ...] = ()
    manifest: bool = True


class Pending(NamedTuple):
    """An output that waits for bindings."""

    path: str
    cluster: str
    needs: tuple[str, ...]


class _ChartValues(NamedTuple):
    """A chart's values as its kustomization generates them and its HelmRelease refers to them."""

    values: str
    files: tuple[str, ...]
    overridden: bool


def _installs(chart: str) -> Callable[[Cluster], bool]:
    if chart == "anyscale-operator":
        return lambda cluster: True
    if chart == "nvidia-device-plugin":
        return lambda cluster: cluster.has_gpus_of("nvidia")
    return lambda cluster: chart in cluster.controllers


def _overrides(chart: str) -> Callable[[Cluster], bool]:
    return lambda cluster: _installs(chart)(cluster) and bool(cluster.charts[chart].values)


_OPERATOR_NEEDS = (CLIENT_ID, CLOUD_RESOURCE_ID)

CLUSTER: tuple[Output, ...] = (
    Output("platform/namespaces.yaml"),
    Output("platform/storageclass.yaml", needs=(CLIENT_ID,)),
    Output("platform/persistentvolume.yaml", when=lambda cluster: cluster.volume.static, needs=(CLIENT_ID,)),
    Output("platform/persistentvolumeclaim.yaml", needs=(CLIENT_ID,)),
    *(
        row._replace(needs=_OPERATOR_NEEDS if chart == "anyscale-operator" else ())
        for chart in CHARTS
        for row in (
            Output(f"operators/{chart}/repository.yaml", _installs(chart)),
            Output(f"operators/{chart}/helmrelease.yaml", _installs(chart)),
            Output(f"operators/{chart}/values.yaml", _installs(chart), manifest=False),
            Output(f"operators/{chart}/overrides.yaml", _overrides(chart), manifest=False),
        )
    ),
    Output("workloads/gatewayclass.yaml", when=lambda cluster: cluster.gateway_kind == "envoy-gateway"),
    Output("workloads/gateway.yaml", when=lambda cluster: cluster.gateway_api, needs=(CLOUD_RESOURCE_ID,)),
    Output("anyscale/cloud_resource.yaml", needs=(PRINCIPAL_ID,), manifest=False),
)

#: Rendered for each layer that has anything in it, from what the rows above gave it.
KUSTOMIZATIONS = ("flux/kustomization.yaml", *(f"{layer}/kustomization.yaml" for layer in LAYERS))
FLUX = tuple(f"flux/{layer}.yaml" for layer in LAYERS)
NAME_REFERENCES = "operators/name-references.yaml"

DEPLOYMENTS = "azure/deployments.json"
FLEET = {
    DEPLOYMENTS: documents.deployments,
    "azure/resource-group.json": documents.resource_group_template,
    "azure/shared.json": documents.shared_template,
}
REGION = "azure/{template}.json"
RECORD = "clusters/{cluster}/cluster.json"
ACCELERATORS = "anyscale/{accelerator}/compute_config.yaml"
README = "README.md"


def plan(fleet: Fleet, overlay_folders: frozenset[str]) -> Iterator[tuple[str, Make]]:
    """Every output as its path below ``rendered/`` and the function that makes its content."""
    for path, document in FLEET.items():
        yield path, partial(document, fleet)
    for deployment in fleet.deployments:
        if deployment.clusters:
            path = REGION.format(template=deployment.template)
            yield path, partial(documents.regional_template, fleet, deployment)
    for config in filter(attrgetter("choices"), compute_configs(fleet)):
        path = ACCELERATORS.format(accelerator=config.accelerator)
        yield path, partial(_yaml, "accelerator/compute_config.yaml", "clusters", fleet=fleet, compute_config=config)
    for cluster in fleet.clusters:
        for path, make in _cluster(fleet, cluster, overlay_folders):
            yield f"clusters/{cluster.name}/{path}", make
        yield RECORD.format(cluster=cluster.name), partial(cluster_record.record, fleet, cluster)
    yield README, partial(_readme, fleet)


def render(fleet: Fleet, overlay_folders: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    """Every output as its path and its content, made one at a time."""
    for path, make in plan(fleet, overlay_folders):
        yield path, make().encode()


def pending(fleet: Fleet) -> list[Pending]:
    """The outputs that wait for bindings."""
    unknown = (config for config in compute_configs(fleet) if not config.choices)
    first = fleet.primary_cluster.name
    of_fleet = [
        Pending(ACCELERATORS.format(accelerator=config.accelerator), first, (CLOUD_RESOURCE_ID,)) for config in unknown
    ]
    return of_fleet + [
        Pending(f"clusters/{cluster.name}/{row.path}", cluster.name, missing)
        for cluster in fleet.clusters
        for row in CLUSTER
        if row.when(cluster) and (missing := _missing(cluster, row))
    ]


def _missing(cluster: Cluster, row: Output) -> tuple[str, ...]:
    return cluster.bindings.missing(row.needs)


def _cluster(fleet: Fleet, cluster: Cluster, overlay_folders: frozenset[str]) -> Iterator[tuple[str, Make]]:
    def make(path: str, **context: Any) -> tuple[str, Make]:
        made_from = f"clusters.{cluster.name}"
        return path, partial(_yaml, f"cluster/{path}", made_from, fleet=fleet, cluster=cluster, **context)

    rows = [row for row in CLUSTER if row.when(cluster) and not _missing(cluster, row)]
    charts = _chart_values(cluster, rows)
    for row in rows:
        chart = charts.get(row.path.split("/")[1])
        yield make(row.path, chart=chart)
    before, layers = "", []
    for layer in LAYERS:
        resources = [
            row.path.removeprefix(f"{layer}/") for row in rows if row.manifest and row.path.startswith(f"{layer}/")
        ]
        components = [
            # From rendered/clusters/<cluster>/<layer> to overlays/, which stands beside rendered/.
            f"../../../../overlays/{overlay}/{layer}"
            for overlay in cluster.overlays
            if f"{overlay}/{layer}" in overlay_folders
        ]
        if not resources and not components:
            continue
        layers.append(layer)
        in_layer = tuple(charts.values()) if layer == "operators" else ()
        yield make(f"{layer}/kustomization.yaml", resources=resources, components=components, charts=in_layer)
        if in_layer:
            yield make(NAME_REFERENCES)
        yield make(f"flux/{layer}.yaml", depends_on=before)
        before = layer
    yield make("flux/kustomization.yaml", resources=[f"{layer}.yaml" for layer in layers])


def _chart_values(cluster: Cluster, rows: list[Output]) -> dict[str, _ChartValues]:
    """The charts whose values are among the rows, by name."""
    found = {}
    for chart in CHARTS:
        prefix = f"operators/{chart}/"
        files = tuple(
            row.path.removeprefix("operators/") for row in rows if row.path.startswith(prefix) and not row.manifest
        )
        if files:
            found[chart] = _ChartValues(f"{chart}-values", files, overridden=len(files) > 1)
    return found


def _yaml(template: str, made_from: str, **context: Any) -> str:
    from rayfleet import templating

    body = templating.template(template).render(labels=LABELS, **context)
    header = (
        f"# Generated by rayfleet from templates/{template}.j2 and fleet.yaml {made_from}: edit those, not this file.\n"
    )
    return header + body


def _readme(fleet: Fleet) -> str:
    from rayfleet import templating
    from rayfleet.overview import overview

    body = templating.template("fleet/README.md").render(fleet=fleet, overview=overview(fleet, pending(fleet)))
    header = (
        "<!-- Generated by rayfleet from templates/fleet/README.md.j2 and fleet.yaml: edit those, not this file. -->\n"
    )
    return header + body


def templates() -> set[str]:
    """Every template that a row of the table names, below ``templates/``."""
    of_clusters = [*(row.path for row in CLUSTER), *KUSTOMIZATIONS, *FLUX, NAME_REFERENCES]
    return {"fleet/README.md.j2", "accelerator/compute_config.yaml.j2"} | {f"cluster/{path}.j2" for path in of_clusters}
