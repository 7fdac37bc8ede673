"""``rayfleet deploy`` as a real process, and on a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
from typing import Any

from tests.conftest import Workspace
from tests.deploy.arm_server import ArmServer
from tests.rendering import SOURCE_ROOT

TERM = "xterm"


def process(fleet: Workspace, *arguments: str, **streams: Any) -> subprocess.Popen[str]:
    """``rayfleet deploy`` as a real process."""
    command = [sys.executable, "-m", "rayfleet", "deploy", "--poll", "0.01", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT), "TERM": TERM, "COLUMNS": "160"}
    return subprocess.Popen(command, cwd=fleet.folder, env=environment, text=True, **streams)


def once(server: ArmServer, method: str, pattern: str) -> threading.Event:
    """Is set when the server is asked for something."""
    seen = threading.Event()

    def look(asked: str, path: str) -> None:
        if asked == method and re.search(pattern, path):
            seen.set()

    server.before = look
    return seen


class Terminal:
    """``rayfleet deploy`` on a terminal."""

    def __init__(self, fleet: Workspace, *arguments: str) -> None:
        self._own, other = pty.openpty()
        self.process = process(fleet, *arguments, stdin=other, stdout=other, stderr=other)
        os.close(other)
        self.shown = ""

    def until(self, words: str) -> None:
        """Reads until the terminal shows the words."""
        while words not in self.shown:
            more = self._read()
            assert more, self.shown
            self.shown += more

    def answer(self, words: str) -> None:
        os.write(self._own, f"{words}\n".encode())

    def end(self) -> int:
        """Reads all that is left; the exit code."""
        while more := self._read():
            self.shown += more
        os.close(self._own)
        return self.process.wait(60)

    def interrupt(self) -> None:
        """Ctrl-C, as often as it takes: Python may be between its last look for a signal and its read of the answer."""
        for _ in range(30):
            self.process.send_signal(signal.SIGINT)
            if select.select([self._own], [], [], 1)[0]:
                return
        raise AssertionError(self.shown)

    def _read(self) -> str:
        assert select.select([self._own], [], [], 60)[0], self.shown
        try:
            return os.read(self._own, 1 << 16).decode(errors="replace")
        except OSError:  # Linux says so where the other end is closed
            return ""
