"""Outputs that need late values: what waits for its bindings, and what is missing though it need not wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from rayfleet.facts.gateways import ingress_charts
from rayfleet.facts.late_values import CLIENT_ID, CLOUD_RESOURCE_ID, PRINCIPAL_ID, kinds, made_by, producers
from rayfleet.fleet_files import CLOUD_RESOURCE
from rayfleet.proofs.finding import Finding, failed, pending
from rayfleet.proofs.fleet.bindings.consumers import gateways
from rayfleet.tree import RenderedCluster, Side, Tree, mapping
from rayfleet.tree.bindings import Late, output_name
from rayfleet.tree.blob_volume import fleet_volumes
from rayfleet.tree.gaps import has_gaps


class _WaitingOutput(NamedTuple):
    """Files of a cluster, what must be bound for them, their layer, and whether they are there."""

    what: str
    needs: tuple[str, ...]
    layer: str
    there: Callable[[RenderedCluster, Tree], bool]


def _has_gateway(cluster: RenderedCluster, _: Tree) -> bool:
    """True where its gateway is rendered, or none is to be: it takes an Ingress, or a gateway that somebody else
    keeps."""
    if gateways(cluster):
        return True
    if cluster.operator is None:
        return any(chart.name in cluster.releases for chart in ingress_charts())
    # An Ingress unless enabled; the API's own kind of gateway unless it says Istio's (anyscale-operator chart,
    # values.yaml).
    gateway = mapping(cluster.operator.values, "networking", "gateway")
    kind = gateway.get("apiVersion", "gateway.networking.k8s.io/v1")
    return gateway.get("enabled") is not True or not str(kind).startswith("gateway.networking.k8s.io/")


def _outputs(cluster: RenderedCluster) -> tuple[_WaitingOutput, ...]:
    """docs/bindings.md, "Pending"."""
    operator = cluster.runtime.operator
    return (
        _WaitingOutput("the blob volume", (CLIENT_ID,), "platform", lambda row, tree: bool(fleet_volumes(row, tree))),
        _WaitingOutput(f"operators/{operator.name}/", operator.needs, "operators", lambda row, _: bool(row.operator)),
        _WaitingOutput("workloads/gateway.yaml", (CLOUD_RESOURCE_ID,), "workloads", _has_gateway),
        _WaitingOutput(CLOUD_RESOURCE, (PRINCIPAL_ID,), "", lambda row, _: bool(row.cloud_resource)),
    )


def judge(cluster: RenderedCluster, tree: Tree, values: dict[str, Late]) -> Iterator[Finding]:
    """One finding for all that waits, and one for each output that is missing without a reason."""
    absent = [output for output in _outputs(cluster) if not output.there(cluster, tree)]
    for output in absent if not has_gaps(cluster) else ():
        if all(kind in values for kind in output.needs):
            said = f"{' and '.join(output.needs)} {'are' if output.needs[1:] else 'is'} bound"
            what = f"{output.what}: not rendered, though {said}"
            layer = next((row for row in cluster.layers.values() if row.path.endswith(f"/{output.layer}")), None)
            listed = layer.kustomization if layer else None
            sides = [Side(listed, ("resources",))] if listed else []
            fix = "render again; a hand edit or an overlay took it out"
            yield failed(
                "bindings/not-rendered", cluster.name, what, fix, *sides, *(values[kind].side for kind in output.needs)
            )
    waits = [kind for kind in kinds() if kind not in values]
    late = [output.what for output in absent if any(kind in waits for kind in output.needs)]
    if waits:
        yield pending("bindings/not-rendered", cluster.name, _wait_text(cluster, waits, late), side(cluster))


def _wait_text(cluster: RenderedCluster, waits: list[str], late: list[str]) -> str:
    deployment = cluster.template.deployment if cluster.template else None
    missing = {producer: [kind for kind in made_by(producer) if kind in waits] for producer in producers()}
    name = deployment.name if deployment else "its deployment"
    sources = [f"{', '.join(keys)} of {row.owner.format(deployment=name)}" for row, keys in missing.items() if keys]
    files = f"; not rendered until then: {', '.join(late)}" if late else ""
    return f"waits for {' and '.join(sources)}{files}"


def side(cluster: RenderedCluster) -> Side:
    """The ARM output that gives what is waited for."""
    name = output_name(cluster)
    return Side(cluster.template.source, ("outputs", name)) if cluster.template and name else cluster.side("name")
