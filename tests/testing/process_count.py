"""Counts the processes that a run of the tests starts, and says so at its end: most of its time goes there."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

_started: Counter[str] = Counter()


@pytest.fixture(scope="session", autouse=True)
def _processes_are_counted() -> Iterator[None]:
    own = subprocess.Popen.__init__

    def counted(self: subprocess.Popen[Any], args: Any, *more: Any, **named: Any) -> None:
        _started[os.path.basename(args[0])] += 1
        own(self, args, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", counted)
        yield


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["started"] = dict(_started)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker of xdist has counted."""
    _started.update(getattr(node, "workeroutput", {}).get("started", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = ", ".join(f"{count} {name}" for name, count in _started.most_common(5))
    terminalreporter.write_line(f"{_started.total()} processes were started: {rows}" if rows else "")
