"""Nulls, which remove what the levels below say: that they say it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rayfleet.diagnostics import Diagnostic, did_you_mean
from rayfleet.model.settings import Settings, in_helm_values, merge
from rayfleet.source import Path, Source


def judge(source: Source) -> Iterator[Diagnostic]:
    """Warnings: one that removes nothing is often a misspelt name, and what it meant stays. Below ``defaults`` there is
    only the schema.
    """
    regions = source.data.get("regions") or {}
    lowest = merge({}, source.data.get("defaults") or {})
    for region, own in regions.items():
        yield from _of_level(source, ("regions", region), own or {}, lowest)
    for name, own in source.data["clusters"].items():
        under = merge(lowest, regions.get(own["region"]) or {})
        yield from _of_level(source, ("clusters", name), own, under)


def _of_level(source: Source, level: Path, over: Settings, under: Settings) -> Iterator[Diagnostic]:
    for path, known in _idle_nulls(over, under, ()):
        guess = did_you_mean(str(path[-1]), known)
        what = f'null removes "{path[-1]}" from the levels below, and none of them has it{guess}'
        fix = f"name one of: {', '.join(known)}; or leave it out" if known and guess else "leave it out"
        yield source.diagnostic((*level, *path), what, fix, key=True).as_warning()


def _idle_nulls(over: Settings, under: Settings, path: tuple[str, ...]) -> Iterator[tuple[Sequence[str], list[str]]]:
    if in_helm_values(path):
        return
    for key, value in over.items():
        below = under.get(key)
        if value is None and key not in under:
            yield (*path, key), sorted(under)
        elif isinstance(value, dict):
            yield from _idle_nulls(value, below if isinstance(below, dict) else {}, (*path, key))
