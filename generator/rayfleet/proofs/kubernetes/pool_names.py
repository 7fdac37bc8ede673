"""Pools by name, as messages list them."""

from __future__ import annotations

from collections.abc import Iterable

from rayfleet.scheduler.nodes import Node


def pool_names(nodes: Iterable[Node]) -> str:
    """``cpu, t4``."""
    return ", ".join(node.pool.name for node in nodes)
