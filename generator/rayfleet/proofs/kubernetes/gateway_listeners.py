"""The listeners of a Gateway: as the Gateway API takes them, with TLS, and with the certificates that are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfleet.facts.certificates import CERTIFICATES, hosts_of
from rayfleet.proofs.finding import Finding, failed, noted
from rayfleet.tree import RenderedCluster, Side, entries, get, mapping, text
from rayfleet.tree.layer import Manifest

_WITHOUT_TLS = ("HTTP", "TCP", "UDP")


def listener_claims(cluster: RenderedCluster, gateway: Manifest) -> Iterator[Finding]:
    """Each listener by itself, and all against each other."""
    rows = [(index, row) for index, row in enumerate(entries(gateway.data, "spec", "listeners"))]
    yield from _clashes(cluster, gateway, rows)
    for index, row in rows:
        yield from _tls(cluster, gateway, index, row)


def _clashes(cluster: RenderedCluster, gateway: Manifest, rows: list[tuple[int, Any]]) -> Iterator[Finding]:
    """Names differ, and so do port, protocol and host together (gateway-api 1.6.1, apis/v1/gateway_types.go)."""
    names, places = dict[str, int](), dict[tuple[Any, str, str], int]()
    for index, row in rows:
        name = text(row, "name")
        place = (get(row, "port"), text(row, "protocol"), text(row, "hostname").lower())
        if name in names:
            what = f"its Gateway {gateway.name} has two listeners {name}: the API server refuses it"
            sides = _side(gateway, index, "name"), _side(gateway, names[name], "name")
            yield failed("network/listener-name", cluster.name, what, "give each a name of its own", *sides)
        elif place in places:
            first = text(rows[places[place]][1], "name")
            what = f"its listeners {first} and {name} are for one port, protocol and host: the API server refuses it"
            sides = _side(gateway, index, "hostname"), _side(gateway, places[place], "hostname")
            yield failed("network/listener-twice", cluster.name, what, "give each a host of its own", *sides)
        names.setdefault(name, index)
        places.setdefault(place, index)


def _tls(cluster: RenderedCluster, gateway: Manifest, index: int, row: Any) -> Iterator[Finding]:
    """TLS ends at a listener of HTTPS, by a certificate; HTTP has none (gateway-api 1.6.1, rules of the definition)."""
    name, protocol = text(row, "name"), text(row, "protocol")
    if protocol != "HTTPS":
        if get(row, "tls") is not None and protocol in _WITHOUT_TLS:
            what = f"its listener {name} is of {protocol} and has TLS: the API server refuses it"
            yield failed(
                "network/listener-tls",
                cluster.name,
                what,
                "write HTTPS, or leave tls out",
                _side(gateway, index, "tls"),
            )
        return
    mode, certificates = text(row, "tls", "mode") or "Terminate", entries(row, "tls", "certificateRefs")
    if mode != "Terminate" or not certificates:
        said = f"passes TLS on ({mode})" if mode != "Terminate" else "has no certificate"
        what = f"its listener {name} is of HTTPS and {said}: nobody ends TLS, and no route of HTTP is served"
        fix = "write tls with the mode Terminate and the Secret of its certificate"
        yield failed("network/listener-tls", cluster.name, what, fix, _side(gateway, index, "tls"))
        return
    if not text(row, "hostname"):
        what = f"its listener {name} has no host: it answers for every one, with one certificate"
        yield noted("network/listener-any-host", cluster.name, what, _side(gateway, index, "hostname"))
    for number, certificate in enumerate(certificates):
        yield from _certificate(
            cluster, gateway, row, certificate, _side(gateway, index, "tls", "certificateRefs", number, "name")
        )


def _certificate(
    cluster: RenderedCluster, gateway: Manifest, row: Any, certificate: Any, side: Side
) -> Iterator[Finding]:
    """The operator writes a Secret for sessions and another for services; others come from what is rendered. The id in
    the name is for the proof of bindings.
    """
    secret, host = text(certificate, "name"), text(row, "hostname").lower()
    elsewhere = text(certificate, "namespace") not in ("", gateway.namespace)
    if text(certificate, "kind") not in ("", "Secret") or elsewhere:
        return
    written_for = hosts_of(secret)
    wanted = next((letter for letter in CERTIFICATES if host.startswith(f"*.{letter}.")), written_for)
    if (written_for == wanted and written_for) or (written_for is None and secret in _rendered_secrets(cluster)):
        return
    said = "is that of other hosts" if written_for else "neither the operator nor anything rendered writes"
    what = (
        f"its listener {text(row, 'name')} takes its certificate from the Secret {secret or 'of no name'}, which {said}"
    )
    fix = f"name {CERTIFICATES[wanted].format(id='<id>')}" if wanted else "name a Secret that is written"
    yield failed("network/listener-certificate", cluster.name, what, fix, side)


def _rendered_secrets(cluster: RenderedCluster) -> set[str]:
    """The names of Secrets that manifests are, or that they name for a controller to write."""
    found = {row.name for row in cluster.of_kind("Secret")}
    for row in cluster.manifests:
        spec = mapping(row.data, "spec")
        found |= {text(spec, "secretName"), text(spec, "target", "name")}
    return found - {""}


def _side(gateway: Manifest, index: int, *key: str | int) -> Side:
    return gateway.side("spec", "listeners", index, *key)
