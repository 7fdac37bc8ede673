"""Changes that need an order between Git, which Flux follows, and Azure: ``schemas/ordered-changes.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from rayfleet.facts.change_classes import ChangeRow, row_of
from rayfleet.package_files import SCHEMAS

DEPLOY_FIRST, MERGE_FIRST = "deploy first", "merge first"


class TypedChange(NamedTuple):
    """A change that an order is about: of a type, in the direction of a row."""

    type: str
    row: ChangeRow


class ChangeOrder(NamedTuple):
    """A row of the table: where all ``changes`` are made of one cluster, they need the ``order``; ``general`` is what
    is said of every such one.
    """

    changes: tuple[TypedChange, ...]
    order: str
    says: str
    steps: tuple[str, ...]
    source: str
    general: str


@cache
def change_orders() -> tuple[ChangeOrder, ...]:
    """All rows: one counts unless one before it has its first change."""
    with open(f"{SCHEMAS}/ordered-changes.json", "rb") as stream:
        table = json.load(stream)
    return tuple(_order(row, table["orders"]) for row in table["rows"])


def _order(written: Mapping[str, Any], orders: Mapping[str, str]) -> ChangeOrder:
    return ChangeOrder(
        changes=tuple(_change(row) for row in written["changes"]),
        order=written["order"],
        says=written["says"],
        steps=tuple(written["steps"]),
        source=written["source"],
        general=orders[written["order"]],
    )


def _change(written: Mapping[str, Any]) -> TypedChange:
    predicate = {"paths": [written["path"]], "class": "unclassified", "source": "", **written}
    return TypedChange(written["type"], row_of(written["type"], predicate))
