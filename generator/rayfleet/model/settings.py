"""Settings of three levels: ``defaults`` <- ``regions.<region>`` <- ``clusters.<name>``, over what the schema gives.

Maps merge deeply, lists replace, ``null`` removes (what the levels below say; a default of the schema then holds).
In Helm's own values ``null`` stays: Helm takes the chart's value away by it. Results share what a level leaves
untouched, so that a thousand clusters with the same pools hold them once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Settings = dict[str, Any]


class Whole(NamedTuple):
    """A default that a map of the fleet's own replaces as a whole; other defaults fill in key by key."""

    value: Settings


class Defaults(NamedTuple):
    """The schema's values where the fleet is silent (see schema.defaults)."""

    root: Settings
    settings: Settings
    node_pool: Settings


def merge(under: Settings, over: Settings, path: tuple[str, ...] = ()) -> Settings:
    """``over`` laid on ``under``; neither is changed. Where ``over`` adds nothing, the result is ``under`` itself.

    ``path`` is where in the settings both stand.
    """
    if not over:
        return under
    merged = dict(under)
    for key, value in over.items():
        if value is None and not in_helm_values(path):
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value, (*path, key))
        else:
            merged[key] = value
    return merged


def in_helm_values(path: tuple[str, ...]) -> bool:
    """True of ``charts.<chart>.values`` and below."""
    return path[:1] == ("charts",) and path[2:3] == ("values",)


def fill(defaults: Settings, settings: Settings) -> Settings:
    """``settings`` with ``defaults`` where it is silent; neither is changed."""
    filled = {key: _unwrap(value) for key, value in defaults.items() if key not in settings}
    for key, value in settings.items():
        below = defaults.get(key)
        filled[key] = fill(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return filled


def _unwrap(default: Any) -> Any:
    if isinstance(default, Whole):
        return default.value
    return fill(default, {}) if isinstance(default, dict) else default
