"""The values of one document against a table of those that its properties take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from rayfleet.diagnostics import did_you_mean
from rayfleet.facts.kubernetes_values import KUBERNETES_VALUES
from rayfleet.facts.property_values import EACH, Exactly, Form, NumberRange, PropertyValues, Words
from rayfleet.source import Path
from rayfleet.tree import get, text


class Misfit(NamedTuple):
    """A value that its property does not take, with the row that says so."""

    path: Path
    written: Any
    row: PropertyValues

    def sentence(self, who: str, takes: str) -> str:
        """``who`` is its owner, ``takes`` the system that refuses it."""
        values = self.row.values
        said = f"{who} has the {self.row.key} {_shown(self.written)}"
        if isinstance(values, Words) and isinstance(self.written, str) and self.written in values.refused:
            return f"{said}, {values.refused[self.written]}"
        if isinstance(values, Exactly):
            return f"{said}, and every fleet has {values.says}: {values.why}"
        kind = " as text" if isinstance(values, Words | Form) and not isinstance(self.written, str) else ""
        return f"{said}, and {takes} accepts {values.says}{kind}"

    @property
    def fix(self) -> str:
        values = self.row.values
        if isinstance(values, NumberRange):
            return "write such a number" if values.most is None else "write a number between them"
        if isinstance(values, Form | Exactly):
            return f"write {values.says}"
        near = did_you_mean(self.written, values.words) if isinstance(self.written, str) else ""
        return f"write {values.words[0]}" if len(values.words) == 1 else f"write one of them{near}"


def misfits(data: Any, rows: Sequence[PropertyValues]) -> Iterator[Misfit]:
    """Each value once: of several rows of a path the first counts that is about the document."""
    judged: set[Path] = set()
    for row in rows:
        for path, written in places(data, row.path):
            if path in judged or (row.where and get(data, *path[:-1], row.where[0]) != row.where[1]):
                continue
            judged.add(path)
            if not row.values.takes(written):
                yield Misfit(path, written, row)


def is_legal(data: Any, *path: str | int) -> bool:
    """False for a field of a Kubernetes object with a value that flux/value speaks of."""
    kind = text(data, "apiVersion").rpartition("/")[0], text(data, "kind")
    return all(misfit.path != path for misfit in misfits(data, KUBERNETES_VALUES.get(kind, ())))


def places(data: Any, steps: Sequence[str], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The values at a path in which a step may be each of a list or of an object. A value of null is none."""
    if not steps:
        if data is not None:
            yield above, data
        return
    step, *rest = steps
    if step != EACH:
        if isinstance(data, dict) and step in data:
            yield from places(data[step], rest, (*above, step))
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from places(value, rest, (*above, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from places(value, rest, (*above, index))


def absent(data: Any, rows: Iterable[Sequence[str]]) -> Iterator[Path]:
    """The paths that a document leaves out, of those that it has the object for. A value of null is none."""
    for steps in rows:
        for path, above in places(data, steps[:-1]):
            if isinstance(above, dict) and above.get(steps[-1]) is None:
                yield (*path, steps[-1])


def _shown(written: Any) -> str:
    said = written if isinstance(written, str) else str(written).lower() if isinstance(written, bool) else str(written)
    return f"{said:.60}" if said else '""'
