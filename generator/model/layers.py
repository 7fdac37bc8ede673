"""How settings stack: ``defaults`` <- ``regions.<region>`` <- ``clusters.<name>``, over what the schema gives.

Maps merge deeply, lists replace, ``null`` removes (what the layers below say; a default of the schema then holds).
Results share what a layer leaves untouched, so that a thousand clusters with the same pools hold them once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Layer = dict[str, Any]


class Defaults(NamedTuple):
    """What the schema gives where the fleet is silent (see schema.defaults)."""

    root: Layer
    settings: Layer
    node_pool: Layer


def merge(under: Layer, over: Layer) -> Layer:
    """``over`` laid on ``under``; neither is changed. Where ``over`` adds nothing, the result is ``under`` itself."""
    if not over:
        return under
    merged = dict(under)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def fill(defaults: Layer, layer: Layer) -> Layer:
    """``layer`` with ``defaults`` where it is silent; neither is changed."""
    filled = dict(defaults)
    for key, value in layer.items():
        below = filled.get(key)
        filled[key] = fill(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return filled
