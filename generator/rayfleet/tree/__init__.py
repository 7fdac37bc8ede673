"""The tree: rendered/ read back from its files alone. The model that made it plays no part."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property

from rayfleet.diagnostics import Diagnostic
from rayfleet.facts.catalogue import Catalogue
from rayfleet.facts.platforms import made_by_template
from rayfleet.facts.resource_types import CLUSTER
from rayfleet.source import Source, read, read_json
from rayfleet.tree.aks import AksCluster
from rayfleet.tree.arm_expression import DeploymentScope
from rayfleet.tree.arm_template import DeploymentRow, Resource, Template
from rayfleet.tree.cluster import RenderedCluster
from rayfleet.tree.cluster_record import ClusterRecord
from rayfleet.tree.files import Files
from rayfleet.tree.kustomize import Kustomize
from rayfleet.tree.layer import Layer
from rayfleet.tree.place import Side, entries, get, mapping, text

DEPLOYMENTS = "azure/deployments.json"


class Tree:
    """A rendered tree, and the bindings beside it. What cannot be read is in ``problems``. ``like`` is a tree that has
    much of the same: its templates that are the same here are taken over, and not read again.
    """

    def __init__(
        self,
        files: Files,
        bindings: Source | None = None,
        catalogue: Catalogue | None = None,
        kustomize: Kustomize | None = None,
        like: Tree | None = None,
    ) -> None:
        self.files = files
        self.bindings = bindings
        self.catalogue = catalogue or Catalogue({})
        self.kustomize = kustomize
        self._like = like
        self.problems: list[Diagnostic] = []

    # --- ARM ---

    @cached_property
    def deployments_file(self) -> Source | None:
        return self.files.read(DEPLOYMENTS, read_json, self.problems)

    @cached_property
    def deployments(self) -> tuple[DeploymentRow, ...]:
        """The rows of deployments.json, in order."""
        source = self.deployments_file
        rows = enumerate(entries(source.data, "deployments")) if source else ()
        return tuple(_deployment(source, index, row) for index, row in rows if source and isinstance(row, dict))

    @cached_property
    def subscriptions(self) -> frozenset[str]:
        """The subscriptions that it is deployed to, in lower case."""
        return frozenset(row.scope.subscription.lower() for row in self.deployments)

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        """Every ARM template, in the order in which they are deployed; those that nothing deploys last."""
        deploys = {row.template: row for row in self.deployments}
        others = [path.removeprefix("azure/") for path in self.files.content if _is_template(path)]
        known = {row.path: row for row in self._like.templates} if self._like else {}
        found = []
        for name in dict.fromkeys([*deploys, *sorted(others)]):
            path, row = f"azure/{name}", deploys.get(name)
            if path in known and row and _is_same(known[path], row, self.files.content.get(path)):
                found.append(known[path])
            elif (source := self.files.read(path, read_json, self.problems)) is not None:
                if not isinstance(source.data.get("resources", []), list):
                    what = "resources is no list, so that nothing in it was read"
                    self.problems.append(source.diagnostic(("resources",), what, "render it again"))
                found.append(Template(path, source, row))
        return tuple(found)

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Every ARM resource by id; of two with one id, the first."""
        found: dict[str, Resource] = {}
        for template in self.templates:
            for identifier, resource in template.by_id.items():
                found.setdefault(identifier, resource)
        return found

    def of_type(self, kind: str) -> list[Resource]:
        """Every ARM resource of a type."""
        return [row for template in self.templates for row in template.of_type(kind)]

    # --- clusters ---

    def clusters(self) -> Iterator[RenderedCluster]:
        """Every cluster, one at a time: what was read of one may be forgotten before the next is."""
        if self.kustomize:
            self.kustomize.begin(_layers_of(self.files, self.cluster_names))
        yield from self.unread_clusters()

    def unread_clusters(self) -> Iterator[RenderedCluster]:
        """Every cluster, of which no layer is read yet: those of AKS in the order of their templates, then others. A
        tree of before there were records has what its templates make; a record of AKS that none makes is no cluster.
        """
        for resource in self.of_type(CLUSTER):
            yield self._cluster(resource.name, AksCluster(resource, self.catalogue))
        for name in sorted(self._clusters_without_aks):
            yield self._cluster(name, None)

    @cached_property
    def cluster_names(self) -> frozenset[str]:
        """The names of its clusters."""
        return self._clusters_without_aks | {row.name for row in self.of_type(CLUSTER)}

    @cached_property
    def _clusters_without_aks(self) -> frozenset[str]:
        """Clusters that no managedClusters resource makes."""
        others = (row.name for row in self.records.values() if not made_by_template(row.platform))
        return frozenset(others) - {row.name for row in self.of_type(CLUSTER)}

    @cached_property
    def records(self) -> dict[str, ClusterRecord]:
        """The records that can be read, by the name of their folder."""
        found = {}
        for name in sorted(self.cluster_folders):
            source = self.files.read(record_path(name), read_json, self.problems)
            if source is not None:
                found[name] = ClusterRecord(name, source, self.catalogue)
        return found

    def _cluster(self, name: str, aks: AksCluster | None) -> RenderedCluster:
        bound = None
        if self.bindings and mapping(self.bindings.data, "clusters", name):
            bound = Side(self.bindings, ("clusters", name))
        return RenderedCluster(name, self.records.get(name), aks, self.files, bound, self.layer)

    @cached_property
    def cluster_files(self) -> dict[str, list[str]]:
        """The files in each folder of rendered/clusters/, by the folder's name."""
        found: dict[str, list[str]] = {}
        for path in self.files.content:
            if path.startswith("clusters/"):
                found.setdefault(path.split("/")[1], []).append(path)
        return found

    @cached_property
    def cluster_folders(self) -> frozenset[str]:
        """The names of the folders in rendered/clusters/."""
        return frozenset(name for name, paths in self.cluster_files.items() if paths != [f"clusters/{name}"])

    def layer(self, path: str) -> Layer:
        """The layer at a path below rendered/."""
        there = self.kustomize and f"{path}/kustomization.yaml" in self.files.content
        return Layer(self.files, path, self.kustomize.take(path) if self.kustomize and there else None)

    # --- Anyscale ---

    @cached_property
    def compute_configs(self) -> dict[str, Source]:
        """The compute configs by accelerator."""
        found = {}
        for path in self.files.content:
            if path.startswith("anyscale/") and path.endswith("/compute_config.yaml"):
                source = self.files.read(path, read, self.problems)
                if source is not None:
                    found[path.split("/")[1]] = source
        return found


def record_path(cluster: str) -> str:
    return f"clusters/{cluster}/cluster.json"


def _layers_of(files: Files, names: Collection[str]) -> list[str]:
    """The layers of clusters, in order of path, so that those of one cluster are built together."""
    ends = "/kustomization.yaml"
    layers = [path.removesuffix(ends) for path in files.content if path.startswith("clusters/") and path.endswith(ends)]
    return [layer for layer in layers if layer.split("/")[1] in names and layer.count("/") == 2]


def _is_template(path: str) -> bool:
    return path.startswith("azure/") and path.endswith(".json") and path != DEPLOYMENTS


def _is_same(template: Template, row: DeploymentRow, content: bytes | None) -> bool:
    """True where a template has that text, and is deployed as a row says."""
    own = template.deployment
    return own is not None and own[1:] == row[1:] and content is not None and template.source.has(content)


def _deployment(source: Source, index: int, row: dict[str, object]) -> DeploymentRow:
    scope = DeploymentScope(text(row, "scope", "subscriptionId"), text(row, "scope", "resourceGroup"))
    waits = tuple(name for name in entries(row, "dependsOn") if isinstance(name, str))
    side = Side(source, ("deployments", index))
    return DeploymentRow(side, text(row, "name"), text(row, "template"), text(row, "location"), scope, waits)


__all__ = [
    "AksCluster",
    "DeploymentRow",
    "RenderedCluster",
    "Resource",
    "Side",
    "Template",
    "Tree",
    "entries",
    "get",
    "mapping",
    "record_path",
    "text",
]
