"""The names of the values that charts read, and the versions that they were released in (schemas/chart-values.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from rayfleet.facts.versions import number
from rayfleet.package_files import SCHEMAS

# Helm hands these to every chart below another (Helm docs, subcharts and globals).
_GLOBAL = "global"
_Names = Mapping[str, Any]


class UnknownValue(NamedTuple):
    """A value that a chart does not read, and the names that it reads there."""

    path: tuple[str, ...]
    known: tuple[str, ...]


class ValueNames:
    """One chart. ``read`` is the version whose values are known."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.read: str = row["read"]
        self.versions: tuple[str, ...] = tuple(row["versions"])
        self._names: dict[str, Any] = {}
        for path in row["values"]:
            *above, last = path.split(".")
            names = self._names
            for step in above:
                names = names.setdefault(step, {})
            names[last] = None

    def knows(self, version: str) -> bool:
        """True of a version whose values are known: those of a series are taken to be the same."""
        return (number(version) or ())[:2] == (number(self.read) or ())[:2]

    def has_version(self, version: str) -> bool | None:
        """True of a version that was released; None beyond those that the table reaches to."""
        wanted, rows = number(version), [number(row) or () for row in self.versions]
        return wanted in rows if wanted and rows[0] <= wanted <= rows[-1] else None

    def unknown(self, values: Any) -> Iterator[UnknownValue]:
        """The values among these that no template reads, the first step that is unknown of each."""
        yield from _unknown(values, self._names, ())


def _unknown(values: Any, names: _Names, path: tuple[str, ...]) -> Iterator[UnknownValue]:
    for key, value in values.items() if isinstance(values, dict) else ():
        step = (*path, str(key))
        if key not in names:
            if path or key != _GLOBAL:
                yield UnknownValue(step, tuple(names))
        elif names[key] is not None:
            yield from _unknown(value, names[key], step)


@cache
def charts() -> Mapping[str, ValueNames]:
    """The charts that the table has, by their own names."""
    with open(f"{SCHEMAS}/chart-values.json", "rb") as stream:
        return {name: ValueNames(row) for name, row in json.load(stream)["charts"].items()}
