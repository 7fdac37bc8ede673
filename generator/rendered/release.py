"""A Helm release: its chart and the values it is installed with, each with the file that says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from generator.rendered.document import Side, entries, get, mapping, text
from generator.rendered.layer import Layer, Manifest
from generator.source import Path, Source

_ABSENT = object()


class Release:
    """A HelmRelease of Flux. ``values`` are merged as Flux does: ``valuesFrom`` in order, ``spec.values`` over all."""

    def __init__(self, manifest: Manifest, layers: Iterable[Layer]) -> None:
        self.manifest = manifest
        self.unresolved: list[int] = []  # the entries of valuesFrom that nothing rendered gives
        self._said: list[Side] = []  # where values stand, the weakest first
        spec = mapping(manifest.data, "spec")
        found: list[dict[str, Any]] = []
        for index, entry in enumerate(entries(spec, "valuesFrom")):
            source = _from(entry, manifest.namespace, layers)
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
            self.values = _merged(self.values, values)

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def chart(self) -> str:
        """The chart's name; of an OCI chart, that of the OCIRepository."""
        spec = mapping(self.manifest.data, "spec")
        return text(spec, "chart", "spec", "chart") or text(spec, "chartRef", "name")

    @property
    def namespace(self) -> str:
        """Where it is installed."""
        return text(self.manifest.data, "spec", "targetNamespace") or self.manifest.namespace

    def side(self, *path: str | int) -> Side:
        """The place of a value: in the last file that says it, or that says the most of the way to it."""
        if not self._said:
            return self.manifest.side("spec")
        return max(reversed(self._said), key=lambda said: _depth(get(said.source.data, *said.path), path)).at(*path)


def _from(entry: Any, namespace: str, layers: Iterable[Layer]) -> Source | None:
    key = text(entry, "valuesKey") or "values.yaml"
    for layer in layers:
        for manifest in layer.of_kind(text(entry, "kind")):
            if manifest.name == text(entry, "name") and manifest.namespace == namespace:
                return layer.data_of(manifest, key)
    return None


def _depth(data: Any, path: Path) -> int:
    """How many steps of the path are there."""
    for steps in range(len(path), 0, -1):
        if get(data, *path[:steps], default=_ABSENT) is not _ABSENT:
            return steps
    return 0


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Maps merge, everything else replaces."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
