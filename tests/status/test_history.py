"""The clusters that commits have."""

from __future__ import annotations

import shutil

from rayfleet.status.history import History
from tests.testing.git import git
from tests.testing.workspace import Workspace

HISTORY = History("rendered")
BOTH = {"aks-eastus", "aks-westus2"}


def test_commits_and_their_clusters(committed: Workspace) -> None:
    assert HISTORY.clusters_at("HEAD") == BOTH
    assert HISTORY.base() == "HEAD"
    assert HISTORY.clusters_at("nowhere") == set()
    shutil.rmtree("rendered/clusters/aks-westus2")
    git("commit", "-a", "-m", "less")
    assert HISTORY.clusters_at("HEAD") == {"aks-eastus"}
    last = HISTORY.last_with({*BOTH, "aks-nobodys"})
    assert set(last) == BOTH
    assert HISTORY.clusters_at(last["aks-westus2"]) == BOTH
    assert HISTORY.clusters_at(last["aks-eastus"]) == {"aks-eastus"}
    assert HISTORY.last_with(()) == {}


def test_where_there_is_no_repository(folder: Workspace) -> None:
    assert HISTORY.clusters_at("HEAD") == set()
    assert HISTORY.last_with(BOTH) == {}
