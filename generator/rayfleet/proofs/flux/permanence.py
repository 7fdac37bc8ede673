"""Objects that cannot change in place, against the base commit: volumes, claims, layers and releases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rayfleet.diagnostics import Invalid
from rayfleet.facts.flux import HELM, KUSTOMIZE
from rayfleet.facts.quantity import quantity
from rayfleet.proofs.evidence import Evidence
from rayfleet.proofs.finding import Finding, failed, warned
from rayfleet.proofs.flux.entry import files_of
from rayfleet.proofs.flux.rollout import Rollout, named
from rayfleet.source import Path, Source, read_all
from rayfleet.tree import Side, Tree, get, mapping, text
from rayfleet.tree.cluster import below

_FORCE, _PRUNE = f"{KUSTOMIZE}/force", f"{KUSTOMIZE}/prune"
_BY_HAND = "write what was there; or delete claim and volume by hand first, as docs/storage.md says"
_ABSENT = object()


class _Pair(NamedTuple):
    """A file that is not as it was: its objects then and now. ``path`` is below rendered/."""

    path: str
    before: list[Source]
    now: list[Source]


def of_cluster(rollout: Rollout, evidence: Evidence) -> Iterator[Finding]:
    """Only what stands in rendered/ is compared: a commit has no layers as built."""
    if evidence.base is None or not evidence.had(rollout.cluster.template):
        return
    for path in files_of(evidence.base).get(rollout.cluster.name, ()):
        folder, _, file = path.rpartition("/")
        if file in ("persistentvolume.yaml", "persistentvolumeclaim.yaml"):
            if pair := _changed(path, evidence.base, evidence.tree):
                yield from _stored(rollout, pair)
        elif file == "helmrelease.yaml":
            yield from _releases(rollout, path, evidence)
        elif folder.endswith("/flux") and (pair := _changed(path, evidence.base, evidence.tree)):
            yield from _layers(rollout, pair)


def _changed(path: str, base: Tree, now: Tree) -> _Pair | None:
    """The two sides of a file; None where it is the same, or gone."""
    if path not in now.files.content:
        return None
    try:
        if base.files.content[path] == now.files.content[path]:
            return None
    except Invalid:
        return None
    return _Pair(path, _documents(path, base), _documents(path, now))


def _documents(path: str, tree: Tree) -> list[Source]:
    try:
        files = tree.files
        return read_all(files.name(path), files.content[path]) if path in files.content else []
    except Invalid:
        return []


def _key(data: Any) -> tuple[str, str, str]:
    return text(data, "kind"), text(data, "metadata", "namespace"), text(data, "metadata", "name")


def _moved(old: Source, new: Source) -> Path:
    """The part of its name that is another."""
    same = text(old.data, "metadata", "name") == text(new.data, "metadata", "name")
    return "metadata", "namespace" if same else "name"


# --- volumes and claims ---


def _stored(rollout: Rollout, pair: _Pair) -> Iterator[Finding]:
    """Kubernetes docs, persistent volumes; kubernetes/kubernetes, pkg/apis/core/validation: a volume's source never
    changes, and of a claim's spec only the request, which grows, and volumeAttributesClassName.
    """
    layer = next((row.path for row in rollout.layers.values() if pair.path.startswith(f"{row.path}/")), None)
    if layer is None:
        return  # nothing applies it
    now = {_key(row.data): row for row in pair.now}
    before = {_key(row.data): row for row in pair.before}
    for key, old in before.items():
        new = now.get(key)
        if new is not None:
            yield from _refused(rollout, old, new)
            continue
        other = next((row for other, row in now.items() if other not in before and other[0] == key[0]), None)
        if other is not None and key[0] in ("PersistentVolume", "PersistentVolumeClaim"):
            what = f"its {named(key[0], key[2])} is called {text(other.data, 'metadata', 'name')} now"
            if key[1] != text(other.data, "metadata", "namespace"):
                what += f" and is in {text(other.data, 'metadata', 'namespace')}"
            what += ": the data stays, and what mounts it by the old name loses it"
            at = _moved(old, other)
            yield warned("flux/storage-renamed", rollout.cluster.name, what, _BY_HAND, Side(other, at), Side(old, at))


def _refused(rollout: Rollout, old: Source, new: Source) -> Iterator[Finding]:
    kind, _, name = _key(new.data)
    if kind == "PersistentVolume":
        changes = list(_differences(get(old.data, "spec", "csi"), get(new.data, "spec", "csi"), ("spec", "csi")))
    elif kind == "PersistentVolumeClaim":
        changes = list(_differences(_fixed(old.data), _fixed(new.data), ("spec",)))
        asked = ("spec", "resources", "requests", "storage")
        was, is_ = quantity(get(old.data, *asked)), quantity(get(new.data, *asked))
        if was is not None and is_ is not None and is_ < was:
            changes.append(asked)
    else:
        return
    if not changes or _forced(rollout, _key(new.data)):
        return
    where = ", ".join(".".join(map(str, path)) for path in changes)
    what = f"its {named(kind, name)} has another {where}: Kubernetes refuses that, and its layer stays failed"
    yield failed(
        "flux/immutable-field", rollout.cluster.name, what, _BY_HAND, Side(new, changes[0]), Side(old, changes[0])
    )


def _fixed(data: Any) -> dict[str, Any]:
    """The part of a volume claim's spec that never changes."""
    spec = dict(mapping(data, "spec"))
    spec.pop("volumeAttributesClassName", None)
    resources = {key: value for key, value in mapping(spec, "resources").items() if key != "requests"}
    return {**spec, "resources": resources}


def _differences(old: Any, new: Any, path: Path) -> Iterator[Path]:
    """The paths of all that is not the same."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _differences(old.get(key, _ABSENT), new.get(key, _ABSENT), (*path, key))
    elif old != new:
        yield path


def _forced(rollout: Rollout, key: tuple[str, str, str]) -> bool:
    """True where Flux deletes it and makes it anew (kustomize-controller docs, force)."""
    for layer, manifest in rollout.of_kind(key[0]):
        if _key(manifest.data) == key:
            said = text(manifest.data, "metadata", "annotations", _FORCE) or text(
                manifest.data, "metadata", "labels", _FORCE
            )
            kustomization = rollout.kustomizations.get(layer)
            whole = kustomization is not None and get(kustomization.data, "spec", "force") is True
            return said.lower() == "enabled" or whole
    return False


# --- layers ---


def _layers(rollout: Rollout, pair: _Pair) -> Iterator[Finding]:
    """A Kustomization of another name is another: the one before is pruned, and deletes what it applied
    (kustomize-controller docs, prune and deletionPolicy).
    """
    now = {below(text(row.data, "spec", "path")): row for row in pair.now if _applies(row)}
    there = {_key(row.data) for row in rollout.kustomizations.values()}
    for old in pair.before:
        new = now.get(below(text(old.data, "spec", "path")))
        if not _applies(old) or new is None or _key(old.data) in there:
            continue
        policy = text(old.data, "spec", "deletionPolicy") or "MirrorPrune"
        deletes = policy in ("Delete", "WaitForTermination")
        if _kept(old) or not (deletes or (policy == "MirrorPrune" and get(old.data, "spec", "prune") is True)):
            continue
        was = _called(old.data)
        what = f"its layer {was} is called {_called(new.data)} now: Flux prunes the old one, and all that it made"
        at = _moved(old, new)
        yield failed(
            "flux/layer-renamed", rollout.cluster.name, what, f"call it {was} again", Side(new, at), Side(old, at)
        )


def _applies(row: Source) -> bool:
    return text(row.data, "kind") == "Kustomization" and text(row.data, "apiVersion").startswith(f"{KUSTOMIZE}/")


def _kept(row: Source) -> bool:
    metadata = mapping(row.data, "metadata")
    return "disabled" in [text(metadata, key, _PRUNE).lower() for key in ("annotations", "labels")]


# --- releases ---


def _releases(rollout: Rollout, path: str, evidence: Evidence) -> Iterator[Finding]:
    """A release that leaves its layer, or has another name, is uninstalled with the object that goes."""
    base, now = evidence.base, evidence.tree
    folder, file = "/".join(path.split("/")[:3]), now.files.name(path)
    here = [(rollout.layers[layer].path, row.manifest) for layer, row in rollout.releases]
    own = [(where, row) for where, row in here if row.written.file == file]
    if base is None or not _prunes(rollout, folder):
        return
    if own and all(where == folder for where, _ in own) and _changed(path, base, now) is None:
        return
    before = [row for row in _documents(path, base) if text(row.data, "apiVersion").startswith(f"{HELM}/")]
    known = {_key(row.data) for row in before}
    new = next((row for _, row in own if _key(row.written.data) not in known), None)
    for old in before:
        same = [(where, row) for where, row in here if _key(row.written.data) == _key(old.data)]
        if _kept(old) or any(where == folder for where, _ in same):
            continue
        name, at = text(old.data, "metadata", "name"), ("metadata", "name")
        if same:
            (where, moved), was = same[0], folder.rpartition("/")[2]
            what = f"its release {name} is in {where.rpartition('/')[2]} and was in {was}: Flux uninstalls it there"
            yield failed(
                "flux/release-renamed", rollout.cluster.name, what, f"leave it in {was}", moved.side(*at), Side(old, at)
            )
        elif new:
            what = f"its release {_called(old.data)} is called {_called(new.written.data)} now: Flux uninstalls it"
            yield failed(
                "flux/release-renamed",
                rollout.cluster.name,
                what,
                f"call it {_called(old.data)} again",
                new.side(*at),
                Side(old, at),
            )


def _prunes(rollout: Rollout, folder: str) -> bool:
    """True where Flux deletes what leaves a folder."""
    rows = rollout.kustomizations.items()
    found = next((row for name, row in rows if name in rollout.layers and rollout.layers[name].path == folder), None)
    return found is not None and get(found.data, "spec", "prune") is True


def _called(data: Any) -> str:
    return f"{text(data, 'metadata', 'namespace')}/{text(data, 'metadata', 'name')}"
