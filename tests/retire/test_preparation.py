"""A cluster that is in neither tree: what is said of it, by the last commit that had it and by what is bound."""

from __future__ import annotations

import pytest

from rayfleet.diagnostics import Diagnostic
from rayfleet.fleet_files import FleetFiles
from rayfleet.retire.preparation import lost
from rayfleet.source import read

HERE, ELSEWHERE = FleetFiles("fleet.yaml", "rendered"), FleetFiles("copy/fleet.yaml", "rendered")
COMMIT, LAST = "a" * 40, "b" * 40
BOUND = read("bindings.yaml", b"version: 1\nclusters:\n  west: {}\n")


def said(cluster: str, last: str | None, bound: bool = False, where: FleetFiles = HERE) -> Diagnostic:
    return lost(where, cluster, COMMIT, last, BOUND if bound else None, {"west2", "north"})


@pytest.mark.parametrize(
    ("found", "what", "fix"),
    [
        (said("west", LAST), "; the last commit that had it is bbbbbbbbbbbb",
            f"rayfleet retire --base {LAST} --cluster west"),
        (said("west", LAST, where=ELSEWHERE), "; the last commit that had it is bbbbbbbbbbbb",
            f"rayfleet retire --fleet copy/fleet.yaml --base {LAST} --cluster west"),
        (said("west", None), ', nor any commit before (did you mean "west2"?)', "correct it"),
        (said("mars", None), ", nor any commit before", "correct it"),
        (said("west", None, bound=True), ', nor any commit before (did you mean "west2"?)', "take its bindings out"),
        (said("mars", None, bound=True), ", nor any commit before", "correct it"),
    ],
)  # fmt: skip
def test_a_cluster_that_neither_tree_has(found: Diagnostic, what: str, fix: str) -> None:
    assert found.what == f"neither rendered nor aaaaaaaaaaaa has this cluster{what}"
    assert found.fix == fix


def test_its_place_is_where_it_is_bound() -> None:
    assert said("west", LAST, bound=True)[:4] == ("bindings.yaml", 3, 3, "clusters.west")
    assert said("mars", LAST, bound=True)[:4] == ("--cluster", 0, 0, "mars")
