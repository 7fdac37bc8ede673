"""The reference fleet before and after something left it, as trees in memory, and the plan of its retirement."""

from __future__ import annotations

from collections.abc import Iterable

from rayfleet.retire.plan import plan
from rayfleet.retire.step import RetirementPlan
from rayfleet.tree import Tree
from tests.testing import rendering
from tests.testing.broken_trees import BINDINGS, rendered, tree
from tests.testing.reference_names import CLOUD, WEST_LINE

Edits = Iterable[tuple[str, str]]
LESS = ((WEST_LINE, ""),)


def changed(edits: Edits = LESS, bindings: str | None = None) -> Tree:
    """The fleet after edits of fleet.yaml; ``bindings``: its bindings.yaml, where that is another."""
    late = tree()[BINDINGS].decode() if bindings is None else bindings
    files = dict(rendering.reference_with(*edits, late=late).rendered())
    return rendered({**files, BINDINGS: late.encode()})


def before() -> Tree:
    return rendered(tree(), folder="HEAD:rendered")


def planned(edits: Edits = LESS, bindings: str | None = None, only: Iterable[str] = ()) -> RetirementPlan:
    """The plan from the reference fleet to what it is after the edits."""
    return plan(before(), changed(edits, bindings), CLOUD, only)
