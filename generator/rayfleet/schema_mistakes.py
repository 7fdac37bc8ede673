"""Mistakes of shape: each is told, and the file is judged without them, so that all else that is wrong is told too."""

from __future__ import annotations

import re
from typing import Any

from rayfleet import schema
from rayfleet.diagnostics import Diagnostic
from rayfleet.source import Path, Source

# A place in fleet.yaml that has the wrong shape, and places elsewhere that a value there has a say in.
_REACHES = (
    (re.compile(r"azure\.network"), re.compile(r".*\.network\.")),
    # A cluster that may be left out, with its region.
    (re.compile(r"clusters\.[^.]+(\.(region|network))?$"), re.compile(r"(regions|routing)\.")),
)


def without_mistakes(read: Source, name: str) -> tuple[Source, list[Diagnostic]]:
    """A file with what has the wrong shape put right or left out, and a diagnostic for each mistake.

    Where that is not enough, because something is missing that has no example, the whole cluster is left out.
    """
    violations = schema.violations(read, name)
    if not violations:
        return read, []
    wrong = {tuple(violation.path): violation.stand_in for violation in violations if violation.path}
    rest = read.with_values(_outermost(wrong))
    if not schema.accepts(rest, name):
        broken = {tuple(violation.path[:2]): None for violation in schema.violations(rest, name)}
        rest = rest.with_values((path, None) for path in broken if path[0] == "clusters" and len(path) == 2)
    return rest, [violation.diagnostic for violation in violations]


def _outermost(wrong: dict[tuple[str | int, ...], Any]) -> list[tuple[Path, Any]]:
    """Without what stands inside something that is wrong as a whole."""
    return [
        (path, value)
        for path, value in wrong.items()
        if not any(path[:length] in wrong for length in range(1, len(path)))
    ]


def follows_from(finding: Diagnostic, mistakes: list[Diagnostic]) -> bool:
    """True where the finding may come only from a mistake of shape: from a section that was left out, or from its
    stand-in."""
    return any(_affects(_section(mistake), finding.where) for mistake in mistakes)


def _affects(section: str, where: str) -> bool:
    if where.startswith(section) or section.startswith(where):
        return True
    return any(wrong.match(section) and elsewhere.match(where) for wrong, elsewhere in _REACHES)


def _section(mistake: Diagnostic) -> str:
    """The place that a value of the wrong shape has a say in: its parent; in a map of levels, and among the ids of
    Azure, itself.
    """
    where = mistake.where.partition("[")[0]
    parent = where.rpartition(".")[0]
    alone = re.fullmatch(r"azure|defaults|clusters|regions|(clusters|regions)\.[^.]*", parent)
    return where if alone or not parent else parent
