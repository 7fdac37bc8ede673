"""A Helm release: its chart and the values it is installed with, each with the file that says so."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from rayfleet.source import Path, Source
from rayfleet.tree.layer import Layer, Manifest
from rayfleet.tree.place import Side, entries, get, mapping, text

_ABSENT = object()


class Release:
    """A HelmRelease of Flux. ``values`` are merged as Flux does: ``valuesFrom`` in order, ``spec.values`` over all."""

    def __init__(self, manifest: Manifest, layers: Iterable[Layer]) -> None:
        self.manifest = manifest
        self._layers = tuple(layers)
        self.unresolved: list[int] = []  # the entries of valuesFrom that nothing rendered gives
        self._said: list[Side] = []  # where values stand, the weakest first
        spec = mapping(manifest.data, "spec")
        found: list[dict[str, Any]] = []
        for index, entry in enumerate(entries(spec, "valuesFrom")):
            source = _values_source(entry, manifest.namespace, self._layers)
            if source is None:
                self.unresolved.append(index)
            else:
                found.append(source.data)
                self._said.append(Side(source))
        if isinstance(spec.get("values"), dict):
            found.append(spec["values"])
            self._said.append(manifest.side("spec", "values"))
        self.values: dict[str, Any] = {}
        for values in found:
            self.values = _merge(self.values, values)

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def chart(self) -> str:
        """The chart's name; of an OCI chart, that of the OCIRepository."""
        spec = mapping(self.manifest.data, "spec")
        return text(spec, "chart", "spec", "chart") or text(spec, "chartRef", "name")

    @cached_property
    def repository(self) -> Manifest | None:
        """The HelmRepository, OCIRepository ... that its chart comes from; None where nothing rendered is that."""
        spec = mapping(self.manifest.data, "spec")
        wanted = mapping(spec, "chartRef") or mapping(spec, "chart", "spec", "sourceRef")
        namespace = text(wanted, "namespace") or self.manifest.namespace
        for layer in self._layers:
            for manifest in layer.of_kind(text(wanted, "kind"), "source.toolkit.fluxcd.io"):
                if (manifest.name, manifest.namespace) == (text(wanted, "name"), namespace):
                    return manifest
        return None

    @property
    def artifact(self) -> str:
        """The chart's own name, which for an OCI chart is the end of its address: ``gateway-helm``."""
        own = text(self.manifest.data, "spec", "chart", "spec", "chart")
        return own or (text(self.repository.data, "spec", "url").rpartition("/")[2] if self.repository else "")

    @property
    def version(self) -> str:
        """The version of the chart as written: a number, a tag, a range or a digest; empty where there is none."""
        if self.repository is None or mapping(self.manifest.data, "spec", "chart"):
            return text(self.manifest.data, "spec", "chart", "spec", "version")
        wanted = mapping(self.repository.data, "spec", "ref")
        # In the order in which Flux looks at them (source-controller docs, OCIRepository reference).
        return next((text(wanted, key) for key in ("digest", "semver", "tag") if text(wanted, key)), "")

    @property
    def version_side(self) -> Side:
        """The place of the version."""
        if self.repository is None or mapping(self.manifest.data, "spec", "chart"):
            return self.manifest.side("spec", "chart", "spec", "version")
        return self.repository.side("spec", "ref")

    @property
    def namespace(self) -> str:
        """The namespace that it is installed in."""
        return text(self.manifest.data, "spec", "targetNamespace") or self.manifest.namespace

    def side(self, *path: str | int) -> Side:
        """The place of a value: in the last file that says it, or that says the most of the way to it."""
        if not self._said:
            return self.manifest.side("spec")
        return max(reversed(self._said), key=lambda said: _depth(get(said.source.data, *said.path), path)).at(*path)


#: By what Helm knows a release.
IDENTITY = ("releaseName", "targetNamespace", "storageNamespace")


def identity(data: object) -> dict[str, str]:
    """By what Helm knows a release, filled in as Flux does (helm-controller, api/v2, GetReleaseName and its like). Any
    change of it uninstalls the release and installs another (helm-controller docs, spec/v2/helmreleases.md).
    """
    spec, name, own = mapping(data, "spec"), text(data, "metadata", "name"), text(data, "metadata", "namespace")
    target = text(spec, "targetNamespace")
    return {
        "releaseName": text(spec, "releaseName") or (f"{target}-{name}" if target else name),
        "targetNamespace": target or own,
        "storageNamespace": text(spec, "storageNamespace") or own,
    }


def _values_source(entry: Any, namespace: str, layers: Iterable[Layer]) -> Source | None:
    key = text(entry, "valuesKey") or "values.yaml"
    for layer in layers:
        for manifest in layer.of_kind(text(entry, "kind")):
            if manifest.name == text(entry, "name") and manifest.namespace == namespace:
                return layer.document_of(manifest, key)
    return None


def _depth(data: Any, path: Path) -> int:
    """The number of steps of the path that exist."""
    for steps in range(len(path), 0, -1):
        if get(data, *path[:steps], default=_ABSENT) is not _ABSENT:
            return steps
    return 0


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Maps merge, everything else replaces."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
