"""What leaves deployment stacks: shown apart, and asked about apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rayfleet.diagnostics import many

if TYPE_CHECKING:
    from rayfleet.deploy.stacks import Leaving


def lines(row: Leaving) -> Iterator[str]:
    """What becomes of what leaves a stack, for people."""
    from rayfleet.deploy.explain import named

    count = many(len(row.ids), "resource")
    if not row.kept:
        yield f"{row.step.name}: its stack deletes {count} no longer rendered"
    else:
        yield f"{row.step.name}: its stack lets go of {count} no longer rendered, and deletes none"
    for identifier in row.ids:
        why = row.kept.get(identifier)
        yield f"  {' ' if row.kept else '-'} {' '.join(named(identifier))}" + (f": {why}" if why else "")


def as_json(row: Leaving) -> dict[str, Any]:
    """The same for machines."""
    kept = [{"id": key, "why": row.kept.get(key)} for key in row.ids] if row.kept else []
    return {"deployment": row.step.name, "deletes": list(row.deleted), "detaches": kept}


def question(rows: Iterable[Leaving]) -> str:
    """What is asked where something is to be deleted; empty where nothing is."""
    count = sum(len(row.deleted) for row in rows)
    return f"Delete {many(count, 'resource')} that {'is' if count == 1 else 'are'} no longer rendered?" if count else ""
