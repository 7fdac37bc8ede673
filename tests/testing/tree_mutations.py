"""Mutations of a rendered tree, generated: every key deleted, one more and one less, flipped, renamed, swapped.

A mutation is told by its kind of object and its property, both without what differs between two of a kind: the
deletion of ``maxSurge`` in one pool and in another is one mutation with two places.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import pairwise
from typing import Any, NamedTuple

from rayfleet.source import read_all, read_json
from tests.testing.broken_trees import BINDINGS
from tests.testing.garbage import paths, replaced

Path = tuple[Any, ...]
#: At so many places at most each mutation is tried.
PLACES = 2


class Mutation(NamedTuple):
    """``kind`` is an ARM type, a Kubernetes kind, ``values of CHART``, or a file's name; ``path`` leads to the value in
    the document ``number`` of a file. ``other`` is the value that stands there then.
    """

    kind: str
    property: str
    mutation: str
    file: str
    number: int
    path: Path
    other: Any = None

    def __str__(self) -> str:
        return f"{self.kind} {self.property} {self.mutation}"


def mutations(files: Mapping[str, bytes]) -> list[Mutation]:
    """All of a tree's, each at a few places: of clusters alike, and of what is generated for readers only, one."""
    names = sorted({path.split("/")[1] for path in files if path.startswith("clusters/")})
    counts: dict[tuple[str, ...], int] = {}
    found = []
    for file in sorted(files):
        if file.endswith(".md") or file == BINDINGS:
            continue
        for row in _of_file(file, files[file], names):
            key = (row.kind, row.property, row.mutation)
            counts[key] = counts.get(key, 0) + 1
            if counts[key] <= PLACES:
                found.append(row)
    return found


def mutated(files: Mapping[str, bytes], row: Mutation) -> dict[str, bytes]:
    """The tree with one mutation."""
    documents = _documents(row.file, files[row.file])
    before = documents[row.number]
    documents[row.number] = (
        _without(before, row.path) if row.mutation == "delete" else replaced(before, row.path, row.other)
    )
    return {**files, row.file: _written(row.file, documents)}


def _of_file(file: str, content: bytes, clusters: list[str]) -> Iterator[Mutation]:
    for number, document in enumerate(_documents(file, content)):
        for path in paths(document):
            if path[:1] == ("metadata",) and "_generator" in path:
                continue
            kind, property_ = _told(file, document, path)
            for mutation, other in _variants(_at(document, path), clusters):
                yield Mutation(kind, property_, mutation, file, number, path, other)


def _variants(value: Any, clusters: list[str]) -> Iterator[tuple[str, Any]]:
    yield "delete", None
    if isinstance(value, bool):
        yield "flip", not value
    elif isinstance(value, int):
        yield from (("more", value + 1), ("less", value - 1))
    elif isinstance(value, str):
        yield "rename", f"{value}x"
        for one, other in pairwise(clusters):
            if one in value or other in value:
                yield "swap", value.replace(one, "\0").replace(other, one).replace("\0", other)
                return


def _told(file: str, document: Any, path: Path) -> tuple[str, str]:
    """The kind and the property of a place."""
    if file.startswith("azure/") and path[:1] == ("resources",) and len(path) > 1:
        return str(document["resources"][path[1]]["type"]), _dotted(path[2:])
    if isinstance(document, dict) and "kind" in document and "apiVersion" in document:
        return str(document["kind"]), _dotted(path)
    parts = file.split("/")
    if parts[-1] in ("values.yaml", "overrides.yaml"):
        return f"values of {parts[-2]}", _dotted(path)
    return parts[-1] if not file.startswith("azure/") or "deployments" in file else "template", _dotted(path)


def _dotted(path: Path) -> str:
    """Entries of a list, and names that people chose, are all alike."""
    return ".".join("*" if isinstance(step, int) or _CHOSEN.intersection(path[max(0, at - 1) : at]) else str(step)
                    for at, step in enumerate(path))  # fmt: skip


# The maps whose keys are names: of tags, labels, instance types, configurations.
_CHOSEN = {
    "tags",
    "nodeLabels",
    "labels",
    "annotations",
    "additional",
    "outputs",
    "parameters",
    "userAssignedIdentities",
}


def _documents(file: str, content: bytes) -> list[Any]:
    if file.endswith(".json"):
        return [deepcopy(read_json(file, content).data)]
    return [deepcopy(row.data) for row in read_all(file, content)]


def _written(file: str, documents: list[Any]) -> bytes:
    if file.endswith(".json"):
        return json.dumps(documents[0], indent=2).encode()
    return "\n---\n".join(json.dumps(row, indent=2) for row in documents).encode()


def _at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def _without(document: Any, path: Path) -> Any:
    rest = deepcopy(document)
    holder = _at(rest, path[:-1])
    del holder[path[-1]]
    return rest
