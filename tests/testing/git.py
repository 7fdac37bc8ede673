"""Git, for tests."""

from __future__ import annotations

import os
import subprocess

_WHO = {f"GIT_{who}_{what}": "rayfleet" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(*arguments: str) -> None:
    """``git ARGUMENTS`` in the working folder, whatever this machine's Git is set to."""
    configured = ("-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null")
    environment = {**os.environ, **_WHO, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", *configured, *arguments], check=True, capture_output=True, env=environment)
