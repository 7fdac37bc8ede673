"""Objects of one cluster in two trees, as the files of rendered/ have them, paired by kind, namespace and name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rayfleet.changes.change import Change
from rayfleet.changes.list_keys import named_entries, written_path
from rayfleet.diagnostics import Diagnostic, Invalid
from rayfleet.facts.change_classes import ChangeRow, PropertyDifference, Steps, classify, outermost, row_for
from rayfleet.facts.flux import KUSTOMIZE
from rayfleet.facts.quantity import quantity
from rayfleet.source import Path, Source, read_all
from rayfleet.tree import Side, Tree, get, mapping, text
from rayfleet.tree.cluster import folder_in_rendered
from rayfleet.tree.helm_release import identity

_NAME: Steps = ("metadata", "name")
_LAYER: Steps = ("layer",)
RELEASE, KUSTOMIZATION = "HelmRelease.helm.toolkit.fluxcd.io", f"Kustomization.{KUSTOMIZE}"
_QUANTITIES = ("requests", "capacity")
# What makes an object another one, and what only says how it is read.
_APART = {"apiVersion", "kind", "metadata", "status"}
# kustomize-controller docs: an annotation or a label that is "disabled" keeps an object, one "enabled" makes it anew.
_KEPT = ChangeRow("ignored", says="Flux leaves it in the cluster", source="FLUX kustomize-controller, prune")


class KubernetesObject(NamedTuple):
    """An object in a file, which is named by its path below rendered/. A Helm release has ``values`` beside it."""

    file: str
    source: Source
    values: Source | None = None

    @property
    def kind(self) -> str:
        """Its kind with its group, in which no version is."""
        group, found, _ = text(self.source.data, "apiVersion").rpartition("/")
        return f"{text(self.source.data, 'kind')}.{group}" if found else text(self.source.data, "kind")

    @property
    def key(self) -> tuple[str, str, str]:
        metadata = mapping(self.source.data, "metadata")
        return self.kind, text(metadata, "namespace"), text(metadata, "name")

    @property
    def layer(self) -> str:
        """The folder in its cluster's: ``platform``."""
        return self.file.split("/")[2]

    @property
    def document(self) -> dict[str, Any]:
        own = mapping(self.source.data)
        return {**own, "values": self.values.data} if self.values else own

    def side(self, path: Path) -> Side:
        """A value of it, or of its values."""
        return Side(self.values, path[1:]) if self.values and path[:1] == ("values",) else Side(self.source, path)

    def mark(self, what: str) -> str:
        """The value of an annotation of Flux, or of a label, in lower case."""
        metadata, key = mapping(self.source.data, "metadata"), f"{KUSTOMIZE}/{what}"
        return (text(metadata, "annotations", key) or text(metadata, "labels", key)).lower()


def objects(tree: Tree, file: str, problems: list[Diagnostic]) -> list[KubernetesObject]:
    """The objects in a file; none where it is no more, or cannot be read, which is then among the ``problems``."""
    folder, _, name = file.rpartition("/")
    sources = [row for row in _documents(tree, file, problems) if text(row.data, "metadata", "name")]
    values = _documents(tree, f"{folder}/values.yaml", problems) if name == "helmrelease.yaml" else []
    return [KubernetesObject(file, row, values[0] if values else None) for row in sources]


def _documents(tree: Tree, file: str, problems: list[Diagnostic]) -> list[Source]:
    try:
        files = tree.files
        return read_all(files.name(file), files.content[file]) if file in files.content else []
    except Invalid as invalid:
        problems += invalid.diagnostics
        return []


def differing_files(before: Tree, now: Tree, cluster: str) -> Iterator[str]:
    """The files of a cluster that are not the same in both trees, a release's for its values."""
    old, new = (tree.cluster_files.get(cluster, ()) for tree in (before, now))
    found = {}
    for path in dict.fromkeys((*old, *new)):
        if not path.endswith(".yaml") or same_file(path, before, now):
            continue
        folder, _, name = path.rpartition("/")
        release = f"{folder}/helmrelease.yaml"
        there = release in before.files.content or release in now.files.content
        found[release if name == "values.yaml" and there else path] = True
    return iter(found)


def same_file(path: str, before: Tree, now: Tree) -> bool:
    """True where a file is as it was; one that cannot be read counts as that."""
    try:
        return before.files.content.get(path) == now.files.content.get(path)
    except Invalid:
        return True


def cluster_changes(before: Tree, now: Tree, cluster: str) -> Iterator[Change]:
    """Every change of a cluster's objects: of one after another as the files have them, then what is new."""
    files = list(differing_files(before, now, cluster))
    unread: list[Diagnostic] = []  # a tree that is judged says itself what of it cannot be read
    old = {row.key: row for file in files for row in objects(before, file, before.problems)}
    new = {row.key: row for file in files for row in objects(now, file, unread)}
    gone = [row for key, row in old.items() if key not in new]
    made = [row for key, row in new.items() if key not in old]
    renamed = {row.key: other for row, other in _renames(gone, made)}
    for key, row in old.items():
        if key in new:
            yield from _property_changes(row, new[key], cluster)
        else:
            yield _removal(row, renamed.get(key), cluster)
    came = {row.key for row in renamed.values()}
    for row in made:
        if row.key not in came:
            yield Change("made", _id(row), row.kind, cluster, (), None, row.document, None, row.side(_NAME), None)


def _id(row: KubernetesObject) -> str:
    return "/".join(row.key)


def _removal(old: KubernetesObject, becomes: KubernetesObject | None, cluster: str) -> Change:
    name = old.key[2]
    if becomes is None:
        row = _KEPT if old.mark("prune") == "disabled" else row_for(old.kind, _NAME, name, None, old.document)
        return Change("gone", _id(old), old.kind, cluster, (), old.document, None, old.side(_NAME), None, row)
    row = row_for(old.kind, _NAME, name, becomes.key[2], becomes.document)
    at = ("metadata", "namespace" if name == becomes.key[2] else "name")
    sides = old.side(at), becomes.side(at)
    return Change("renamed", _id(old), old.kind, cluster, (), _id(old), _id(becomes), *sides, row)


def _renames(
    gone: Iterable[KubernetesObject], made: list[KubernetesObject]
) -> Iterator[tuple[KubernetesObject, KubernetesObject]]:
    """Pairs of an object and the one that stands for it now, under another name or in another namespace."""
    left = list(made)
    for row in gone:
        alike = [other for other in left if other.kind == row.kind and _is_successor(other, row)]
        if alike:
            left.remove(alike[0])
            yield row, alike[0]


def _is_successor(new: KubernetesObject, old: KubernetesObject) -> bool:
    """A layer has the same path, and anything else is in the same file."""
    if old.kind == KUSTOMIZATION:
        path = folder_in_rendered(text(old.document, "spec", "path"))
        return path is not None and path == folder_in_rendered(text(new.document, "spec", "path"))
    return new.file == old.file


# --- property by property ---


def _property_changes(old: KubernetesObject, new: KubernetesObject, cluster: str) -> Iterator[Change]:
    if old.layer != new.layer:
        row = row_for(new.kind, _LAYER, old.layer, new.layer, new.document)
        sides = old.side(_NAME), new.side(_NAME)
        yield Change("changed", _id(new), new.kind, cluster, _LAYER, old.layer, new.layer, *sides, row)
    before, after = comparable(old), comparable(new)
    if not (old.values and new.values):  # one that moved may have left its values where they were
        before.pop("values", None)
        after.pop("values", None)
    found: list[PropertyDifference] = []
    for key in dict.fromkeys((*before, *after)):
        found += classify(new.kind, (key,), before.get(key), after.get(key), new.document)
    for difference in outermost(found):
        was, becomes = (written_path(side.document, difference.path) for side in (old, new))
        values, sides = (get(old.document, *was), get(new.document, *becomes)), (old.side(was), new.side(becomes))
        row = _recreation_row(difference.row, new)
        yield Change("changed", _id(new), new.kind, cluster, difference.path, *values, *sides, row)


def _recreation_row(row: ChangeRow, new: KubernetesObject) -> ChangeRow:
    """The row as Flux acts: it deletes what Kubernetes refuses, and makes it again, where the object says so."""
    return row.recreated if row.refused and new.mark("force") == "enabled" else row


def comparable(row: KubernetesObject) -> dict[str, Any]:
    """An object as the API server compares it: quantities as numbers, and what Flux fills in of a release."""
    found = {key: _comparable(value, (key,)) for key, value in row.document.items() if key not in _APART}
    if row.kind == RELEASE:
        found["spec"] = {**mapping(found, "spec"), **identity(row.source.data)}
    return found


def _comparable(value: Any, path: Steps) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _comparable(part, (*path, str(key))) for key, part in value.items()}
    if isinstance(value, list):
        named = named_entries(value, path)
        return value if named is None else _comparable(named, path)
    if set(_QUANTITIES) & set(path) and (number := quantity(value)) is not None:
        return number
    return value
