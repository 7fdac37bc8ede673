"""Values as Helm and its template functions put them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def coalesce(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Values over a chart's own, as Helm lays them: maps merge, and null removes (Helm docs, values files)."""
    merged = {key: value for key, value in values.items() if value is not None}
    for key, default in defaults.items():
        if key not in values:
            merged[key] = default
        elif isinstance(values[key], dict) and isinstance(default, dict):
            merged[key] = coalesce(values[key], default)
    return merged


def first_wins(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Sprig's ``merge``: maps merge, what the first says stays (Sprig docs, dicts)."""
    merged = dict(first)
    for key, value in second.items():
        old = merged.get(key)
        merged[key] = first_wins(old, value) if isinstance(old, dict) and isinstance(value, dict) else old or value
    return merged
