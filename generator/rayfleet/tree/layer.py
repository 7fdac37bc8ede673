"""One layer of a cluster: its Kubernetes manifests, each with the file that it came from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.fleet_files import open_regular
from rayfleet.source import Source, read, read_all
from rayfleet.tree.files import Files
from rayfleet.tree.kustomize import ORIGIN, TRANSFORMATIONS, Build
from rayfleet.tree.place import Side, entries, get, mapping, text

# The keys of a kustomization that are followed without kustomize.
_READ = ("apiVersion", "kind", "resources", "configMapGenerator", "configurations")


class Manifest:
    """A Kubernetes object as it reaches the cluster. ``written`` is the document it came from, before any overlay."""

    def __init__(self, data: dict[str, Any], written: Source, path: tuple[str | int, ...] = ()) -> None:
        self.data = data
        self.written = written
        self.changed_in: Source | None = None
        self._path = path  # of what stands for the whole object in the document, where that is not the document

    @cached_property
    def kind(self) -> str:
        return text(self.data, "kind")

    @cached_property
    def group(self) -> str:
        """The API group, empty for the core's."""
        return text(self.data, "apiVersion").rpartition("/")[0]

    @cached_property
    def name(self) -> str:
        return text(self.data, "metadata", "name")

    @cached_property
    def namespace(self) -> str:
        return text(self.data, "metadata", "namespace")

    def side(self, *path: str | int) -> Side:
        """A value of it, where it was written: in the document, or in the overlay that changed it."""
        if self._path:
            return Side(self.written, self._path)
        if self.changed_in is None or get(self.written.data, *path) == get(self.data, *path):
            return Side(self.written, path)
        return Side(self.changed_in, ())


class Layer:
    """``path`` is below rendered/: ``clusters/aks-eastus/platform``. ``built``: by kustomize, overlays included."""

    def __init__(self, files: Files, path: str, build: Build | None) -> None:
        self.path = path
        self.problems: list[Diagnostic] = []
        self.kustomization = files.read(f"{path}/kustomization.yaml", read, self.problems)
        self.remote = build.remote if build else None
        self.built = build is not None and not build.error and not build.remote
        self.error = build.error.splitlines()[-1] if build and build.error else ""
        self._files = files
        self._documents: dict[str, list[Source]] = {}
        self.manifests = list(self._manifests_of(build) if build and self.built else self._raw(path))

    def of_kind(self, kind: str, group: str | None = None) -> list[Manifest]:
        """Its manifests of a kind."""
        return [row for row in self.manifests if row.kind == kind and group in (None, row.group)]

    def document_of(self, config_map: Manifest, key: str) -> Source | None:
        """A ConfigMap's entry as a document: the file that a generator took it from, or the text itself."""
        written = get(config_map.data, "data", key)
        for path in self._generated_from(config_map.name, key):
            content = self._files.content.get(path)
            if content is not None and (not isinstance(written, str) or content == written.encode()):
                return self._files.read(path, read, self.problems)
        if not isinstance(written, str):
            return None
        name = f"{config_map.side().source.file} ({key})"
        try:
            return read(name, written.encode())
        except Invalid as invalid:
            self.problems += invalid.diagnostics
            return None

    # --- as files ---

    @property
    def unread(self) -> Iterator[Side]:
        """The keys of its kustomization, such as overlays, of which only kustomize knows what comes of them."""
        for key in mapping(self.kustomization.data) if self.kustomization else ():
            if self.kustomization and key not in _READ:
                yield Side(self.kustomization, (key,))

    def _raw(self, folder: str, above: frozenset[str] = frozenset()) -> Iterator[Manifest]:
        """The manifests that the kustomization lists, without overlays. A folder that is among those above it lists
        nothing."""
        kustomization = self._document(self._files, f"{folder}/kustomization.yaml")
        if kustomization is None:
            return
        for resource in entries(kustomization.data, "resources"):
            path = os.path.normpath(f"{folder}/{resource}")
            if f"{path}/kustomization.yaml" in self._files.content and path not in (folder, *above):
                yield from self._raw(path, above | {folder})
            for document in self._read(path):
                yield Manifest(document.data, document)
        for index, generator in enumerate(entries(kustomization.data, "configMapGenerator")):
            made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}
            made["metadata"] = {"name": get(generator, "name"), "namespace": get(generator, "namespace")}
            yield Manifest(made, kustomization, ("configMapGenerator", index))

    def _read(self, path: str) -> list[Source]:
        """The documents of a file below rendered/, or of a file elsewhere by its absolute path."""
        if path not in self._documents:
            self._documents[path] = []
            try:
                if os.path.isabs(path):
                    with open_regular(path) as stream:
                        self._documents[path] = read_all(os.path.relpath(path), stream.read())
                elif path in self._files.content:
                    self._documents[path] = read_all(self._files.name(path), self._files.content[path])
            except (Invalid, OSError) as error:
                self.problems += error.diagnostics if isinstance(error, Invalid) else []
        return self._documents[path]

    @property
    def folder(self) -> str:
        """Its folder, to print."""
        return self._files.name(self.path)

    @staticmethod
    def _document(files: Files, path: str) -> Source | None:
        return files.read(path, read, [])

    # --- as built ---

    def _manifests_of(self, build: Build) -> Iterator[Manifest]:
        try:
            documents = read_all(self._files.name(self.path), build.output)
        except Invalid as invalid:
            self.problems += invalid.diagnostics
            return
        for document in documents:
            yield self._manifest(document.data, build.root)

    def _manifest(self, data: dict[str, Any], root: str) -> Manifest:
        notes = mapping(data, "metadata", "annotations")
        origin = _note(notes.pop(ORIGIN, ""))
        changes = notes.pop(TRANSFORMATIONS, "")
        if not notes:
            mapping(data, "metadata").pop("annotations", None)
        made_in = text(origin, "path") or text(origin, "configuredIn")
        documents = self._read(self._below(made_in, root)) if made_in else []
        same = [row for row in documents if get(row.data, "kind") == data.get("kind")]
        named = [row for row in same if get(row.data, "metadata", "name") == get(data, "metadata", "name")]
        if not documents:
            manifest = Manifest(data, self.kustomization or Source(self._files.name(self.path), "", {}))
        elif "configuredIn" in origin:
            manifest = Manifest(data, documents[0], ("configMapGenerator", self._generator(data)))
        else:
            manifest = Manifest(data, (named or same or documents)[0])
        last = [line.split(": ", 1)[1] for line in changes.splitlines() if "configuredIn: " in line][-1:]
        changed_in = self._read(self._below(last[0].strip(), root)) if last else []
        manifest.changed_in = changed_in[0] if changed_in else None
        return manifest

    def _below(self, path: str, root: str) -> str:
        """A path of kustomize's as one below rendered/, or as an absolute one where it is elsewhere."""
        whole = os.path.normpath(f"{root}/{path}")
        folder = os.path.realpath(self._files.folder)
        return os.path.relpath(whole, folder) if whole.startswith(f"{folder}/") else whole

    # --- generators ---

    def _generator(self, data: dict[str, Any]) -> int:
        """The index of the generator that made a ConfigMap: kustomize adds a hash to the name."""
        name = text(data, "metadata", "name")
        rows = enumerate(entries(self.kustomization.data if self.kustomization else None, "configMapGenerator"))
        close = [(len(text(row, "name")), index) for index, row in rows if name.startswith(text(row, "name"))]
        return max(close, default=(0, 0))[1]

    def _generated_from(self, name: str, key: str) -> Iterator[str]:
        kustomization = self.kustomization.data if self.kustomization else None
        for generator in entries(kustomization, "configMapGenerator"):
            own = text(generator, "name")
            if name == own or name.rpartition("-")[0] == own:
                for entry in entries(generator, "files"):
                    file_key, _, path = str(entry).rpartition("=")
                    if (file_key or os.path.basename(path)) == key:
                        yield os.path.normpath(f"{self.path}/{path}")


def _note(written: str) -> dict[str, Any]:
    """kustomize's note of an origin."""
    try:
        return read("origin", written.encode()).data if written else {}
    except Invalid:
        return {}
