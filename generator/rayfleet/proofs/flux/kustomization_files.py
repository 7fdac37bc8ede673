"""The kustomization.yaml of layers against their folders: what it lists is there, and what is there is listed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rayfleet.diagnostics import many
from rayfleet.proofs.finding import Finding, failed, proved, warned
from rayfleet.proofs.flux.entry import arm_folders
from rayfleet.proofs.flux.rollout import Rollout
from rayfleet.source import Path, Source, read
from rayfleet.tree import Side, Tree, entries, get, record_path

# The fields that hold paths (kubectl docs, kustomization file); text of more than one line is no path.
_LISTS = (
    *("resources", "components", "bases", "configurations", "crds", "generators", "transformers", "validators"),
    "patchesStrategicMerge",
)
_PATHS = ("patches", "replacements")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_MANIFEST = (".yaml", ".yml", ".json")
# Fields that take folders with a kustomization of their own as well as files.
_FOLDERS = frozenset({"resources", "components", "bases", "generators", "transformers", "validators"})


class Entry(NamedTuple):
    """A path that a kustomization lists: ``at`` is where, ``path`` as written."""

    at: Path
    path: str


class _Reach:
    """The files that the layers of a cluster are made of."""

    def __init__(self, tree: Tree) -> None:
        self.files = tree.files
        self.found: set[str] = set()
        self.listed = 0
        self.missing: list[tuple[Side, str, str]] = []  # where, as written, and the path it comes to
        self.unreadable: list[str] = []
        self.remote: list[tuple[Side, str]] = []
        self.circular: list[tuple[Side, str]] = []

    def follow(self, folder: str, kustomization: Source | None, above: tuple[str, ...] = ()) -> None:
        """Takes in a folder and all that its kustomization.yaml leads to."""
        own = f"{folder}/kustomization.yaml"
        if own in self.found:
            return
        self.found.add(own)
        if kustomization is None:
            self.unreadable.append(own)
            return
        for entry in kustomization_paths(kustomization):
            side = Side(kustomization, entry.at)
            path = os.path.normpath(f"{folder}/{entry.path}")
            if "://" in entry.path or entry.path.startswith("git@"):
                self.remote.append((side, entry.path))
            elif path in self.files.content:
                self.listed += 1
                self.found.add(path)
            elif f"{path}/kustomization.yaml" in self.files.content and entry.at[0] in _FOLDERS:
                self.listed += 1
                if path in (folder, *above):
                    self.circular.append((side, entry.path))
                else:
                    self.follow(path, self.files.read(f"{path}/kustomization.yaml", read, []), (folder, *above))
            elif not path.startswith("../"):  # what stands outside rendered/ is kustomize's to miss
                self.missing.append((side, entry.path, path))


def kustomization_paths(kustomization: Source) -> Iterator[Entry]:
    """Every path in a kustomization."""
    for key, rows in kustomization.data.items():
        if not isinstance(rows, list):
            continue
        for index, row in enumerate(rows):
            if key in _LISTS and isinstance(row, str) and "\n" not in row:
                yield Entry((key, index), row)
            elif key in _PATHS and isinstance(found := get(row, "path"), str):
                yield Entry((key, index, "path"), found)
            elif key in _GENERATORS:
                yield from _generator_entries((key, index), row)


def _generator_entries(at: Path, generator: object) -> Iterator[Entry]:
    for field in ("files", "envs"):
        for index, written in enumerate(entries(generator, field)):
            if isinstance(written, str):
                yield Entry((*at, field, index), written.rpartition("=")[2] if field == "files" else written)


def of_cluster(rollout: Rollout, tree: Tree) -> Iterator[Finding]:
    """Files, in both directions."""
    name = rollout.cluster.name
    reach = _Reach(tree)
    for layer in rollout.layers.values():
        reach.follow(layer.path, layer.kustomization)
    whole = True
    for path in reach.unreadable:
        whole = False
        what = f"rendered/{path} cannot be read: no file of its folder is applied"
        yield failed(
            "flux/kustomization-unreadable", name, what, "render it again", Side(Source(tree.files.name(path), "", {}))
        )
    for side, written, path in reach.missing:
        whole = False
        yield failed(
            "flux/file-missing", name, f"{written} is listed, and rendered/{path} is not there", "render it again", side
        )
    for side, written in reach.circular:
        whole = False
        yield failed(
            "flux/kustomization-circle",
            name,
            f"{written} is listed, and lists this folder in turn",
            "take it out of the list",
            side,
        )
    for side, written in reach.remote:
        what = f"{written} is fetched from the network whenever Flux looks: what it brings was not checked"
        yield warned("flux/remote-file", name, what, "copy it into an overlay", side)
    for path in sorted(reach.found):
        if path.startswith("clusters/") and (owner := path.split("/")[1]) != name:
            whole = False
            what = f"it applies rendered/{path}, which is {owner}'s"
            yield failed(
                "flux/file-of-another-cluster",
                name,
                what,
                f"list a file of rendered/clusters/{name}",
                *_lister(reach, rollout, path),
            )
    dead = list(_unlisted_files(reach, rollout, tree))
    yield from dead
    if whole and not dead and reach.listed:
        entry = rollout.cluster.entry
        sides = [Side(entry.kustomization)] if entry and entry.kustomization else []
        what = f"{many(reach.listed, 'listed file')} are there, and none that is there is left out"
        yield proved("flux/file-missing", name, what, *sides)


def _lister(reach: _Reach, rollout: Rollout, path: str) -> Iterator[Side]:
    """The place where a layer lists a path."""
    for layer in rollout.layers.values():
        for entry in kustomization_paths(layer.kustomization) if layer.kustomization else ():
            if path.startswith(os.path.normpath(f"{layer.path}/{entry.path}")):
                yield Side(layer.kustomization or Source("", "", {}), entry.at)
                return


def _unlisted_files(reach: _Reach, rollout: Rollout, tree: Tree) -> Iterator[Finding]:
    """Files that Flux never comes to; of a whole folder, only its kustomization.yaml."""
    cluster, content = rollout.cluster, tree.files.content
    own = {layer.path: layer.kustomization for layer in rollout.layers.values()}
    begun = arm_folders(rollout)
    for path in tree.cluster_files.get(cluster.name, ()):
        folder, _, file = path.rpartition("/")
        layer = "/".join(path.split("/")[:3])
        # The cloud resource is for Anyscale to read, the record for whoever looks for clusters.
        others = (record_path(cluster.name), f"clusters/{cluster.name}/anyscale")
        if path in reach.found or layer in others or layer in begun - own.keys():
            continue
        side = Side(Source(tree.files.name(path), "", {}))
        if file == "kustomization.yaml" and folder == layer:
            what = f"nothing leads to rendered/{folder}: Flux never applies it"
            entry = cluster.entry.kustomization if cluster.entry else None
            listers = [Side(found, ("resources",)) for found in [entry] if found]
            yield failed(
                "flux/layer-not-followed", cluster.name, what, "lead to it from flux/, or remove it", side, *listers
            )
        elif path.endswith(_MANIFEST) and not _is_reported(layer, own, reach, content):
            listers = [Side(found, ("resources",)) for found in [own.get(layer)] if found]
            what = f"rendered/{path} is not listed: Flux never applies it"
            yield warned("flux/file-not-listed", cluster.name, what, "list it, or remove it", side, *listers)


def _is_reported(folder: str, own: Mapping[str, Source | None], reach: _Reach, content: Mapping[str, bytes]) -> bool:
    """True where nothing leads to a folder, or its list cannot be read: then nobody asks for its files."""
    kustomization = f"{folder}/kustomization.yaml"
    return kustomization in content and (kustomization not in reach.found or (folder in own and own[folder] is None))
