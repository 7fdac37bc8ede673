"""Anyscale: its control plane, the operator's patches, and the registry of images."""

from __future__ import annotations

from collections.abc import Iterator

from rayfleet.diagnostics import Diagnostic, did_you_mean
from rayfleet.facts import control_planes, runtimes
from rayfleet.facts.labels import ROLE
from rayfleet.model.cluster import Cluster
from rayfleet.model.fleet import Fleet
from rayfleet.source.origin import Origin

_KEY = ("anyscale", "controlPlaneUrl")


def judge(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Warns of what nothing rendered can vouch for."""
    yield from _control_plane(fleet, origin)
    for cluster in fleet.clusters:
        yield from _patches(cluster, origin)
        yield from _registry(cluster, origin)


def _control_plane(fleet: Fleet, origin: Origin) -> Iterator[Diagnostic]:
    """Warns where values are assumed, and of a control plane that takes no registration."""
    url = fleet.anyscale.control_plane_url
    known = control_planes.known(url)
    urls = [row.url for row in control_planes.TABLE]
    if known is None:
        hosts = f"{fleet.anyscale.control_plane.interactive_hosts}, {fleet.anyscale.control_plane.service_hosts}"
        what = f"nobody knows what follows from it: the Gateway's hosts {hosts} and the audience are assumed"
        fix = f"use {' or '.join(urls)}{did_you_mean(url, urls)}, or ask Anyscale whether they are so"
        yield origin.source.diagnostic(_KEY, what, fix).as_warning()
    elif not known.registers:
        what = "this control plane takes no cloud from the command line, as rayfleet register needs it"
        fix = "register clouds and cloud resources in Azure, and bind their ids; or use " + urls[0]
        yield origin.source.diagnostic(_KEY, what, fix).as_warning()


def _patches(cluster: Cluster, origin: Origin) -> Iterator[Diagnostic]:
    """Helm replaces lists: patches of the fleet take the place of the one that keeps Ray pods on pools for Ray."""
    chart = runtimes.DEFAULT.operator.name
    path = ("charts", chart, "values", "patches")
    own = cluster.delivery.charts[chart].values.get("patches")
    pointer = f"/spec/nodeSelector/{ROLE.replace('/', '~1')}"
    if own is not None and pointer not in str(own):
        what = "Helm replaces lists: these take the place of the patch that keeps Ray pods on pools for Ray"
        fix = f"add it: {{kind: Pod, patch: [{{op: add, path: {pointer}, value: ray}}]}}"
        yield origin.at(cluster.name, path, what, fix, key=True).as_warning()


def _registry(cluster: Cluster, origin: Origin) -> Iterator[Diagnostic]:
    """Nothing that is rendered lets anybody pull (AKS docs, cluster-container-registry-integration; Anyscale on Azure
    docs, 2026-10: image builds).
    """
    registry = cluster.ray.image_registry
    if registry:
        what = f"nothing rendered lets nodes pull from {registry}"
        fix = "let nodes pull without signing in, or add a pull secret with an overlay"
        if ".azurecr." in registry:
            fix = (
                "give each kubelet identity AcrPull on it, and for image builds each workload identity AcrPush and "
                "Container Registry Tasks Contributor"
            )
        yield origin.at(cluster.name, ("cloudResource", "imageRegistry"), what, fix).as_warning()
