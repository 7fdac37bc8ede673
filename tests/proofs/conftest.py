"""Hundreds of tests ask for places in the same files: the nodes of each are made once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest

from generator import source


@pytest.fixture(scope="session", autouse=True)
def nodes_are_kept() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "compose", lru_cache(maxsize=256)(source.compose))
        yield
