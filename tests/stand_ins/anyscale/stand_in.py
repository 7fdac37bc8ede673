"""Puts the stand-in for the ``anyscale`` command line on PATH, and scripts what goes wrong with it."""

from __future__ import annotations

import marshal
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stand_ins.anyscale import world
from tests.testing.rendering import ROOT

# As a module and not as a script, which Python would compile anew in each run.
_MAIN = f'import sys; sys.path[0] = "{ROOT}"; from tests.stand_ins.anyscale.executable import main; main()'
TOKEN = "aph0_ThisIsNoTokenButLooksLikeOne1234567890"


class StandIn:
    """``anyscale`` on PATH, signed in with TOKEN. What Anyscale knows is in a file beside it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        """``folder``: an empty one for the executable and its state."""
        self.binary = folder / "anyscale"
        self.state = folder / "state"
        self.binary.write_text(f"#!/bin/sh\nexec '{sys.executable}' -E -s -S -c '{_MAIN}' \"$@\"\n")
        self.binary.chmod(0o755)
        self._write({"clouds": {}, "calls": [], "faults": [], "signed_in": False})
        patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("ANYSCALE_STAND_IN", str(self.state))
        patch.setenv("ANYSCALE_STAND_IN_PACKAGES", str(Path(yaml.__file__).parents[1]))
        patch.setenv("ANYSCALE_CLI_TOKEN", TOKEN)
        patch.setenv("HOME", str(folder))

    @property
    def clouds(self) -> dict[str, list[dict[str, Any]]]:
        """What is registered: the resources of each cloud."""
        found: dict[str, list[dict[str, Any]]] = self._read()["clouds"]
        return found

    @clouds.setter
    def clouds(self, clouds: dict[str, list[dict[str, Any]]]) -> None:
        self._write({**self._read(), "clouds": clouds})

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of every run."""
        found: list[list[str]] = self._read()["calls"]
        return found

    @property
    def changes(self) -> list[list[str]]:
        """The arguments of every run that was to change something."""
        return [call for call in self.calls if call[:2] != ["cloud", "get"]]

    def names(self, cloud: str) -> list[str]:
        """The names of a cloud's resources."""
        return [row["name"] for row in self.clouds[cloud]]

    def sign_in(self) -> None:
        """As ``anyscale login`` does."""
        self._write({**self._read(), "signed_in": True})

    def fail(self, command: str, how: str, text: str = "no") -> None:
        """Makes the next run of a command go wrong; see ``world.FAULTS``. Those of one command come in turn."""
        assert how in world.FAULTS
        state = self._read()
        state["faults"].append({"command": command, "how": how, "text": text})
        self._write(state)

    def _read(self) -> dict[str, Any]:
        found: dict[str, Any] = marshal.loads(self.state.read_bytes())
        return found

    def _write(self, state: dict[str, Any]) -> None:
        self.state.write_bytes(marshal.dumps(state))
