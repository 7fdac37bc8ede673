"""Fixtures of every test: workspaces, repositories, processes."""

from __future__ import annotations

import gc
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import pytest

from rayfleet import source, tree
from rayfleet.changes import kubernetes
from rayfleet.proofs.flux import kustomization_files, rollout
from rayfleet.tree import cluster, layer
from tests.stand_ins.azure.arm_server import ArmServer
from tests.testing import extent
from tests.testing.git import git
from tests.testing.limits import out_of_reach
from tests.testing.processes import Started, starting
from tests.testing.rendering import REFERENCE
from tests.testing.workspace import Workspace

T = TypeVar("T")
CLUSTER_TESTS = Path(__file__).parent / "cluster"

pytest_plugins = ["tests.testing.run_counts"]
extent.register()


def _once(read: Callable[[str, bytes], T]) -> Callable[[str, bytes], T]:
    """The same, once for each text of a file below rendered/; what kustomize builds is taken apart, and read anew."""
    kept = lru_cache(maxsize=2048)(read)
    return lambda file, content: copy((kept if _RENDERED.fullmatch(file) else read)(file, content))


_RENDERED = re.compile(r"rendered/.*\.(yaml|json)")


_READ = {"read": _once(source.read), "read_all": _once(source.read_all), "read_json": _once(source.read_json)}


@pytest.fixture(scope="session", autouse=True)
def _rendered_files_are_read_once() -> Iterator[None]:
    """Thousands of tests read the same few rendered files back, and ask for places in them. What is read is never
    changed, so each text is read once.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "compose", lru_cache(maxsize=512)(source.compose))
        for module in (tree, cluster, layer, rollout, kustomization_files, kubernetes):
            for name in ("read", "read_all", "read_json"):
                if hasattr(module, name):
                    patch.setattr(module, name, _READ[name])
        yield


@pytest.fixture(scope="session", autouse=True)
def _limits_are_out_of_reach() -> Iterator[None]:
    """Only a test of a limit has one that ends."""
    with pytest.MonkeyPatch.context() as patch:
        out_of_reach(patch.setattr)
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace without any file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Workspace(tmp_path)


@pytest.fixture
def started() -> Iterator[Started]:
    """Starts ``rayfleet`` in processes of its own; none outlives the test."""
    with starting() as start:
        yield start


@pytest.fixture
def pipe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A named pipe: who opens its other end is met there. Whoever still waits in the end is let go."""
    path = tmp_path_factory.mktemp("pipe") / "pipe"
    os.mkfifo(path)
    yield path
    with suppress(OSError):  # nobody waits
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for another try."""
    monkeypatch.setattr("rayfleet.azure.faults.Patience.pause", lambda *_: None)


@pytest.fixture
def workspace(folder: Workspace) -> Workspace:
    """A workspace with the reference fleet, its bindings and its overlays; nothing is rendered yet."""
    for name in ("fleet.yaml", "bindings.yaml"):
        shutil.copyfile(REFERENCE / name, folder.folder / name)
    shutil.copytree(REFERENCE / "overlays", folder.folder / "overlays")
    return folder


@pytest.fixture(scope="session")
def _rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference fleet, rendered: once, because many tests begin with it."""
    made = Workspace(tmp_path_factory.mktemp("rendered"))
    shutil.copytree(REFERENCE, made.folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.folder)
        made.run("render")
    shutil.rmtree(made.folder / ".rayfleet_cache")  # knows of this folder alone
    return made.folder


@pytest.fixture
def rendered(folder: Workspace, _rendered: Path) -> Workspace:
    """A workspace with the reference fleet, rendered."""
    shutil.copytree(_rendered, folder.folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory, _rendered: Path) -> Path:
    """The same with its repository."""
    made = Workspace(tmp_path_factory.mktemp("made"))
    shutil.copytree(_rendered, made.folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.folder)
        made.write(".rayfleet_cache/\n", ".gitignore")
        git("init")
        git("remote", "add", "origin", ".")
        git("add", ".")
        git("commit", "-m", "first")
        git("push", "origin", "HEAD:main")
        git("gc", "--quiet")  # few files, which copy faster than many
        shutil.rmtree(".git/hooks", ignore_errors=True)
    return made.folder


@pytest.fixture
def committed(folder: Workspace, _made: Path) -> Workspace:
    """A workspace with the reference fleet, rendered, in a Git repository where everything is committed and pushed to
    the branch main of the remote origin, which is the repository itself.
    """
    shutil.copytree(_made, folder.folder, symlinks=True, dirs_exist_ok=True)
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow-azure", type=float, default=0.0, metavar="SECONDS", help="how long Azure's stand-in takes to answer"
    )
    parser.addoption("--cluster", action="store_true", help="run tests/cluster too, on what make test-cluster builds")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A real control plane is asked only where somebody wants that."""
    return True if collection_path == CLUSTER_TESTS and not config.getoption("--cluster") else None


def pytest_configure(config: pytest.Config) -> None:
    ArmServer.seconds = config.getoption("--slow-azure")


def pytest_sessionstart() -> None:
    """What nohup, cron or a shell's background job has ignored, every process that a test starts would ignore too, and
    those that wait for a signal would wait for ever.
    """
    for number, default in (
        (signal.SIGHUP, signal.SIG_DFL),
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGTERM, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, default)


def pytest_collection_finish() -> None:
    """What stands now stays until the end: a tenth of a run went into looking through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """With --snapshot-update: the expected texts that were written anew."""
    for line in _accepted(terminalreporter):
        terminalreporter.write_line(line)


def _accepted(terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
    for report in terminalreporter.getreports("passed"):
        if report.when == "call":
            yield from (str(text) for name, text in report.user_properties if name == "accepted")
