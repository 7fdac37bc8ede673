"""The stand-in for the anyscale command line."""

from __future__ import annotations

import pytest

from tests.anyscale.stand_in import StandIn


@pytest.fixture
def anyscale(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """``anyscale`` on PATH, signed in; nothing is registered."""
    return StandIn(tmp_path_factory.mktemp("anyscale"), monkeypatch)
