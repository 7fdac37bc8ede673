"""A run of the proofs leaves nothing behind: what is said of a tree hangs on that tree alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier

import pytest

from rayfleet.proofs import Evidence, Report, prove
from rayfleet.source import Source, read
from rayfleet.tree import RenderedCluster, Tree
from rayfleet.tree.files import Files
from tests.testing import rendering
from tests.testing.broken_trees import BINDINGS, TODAY, rendered, tree

FLEETS = ("reference", *rendering.FLEETS)


def evidence(fleet: str, judged: Tree | None = None) -> Evidence:
    return Evidence(judged or rendered(tree(fleet), fleet), TODAY, rendered(tree(fleet), fleet, "HEAD:rendered"))


@cache
def alone(fleet: str) -> Report:
    return prove(evidence(fleet))


def said(report: Report) -> dict[str, object]:
    return {name: (section.counts, section.findings) for name, section in report.sections.items()}


class _Interrupted(Tree):
    """A tree during whose proof something else is done before each cluster, and after the last."""

    def __init__(self, files: Files, bindings: Source | None, between: Callable[[], object]) -> None:
        super().__init__(files, bindings)
        self._between = between

    def clusters(self) -> Iterator[RenderedCluster]:
        for cluster in super().clusters():
            self._between()
            yield cluster
        self._between()


def interrupted(fleet: str, between: Callable[[], object]) -> Tree:
    content = dict(tree(fleet))
    late = read(BINDINGS, content.pop(BINDINGS))
    found = _Interrupted(Files("rendered", content), late, between)
    found.catalogue = rendered(tree(fleet), fleet).catalogue
    return found


@pytest.mark.parametrize("fleet", FLEETS)
def test_a_tree_that_is_proved_twice_gives_one_report(fleet: str) -> None:
    same = evidence(fleet)
    first, second = prove(same), prove(same)
    assert said(first) == said(second) == said(alone(fleet))
    assert sum(map(len, (section.findings for section in first.sections.values()))) > 20


def test_a_tree_that_is_proved_while_others_are_gives_what_it_gives_alone() -> None:
    """One inside the other, four deep, between any two clusters."""
    reports: list[tuple[str, Report]] = []

    def inside(fleets: tuple[str, ...]) -> None:
        if fleets:
            first, *others = fleets
            judged = interrupted(first, lambda: inside(tuple(others)) if len(reports) < 40 else None)
            reports.append((first, prove(evidence(first, judged))))

    inside(FLEETS[:4])
    assert {name for name, _ in reports} == set(FLEETS[:4])
    for name, report in reports:
        assert said(report) == said(alone(name)), name


def test_trees_that_are_proved_in_threads_give_what_they_give_alone() -> None:
    """All wait for each other before each cluster of the fleet that has fewest, and so are at work at once."""
    fleets = FLEETS[:4]
    together = Barrier(len(fleets))
    least = min(sum(1 for _ in rendered(tree(name), name).clusters()) for name in fleets)

    def proved(fleet: str) -> Report:
        turns = iter(range(least))
        judged = interrupted(fleet, lambda: together.wait() if next(turns, None) is not None else None)
        try:
            return prove(evidence(fleet, judged))
        except BaseException:
            together.abort()
            raise

    with ThreadPoolExecutor(len(fleets)) as pool:
        reports = list(pool.map(proved, fleets))
    for name, report in zip(fleets, reports, strict=True):
        assert said(report) == said(alone(name)), name
