"""The parts of a cluster, one row each: what it renders, and which ARM resources it adds. Its charts name their part.

An output's path is below ``rendered/clusters/<cluster>/``, and its template is ``templates/cluster/<path>.j2``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from rayfleet.arm import cluster as aks
from rayfleet.arm import flux, identity, network, node_pools
from rayfleet.arm.template import Resource
from rayfleet.facts import charts
from rayfleet.facts.charts.chart import Chart
from rayfleet.facts.late_values import CLIENT_ID, CLOUD_RESOURCE_ID, PRINCIPAL_ID
from rayfleet.fleet_files import CLOUD_RESOURCE, LAYERS
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet

Resources = Callable[[Fleet, Cluster], Iterable[Resource]]
# What is rendered for Anyscale belongs to no layer, and comes last.
_ORDER = (*LAYERS, "anyscale")


class Output(NamedTuple):
    """One output. It is pending without the bindings it ``needs``; its layer's kustomization lists a ``manifest``;
    ``chart`` is the one that it is of.
    """

    path: str
    when: Callable[[Cluster], bool] = lambda cluster: True
    needs: tuple[str, ...] = ()
    manifest: bool = True
    chart: str = ""

    @property
    def layer(self) -> str:
        """The layer that it is in, or the folder beside the layers."""
        return self.path.partition("/")[0]


class Part(NamedTuple):
    """A part of a cluster. ``first`` and ``then`` make its ARM resources: those of all parts that AKS's own waits for
    come first, in the order of the rows.
    """

    name: str
    outputs: tuple[Output, ...] = ()
    first: tuple[Resources, ...] = ()
    then: tuple[Resources, ...] = ()


PARTS: tuple[Part, ...] = (
    Part(
        "infrastructure",
        outputs=(Output("platform/namespaces.yaml"),),
        first=(
            network.network_resources,
            identity.identities,
            lambda fleet, cluster: [identity.network_role(cluster)],
        ),
        then=(
            lambda fleet, cluster: [aks.managed_cluster(fleet, cluster)],
            node_pools.child_pools,
            lambda fleet, cluster: aks.maintenance(cluster),
        ),
    ),
    Part(
        "volumes",
        outputs=(
            Output("platform/storageclass.yaml", needs=(CLIENT_ID,)),
            Output("platform/persistentvolume.yaml", when=lambda cluster: cluster.volume.static, needs=(CLIENT_ID,)),
            Output("platform/persistentvolumeclaim.yaml", needs=(CLIENT_ID,)),
        ),
        first=(identity.storage_roles,),
    ),
    Part(
        "ray",
        outputs=(Output(CLOUD_RESOURCE, needs=(PRINCIPAL_ID,), manifest=False),),
        then=(lambda fleet, cluster: identity.federated_credentials(cluster),),
    ),
    Part(
        "gateway",
        outputs=(
            Output("workloads/gatewayclass.yaml", when=lambda cluster: cluster.gateway.kind.own_class),
            Output("workloads/envoyproxy.yaml", when=lambda cluster: cluster.gateway.proxy),
            Output("workloads/gateway.yaml", when=lambda cluster: cluster.gateway.api, needs=(CLOUD_RESOURCE_ID,)),
        ),
    ),
    Part("gpu support"),
    Part("delivery", then=(flux.flux_resources,)),
)


def cluster_outputs() -> tuple[Output, ...]:
    """The outputs of every part, its charts included, layer by layer."""
    rows = [row for part in PARTS for row in (*part.outputs, *_chart_outputs(part))]
    return tuple(sorted(rows, key=lambda row: _ORDER.index(row.layer)))


def _chart_outputs(part: Part) -> Iterator[Output]:
    for chart in charts.TABLE:
        if chart.part == part.name:
            yield Output(f"operators/{chart.name}/repository.yaml", chart.when, chart.needs, chart=chart.name)
            yield Output(f"operators/{chart.name}/helmrelease.yaml", chart.when, chart.needs, chart=chart.name)
            yield Output(f"operators/{chart.name}/values.yaml", chart.when, chart.needs, False, chart.name)
            yield Output(f"operators/{chart.name}/overrides.yaml", _overrides(chart), chart.needs, False, chart.name)


def _overrides(chart: Chart) -> Callable[[Cluster], bool]:
    return lambda cluster: chart.when(cluster) and bool(cluster.delivery.charts[chart.name].values)


def resources(fleet: Fleet, cluster: Cluster) -> list[Resource]:
    """Every ARM resource of one cluster, in the order in which Azure will make them."""
    makers = [make for part in PARTS for make in part.first] + [make for part in PARTS for make in part.then]
    return [resource for make in makers for resource in make(fleet, cluster)]
