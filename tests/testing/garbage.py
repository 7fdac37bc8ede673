"""Garbage in a document: every place that a value has, and the document with another value there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any


def paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of each value, but of the whole."""
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield (*path, key)
        yield from paths(value, (*path, key))


def replaced(data: Any, path: tuple[Any, ...], other: Any) -> Any:
    """The same with another value at a place."""
    document = deepcopy(data)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = other
    return document


def garbled(data: Any, path: tuple[Any, ...], garbage: Any) -> bytes:
    """The document with another value at a place, as JSON, which is YAML."""
    return json.dumps(replaced(data, path, garbage)).encode()
