"""The wheel and the sdist hold what rayfleet needs, and the wheel works away from the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.testing import rendering


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=rendering.ROOT, check=True, capture_output=True)
    return folder


def test_the_wheel_works_in_an_empty_folder(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "fleet.yaml").write_bytes(rendering.FLEETS["every-choice"].read_bytes())
    script = "import rayfleet; from rayfleet.cli import main; print(rayfleet.__file__); main()"
    # -P: not the folder of the repository, whose own package would hide the wheel's.
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, "render"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(tmp_path / "site") in done.stdout
    rendered = folder / "rendered"
    on_disk = {str(path.relative_to(rendered)): path.read_bytes() for path in rendered.rglob("*") if path.is_file()}
    assert on_disk == dict(rendering.compiled("every-choice", False).rendered())


def test_the_sdist_builds_the_same_wheel(dist: Path, tmp_path: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert {"LICENSE", "README.md", "schemas", "templates"} <= {path.name for path in folder.iterdir()}
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (again,), (wheel,) = tmp_path.glob("*.whl"), dist.glob("*.whl")
    assert again.read_bytes() == wheel.read_bytes()
