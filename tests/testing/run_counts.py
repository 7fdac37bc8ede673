"""Counts what a run of the tests spends its time on: processes, proofs of a tree, renders of a fleet, copies of a
folder. It says so at its end, and a whole run fails that counts more than ``tests/budget.json`` allows: seconds hang on
the machine, numbers do not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rayfleet.compiler import Compiled
from rayfleet.proofs.run import Run

BUDGET = Path(__file__).parents[1] / "budget.json"
KINDS = ("processes", "proofs", "renders", "copies")
# What makes a run a part of all tests, or one that ends before its end.
_OPTIONS = ("keyword", "markexpr", "lf", "failedfirst", "last_failed", "stepwise", "collectonly", "deselect", "maxfail")
_counts: Counter[str] = Counter()
_started: Counter[str] = Counter()


@pytest.fixture(scope="session", autouse=True)
def _run_is_counted() -> Iterator[None]:
    popen, copytree, depth = subprocess.Popen.__init__, shutil.copytree, 0

    def started(self: subprocess.Popen[Any], args: Any, *more: Any, **named: Any) -> None:
        _counts["processes"] += 1
        _started[os.path.basename(args[0])] += 1
        popen(self, args, *more, **named)

    def copied(*given: Any, **named: Any) -> Any:
        """It calls itself for each folder below."""
        nonlocal depth
        _counts["copies"] += not depth
        depth += 1
        try:
            return copytree(*given, **named)
        finally:
            depth -= 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", started)
        patch.setattr(shutil, "copytree", copied)
        patch.setattr(Run, "__init__", _counted("proofs", Run.__init__))
        patch.setattr(Compiled, "rendered", _counted("renders", Compiled.rendered))
        yield


def _counted(kind: str, own: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*given: Any, **named: Any) -> Any:
        _counts[kind] += 1
        return own(*given, **named)

    return counted


# --- the judgement ----------------------------------------------------------------------------------------------------


def is_whole(config: Any) -> bool:
    """True where a run tries every test, and of those that are ``sampled`` the part that ``make test`` does."""
    from_settings = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    chosen = any(getattr(config.option, name, None) for name in _OPTIONS)
    profile = getattr(config.option, "hypothesis_profile", None)
    return from_settings and not chosen and not profile and not getattr(config.option, "slow_azure", 0)


def over(counts: Mapping[str, int], budget: Mapping[str, int]) -> list[str]:
    """The counts that are over the budget. Raises KeyError for a kind that it has not."""
    return [
        f"{counts.get(kind, 0):,} {kind}, and the budget is {budget[kind]:,}: see which tests do it, and let them "
        "share; what is worth it goes into tests/budget.json"
        for kind in KINDS
        if counts.get(kind, 0) > budget[kind]
    ]


def summary(counts: Mapping[str, int], started: Counter[str]) -> str:
    """One line; empty where nothing was counted."""
    names = ", ".join(f"{count:,} {name}" for name, count in started.most_common(5))
    of = {"processes": f" ({names})" if names else ""}
    return ", ".join(f"{counts[kind]:,} {kind}{of.get(kind, '')}" for kind in KINDS if counts.get(kind))


# --- pytest -----------------------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workeroutput"):  # a worker of xdist
        config.workeroutput["counts"], config.workeroutput["started"] = dict(_counts), dict(_started)
    elif session.exitstatus == 0 and _over(config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker of xdist has counted."""
    output = getattr(node, "workeroutput", {})
    _counts.update(output.get("counts", {}))
    _started.update(output.get("started", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if line := summary(_counts, _started):
        terminalreporter.write_line(f"this run: {line}")
    for row in _over(terminalreporter.config):
        terminalreporter.write_line(f"over budget: {row}", red=True)


def _over(config: pytest.Config) -> list[str]:
    return over(_counts, json.loads(BUDGET.read_text())) if is_whole(config) else []
