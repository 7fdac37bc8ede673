"""The address of the gateway: Anyscale is told the one that its load balancer has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from rayfleet.facts.cidr import CIDR, Cidr
from rayfleet.facts.gateways.gateway import GatewayKind
from rayfleet.facts.labels import LOAD_BALANCER
from rayfleet.proofs.anyscale.cloud_resource import region_key
from rayfleet.proofs.finding import Finding, failed
from rayfleet.tree import RenderedCluster, Resource, Side, mapping, text
from rayfleet.tree.helm_release import Release

# cloud-provider-azure docs, topics/loadbalancer: annotations of a Service of type LoadBalancer.
INTERNAL, LABEL, ADDRESS = (
    f"{LOAD_BALANCER}-load-balancer-internal",
    f"{LOAD_BALANCER}-dns-label-name",
    f"{LOAD_BALANCER}-load-balancer-ipv4",
)
_SUBNET = f"{LOAD_BALANCER}-load-balancer-internal-subnet"
# Azure docs, public-ip-addresses: DNS name label.
_HOST = re.compile(r"([^.]+)\.([^.]+)\.cloudapp\.azure\.com")
# Azure keeps the first four addresses of a subnet and the last (Azure docs, VNet FAQ).
_FIRST_KEPT = 4


class Way(NamedTuple):
    """The way in: what it is, the annotations of its load balancer with their places; None where others say them."""

    said: str
    annotations: dict[str, Any] | None
    at: Callable[..., Side]

    @property
    def internal(self) -> bool | None:
        """True where the load balancer has no public address; None where that is not known."""
        if self.annotations is None:
            return None
        return str(self.annotations.get(INTERNAL)).lower() == "true"


def address_claims(cluster: RenderedCluster, operator: Release, way: Way, subnets: list[Resource]) -> Iterator[Finding]:
    values = mapping(operator.values, "networking", "gateway")
    host, address = text(values, "hostname"), text(values, "ip")
    if not host and not address:
        what = "Anyscale is told neither host name nor address of its Gateway, and makes no DNS records"
        yield failed(
            "network/no-gateway-address",
            cluster.name,
            what,
            "write networking.gateway.hostname or ip",
            operator.side("networking", "gateway"),
        )
    if way.annotations is None:
        return
    parts = _HOST.fullmatch(host)
    if parts:
        yield from _host(cluster, operator.side("networking", "gateway", "hostname"), way, *parts.groups())
    if address:
        yield from _ip(cluster, operator.side("networking", "gateway", "ip"), way, address, subnets)


def health_probe(cluster: RenderedCluster, way: Way, kind: GatewayKind | None) -> Iterator[Finding]:
    """The load balancer takes out every node whose probe fails."""
    if kind is None or kind.health_probe is None or way.annotations is None:
        return
    key, value = kind.health_probe
    written = way.annotations.get(key)
    if written != value:
        said = "does not say how it is probed" if written is None else f"is probed by {written}"
        what = f"{way.said} {said}: the load balancer's probe fails, and no traffic comes in"
        yield failed("network/health-probe", cluster.name, what, f"write {key}: {value}", way.at("annotations", key))


def _host(cluster: RenderedCluster, side: Side, way: Way, label: str, region: str) -> Iterator[Finding]:
    own = (way.annotations or {}).get(LABEL)
    if region_key(region) != region_key(cluster.region):
        what = f"Anyscale is told a host name of {region}, and the cluster is in {cluster.region}"
        yield failed(
            "network/gateway-region", cluster.name, what, f"write {cluster.region}", side, cluster.side("location")
        )
    if own != label:
        said = f"has the DNS label {own}" if own else "has no DNS label"
        what = f"Anyscale is told the host name {label}, and {way.said} {said}"
        yield failed(
            "network/gateway-dns-label",
            cluster.name,
            what,
            f"write {label} in both",
            way.at("annotations", LABEL),
            side,
        )


def _ip(cluster: RenderedCluster, side: Side, way: Way, address: str, subnets: list[Resource]) -> Iterator[Finding]:
    own = (way.annotations or {}).get(ADDRESS)
    if own != address:
        said = f"asks for {own}" if own else "asks for none: Azure gives it any address"
        what = f"Anyscale is told the address {address}, and {way.said} {said}"
        yield failed(
            "network/gateway-ip", cluster.name, what, f"write {address} in both", way.at("annotations", ADDRESS), side
        )
    ranges = [(row, text(row.properties, "addressPrefix")) for row in subnets]
    known = [(row, Cidr.parse(prefix)) for row, prefix in ranges if CIDR.fullmatch(prefix)]
    if not way.internal or _SUBNET in (way.annotations or {}) or not known:
        return
    if not CIDR.fullmatch(f"{address}/32") or not any(_usable(Cidr.parse(f"{address}/32"), row) for _, row in known):
        subnet, cidr = known[0]
        what = f"its address {address} is not one that Azure gives in the node subnet {cidr}"
        other = subnet.side("properties", "addressPrefix")
        yield failed(
            "network/gateway-ip-not-given",
            cluster.name,
            what,
            "use one far from the nodes', at the end of the subnet",
            side,
            other,
        )


def _usable(address: Cidr, subnet: Cidr) -> bool:
    return subnet.first + _FIRST_KEPT <= address.first < subnet.last
