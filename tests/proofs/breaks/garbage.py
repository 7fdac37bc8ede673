"""Puts what should not be there into a document, one place at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle
from typing import Any

Path = tuple[str | int, ...]
GARBAGE = (None, [], {}, "", 7, [None, {"a": 1}], "[resourceId()]", "[reference(resourceId('a'))]", True, "<x>")


def ruined(content: bytes) -> Iterator[bytes]:
    """A JSON document, each time with something else in another place."""
    document = json.loads(content)
    garbage = cycle(GARBAGE)
    for path in _paths(document, ()):
        yield json.dumps(_put(document, path, next(garbage))).encode()


def _paths(data: Any, path: Path) -> Iterator[Path]:
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in children:
        yield (*path, key)
        yield from _paths(value, (*path, key))


def _put(data: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = _put(copy[path[0]], path[1:], value)
    return copy
