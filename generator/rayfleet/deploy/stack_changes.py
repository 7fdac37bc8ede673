"""Resources that leave deployment stacks: shown apart, and asked about apart.

They are found by ids, not as changes of two trees: a stack deletes what Azure has in its list, whatever any commit had.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from rayfleet.azure.deletable import DeletionRefusal, guard
from rayfleet.azure.resource_id import type_and_name, type_of
from rayfleet.diagnostics import Diagnostic, many
from rayfleet.facts.resource_types import CLUSTER, EXTENSION, FLUX_CONFIGURATION, label
from rayfleet.tree.deployment_steps import DeploymentStep

# What is taken down in an order, with Anyscale and Flux before it: by retire, not by a stack.
_IN_ORDER = {kind.lower() for kind in (FLUX_CONFIGURATION, EXTENSION, CLUSTER)}


class StackChange(NamedTuple):
    """Resources of a stack that its template has no more, by id. ``kept``: why some may not be deleted; then none is,
    because a stack deletes all of them or none.
    """

    step: DeploymentStep
    ids: tuple[str, ...]
    kept: dict[str, str]

    @property
    def deleted(self) -> tuple[str, ...]:
        """The ids that are deleted, where somebody agrees."""
        return () if self.kept else self.ids


def stack_change(
    step: DeploymentStep, managed: Iterable[str], validated: Collection[str], rendered: Collection[str]
) -> StackChange:
    """The resources that leave a stack. ``validated``: those that ARM says the template has, as ``Stacks.validate``
    returns them; empty where it does not say. ``rendered``: the ids in all of rendered/, in lower case.
    """
    gone = tuple(sorted(key for key in managed if key.lower() not in validated))
    if gone and not validated:
        return StackChange(step, gone, dict.fromkeys(gone, "Azure does not say whether it stays"))
    return StackChange(step, gone, {key: why for key in gone if (why := _reason_to_keep(key, rendered))})


def _reason_to_keep(identifier: str, rendered: Collection[str]) -> str:
    if type_of(identifier) in _IN_ORDER:
        return "rayfleet retire takes it down, in order"
    try:
        guard(identifier, rendered)
    except DeletionRefusal as refused:
        return str(refused)
    return ""


def lines(row: StackChange) -> Iterator[str]:
    """Lines about the resources that leave a stack, for people."""
    count = many(len(row.ids), "resource")
    if not row.kept:
        yield f"{row.step.name}: its stack deletes {count} no longer rendered"
    else:
        yield f"{row.step.name}: its stack detaches {count} no longer rendered, and deletes none"
    for identifier in row.ids:
        why = row.kept.get(identifier)
        kind, name = type_and_name(identifier)
        yield f"  {' ' if row.kept else '-'} {label(kind)} {name}" + (f": {why}" if why else "")


def as_json(row: StackChange) -> dict[str, Any]:
    """The same for machines."""
    kept = [{"id": key, "why": row.kept.get(key)} for key in row.ids] if row.kept else []
    return {"deployment": row.step.name, "deletes": list(row.deleted), "detaches": kept}


def question(rows: Iterable[StackChange]) -> str:
    """The question before something is deleted; empty where nothing is."""
    count = sum(len(row.deleted) for row in rows)
    return f"Delete {many(count, 'resource')} that {'is' if count == 1 else 'are'} no longer rendered?" if count else ""


def refuse_deletions(rows: Iterable[StackChange]) -> list[Diagnostic]:
    """Deletions where nobody can be asked."""
    fix = "give --yes-delete too; or deploy without --stack, which deletes nothing"
    return [
        Diagnostic(*row.step.side.place, row.step.name, f"its stack would delete {key}", fix)
        for row in rows
        for key in row.deleted
    ]
