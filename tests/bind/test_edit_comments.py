"""However people write bindings.yaml: an edit says what was meant, and every comment is still there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rayfleet.bind.changes import BindingChange
from rayfleet.bind.edit import edit
from rayfleet.facts.late_values import CLOUD_RESOURCE_ID, kinds
from rayfleet.source import read

IDS = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222", "cldrsrc_x", "1e5", "on"]
POOLS = ["a100", "cpu", "null", "sys", "t4"]
NAMES = ["aks-east", "b", "no", "z9"]
Bound = dict[str, dict[str, dict[str, Any]]]


def bindings(producers: list[str]) -> st.SearchStrategy[Bound]:
    """Values by cluster and kind."""
    ids = st.sampled_from(IDS)
    pools = st.lists(st.sampled_from(POOLS), min_size=1, unique=True)
    row = {
        kind: st.fixed_dictionaries(
            {"value": pools if kind == "nodePools" else ids, "producer": st.sampled_from(producers)}
        )
        for kind in kinds()
    }
    return st.dictionaries(st.sampled_from(NAMES), st.fixed_dictionaries({}, optional=row), max_size=3)


class Writer:
    """Writes data as somebody with any habits would. ``comments`` counts what was commented."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw
        self.newline = self.one_of("\n", "\r\n", "\r")
        self.comments = 0

    def one_of(self, *choices: Any) -> Any:
        return self._draw(st.sampled_from(choices))

    def whole(self, data: dict[str, Any]) -> str:
        begin = self.one_of("", "\ufeff", "---\n", "# no number\n---\n", "\n")
        text = self.block(data, 0) if self.one_of(True, True, False) else f"{self.flow(data)}{self.end()}"
        end = self.one_of("", self.alone(0), "...\n")
        written: str = f"{begin}{text}{end}"
        if self.one_of(True, False) and not end:
            written = written.removesuffix("\n")
        return written.replace("\n", self.newline)

    def comment(self) -> str:
        self.comments += 1
        return f"# c{self.comments:03}"

    def end(self) -> str:
        """Of a line."""
        return self.one_of("\n", "\n", "  \n", None) or f" {self.comment()}\n"

    def alone(self, indent: int) -> str:
        """Lines between others."""
        found = self.one_of("", "", "\n", None)
        return f"{' ' * self.one_of(0, indent)}{self.comment()}\n" if found is None else found

    def block(self, data: dict[str, Any], indent: int) -> str:
        step = self.one_of(1, 2, 4)
        return "".join(
            f"{self.alone(indent)}{' ' * indent}{self.scalar(key)}:{self.value(value, indent, step)}"
            for key, value in data.items()
        )

    def value(self, value: Any, indent: int, step: int) -> str:
        if isinstance(value, dict) and value and self.one_of(True, True, False):
            return f"{self.end()}{self.block(value, indent + step)}"
        if value == {} and self.one_of(True, False):
            return f"{self.one_of('', ' ~', ' null')}{self.end()}"
        if isinstance(value, list) and self.one_of(True, False):
            inner = indent + self.one_of(0, step)
            return f"{self.end()}{''.join(self.entry(pool, inner) for pool in value)}"
        if isinstance(value, str) and self.one_of(True, False, False):
            return f" {self.one_of('>-', '|-')}{self.end()}{' ' * (indent + step)}{value}\n{self.one_of('', chr(10))}"
        return f" {self.flow(value)}{self.end()}"

    def entry(self, pool: str, indent: int) -> str:
        return f"{self.alone(indent)}{' ' * indent}-{self.one_of(' ', '   ')}{self.scalar(pool)}{self.end()}"

    def flow(self, value: Any) -> str:
        if isinstance(value, dict):
            rows = [f"{self.scalar(key)}: {self.flow(inner)}" for key, inner in value.items()]
            return f"{{{self.joined(rows)}}}"
        if isinstance(value, list):
            return f"[{self.joined([self.scalar(entry) for entry in value])}]"
        return self.scalar(value)

    def joined(self, rows: list[str]) -> str:
        commas = [*["," for _ in rows[1:]], self.one_of("", ",")]
        signs = (f"{row}{self.gap()}{comma}{self.gap()}" for row, comma in zip(rows, commas, strict=False))
        return self.gap() + "".join(signs)

    def gap(self) -> str:
        """Between the signs of what is in braces or brackets."""
        found = self.one_of("", " ", " ", None)
        return f" {self.comment()}\n{' ' * 20}" if found is None else found

    def scalar(self, value: Any) -> str:
        if value == 1 or (value not in ("null", "1e5") and self.one_of(True, False)):
            return str(value)
        quote = self.one_of("'", '"')
        return f"{quote}{value}{quote}"


@st.composite
def texts(draw: Any) -> tuple[str, Bound]:
    """A bindings.yaml and what it says."""
    bound = draw(bindings(["p", "old.outputs.a.b"]))
    data = {"version": 1, "clusters": bound}
    if draw(st.booleans()):
        data = dict(reversed(data.items()))
    return Writer(draw).whole(data), bound


def changes(bound: Bound, wanted: Bound) -> list[BindingChange]:
    """What ``bind`` finds; in the order in which answers come, one kind after the other."""
    found = []
    for kind in (CLOUD_RESOURCE_ID, *kinds()):
        for cluster, rows in wanted.items():
            if kind in rows and not any((row.cluster, row.kind) == (cluster, kind) for row in found):
                old = bound.get(cluster, {}).get(kind, {})
                value, producer = rows[kind]["value"], rows[kind]["producer"]
                value = sorted(value) if isinstance(value, list) else value
                found.append(BindingChange(cluster, kind, old.get("value"), value, old.get("producer"), producer))
    return found


def unordered(bound: Bound) -> Bound:
    def value(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "value": sorted(row["value"])} if isinstance(row["value"], list) else row

    return {name: {kind: value(row) for kind, row in (rows or {}).items()} for name, rows in (bound or {}).items()}


@given(texts(), bindings(["p", "new.outputs.a.b"]))
def test_comments_survive_and_data_is_what_was_meant(given: tuple[str, Bound], wanted: Bound) -> None:
    before, bound = given
    rows = changes(bound, wanted)
    after = edit("bindings.yaml", before.encode(), rows).decode()
    meant = {name: {**bound.get(name, {}), **wanted.get(name, {})} for name in [*bound, *wanted]}
    assert unordered(read("bindings.yaml", after.encode()).data["clusters"]) == unordered(
        {name: rows for name, rows in meant.items() if rows or name in bound}
    )
    assert re.findall(r"# c\d+", after) == re.findall(r"# c\d+", before)
    assert edit("bindings.yaml", after.encode(), []).decode() == after
