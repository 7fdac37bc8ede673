"""One side of a seam: a value in a document, whose place is looked up only when it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rayfleet.source import Path, Source

_MISSING = object()


class Side(NamedTuple):
    """A value at ``path`` of a document."""

    source: Source
    path: Path = ()

    @property
    def place(self) -> tuple[str, int, int]:
        """File, line and column; the nearest parent's where the value is absent."""
        return self.source.file, *self.source.place(self.path)

    def at(self, *path: str | int) -> Side:
        """A value below it."""
        return Side(self.source, (*self.path, *path))


def get(data: Any, *path: str | int, default: Any = None) -> Any:
    """The value at ``path``, or ``default`` where any step is missing: rendered files may have been edited."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step, _MISSING)
        elif isinstance(data, list) and isinstance(step, int) and -len(data) <= step < len(data):
            data = data[step]
        else:
            return default
        if data is _MISSING:
            return default
    return data


def mapping(data: Any, *path: str | int) -> dict[str, Any]:
    """The mapping at ``path``, an empty one where there is none."""
    found = get(data, *path)
    return found if isinstance(found, dict) else {}


def entries(data: Any, *path: str | int) -> Sequence[Any]:
    """The list at ``path``, an empty one where there is none."""
    found = get(data, *path)
    return found if isinstance(found, list) else ()


def text(data: Any, *path: str | int) -> str:
    """The string at ``path``, an empty one where there is none."""
    found = get(data, *path)
    return found if isinstance(found, str) else ""
