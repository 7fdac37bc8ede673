"""The class of each change: what Azure, Kubernetes and Anyscale do when a property changes. The tables are data:
``schemas/azure-changes.json``, by types of Azure, ``schemas/kubernetes-changes.json``, by kinds with their group, and
``schemas/anyscale-changes.json``.

``classify`` says it of one property, in its direction, and ``differences`` of all that differ between two resources.
The first row of the type that fits counts; what no row fits is unclassified, never taken for harmless.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from rayfleet.facts.change_directions import STEPS, value_at
from rayfleet.package_files import SCHEMAS

Steps = tuple[str, ...]

#: What Azure does not do: the whole deployment fails, and something must be made anew under another name.
REFUSED = frozenset({"refused", "new pool", "new cluster"})
UNCLASSIFIED = "unclassified"
# What may cost data or access, and what nobody documents: never taken for harmless.
_AT_RISK = frozenset({"data", "re-created", UNCLASSIFIED})
AZURE, KUBERNETES, ANYSCALE = "azure", "kubernetes", "anyscale"
#: What Anyscale is told, and is no object of Kubernetes.
CLOUD_RESOURCE, COMPUTE_CONFIG = "CloudResource", "ComputeConfig"
_COMMON = "*"
_BELOW = "**"
# What a template says to Azure Resource Manager and not of the resource, and what makes a resource another one.
_OF_TEMPLATES = frozenset(
    {"apiVersion", "comments", "condition", "copy", "dependsOn", "id", "metadata", "name", "type"}
)


class ChangeRow(NamedTuple):
    """A row of a table: the ``fields`` of its file say what each means; ``general`` is what its class says."""

    change_class: str
    paths: tuple[Steps, ...] = ()
    before: tuple[Any, ...] | None = None
    after: tuple[Any, ...] | None = None
    step: str = ""
    beside: tuple[tuple[Steps, tuple[Any, ...]], ...] = ()
    told_by: Steps = ()
    says: str = ""
    fix: str = ""
    scales: bool = False
    unrendered: str = ""
    source: str = ""
    general: str = ""

    @property
    def refused(self) -> bool:
        """Azure does not do it, and the deployment fails."""
        return self.change_class in REFUSED

    @property
    def at_risk(self) -> bool:
        """True where data or access may be lost, or nobody knows."""
        return self.change_class in _AT_RISK

    @property
    def reported(self) -> bool:
        """True where there is something to say of such a change."""
        return self.change_class != "in place" or bool(self.says)

    @property
    def sentence(self) -> str:
        """The sentence about such a change."""
        if self.says and self.change_class in ("in place", "refused"):
            return self.says
        general = UNCLASSIFIED if self.change_class == UNCLASSIFIED and self.says else self.general
        return f"{general}: {self.says}" if self.says else general

    def concerns(self, path: Steps) -> bool:
        """True where the row is about the property at a path."""
        return any(_matches(pattern, path) for pattern in self.paths)

    @property
    def recreated(self) -> ChangeRow:
        """The same where what is refused is deleted and made again."""
        return self._replace(change_class="re-created", general=classes(KUBERNETES)["re-created"])

    def fits(self, before: Any, after: Any, resource: Mapping[str, Any]) -> bool:
        """True where the change is in the row's direction."""
        return (
            (self.before is None or _matches_any(before, self.before))
            and (self.after is None or _matches_any(after, self.after))
            and (not self.step or STEPS[self.step](before, after))
            and all(_matches_any(value_at(resource, *path), values) for path, values in self.beside)
        )


class PropertyDifference(NamedTuple):
    """A property that differs, None where it is not there; ``row`` says what Azure does with it."""

    path: Steps
    before: Any
    after: Any
    row: ChangeRow


def differences(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[PropertyDifference]:
    """Every property of a resource of a type that differs, each told once."""
    found: list[PropertyDifference] = []
    for key in [*before, *(key for key in after if key not in before)]:
        if key not in _OF_TEMPLATES:
            found += classify(kind, (key,), before.get(key), after.get(key), after)
    return outermost(found)


def classify(
    kind: str, path: Steps, before: Any, after: Any, resource: Mapping[str, Any] | None = None
) -> Iterator[PropertyDifference]:
    """A property that differs, or those below it, with their rows. ``resource``: all of it, after the change."""
    if before == after:
        return
    row = row_for(kind, path, before, after, resource or {})
    sides = [{} if value is None else value for value in (before, after)]
    if all(isinstance(value, Mapping) for value in sides) and (row is None or None not in (before, after)):
        for key in dict.fromkeys(key for value in sides for key in value):
            was, becomes = (value.get(key) for value in sides)
            yield from classify(kind, (*path, str(key)), was, becomes, resource)
    else:
        found = row or ChangeRow(UNCLASSIFIED, general=classes(kind)[UNCLASSIFIED])
        yield PropertyDifference(path, before, after, found)


def outermost(found: Iterable[PropertyDifference]) -> list[PropertyDifference]:
    """Without those that go with another one, which says it already."""
    found = list(found)
    paths = {row.path for row in found}
    return [row for row in found if row.row.told_by not in paths]


def row_for(kind: str, path: Steps, before: Any, after: Any, resource: Mapping[str, Any]) -> ChangeRow | None:
    """The row that counts; None where nobody wrote one."""
    return next((row for row in rows(kind) if row.concerns(path) and row.fits(before, after, resource)), None)


@cache
def rows(kind: str) -> tuple[ChangeRow, ...]:
    """All rows about a type or a kind, in any case, and then those about every one of its table."""
    types = {name.lower(): written for name, written in _table(_system(kind))["types"].items()}
    return tuple(row_of(kind, written) for name in (kind.lower(), _COMMON) for written in types.get(name, ()))


def classes(kind: str = AZURE) -> Mapping[str, str]:
    """Every class of the table that a type or a kind is in, with what is said of such a change."""
    found: Mapping[str, str] = _table(_system(kind))["classes"]
    return found


def _system(kind: str) -> str:
    """Types of Azure have a provider and a slash; kinds of Kubernetes have none."""
    if kind in (CLOUD_RESOURCE, COMPUTE_CONFIG):
        return ANYSCALE
    return AZURE if "/" in kind or kind in (AZURE, _COMMON) else KUBERNETES


@cache
def _table(system: str) -> dict[str, Any]:
    with open(f"{SCHEMAS}/{system}-changes.json", "rb") as stream:
        found: dict[str, Any] = json.load(stream)
    return found


def row_of(kind: str, written: Mapping[str, Any]) -> ChangeRow:
    """A row of the table that a type or a kind is in, as it is written."""
    return ChangeRow(
        change_class=written["class"],
        paths=tuple(map(_steps, written["paths"])),
        before=tuple(written["from"]) if "from" in written else None,
        after=tuple(written["to"]) if "to" in written else None,
        step=written.get("step", ""),
        beside=tuple((_steps(path), tuple(values)) for path, values in written.get("beside", {}).items()),
        told_by=_steps(written["with"]) if "with" in written else (),
        says=written.get("says", ""),
        fix=written.get("fix", ""),
        scales=written.get("scales", False),
        unrendered=written.get("unrendered", ""),
        source=written["source"],
        general=classes(kind)[written["class"]],
    )


def _steps(path: str) -> Steps:
    return tuple(path.split("."))


def _matches(pattern: Steps, path: Steps) -> bool:
    if pattern[-1] == _BELOW:
        pattern, path = pattern[:-1], path[: len(pattern) - 1]
    return len(pattern) == len(path) and all(own in ("*", step) for own, step in zip(pattern, path, strict=True))


def _matches_any(value: Any, values: Iterable[Any]) -> bool:
    return any(_lower_case(value) == _lower_case(other) and (value is None) == (other is None) for other in values)


def _lower_case(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
