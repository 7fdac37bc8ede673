"""``rayfleet`` in processes of its own, and on terminals. Nothing here has a limit: a whole test has one."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.testing.rendering import ROOT, SOURCE_ROOT

#: ``started(*arguments, environment=..., stdout=...)``: see ``rayfleet``.
Started = Callable[..., subprocess.Popen[str]]
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def own_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """That of the tests, in which Python finds rayfleet, with more of it."""
    return {**os.environ, "PYTHONPATH": f"{SOURCE_ROOT}{os.pathsep}{ROOT}", **(environment or {})}


@contextmanager
def rayfleet(
    *arguments: str, environment: Mapping[str, str] | None = None, **streams: Any
) -> Iterator[subprocess.Popen[str]]:
    """``rayfleet ARGUMENTS`` in the working folder, its limits out of reach; what is left of it in the end is ended."""
    command = [sys.executable, "-m", "tests.testing.limits", *arguments]
    with subprocess.Popen(
        command, env=own_environment(environment), text=True, start_new_session=True, **streams
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def starting() -> Iterator[Started]:
    """Starts as many as one likes."""
    with ExitStack() as ending:
        yield lambda *arguments, **how: ending.enter_context(rayfleet(*arguments, **how))


class Terminal:
    """``rayfleet`` on a terminal."""

    def __init__(self, started: Started, *arguments: str, **environment: str) -> None:
        self._own, other = pty.openpty()
        environment = {"TERM": "xterm", "COLUMNS": "160", **environment}
        self.process = started(*arguments, environment=environment, stdin=other, stdout=other, stderr=other)
        os.close(other)
        self.shown = ""

    def until(self, words: str) -> None:
        """Reads until the terminal shows the words."""
        while words not in self.shown:
            more = self._read()
            assert more, self.shown
            self.shown += more

    def type(self, keys: str) -> None:
        os.write(self._own, keys.encode())

    def end(self) -> int:
        """Reads all that is left; the exit code."""
        while more := self._read():
            self.shown += more
        os.close(self._own)
        return self.process.wait()

    def interrupt(self) -> None:
        """Ctrl-C, as often as it takes: Python may be between its last look for a signal and its read of the answer."""
        self.process.send_signal(signal.SIGINT)
        while not select.select([self._own], [], [], 1)[0]:
            self.process.send_signal(signal.SIGINT)

    def _read(self) -> str:
        try:
            return os.read(self._own, 1 << 16).decode(errors="replace")
        except OSError:  # Linux says so where the other end is closed
            return ""
