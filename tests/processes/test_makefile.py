"""The Makefile: what a target sets up first, as a dry run of make in a fresh checkout says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.testing.rendering import ROOT

INSTALL = "tools/install.py "


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Nothing but what make looks at."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def binaries(checkout: Path, target: str) -> list[str]:
    """The binaries that a target installs before anything else."""
    done = subprocess.run(["make", "-n", target], cwd=checkout, capture_output=True, text=True, check=True)
    return [line.partition(INSTALL)[2] for line in done.stdout.splitlines() if INSTALL in line]


@pytest.mark.parametrize("target", ["check", "deploy-tools"])
def test_who_does_not_test_waits_for_kustomize_alone(checkout: Path, target: str) -> None:
    assert binaries(checkout, target) == ["kustomize"]


def test_tests_have_every_binary(checkout: Path) -> None:
    assert binaries(checkout, "test") == ["kubeconform", "kustomize", "helm"]
