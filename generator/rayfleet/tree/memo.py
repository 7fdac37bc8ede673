"""Values derived from a tree or a cluster and kept with it: never taken for another's, and gone when it goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

_Owner = TypeVar("_Owner")
_Derived = TypeVar("_Derived")
_More = ParamSpec("_More")


def once(derive: Callable[Concatenate[_Owner, _More], _Derived]) -> Callable[Concatenate[_Owner, _More], _Derived]:
    """Derives it once for its first argument and the rest of them; nobody may change what it returns."""

    @wraps(derive)
    def derive_once(owner: _Owner, /, *more: _More.args, **named: _More.kwargs) -> _Derived:
        kept = cast(dict[object, _Derived], vars(owner).setdefault("_derived", {}))
        key = (derive, more, *named.items())
        if key not in kept:
            kept[key] = derive(owner, *more, **named)
        return kept[key]

    return derive_once
