"""Data as a key: what many clusters say alike is worked out once."""

from __future__ import annotations

from typing import Any


class ContentKey(str):
    """The text of data, which alone counts when two are compared."""

    data: Any

    @classmethod
    def of(cls, data: Any) -> ContentKey:
        made = cls(repr(data))
        made.data = data
        return made
