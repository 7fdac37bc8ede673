"""References to elsewhere in the kustomizations of a layer, found without running kustomize."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from rayfleet.diagnostics import Invalid
from rayfleet.fleet_files import open_regular
from rayfleet.source import Path, Source, read
from rayfleet.tree.place import Side, entries

# URLs, and what kustomize gives to git or to a registry (kubernetes-sigs/kustomize v5.8, api/internal/git/repospec.go,
# api/internal/loader/fileloader.go). Rather too much than too little: who writes an overlay chooses the host.
_START = re.compile(r"git::|[a-z][a-z0-9+.-]*://|https?:|gh:|[\w.-]+@[^/]+[:/]|(?:www\.)?github\.com[:/]", re.I)
_INSIDE = re.compile(r"git::|://|https?:|\bgh:|\w@\w|github\.com[:/]|_git/|\\[ux]", re.I)
_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_PLUGINS = ("generators", "transformers", "validators")
_FOLDERS = ("resources", "bases", "components", *_PLUGINS)
# Keys below which nothing is a path.
_NO_PATHS = frozenset({
    "apiVersion", "kind", "metadata", "images", "labels", "commonLabels", "commonAnnotations", "literals", "patch",
    "options", "generatorOptions", "namePrefix", "nameSuffix", "namespace", "target", "replicas", "vars",
    "buildMetadata",
})  # fmt: skip


class RemoteBase(NamedTuple):
    """Something from elsewhere: where it is named, and as what."""

    side: Side
    reference: str


def remote_base(folder: str) -> RemoteBase | None:
    """The first that the kustomization in a folder leads to, whatever file or overlay names it."""
    return next(_of_folder(folder, set()), None)


def _of_folder(folder: str, seen: set[str]) -> Iterator[RemoteBase]:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    for name in _NAMES:
        content = _content(f"{real}/{name}")
        if content is None:
            continue
        file = os.path.relpath(f"{real}/{name}")
        try:
            kustomization = read(file, content)
        except Invalid:  # kustomize reads more YAML than we do
            yield from _of_text(file, content)
            continue
        for path, reference in _references(kustomization.data):
            yield RemoteBase(Side(kustomization, path), reference)
        for key in _FOLDERS:
            for entry in filter(_is_path, entries(kustomization.data, key)):
                yield from _of_entry(f"{real}/{entry}", key, seen)


def _of_entry(path: str, key: str, seen: set[str]) -> Iterator[RemoteBase]:
    if os.path.isdir(path):
        yield from _of_folder(path, seen)
    elif key in _PLUGINS and (content := _content(path)) is not None:
        yield from _of_text(os.path.relpath(path), content)


def _of_text(file: str, content: bytes) -> Iterator[RemoteBase]:
    """Text of which nobody here knows what is a path."""
    text = content.decode(errors="replace")
    if found := _INSIDE.search(text):
        line = text[text.rfind("\n", 0, found.start()) + 1 :].partition("\n")[0].strip()
        yield RemoteBase(Side(Source(file, "", {})), line)


def _references(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for key, value in data.items():
        for path, text in _texts(value, (key,)):
            if "\n" in text:
                remote = key in _PLUGINS and bool(_INSIDE.search(text))
            else:
                starts = (text.strip(), text.rpartition("=")[2].strip())
                remote = "_git/" in text or any(map(_START.match, starts))
            if remote:
                yield path, text.strip().partition("\n")[0]


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Path, str]]:
    if path[-1] in _NO_PATHS:
        return
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _texts(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _texts(below, (*path, index))


def _is_path(entry: Any) -> bool:
    return isinstance(entry, str) and "\n" not in entry


def _content(path: str) -> bytes | None:
    try:
        with open_regular(path) as stream:
            return stream.read()
    except (OSError, ValueError):  # not there, or no path at all
        return None
