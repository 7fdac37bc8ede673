"""The origin of a cluster's value in fleet.yaml: the topmost level that says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rayfleet.diagnostics import Diagnostic
from rayfleet.source import Path, Source


class Origin:
    """Finds the level behind a merged value, only when there is something to report about it."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def at(self, cluster: str, path: Sequence[str | int], what: str, fix: str, *, key: bool = False) -> Diagnostic:
        """A finding about a setting of a cluster, placed at the level that set it."""
        return self.source.diagnostic(self.path(cluster, path), what, fix, key=key)

    def path(self, cluster: str, path: Sequence[str | int]) -> Path:
        """The path of a setting; the path of the cluster itself where no level says it (a default of the schema)."""
        region = self.source.data["clusters"][cluster]["region"]
        levels: tuple[Path, ...] = (("clusters", cluster), ("regions", region), ("defaults",))
        for depth in range(len(path), 0, -1):
            for level in levels:
                whole = (*level, *path[:depth])
                if _has_path(self.source.data, whole):
                    return whole
        return ("clusters", cluster)


def _has_path(data: Any, path: Path) -> bool:
    for step in path:
        there = step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        if not there:
            return False
        data = data[step]
    return True
