"""Lists that are taken for maps: an entry goes by a name that it has, wherever it stands."""

from __future__ import annotations

from typing import Any

from rayfleet.facts.change_classes import Steps
from rayfleet.source import Path
from rayfleet.tree import get, text

# By the key of the list (Gateway API and KubeRay: their types' listMapKey; Anyscale CLI 0.26.112, MultiResourceConfig).
_NAMES = {"listeners": "name", "workerGroupSpecs": "groupName", "configs": "cloud_resource"}


def named_entries(value: list[Any], path: Steps) -> dict[str, Any] | None:
    """The entries of a list by their names; None where it is no such list, or they have none of their own."""
    by = _NAMES.get(path[-1])
    found = {text(row, by): row for row in value} if by else {}
    return found if by and len(found) == len(value) and "" not in found else None


def written_path(data: Any, path: Steps) -> Path:
    """A path as it is written, with places in lists for names."""
    found: tuple[str | int, ...] = ()
    for step in path:
        at = get(data, *found)
        by = _NAMES.get(str(found[-1])) if found else None
        names = [text(row, by) for row in at] if by and isinstance(at, list) else []
        found = (*found, names.index(step) if step in names else step)
    return found
