"""A cluster as rendered/ has it: its AKS part on one side, its layers and its cloud resource on the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts import runtimes
from rayfleet.facts.runtimes import Runtime
from rayfleet.fleet_files import cloud_resource_file
from rayfleet.source import Source, read
from rayfleet.tree.aks import AksCluster
from rayfleet.tree.arm_template import Resource, Template
from rayfleet.tree.cluster_record import ClusterRecord
from rayfleet.tree.files import Files
from rayfleet.tree.helm_release import Release
from rayfleet.tree.layer import Layer, Manifest
from rayfleet.tree.node_pool import Pool
from rayfleet.tree.place import Side, get, mapping, text

# A path of the Git repository: what is before rendered/, and what is below it.
_IN_REPOSITORY = re.compile(r"(?:\./)?(?:(?P<before>.+)/)?rendered/(?P<below>clusters/[^/]+/[^/]+)/?")


class RenderedCluster:
    """A cluster and all that leads from it: its ``record``, and ``aks``, which it has where AKS is what it is. One of
    the two is there. Layers are read when asked for.
    """

    def __init__(
        self,
        name: str,
        record: ClusterRecord | None,
        aks: AksCluster | None,
        files: Files,
        bound: Side | None,
        layer: Callable[[str], Layer],
    ) -> None:
        self.name = name
        self.record = record
        self.aks = aks
        self.bound = bound  # its bindings, None where there are none
        self.problems: list[Diagnostic] = []
        self._files = files
        self._layer = layer

    # --- what it is ---

    def side(self, *path: str | int) -> Side:
        """A value of the managedClusters resource; its record where it is none."""
        if self.aks:
            return self.aks.side(*path)
        return self.record.side() if self.record else Side(Source(self._files.name(f"clusters/{self.name}"), "", {}))

    @property
    def id(self) -> str:
        """Its id in Azure, in lower case; empty where it has none."""
        return self.aks.id if self.aks else ""

    @property
    def region(self) -> str:
        if self.aks:
            return self.aks.region
        return self.record.region if self.record else ""

    @property
    def subscription(self) -> str:
        """The subscription that it is deployed to, empty where nothing says so."""
        if self.template:
            return self.template.deployment.scope.subscription if self.template.deployment else ""
        return self.record.subscription if self.record else ""

    @property
    def pools(self) -> tuple[Pool, ...]:
        """Every node pool."""
        if self.aks:
            return self.aks.pools
        return self.record.pools if self.record else ()

    @property
    def runtime(self) -> Runtime:
        return runtimes.DEFAULT

    @property
    def template(self) -> Template | None:
        """The ARM template with what it has in Azure."""
        return self.aks.template if self.aks else None

    def children(self, kind: str) -> list[Resource]:
        """ARM resources that are its children, or about it."""
        return self.aks.children(kind) if self.aks else []

    @property
    def flux_configurations(self) -> list[Resource]:
        """The configurations that Azure's Flux extension follows; none where the cluster is no AKS cluster."""
        return self.aks.flux_configurations if self.aks else []

    # --- Git ---

    @cached_property
    def entry(self) -> Layer | None:
        """The folder in which its Flux configuration begins."""
        for configuration in self.flux_configurations:
            for kustomization in mapping(configuration.properties, "kustomizations").values():
                if path := folder_in_rendered(text(kustomization, "path")):
                    return self._layer(path)
        return None

    @cached_property
    def kustomizations(self) -> list[Manifest]:
        """The Flux Kustomizations of the entry point: one for each layer."""
        return self.entry.of_kind("Kustomization", "kustomize.toolkit.fluxcd.io") if self.entry else []

    @cached_property
    def layers(self) -> dict[str, Layer]:
        """Its layers by the name of their Flux Kustomization; those whose path leads to nothing are left out."""
        found = {}
        for kustomization in self.kustomizations:
            path = folder_in_rendered(text(kustomization.data, "spec", "path"))
            if path and f"{path}/kustomization.yaml" in self._files.content:
                found[kustomization.name] = self._layer(path)
        return found

    @property
    def manifests(self) -> Iterator[Manifest]:
        """Every manifest of its layers."""
        for layer in self.layers.values():
            yield from layer.manifests

    def of_kind(self, kind: str, group: str | None = None) -> list[Manifest]:
        """Its manifests of a kind."""
        return [row for layer in self.layers.values() for row in layer.of_kind(kind, group)]

    @cached_property
    def releases(self) -> dict[str, Release]:
        """Its Helm releases by chart."""
        layers = list(self.layers.values())
        found = (Release(row, layers) for row in self.of_kind("HelmRelease", "helm.toolkit.fluxcd.io"))
        return {release.chart: release for release in found}

    @property
    def operator(self) -> Release | None:
        """The operator of its runtime, None while it is pending."""
        return self.releases.get(self.runtime.operator.name)

    @cached_property
    def cloud_resource(self) -> Source | None:
        """Its Anyscale cloud resource, None while it is pending."""
        return self._files.read(cloud_resource_file(self.name), read, self.problems)

    # --- bindings ---

    def late(self, kind: str) -> Any:
        """A late value, None while it is not bound."""
        return get(self.bound.source.data, *self.bound.path, kind, "value") if self.bound else None

    def late_side(self, kind: str) -> Side | None:
        """The place of a late value; None while it is not bound."""
        return self.bound.at(kind, "value") if self.bound and self.late(kind) is not None else None


def folder_in_rendered(path: str) -> str | None:
    """``clusters/aks-eastus/flux`` of a path in the Git repository; None for one that is not below rendered/."""
    found = _IN_REPOSITORY.fullmatch(path)
    return found["below"] if found else None


def repository_folder(path: str) -> str | None:
    """The folder of the Git repository that a path in it says rendered/ is in; empty for the top."""
    found = _IN_REPOSITORY.fullmatch(path)
    return (found["before"] or "") if found else None
