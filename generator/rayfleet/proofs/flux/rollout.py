"""The rollout of one cluster: what Flux brings up, and in which order. Layers, their objects, their Helm releases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from rayfleet.diagnostics import Invalid
from rayfleet.facts.charts import brought_by
from rayfleet.facts.charts.chart import ChartKinds
from rayfleet.facts.flux import BY_AKS, BY_FLUX, FLUX, HELM, IMAGE_SETTINGS, KUSTOMIZE
from rayfleet.facts.resource_types import FLUX_CONFIGURATION
from rayfleet.proofs.azure.property_values import unknown
from rayfleet.proofs.finding import Finding, failed, warned
from rayfleet.tree import RenderedCluster, Resource, Side, entries, get, mapping, text
from rayfleet.tree.files import Files
from rayfleet.tree.helm_release import Release
from rayfleet.tree.layer import Layer, Manifest
from rayfleet.tree.name_references import carried_into_releases

#: The name of the entry point among the layers, which no Kustomization can have.
ENTRY = ""
Reference = tuple[str, str, str]  # kind, namespace, name


class PlacedObject(NamedTuple):
    """An object and the layer that applies it."""

    layer: str
    manifest: Manifest


class Installer(NamedTuple):
    """The installer of a group of kinds. ``layer`` is None for AKS and its extension. ``manifest`` is what Flux
    applies for it, None for those."""

    name: str
    layer: str | None
    release: Release | None
    side: Side
    manifest: Manifest | None = None


class Rollout:
    """Of a cluster whose Flux configuration leads somewhere."""

    def __init__(
        self, cluster: RenderedCluster, files: Files, configuration: Resource, extension: Resource | None
    ) -> None:
        self.cluster = cluster
        self.files = files
        self.configuration = configuration
        self.extension = extension
        # An ARM property that is left out is "default" (API 2025-04-01, FluxConfigurationProperties).
        self.namespace = text(configuration.properties, "namespace") or "default"
        self.kustomizations: dict[str, Manifest] = {}
        for row in cluster.kustomizations:
            self.kustomizations.setdefault(row.name, row)

    # --- layers ---

    @cached_property
    def layers(self) -> dict[str, Layer]:
        """The entry point, then its layers by name."""
        return {**({ENTRY: self.cluster.entry} if self.cluster.entry else {}), **self.cluster.layers}

    @cached_property
    def waits(self) -> dict[str, frozenset[str]]:
        """The layers that each waits for, directly or through others."""
        direct = {name: dependency_names(row) for name, row in self.kustomizations.items()}
        found: dict[str, frozenset[str]] = {}
        for name in direct:
            reached: set[str] = set()
            ahead = list(direct[name])
            while ahead:
                if (next_ := ahead.pop()) not in reached:
                    reached.add(next_)
                    ahead += direct.get(next_, ())
            found[name] = frozenset(reached)
        return found

    @cached_property
    def in_order(self) -> list[str]:
        """The names of the layers, those that wait for the fewest first."""
        return sorted((name for name in self.layers if name), key=lambda name: len(self.waits.get(name, ())))

    # --- objects ---

    @cached_property
    def placed(self) -> list[PlacedObject]:
        """Every object with its layer."""
        return [PlacedObject(name, row) for name, layer in self.layers.items() for row in layer.manifests]

    @cached_property
    def _by_kind(self) -> dict[str, list[PlacedObject]]:
        found: dict[str, list[PlacedObject]] = {}
        for row in self.placed:
            found.setdefault(row.manifest.kind, []).append(row)
        return found

    def of_kind(self, kind: str) -> list[PlacedObject]:
        """The objects of a kind."""
        return self._by_kind.get(kind, [])

    @cached_property
    def flux(self) -> list[PlacedObject]:
        """The objects that Flux's own controllers act on."""
        return [row for row in self.placed if row.manifest.group.endswith(FLUX)]

    @cached_property
    def references(self) -> dict[Reference, Manifest | None]:
        """Every Flux object by what others name it by; None for the source that the configuration itself makes."""
        found: dict[Reference, Manifest | None] = {
            (row.manifest.kind, row.manifest.namespace, row.manifest.name): row.manifest for row in self.flux
        }
        return {**found, self.source: None}

    @property
    def source(self) -> Reference:
        """The source that the Flux configuration makes: of its name, in its namespace (Azure Arc docs, GitOps)."""
        kind = text(self.configuration.properties, "sourceKind")
        if not kind or unknown(FLUX_CONFIGURATION, kind, "properties", "sourceKind"):
            kind = "GitRepository"
        return kind, self.namespace, self.configuration.name

    @cached_property
    def releases(self) -> list[tuple[str, Release]]:
        """Every Helm release with its layer, two of one chart as well."""
        known = {id(row.manifest): row for row in self.cluster.releases.values()}
        layers = list(self.cluster.layers.values())
        rows = [row for row in self.flux if row.manifest.kind == "HelmRelease" and row.manifest.group == HELM]
        return [(name, known.get(id(manifest)) or Release(manifest, layers)) for name, manifest in rows]

    def carries_names(self, layer: Layer) -> bool:
        """True where a layer's kustomization carries names of ConfigMaps over into HelmReleases."""
        for written in entries(layer.kustomization.data if layer.kustomization else None, "configurations"):
            try:
                content = self.files.content.get(os.path.normpath(f"{layer.path}/{written}"), b"")
            except Invalid:
                continue  # the file cannot be read
            # Without the comment that says which cluster's it is, it is the same for all, and read once.
            if carried_into_releases(content.partition(b"\n")[2] if content.startswith(b"#") else content):
                return True
        return False

    def rendered(self, manifest: Manifest) -> bool:
        """True where it is of rendered/ itself, whatever overlays change of it, and not an overlay's own."""
        written = manifest.written
        return written.file.startswith(f"{self.files.folder}/") and text(written.data, "kind") == manifest.kind

    # --- what brings kinds ---

    @cached_property
    def installers(self) -> dict[str, list[Installer]]:
        """The installers of the kinds of each API group."""
        found: dict[str, list[Installer]] = {}
        properties = self.cluster.aks.resource.properties if self.cluster.aks else {}
        for group, (path, wanted) in BY_AKS.items():
            if get(properties, *path) == wanted:
                side = self.cluster.side("properties", *path)
                found.setdefault(group, []).append(Installer("AKS", None, None, side))
        if self.extension:
            settings = mapping(self.extension.properties, "configurationSettings")
            side = self.extension.side("properties", "extensionType")
            images = any(settings.get(key) == "true" for key in IMAGE_SETTINGS)
            for group in (*BY_FLUX, *((f"image{FLUX}",) if images else ())):
                found.setdefault(group, []).append(Installer("the extension microsoft.flux", None, None, side))
        for name, release in self.releases:
            for group in groups_of(release):
                installer = Installer(release.name, name, release, release.manifest.side(), release.manifest)
                found.setdefault(group, []).append(installer)
        for row in self.of_kind("CustomResourceDefinition"):
            group = text(row.manifest.data, "spec", "group")
            installer = Installer(row.manifest.name, row.layer, None, row.manifest.side(), row.manifest)
            found.setdefault(group, []).append(installer)
        return found

    # --- severity ---

    def locked_down(self, claim: str, allowed: str, what: str, fix: str, *sides: Side) -> Finding:
        """A breach of the extension's multi-tenancy; only a warning, under its own id, where a setting turns that off:
        then it is a habit to drop (MicrosoftDocs/azure-management-docs, conceptual-gitops-flux2.md, "Multi-tenancy").
        """
        settings = mapping(self.extension.properties, "configurationSettings") if self.extension else {}
        if settings.get("multiTenancy.enforce") != "false":
            return failed(claim, self.cluster.name, what, fix, *sides)
        claim = allowed
        return warned(claim, self.cluster.name, what, fix, *sides)

    def broken(self, manifest: Manifest, claim: str, of_overlay: str, what: str, fix: str, *sides: Side) -> Finding:
        """A claim that rayfleet keeps in its own objects; an overlay's may do without, and is warned under its own
        id."""
        if self.rendered(manifest):
            return failed(claim, self.cluster.name, what, fix, *sides)
        claim = of_overlay
        return warned(claim, self.cluster.name, what, fix, *sides)


def groups_of(release: Release) -> tuple[str, ...]:
    """The API groups whose kinds a release installs; none where its values or its policy turn that off."""
    chart = chart_of(release)
    if chart is None or (chart.folder and text(release.manifest.data, "spec", "install", "crds") == "Skip"):
        return ()
    return chart.groups


def chart_of(release: Release) -> ChartKinds | None:
    """The kinds that its chart brings; None where the chart is unknown or its values say not to."""
    chart = brought_by(release.artifact)
    off = chart and chart.switch and get(release.values, *chart.switch, default=chart.default) is not True
    return None if off else chart


def dependency_names(row: Manifest) -> list[str]:
    """The names in a dependsOn."""
    return [text(entry, "name") for entry in entries(row.data, "spec", "dependsOn")]


def object_name(kind: str, name: Any) -> str:
    """``HelmRelease "x"``: an object as messages name it."""
    return f'{kind} "{name}"'


def strings(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every string in it with its path."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from strings(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from strings(value, (*path, index))


# --- objects as files have them ---


def key_of(data: object) -> Reference:
    """Kind, namespace and name: the key that others know an object by."""
    return text(data, "kind"), text(data, "metadata", "namespace"), text(data, "metadata", "name")


def namespaced_name(data: object) -> str:
    """``rayfleet/platform``: an object by its namespace and name."""
    return f"{text(data, 'metadata', 'namespace')}/{text(data, 'metadata', 'name')}"


def has_prune_disabled(data: object) -> bool:
    """True where Flux leaves it in the cluster when it leaves Git (kustomize-controller docs, prune)."""
    metadata, key = mapping(data, "metadata"), f"{KUSTOMIZE}/prune"
    return "disabled" in [text(metadata, where, key).lower() for where in ("annotations", "labels")]
