"""The ``anyscale`` command line as a value in this process: what it reads, and what its changes do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from rayfleet.anyscale.command import CommandFault, CommandOutput

Resources = dict[str, dict[str, Any]]


class AnyscaleInProcess:
    """``clouds``: resources by the names of clouds. ``act``: what a change does with them, and says; a CommandFault is
    raised. ``unread``: how many reads come before one that fails.
    """

    def __init__(self, clouds: dict[str, Resources], act: Callable[..., str], unread: int | None = None) -> None:
        self.clouds = clouds
        self.act = act
        self.unread = unread
        self.changes: list[tuple[str, ...]] = []
        self.interrupted = False

    def read(self, *arguments: str) -> CommandOutput:
        if self.unread is not None:
            self.unread -= 1
            if self.unread < 0:
                raise CommandFault("the server is down", "wait")
        name = arguments[arguments.index("--name") + 1]
        if name not in self.clouds:
            return CommandOutput(1, "", json.dumps({"error": {"code": "resource_not_found"}}))
        return CommandOutput(0, json.dumps({"name": name, "resources": list(self.clouds[name].values())}), "")

    def change(self, *arguments: str) -> CommandOutput:
        self.changes.append(arguments)
        return CommandOutput(0, self.act(self, *arguments), "")
