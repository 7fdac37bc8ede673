"""The values that a property takes: words out of a list, numbers out of a range, or a form. The tables are
``azure_values`` and ``kubernetes_values``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rayfleet.facts.change_classes import Steps

#: Stands in a path for every entry of a list, and for every key of an object.
EACH = "*"


class Words(NamedTuple):
    """``refused`` are words that the official schema has and no fleet may have, each with the reason, as a clause.
    ``any_case``: Azure gives some of them back in another case than the schema has."""

    words: tuple[str, ...]
    refused: Mapping[str, str] = {}
    any_case: bool = False

    def takes(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        return value in self.words or (self.any_case and value.lower() in map(str.lower, self.words))

    @property
    def says(self) -> str:
        return one_of(self.words)


class NumberRange(NamedTuple):
    """``least`` and ``most`` are both taken; ``most`` is None where there is no end."""

    least: int
    most: int | None
    unit: str

    def takes(self, value: Any) -> bool:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole and self.least <= value and (self.most is None or value <= self.most)

    @property
    def says(self) -> str:
        said = f"{self.least} or more" if self.most is None else f"{self.least} to {self.most}"
        return f"{said} {self.unit}" if self.unit else said


class Form(NamedTuple):
    """A text by its pattern, as a whole."""

    pattern: str
    says: str

    def takes(self, value: Any) -> bool:
        return isinstance(value, str) and re.fullmatch(self.pattern, value, re.ASCII) is not None


class Exactly(NamedTuple):
    """The one value that every fleet has, of several that the system knows. ``why`` is a clause."""

    value: bool | str
    why: str

    def takes(self, value: Any) -> bool:
        return value.__class__ is self.value.__class__ and value == self.value

    @property
    def says(self) -> str:
        return str(self.value).lower() if isinstance(self.value, bool) else self.value


Values = Words | NumberRange | Form | Exactly


class PropertyValues(NamedTuple):
    """``where``: the row is about resources alone that have another value beside the property, by its key."""

    path: Steps
    values: Values
    where: tuple[str, str] | None = None

    @property
    def key(self) -> str:
        """The property in a sentence."""
        steps = self.path[1:] if self.path[0] == "spec" else self.path
        return ".".join(step for step in steps if step not in ("properties", EACH))


def at(path: str, values: Values, where: tuple[str, str] | None = None) -> PropertyValues:
    """A row, by a path whose steps are joined by slashes."""
    return PropertyValues(tuple(path.split("/")), values, where)


def one_of(words: Sequence[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
