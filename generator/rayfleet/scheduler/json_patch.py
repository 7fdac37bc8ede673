"""Patches of pods, as Anyscale's operator applies them: JSON Patch (RFC 6902) behind a selector."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from rayfleet.source import Path
from rayfleet.tree import entries, get, mapping, text

# One requirement of a selector (Kubernetes docs, labels: set-based and equality-based requirements).
_REQUIREMENT = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<no_key>[^\s!=,()]+)"
    r"|(?P<key>[^\s!=,()]+)(?:\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)|\s*(?P<equal>==?|!=)\s*(?P<value>[^\s!=,()]*))?)"
    r"\s*(?:,|$)"
)
# Where a pod says on which nodes it may run and what it takes there: what is followed here, and what is not.
_FOLLOWED = re.compile(r"/spec/(?:nodeSelector|tolerations|affinity(?!/pod))(?:/.*)?", re.DOTALL)
_UNFOLLOWED = re.compile(
    r"(?:/spec(?:/(?:affinity/pod\w+|nodeName|schedulerName|runtimeClassName|topologySpreadConstraints|overhead)(?:/.*)?"
    r"|/(?:initContainers|containers)(?:/[^/]+(?:/resources(?:/.*)?)?)?)?)?",
    re.DOTALL,
)
_OPERATIONS = ("add", "replace", "remove")


class Patch(NamedTuple):
    """Operations on the pods that the selector picks; ``path`` leads to them in the values that say so."""

    selector: str
    operations: Iterable[Any]
    path: Path


class PatchedPod(NamedTuple):
    """A pod after patches. ``origins``: for each label that it looks for, the path of the values that made it so."""

    pod: dict[str, Any]
    origins: Mapping[str, Path]


# --- selectors ---


class _Requirement(NamedTuple):
    key: str
    holds: Callable[[str | None], bool]


def picks(selector: str, marks: Mapping[str, str], known: frozenset[str]) -> bool | None:
    """True where a pod with the marks is picked; None where that hangs on a mark which is not among the ``known``.

    Raises ValueError for what is no selector.
    """
    requirements = _requirements(selector)
    if not all(row.holds(marks.get(row.key)) for row in requirements if row.key in known):
        return False
    return True if all(row.key in known for row in requirements) else None


@lru_cache(maxsize=1024)
def _requirements(selector: str) -> tuple[_Requirement, ...]:
    found: list[_Requirement] = []
    at = 0
    while at < len(selector):
        row = _REQUIREMENT.match(selector, at)
        if not row:
            raise ValueError(selector)
        found.append(_requirement(row))
        at = row.end()
    return tuple(found)


def _requirement(row: re.Match[str]) -> _Requirement:
    if row["absent"]:
        return _Requirement(row["no_key"], lambda has: has is None)
    if row["set"]:
        values = frozenset(value.strip() for value in row["values"].split(","))
        wanted = row["set"] == "in"
        return _Requirement(row["key"], lambda has: (has in values) == wanted)
    if row["equal"]:
        value, alike = row["value"], row["equal"] != "!="
        return _Requirement(row["key"], lambda has: (has == value) == alike)
    return _Requirement(row["key"], lambda has: has is not None)


# --- operations ---


def apply(patches: Iterable[Patch]) -> PatchedPod:
    """A bare pod after patches."""
    pod: dict[str, Any] = {"metadata": {}, "spec": {}}
    origins: dict[str, Path] = {}
    for patch in patches:
        for index, operation in enumerate(patch.operations):
            pointer = text(operation, "path")
            if not _FOLLOWED.fullmatch(pointer):
                continue
            steps = _steps(pointer)
            if _apply(pod, steps, operation) and steps[1] == "nodeSelector":
                keys = steps[2:3] or mapping(operation, "value")
                origins.update(dict.fromkeys(keys, (*patch.path, index)))
    return PatchedPod(pod, origins)


def unfollowed_parts(patch: Patch, known: frozenset[str]) -> Iterator[tuple[Path, str]]:
    """The parts of a patch that bear on where pods run and are not followed, each with its path."""
    bearing = False
    for index, operation in enumerate(patch.operations):
        pointer, kind = text(operation, "path"), text(operation, "op")
        followed = bool(_FOLLOWED.fullmatch(pointer))
        bearing = bearing or followed
        if not (followed and kind in _OPERATIONS) and (followed or _UNFOLLOWED.fullmatch(pointer)):
            yield (*patch.path, index), f"{kind or 'an operation'} on {pointer or 'the whole pod'}"
    if bearing:
        try:
            others = {row.key for row in _requirements(patch.selector)} - known
        except ValueError:
            yield patch.path, f"its selector {patch.selector} cannot be read"
        else:
            if others:
                yield patch.path, f"nothing rendered says which pods have {' or '.join(sorted(others))}"


def _steps(pointer: str) -> list[str]:
    """A JSON pointer's steps (RFC 6901)."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _apply(pod: dict[str, Any], steps: list[str], operation: Any) -> bool:
    """Applies one operation; whether it put something there. A path that ``add`` needs is made on the way (comment in
    the chart's own configmap_patches.yaml: EnsurePathExistsOnAdd).
    """
    kind = text(operation, "op")
    if kind not in _OPERATIONS:
        return False
    holder: Any = pod
    for step, following in pairwise(steps):
        holder = _below(holder, step, following if kind == "add" else None)
    last = steps[-1]
    if kind == "remove":
        _remove(holder, last)
        return False
    value = _copy(get(operation, "value"))
    if isinstance(holder, dict) and (kind == "add" or last in holder):
        holder[last] = value
    elif isinstance(holder, list) and last == "-":
        holder.append(value)
    elif isinstance(holder, list) and _index(last, len(holder)) is not None:
        at = int(last)
        holder[at : at + (kind == "replace")] = [value]
    else:
        return False
    return True


def _below(holder: Any, step: str, following: str | None) -> Any:
    """The value at a step. Where it is missing and ``following`` is given, it is made as that step needs it."""
    if isinstance(holder, list):
        at = _index(step, len(holder) - 1)
        return None if at is None else holder[at]
    if not isinstance(holder, dict):
        return None
    if following is not None and holder.get(step) is None:
        holder[step] = [] if following == "-" else {}
    return holder.get(step)


def _remove(holder: Any, last: str) -> None:
    if isinstance(holder, dict):
        holder.pop(last, None)
    elif isinstance(holder, list):
        at = _index(last, len(holder) - 1)
        if at is not None:
            del holder[at]


def _index(step: str, most: int) -> int | None:
    return int(step) if re.fullmatch("[0-9]{1,9}", step) and int(step) <= most else None


def _copy(value: Any) -> Any:
    """Containers anew, so that a later operation changes this pod alone."""
    if isinstance(value, dict):
        return {key: _copy(child) for key, child in value.items()}
    return [_copy(child) for child in value] if isinstance(value, list) else value


def of_values(values: Any, path: Path) -> list[Patch]:
    """The patches of pods that values say as a list, as the chart does."""
    found = []
    for index, row in enumerate(entries(values)):
        if text(row, "kind") == "Pod":
            found.append(Patch(text(row, "selector"), entries(row, "patch"), (*path, index, "patch")))
    return found
