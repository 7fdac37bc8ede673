"""The tests of `make test-cluster` find all that they use: whoever renames it is told by `make test`."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.testing.rendering import ROOT


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "tests/cluster").glob("*.py")))
def test_it_loads(name: str) -> None:
    assert import_module(f"tests.cluster.{name}").__doc__ or name == "__init__"
