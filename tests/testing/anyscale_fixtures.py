"""The stand-in for the anyscale command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stand_ins.anyscale.stand_in import TOKEN, StandIn
from tests.testing.workspace import Workspace


@pytest.fixture
def anyscale(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """``anyscale`` on PATH, signed in; nothing is registered."""
    return StandIn(tmp_path_factory.mktemp("anyscale"), monkeypatch)


@pytest.fixture
def rendered(rendered: Workspace) -> Iterator[Workspace]:
    """The reference fleet; whatever is done with it, no credential stays in its folder."""
    yield rendered
    assert not any(TOKEN.encode() in content for content, _ in rendered.files().values())
