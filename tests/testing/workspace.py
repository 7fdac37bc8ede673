"""A folder with a fleet in it, in which rayfleet runs as its users run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from rayfleet.cli import cli
from tests.testing.processes import own_environment


class Workspace:
    """A folder, which is the working folder while a test has it. Names of files are relative to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, file: str = "fleet.yaml") -> str:
        return (self.folder / file).read_text()

    def write(self, content: str | bytes, file: str = "fleet.yaml") -> Path:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def edit(self, old: str, new: str, file: str = "fleet.yaml") -> None:
        """Replaces the one place where ``old`` stands."""
        text = self.read(file)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        self.write(text.replace(old, new), file)

    def run(self, *arguments: str, code: int = 0) -> Result:
        """``rayfleet ARGUMENTS`` in this process. A bug's exception comes through, as it would on a terminal."""
        result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    def spawn(self, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """``python -m rayfleet ARGUMENTS`` in a process of its own, with more of an environment."""
        done = subprocess.run(
            [sys.executable, "-m", "rayfleet", *arguments],
            cwd=self.folder,
            env=own_environment(environment),
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == code, done.stderr
        return done

    def files(self, below: str = "") -> dict[str, tuple[bytes, int]]:
        """Every file, links to files among them: its content, and when it was written."""
        paths = (path for path in sorted((self.folder / below).rglob("*")) if path.is_file())
        return {str(path.relative_to(self.folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
