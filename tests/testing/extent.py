"""How much of what has no end a run tries: a part of it with ``make test``, and all of it with ``make test-all``.

Hypothesis has a profile for each (see ``conftest``), and chooses by its option ``--hypothesis-profile``. Samples that
are not Hypothesis's follow it. Those tests are marked ``sampled``, as Hypothesis marks its own ``hypothesis``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

T = TypeVar("T")

EXAMPLES = {"part": 40, "whole": 1000}
sampled = pytest.mark.sampled


def register() -> None:
    """The same examples in every run, and no verdict that hangs on how busy the machine is."""
    for name, examples in EXAMPLES.items():
        settings.register_profile(
            name,
            derandomize=True,
            deadline=None,
            database=None,
            max_examples=examples,
            suppress_health_check=[HealthCheck.too_slow],
        )
    settings.load_profile("part")


def whole() -> bool:
    """Whether this run tries all."""
    return settings.get_current_profile_name() == "whole"


def some(rows: Iterable[T], most: int) -> list[T]:
    """At most so many of the rows, evenly spread; ten times as many where a run tries all."""
    every, most = list(rows), most * 10 if whole() else most
    return every[:: -(-len(every) // most) or 1]
