"""Everything that is rendered. What a cluster has is in parts.py, one row each; a path is below ``rendered/``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, NamedTuple

from rayfleet import cluster_record, parts
from rayfleet.arm import documents
from rayfleet.facts import charts
from rayfleet.facts.labels import ACCELERATOR, ROLE
from rayfleet.facts.late_values import CLOUD_RESOURCE_ID
from rayfleet.fleet_files import LAYERS, compute_config_file
from rayfleet.model.cluster import Cluster
from rayfleet.model.compute_config import ComputeConfig, compute_configs
from rayfleet.model.fleet import Fleet
from rayfleet.parts import Output

Make = Callable[[], str]

#: The labels that templates select by; ``role_pointer`` is the JSON pointer of a pod's node selector for the role.
LABELS = {
    "accelerator": ACCELERATOR,
    "role": ROLE,
    "role_pointer": f"/spec/nodeSelector/{ROLE.replace('/', '~1')}",
}

#: Rendered for each layer that has anything in it, from what the rows of its parts gave it.
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
RECORD = "cluster.json"
README = "README.md"


class Pending(NamedTuple):
    """An output that waits for bindings."""

    path: str
    cluster: str
    needs: tuple[str, ...]


class _ChartValues(NamedTuple):
    """A chart as its kustomization generates its values and its HelmRelease refers to them. ``own`` are the fleet's."""

    values: str
    files: tuple[str, ...]
    namespace: str
    version: str
    own: dict[str, Any]


class Outputs:
    """The outputs of a fleet; what several of them need is computed once."""

    def __init__(self, fleet: Fleet, overlay_folders: frozenset[str]) -> None:
        self._fleet = fleet
        self._overlay_folders = overlay_folders
        self._rows = parts.cluster_outputs()

    @cached_property
    def plan(self) -> tuple[tuple[str, Make], ...]:
        """Every output as its path and the function that makes its content."""
        return tuple(self._plan())

    def _plan(self) -> Iterator[tuple[str, Make]]:
        fleet = self._fleet
        for path, document in FLEET.items():
            yield path, partial(document, fleet)
        for deployment in fleet.deployments:
            if deployment.clusters:
                path = REGION.format(template=deployment.template)
                yield path, partial(documents.regional_template, fleet, parts.resources, deployment)
        for config in filter(attrgetter("choices"), self._compute_configs):
            path = compute_config_file(config.accelerator)
            yield path, partial(_compute_config, fleet, config)
        for cluster in fleet.clusters:
            for path, make in self._cluster(cluster):
                yield f"clusters/{cluster.name}/{path}", make
        yield README, partial(_readme, fleet, self.pending)

    @cached_property
    def _compute_configs(self) -> list[ComputeConfig]:
        return compute_configs(self._fleet)

    @cached_property
    def pending(self) -> list[Pending]:
        """The outputs that wait for bindings."""
        of_fleet = [
            Pending(compute_config_file(config.accelerator), config.waiting[0].name, (CLOUD_RESOURCE_ID,))
            for config in self._compute_configs
            if config.waiting and not config.choices
        ]
        return of_fleet + [
            Pending(f"clusters/{cluster.name}/{row.path}", cluster.name, missing)
            for cluster in self._fleet.clusters
            for row in self._rows
            if row.when(cluster) and (missing := cluster.bindings.missing(row.needs))
        ]

    def _cluster(self, cluster: Cluster) -> Iterator[tuple[str, Make]]:
        def make(path: str, **context: Any) -> tuple[str, Make]:
            made_from = f"clusters.{cluster.name}"
            return path, partial(_yaml, f"cluster/{path}", made_from, fleet=self._fleet, cluster=cluster, **context)

        rows = [row for row in self._rows if row.when(cluster) and not cluster.bindings.missing(row.needs)]
        installed = _chart_values(cluster, rows)
        yield RECORD, partial(cluster_record.record, self._fleet, cluster)
        for row in rows:
            yield make(row.path, chart=installed.get(row.chart))
        before, layers = "", []
        for layer in LAYERS:
            resources = [row.path.removeprefix(f"{layer}/") for row in rows if row.manifest and row.layer == layer]
            components = [
                # From rendered/clusters/<cluster>/<layer> to overlays/, which stands beside rendered/.
                f"../../../../overlays/{overlay}/{layer}"
                for overlay in cluster.delivery.overlays
                if f"{overlay}/{layer}" in self._overlay_folders
            ]
            if not resources and not components:
                continue
            layers.append(layer)
            in_layer = tuple(installed.values()) if layer == "operators" else ()
            yield make(f"{layer}/kustomization.yaml", resources=resources, components=components, charts=in_layer)
            if in_layer:
                yield make(NAME_REFERENCES)
            yield make(f"flux/{layer}.yaml", depends_on=before)
            before = layer
        yield make("flux/kustomization.yaml", resources=[f"{layer}.yaml" for layer in layers])


def _chart_values(cluster: Cluster, rows: list[Output]) -> dict[str, _ChartValues]:
    """The charts whose values are among the rows, by name."""
    found = {}
    for chart in charts.TABLE:
        files = tuple(
            row.path.removeprefix("operators/") for row in rows if row.chart == chart.name and not row.manifest
        )
        if files:
            settings = cluster.delivery.charts[chart.name]
            found[chart.name] = _ChartValues(
                f"{chart.name}-values", files, chart.namespace, settings.version, settings.values
            )
    return found


def _compute_config(fleet: Fleet, config: ComputeConfig) -> str:
    return _yaml("accelerator/compute_config.yaml", "clusters", fleet=fleet, compute_config=config)


def _yaml(template: str, made_from: str, **context: Any) -> str:
    from rayfleet import templating

    body = templating.template(template).render(labels=LABELS, **context)
    header = (
        f"# Generated by rayfleet from templates/{template}.j2 and fleet.yaml {made_from}: edit those, not this file.\n"
    )
    return header + body


def _readme(fleet: Fleet, pending: list[Pending]) -> str:
    from rayfleet import templating
    from rayfleet.overview import overview

    body = templating.template("fleet/README.md").render(fleet=fleet, overview=overview(fleet, pending))
    header = (
        "<!-- Generated by rayfleet from templates/fleet/README.md.j2 and fleet.yaml: edit those, not this file. -->\n"
    )
    return header + body


def templates() -> set[str]:
    """Every template that a row of the table names, below ``templates/``."""
    of_clusters = [*(row.path for row in parts.cluster_outputs()), *KUSTOMIZATIONS, *FLUX, NAME_REFERENCES]
    return {"fleet/README.md.j2", "accelerator/compute_config.yaml.j2"} | {f"cluster/{path}.j2" for path in of_clusters}
