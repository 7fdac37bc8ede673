"""The places of rendered files that take late values, and whether what stands there is what is bound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from rayfleet.facts.labels import DNS_LABEL
from rayfleet.facts.late_values import words
from rayfleet.proofs.finding import Finding, failed
from rayfleet.tree import RenderedCluster, Side, Tree, entries, get, mapping, text
from rayfleet.tree.bindings import Late, bound_values, with_dashes
from rayfleet.tree.blob_volume import BlobVolume, fleet_volumes
from rayfleet.tree.gaps import operator_of
from rayfleet.tree.helm_release import Release
from rayfleet.tree.layer import Manifest
from rayfleet.tree.memo import once

# Where the id has dashes for underscores: in the Secrets that hold the gateway's certificates, and in its DNS label
# (Anyscale docs, Kubernetes gateway; terraform-provider-anyscale, examples).
_CERTIFICATE = re.compile(r"anyscale-(?:svc-)?(.*)-certificate")
_EMPTY: tuple[Any, ...] = (None, "", [], {})
_AGAIN = "render again; a hand edit or an overlay has it otherwise"


class Consumer(NamedTuple):
    """A place that takes a late value; ``dashed``: with dashes for underscores."""

    kind: str
    where: str
    value: Any
    side: Side
    dashed: bool = False


def has_sign_in(volume: BlobVolume) -> bool:
    """True where a mount signs in: over NFS it does not (blob-csi-driver, docs/driver-parameters.md)."""
    return volume.text("protocol") != "nfs"


def gateways(cluster: RenderedCluster) -> list[Manifest]:
    """Its gateways."""
    return cluster.of_kind("Gateway", "gateway.networking.k8s.io")


def consumers(cluster: RenderedCluster, tree: Tree) -> Iterator[Consumer]:
    """Every place of a cluster's files that takes an id. Of values that are not all there nothing is said."""
    operator = operator_of(cluster)
    for volume in filter(has_sign_in, fleet_volumes(cluster, tree)):
        yield Consumer("clientId", f"clientID of {volume.name}", volume.text("clientID"), volume.side("clientID"))
    if operator:
        yield _value(operator, "clientId", "global", "auth", "iamIdentity")
        yield _value(operator, "cloudResourceId", "global", "cloudDeploymentId")
        yield from _hostname(operator)
    for gateway in gateways(cluster):
        yield from _gateway(gateway)
    if cluster.cloud_resource:
        path = ("kubernetes_config", "anyscale_operator_iam_identity")
        side = Side(cluster.cloud_resource, path)
        yield Consumer("principalId", path[-1], get(cluster.cloud_resource.data, *path), side)


def _value(operator: Release, kind: str, *path: str) -> Consumer:
    return Consumer(kind, ".".join(path), get(operator.values, *path), operator.side(*path))


def _hostname(operator: Release) -> Iterator[Consumer]:
    """The gateway's host name begins with its DNS label, unless the fleet has a name of its own."""
    path = ("networking", "gateway", "hostname")
    gateway = mapping(operator.values, *path[:-1])
    name = gateway.get("hostname")
    if gateway.get("enabled") is True and not gateway.get("ip") and _is_anyscale_label(name):
        label = name.split(".")[0] if isinstance(name, str) else name
        yield Consumer("cloudResourceId", ".".join(path), label, operator.side(*path), dashed=True)


def _gateway(gateway: Manifest) -> Iterator[Consumer]:
    labels = ("spec", "infrastructure", "annotations")
    found = mapping(gateway.data, *labels)
    if DNS_LABEL in found and _is_anyscale_label(found[DNS_LABEL]):
        where, side = f"the DNS label of Gateway {gateway.name}", gateway.side(*labels, DNS_LABEL)
        yield Consumer("cloudResourceId", where, found[DNS_LABEL], side, dashed=True)
    for index, listener in enumerate(entries(gateway.data, "spec", "listeners")):
        for number, certificate in enumerate(entries(listener, "tls", "certificateRefs")):
            name = _CERTIFICATE.fullmatch(text(certificate, "name"))
            if name:
                side = gateway.side("spec", "listeners", index, "tls", "certificateRefs", number, "name")
                where = f"the certificate of listener {text(listener, 'name')}"
                yield Consumer("cloudResourceId", where, name[1], side, dashed=True)


def _is_anyscale_label(label: Any) -> bool:
    """True where a name is Anyscale's id, or empty where it should be; any other is the fleet's own choice."""
    return label in _EMPTY or (isinstance(label, str) and label.startswith("cldrsrc"))


# --- what stands there ---


def judge(cluster: RenderedCluster, tree: Tree, values: dict[str, Late], places: list[Consumer]) -> Iterator[Finding]:
    """Every place holds the id that is bound; none is empty, and none holds an id before it is bound."""
    wrong: dict[tuple[str, str], list[Consumer]] = {}
    for place in places:
        late = values.get(place.kind)
        if place.value in _EMPTY:
            what = f"{place.where} is empty, where the {words(place.kind)} belongs"
            sides = (place.side, late.side) if late else (place.side,)
            yield failed("bindings/not-filled-in", cluster.name, what, _AGAIN, *sides)
        elif late is None or (late.text and place.value != _expected_text(late, place)):
            wrong.setdefault((place.kind, with_dashes(str(place.value))), []).append(place)
    for (kind, _), same in wrong.items():
        yield _mismatch(cluster, tree, values.get(kind), same)


def _expected_text(late: Late, place: Consumer) -> str:
    return with_dashes(late.text) if place.dashed else late.text


def _mismatch(cluster: RenderedCluster, tree: Tree, late: Late | None, places: list[Consumer]) -> Finding:
    """One finding for all places that hold the same."""
    first, *others = places
    said = f"{first.where} is {_place_text(cluster, tree, first)}"
    more = f" ({', '.join(place.where for place in others)} too)" if others else ""
    if late is None:
        what = f"{said}, though {first.kind} is not bound{more}"
        return failed(
            "bindings/made-up",
            cluster.name,
            what,
            "bind it, or take out what was made up",
            *(place.side for place in places),
        )
    what = f"{said}; the {words(first.kind)} bound is {_expected_text(late, first)}{more}"
    return failed(
        "bindings/wrong-id", cluster.name, what, _AGAIN, first.side, late.side, *(place.side for place in others)
    )


def _place_text(cluster: RenderedCluster, tree: Tree, place: Consumer) -> str:
    """The value of a place, and whose id that is."""
    found = _owners(tree).get(with_dashes(place.value)) if isinstance(place.value, str) else None
    if found is None:
        return str(place.value)
    if (found.cluster, found.kind) == (cluster.name, place.kind):
        return f"{place.value} {'without dashes' if place.dashed else 'with dashes'}"
    whose = "the cluster" if found.cluster == cluster.name else found.cluster
    return f"{place.value}, the {words(found.kind)} of {whose}"


@once
def _owners(tree: Tree) -> dict[str, Late]:
    """Every id that is bound, with dashes."""
    return {with_dashes(late.text): late for late in bound_values(tree) if late.text}
