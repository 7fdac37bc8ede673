"""A range of addresses as a tree has it."""

from __future__ import annotations

from typing import NamedTuple

from rayfleet.facts.cidr import Cidr
from rayfleet.tree import Side


class Range(NamedTuple):
    """A range of addresses, whose it is, and where it is written."""

    cidr: Cidr
    owner: str
    side: Side
