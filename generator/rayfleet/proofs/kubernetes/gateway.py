"""Gateway: the operator's routes find a Gateway that is there, where Anyscale is told, open to whom it should be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfleet.diagnostics import did_you_mean
from rayfleet.facts import charts, control_planes
from rayfleet.facts.gateways import ingress_charts, of_chart, of_class
from rayfleet.facts.late_values import PRINCIPAL_ID
from rayfleet.facts.resource_types import CLUSTER
from rayfleet.proofs.azure import security_rules
from rayfleet.proofs.azure.property_values import unknown
from rayfleet.proofs.finding import Finding, failed, noted, pending, proved, warned
from rayfleet.proofs.kubernetes.gateway_address import INTERNAL, Way, address_claims, health_probe
from rayfleet.proofs.kubernetes.gateway_listeners import listener_claims
from rayfleet.proofs.run import Run
from rayfleet.tree import RenderedCluster, Resource, Side, entries, get, mapping, text
from rayfleet.tree.helm_release import Release
from rayfleet.tree.layer import Manifest

_API = "gateway.networking.k8s.io"


def of_cluster(cluster: RenderedCluster, run: Run) -> Iterator[Finding]:
    """The way in to one cluster."""
    operator = cluster.operator
    if operator is None or cluster.cloud_resource is None:
        # What the operator's values wait for, and its cloud resource.
        if any(cluster.late(kind) is None for kind in (*cluster.runtime.operator.needs, PRINCIPAL_ID)):
            yield pending("network/no-gateway", cluster.name, "whether Anyscale finds its gateway waits for bindings")
        return
    found: list[Finding] = []
    subnets = security_rules.node_subnets(cluster.aks, run.evidence.tree) if cluster.aks else []
    if get(operator.values, "networking", "gateway", "enabled") is True:
        gateway = _gateway(cluster, operator)
        if isinstance(gateway, Finding):
            yield gateway
            return
        if gateway.group == _API:
            found += _class(cluster, gateway)
            found += _listeners(cluster, operator, gateway)
            found += listener_claims(cluster, gateway)
        way, kind = _way(gateway), of_class(text(gateway.data, "spec", "gatewayClassName"))
        found += address_claims(cluster, operator, way, subnets)
    else:
        found += _unused_gateways(cluster, operator)
        own = [chart.artifact for chart in ingress_charts()]
        controller = next((row for row in cluster.releases.values() if row.artifact in own), None)
        if controller is None:
            yield from found or _no_controller(cluster, operator)
            return
        way, kind = _ingress(controller), of_chart(controller.artifact)
    found += health_probe(cluster, way, kind)
    found += _exposure(cluster, way, subnets)
    yield from found
    if not found:
        mode = text(cluster.cloud_resource.data, "networking_mode").lower()
        what = f"Anyscale finds {way.said}, which is {mode or 'there'} as its cloud resource says"
        yield proved(
            "network/gateway-visibility",
            cluster.name,
            what,
            way.at(),
            Side(cluster.cloud_resource, ("networking_mode",)),
        )


# --- what the way in is ---


def _gateway(cluster: RenderedCluster, operator: Release) -> Manifest | Finding:
    """The Gateway that the operator's values name (anyscale-operator 1.8.0, values.yaml)."""
    values = mapping(operator.values, "networking", "gateway")
    group = text(values, "apiVersion").rpartition("/")[0] or _API
    name, namespace = text(values, "name"), text(values, "namespace") or operator.namespace
    there = cluster.of_kind("Gateway", group)
    for gateway in there:
        if (gateway.name, gateway.namespace) == (name, namespace):
            return gateway
    key = "namespace" if any(row.name == name for row in there) else "name"
    what = f"its operator puts routes on the Gateway {namespace}/{name}, and there is none"
    fix = f"name a Gateway of its workloads{did_you_mean(name, [row.name for row in there if row.name != name])}"
    sides = [row.side("metadata", key) for row in there[:1]]
    return failed("network/no-gateway", cluster.name, what, fix, operator.side("networking", "gateway", key), *sides)


def _way(gateway: Manifest) -> Way:
    """The load balancer takes the annotations of the Gateway's infrastructure (Gateway API, GEP-1867), unless the class
    is told otherwise by parameters of its own.
    """
    path = ("spec", "infrastructure")
    own = None if get(gateway.data, *path, "parametersRef") else mapping(gateway.data, *path, "annotations")
    return Way(f"its Gateway {gateway.namespace}/{gateway.name}", own, lambda *key: gateway.side(*path, *key))


def _ingress(controller: Release) -> Way:
    """The annotations of its Service (ingress-nginx, values.yaml of the chart)."""
    path = ("controller", "service")
    own = mapping(controller.values, *path, "annotations")
    outside = text(controller.values, *path, "type") not in ("", "LoadBalancer")
    return Way("its ingress controller", None if outside else own, lambda *key: controller.side(*path, *key))


def _unused_gateways(cluster: RenderedCluster, operator: Release) -> Iterator[Finding]:
    for gateway in cluster.of_kind("Gateway", _API):
        if gateway.namespace == operator.namespace:
            what = f"its Gateway {gateway.name} is there, and its operator puts routes on Ingresses"
            fix = "write networking.gateway.enabled: true, or remove the Gateway"
            side = operator.side("networking", "gateway", "enabled")
            yield warned("network/unused-gateway", cluster.name, what, fix, side, gateway.side("metadata", "name"))


def _no_controller(cluster: RenderedCluster, operator: Release) -> Iterator[Finding]:
    bundled = any(get(operator.values, chart.name, "enabled") is True for chart in ingress_charts())
    routing = cluster.aks and get(cluster.aks.resource.properties, "ingressProfile", "webAppRouting", "enabled")
    if not bundled and routing is not True:
        what = "its operator writes Ingresses, and nothing rendered is a controller of them"
        yield warned(
            "network/no-ingress-controller",
            cluster.name,
            what,
            "add one, or use a Gateway",
            operator.side("networking", "gateway", "enabled"),
        )


# --- the Gateway ---


def _class(cluster: RenderedCluster, gateway: Manifest) -> Iterator[Finding]:
    name = text(gateway.data, "spec", "gatewayClassName")
    side = gateway.side("spec", "gatewayClassName")
    kind = of_class(name)
    if cluster.aks and kind and kind.by_aks:
        for path, wanted in kind.in_cluster_resource:
            written = get(cluster.aks.resource.properties, *path)
            if written != wanted and not unknown(CLUSTER, written, "properties", *path):
                said = "is missing" if written is None else f"is {written}"
                what = f"its Gateway is of {name}, which AKS makes, and {'.'.join(path)} {said}"
                other = cluster.side("properties", *path)
                yield failed(
                    "network/gateway-class-off",
                    cluster.name,
                    what,
                    f"write {wanted} there, or use another class",
                    other,
                    side,
                )
    else:
        yield from _own_class(cluster, name, side)


def _own_class(cluster: RenderedCluster, name: str, side: Side) -> Iterator[Finding]:
    """A class that is rendered: of a controller that is there too, with parameters that are."""
    own = next((row for row in cluster.of_kind("GatewayClass", _API) if row.name == name), None)
    if own is None:
        what = f"its Gateway is of the class {name or 'of no name'}, and nothing rendered makes that"
        known = {chart_name for chart in charts.TABLE for chart_name in (chart.name, chart.artifact)}
        others = sorted(row.chart for row in cluster.releases.values() if row.chart not in known)
        if others:
            what = f"{what}: {others[0]} may"
            yield noted("network/gateway-class-of-chart", cluster.name, what, side)
        else:
            fix = "add a GatewayClass, or name one that is there"
            yield failed("network/gateway-class", cluster.name, what, fix, side)
        return
    kind, controller = of_class(name), text(own.data, "spec", "controllerName")
    if kind and kind.controller and controller != kind.controller:
        what = f"the class {name} is of the controller {controller or 'of no name'}, which nothing rendered installs"
        other = own.side("spec", "controllerName")
        yield failed("network/gateway-controller", cluster.name, what, f"write {kind.controller}", other, side)
    wanted = mapping(own.data, "spec", "parametersRef")
    there = cluster.of_kind(text(wanted, "kind"), text(wanted, "group"))
    names = [(row.name, row.namespace) for row in there]
    if wanted and (text(wanted, "name"), text(wanted, "namespace")) not in names:
        said = f"{text(wanted, 'kind')} {text(wanted, 'namespace')}/{text(wanted, 'name')}"
        what = f"the class {name} takes its parameters from {said}, which nothing rendered is: no Gateway of it is made"
        fix = f"name one that is there{did_you_mean(text(wanted, 'name'), [row.name for row in there])}"
        yield failed("network/class-parameters", cluster.name, what, fix, own.side("spec", "parametersRef"), side)


def _listeners(cluster: RenderedCluster, operator: Release, gateway: Manifest) -> Iterator[Finding]:
    """HTTPS for the hosts of sessions and of services, open to the operator's routes."""
    rows = list(enumerate(entries(gateway.data, "spec", "listeners")))
    plane = control_planes.known(text(operator.values, "global", "controlPlaneURL"))
    for host in (plane.interactive_hosts, plane.service_hosts) if plane else ("*.i.", "*.s."):
        serve = [(index, row) for index, row in rows if _serves(row, host)]
        https = [
            row for row in serve if text(row[1], "protocol") == "HTTPS" and get(row[1], "port") == security_rules.HTTPS
        ]
        if not https:
            port = security_rules.HTTPS
            what = f"its Gateway {gateway.name} has no HTTPS listener on port {port} for {host.rstrip('.')}"
            near = next((index for index, row in serve if text(row, "hostname")), None)
            side = gateway.side("spec", "listeners", *(() if near is None else (near, "port")))
            other = operator.side("networking", "gateway", "name")
            yield failed("network/no-listener", cluster.name, what, "add one", side, other)
        for index, row in https:
            yield from _routes(cluster, operator, gateway, index, row)


def _serves(listener: Any, host: str) -> bool:
    """A listener without a host name serves all; ``*.`` stands for one label or more (Gateway API, Listener)."""
    written = text(listener, "hostname").lower()
    if host.endswith("."):
        return not written or written.startswith(host)
    return not written or written == host or (written.startswith("*.") and host[1:].endswith(written[1:]))


def _routes(cluster: RenderedCluster, operator: Release, gateway: Manifest, index: int, row: Any) -> Iterator[Finding]:
    """The operator makes its routes in its own namespace (Gateway API, RouteNamespaces: Same by default)."""
    path = ("allowedRoutes", "namespaces", "from")
    from_ = get(row, *path, default="Same")
    apart = from_ == "Same" and gateway.namespace != operator.namespace
    if apart or from_ not in ("Same", "All", "Selector"):
        what = f"its listener {text(row, 'name')} takes routes from {from_}"
        what = f"{what}, and the operator's are in {operator.namespace}"
        fix = f"move the Gateway to {operator.namespace}, or take routes from All" if apart else "write Same"
        other = operator.manifest.side("spec", "targetNamespace")
        yield failed(
            "network/listener-closed", cluster.name, what, fix, gateway.side("spec", "listeners", index, *path), other
        )


# --- to whom it is open ---


def _exposure(cluster: RenderedCluster, way: Way, subnets: list[Resource]) -> Iterator[Finding]:
    """Anyscale's networking_mode, the load balancer and the NSG say the same."""
    source = cluster.cloud_resource
    if source is None:
        return
    mode, side = text(source.data, "networking_mode"), Side(source, ("networking_mode",))
    if mode not in ("PUBLIC", "PRIVATE"):
        # anyscale CLI 0.26.112: NetworkingMode; not enforced when the file is read.
        what = f"its networking_mode is {mode or 'missing'}"
        yield failed(
            "network/networking-mode", cluster.name, what, "write PUBLIC or PRIVATE", side, way.at("annotations")
        )
        return
    public = mode == "PUBLIC"
    if way.internal is not None and way.internal is public:
        has = "an internal load balancer" if public else "a public load balancer"
        what = f"its networking_mode is {mode}, and {way.said} has {has}"
        fix = f"remove {INTERNAL}, or write PRIVATE" if public else f'write {INTERNAL}: "true", or PUBLIC'
        yield failed("network/gateway-visibility", cluster.name, what, fix, way.at("annotations", INTERNAL), side)
    elif way.internal is not None:
        yield from security_rules.judge(cluster, subnets, public, side)
