"""The objects of a rendered cluster, layer by layer, as Flux would apply them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rayfleet.fleet_files import LAYERS
from tests.testing.control_plane.api_server import ApiServer, Manifest
from tests.testing.judges.kubernetes import kustomize_build

# Flux applies these before all others of a layer (kustomize-controller docs, apply order).
_FIRST = ("CustomResourceDefinition", "Namespace", "StorageClass", "GatewayClass")


def layers_of(cluster: Path) -> dict[str, list[Manifest]]:
    """What kustomize builds of each layer of a rendered cluster, and of the folder that Flux starts with."""
    folders = [cluster / name for name in ("flux", *LAYERS)]
    return {folder.name: in_order(kustomize_build(folder)) for folder in folders if folder.is_dir()}


def in_order(manifests: Iterable[Manifest]) -> list[Manifest]:
    return sorted(manifests, key=lambda row: row["kind"] not in _FIRST)


def called(manifest: Manifest) -> str:
    """``PersistentVolume blob-fuse2``."""
    namespace = manifest["metadata"].get("namespace")
    return f"{manifest['kind']} {namespace}/{manifest['metadata']['name']}" if namespace else (
        f"{manifest['kind']} {manifest['metadata']['name']}")  # fmt: skip


class Cluster:
    """What is applied to an API server, so that it can be taken away again."""

    def __init__(self, api: ApiServer) -> None:
        self.api, self.applied = api, dict[str, Manifest]()

    def apply(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """The object as the API server has it then. Raises Refused."""
        found = self.api.apply(manifest, dry_run=dry_run)
        if not dry_run:
            self.applied[called(manifest)] = manifest
        return found

    def delete(self, manifest: Manifest) -> None:
        self.api.delete(manifest)
        self._gone(manifest)

    def namespace(self, name: str) -> None:
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def namespaces_of(self, manifests: Iterable[Manifest]) -> None:
        """The namespaces that the objects are in."""
        for name in sorted({row["metadata"]["namespace"] for row in manifests if "namespace" in row["metadata"]}):
            self.namespace(name)

    def create(self, manifest: Manifest) -> Manifest:
        self.applied[called(manifest)] = manifest
        return self.api.create(manifest)

    def empty(self) -> None:
        """Deletes what was applied, but for namespaces, which are empty then: they take seconds to end."""
        rows = [row for row in self.applied.values() if row["kind"] != "Namespace"]
        for row in rows:
            self.api.delete(row)
        for row in rows:
            self._gone(row)
        self.applied.clear()

    def _gone(self, manifest: Manifest) -> None:
        """Waits until whoever holds it up has let it go."""
        if self.api.read(manifest) is None:
            return
        metadata = manifest["metadata"]
        named = {"fieldSelector": f"metadata.name={metadata['name']}"}
        there = False
        with self.api.watch(manifest["apiVersion"], manifest["kind"], metadata.get("namespace", ""), **named) as events:
            for event in events:
                there = there or event["event"] != "BOOKMARK"
                if event["event"] == "DELETED" or not there:
                    return
