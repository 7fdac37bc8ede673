"""The few questions of a client of Azure, answered in this process by a script: no server, no protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rayfleet.azure.faults import Fault
from tests.stand_ins.clock import Time


class ScriptedAzure:
    """``answers``: what a path, without its query, is answered with; a list of answers one after another, the last of
    them for ever. A Fault is raised, a function is called, and what is not there is not found.
    """

    def __init__(self, answers: dict[str, Any] | None = None, time: Time | None = None) -> None:
        self.answers = answers or {}
        self.time = time or Time()
        self.patience = self.time.patience
        self.poll = 5.0
        self.asked: list[tuple[str, str]] = []

    def request(self, method: str, path: str, api_version: str) -> Any:
        self.asked.append((method, path))
        return self._answer(path if method == "GET" else f"{method} {path}")

    def pages(self, path: str, api_version: str) -> list[Any]:
        self.asked.append(("LIST", path))
        return list(self._answer(path.partition("?")[0]))

    def _answer(self, path: str) -> Any:
        found = self.answers.get(path, NOT_FOUND)
        if isinstance(found, Script):
            found = found.next()
        if isinstance(found, Fault):
            raise found
        return found() if isinstance(found, Callable) else found  # type: ignore[arg-type]


class Script:
    """Answers one after another, the last of them for ever."""

    def __init__(self, *answers: Any) -> None:
        self._left = list(answers)

    def next(self) -> Any:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


NOT_FOUND = Fault("ResourceNotFound", "it is not there", 404)
