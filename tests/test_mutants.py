"""Small changes of modules: which there are, which are taken, and whether tests saw them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.testing import mutants
from tests.testing.git import git
from tests.testing.mutants import Mutant, changed, mutated, related_tests, sample, some_files
from tests.testing.processes import own_environment
from tests.testing.rendering import ROOT, SOURCE_ROOT
from tests.testing.workspace import Workspace

FILE = ROOT / "generator/rayfleet/threads.py"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("a < b", ["a <= b"]),
        ("a in b", ["a not in b"]),
        ("a < b < c", []),
        ("a + b", ["a - b"]),
        ("a + 'b'", []),
        ("a | None", []),
        ("a and b", ["a or b"]),
        ("not a", ["not not a"]),
        ("3", ["4"]),
        ("True", ["False"]),
        ("'text'", []),
        ("a if b else c", ["a if not b else c"]),
        ("[a for a in b if a]", ["[a for a in b if not a]"]),
        ("if a:\n    b()", ["if not a:\n    b()", "if a:\n    pass"]),
        ("while a:\n    continue", ["while not a:\n    continue", "while a:\n    pass"]),
        ("def f():\n    return a", ["def f():\n    return None"]),
        ("def f():\n    return None", []),
        ("def f():\n    yield a", ["def f():\n    pass"]),
        ("a()\nraise b", ["pass\nraise b", "a()\npass"]),
        ("a += b", ["pass"]),
        ("if TYPE_CHECKING:\n    import a", []),
        ("def f():\n    '''Says.'''\n    a = b", []),
    ],
)
def test_changes(code: str, changes: list[str]) -> None:
    """Each by itself."""
    found = mutants.mutants(FILE, code)
    assert [ast.unparse(mutated(code, row.number)) for row in found] == changes
    for row in found:
        compile(mutated(code, row.number), "code", "exec")


def test_a_change_is_said_with_its_place() -> None:
    found = mutants.mutants(FILE, "a = 1\nif b:\n    c = 2\n    raise d\n")
    assert sorted(map(str, found)) == [
        "generator/rayfleet/threads.py:1: 1 -> 2",
        "generator/rayfleet/threads.py:2: b -> not b",
        "generator/rayfleet/threads.py:3: 2 -> 3",
        "generator/rayfleet/threads.py:4: raise d -> nothing",
    ]


def test_a_sample_is_the_same_in_every_run() -> None:
    rows = [Mutant(FILE, number, number, "a", "b") for number in range(50)]
    taken = sample(rows, 10, "1")
    assert taken == sample(rows[::-1], 10, "1") == sorted(taken) and len(taken) == 10
    assert taken != sample(rows, 10, "2")
    files = [FILE, ROOT / "generator/rayfleet/sync.py"]
    assert some_files(files, 1, "1") == some_files(files[::-1], 1, "1")


def test_a_module_has_the_related_tests_its_room() -> None:
    def names(module: str) -> list[str]:
        return [os.path.relpath(path, ROOT / "tests") for path in related_tests(SOURCE_ROOT / "rayfleet" / module)]

    assert names("sync.py") == ["test_sync.py"]
    assert names("retire/delete.py") == ["retire/test_delete.py", "retire"]
    assert names("proofs/azure/network.py")[-1] == "proofs/azure"
    assert names("cli/bind.py") == ["verbs/bind"]
    assert names("__main__.py") == []


# --- what has changed -------------------------------------------------------------------------------------------------


@pytest.fixture
def repository(folder: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(mutants, "ROOT", folder.folder)
    monkeypatch.setattr(mutants, "SOURCE", folder.folder / "generator/rayfleet")
    git("init")
    for name in ("a", "b", "c"):
        folder.write("x = 1\n", f"generator/rayfleet/{name}.py")
    git("add", ".")
    git("commit", "-m", "first")
    return folder


def modules(base: str = "") -> list[str]:
    found = changed(base)
    assert found is not None
    return [path.stem for path in found[1]]


def test_modules_that_a_branch_changes(repository: Workspace) -> None:
    git("checkout", "-b", "branch")
    for name in ("a", "b"):
        repository.write("x = 2\n", f"generator/rayfleet/{name}.py")
        git("commit", "-a", "-m", name)
    repository.write("x", "generator/rayfleet/data.json")
    (repository.folder / "generator/rayfleet/c.py").unlink()
    assert modules() == ["a", "b"]
    assert modules("HEAD~1") == ["b"]
    git("checkout", "--quiet", "-f", "main")
    git("merge", "--quiet", "branch")
    assert modules() == ["b"]  # of main itself the last commit


def test_where_there_is_nothing_to_compare_with(repository: Workspace) -> None:
    assert changed("") is None
    assert changed("nowhere") is None


# --- the whole -------------------------------------------------------------------------------------------------------

_MODULE = """\
def larger(a, b):
    if a > b:
        return a
    return b


def unused(a):
    return a + 1


def endless(a):
    while a > 0:
        a -= 1
    return a
"""
_TEST = """\
from rayfleet.room.module import endless, larger
def test():
    assert (larger(1, 2), larger(3, 2), endless(3)) == (2, 3, 0)
"""


def _tried(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.testing.mutants", *options],
        cwd=folder,
        env=own_environment({"PYTHONPATH": f"{folder}:{folder / 'generator'}"}),
        capture_output=True,
        check=False,
        text=True,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in (
        ("generator/rayfleet/__init__.py", ""),
        ("generator/rayfleet/room/__init__.py", ""),
        ("generator/rayfleet/room/module.py", _MODULE),
        ("tests/__init__.py", ""),
        ("tests/testing/__init__.py", ""),
        ("tests/testing/mutants.py", Path(mutants.__file__).read_text()),
        ("tests/room/test_module.py", _TEST),
        ("pytest.ini", "[pytest]\n"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_changes_that_no_test_sees(project: Path) -> None:
    done = _tried(project, "generator/rayfleet/room/module.py", "--mutants", "99")
    assert done.returncode == 0, done.stderr
    survivors = [line for line in done.stdout.splitlines() if line.startswith("no test sees ")]
    assert "no test sees generator/rayfleet/room/module.py:8: a + 1 -> a - 1" in survivors
    assert not any(":3:" in line or ":13:" in line for line in survivors)
    assert done.stdout.splitlines()[-1].endswith("changes of 1 modules are seen by tests")


def test_tests_that_see_little_fail_the_run(project: Path) -> None:
    (project / "tests/room/test_module.py").write_text("from rayfleet.room import module\ndef test():\n    pass\n")
    done = _tried(project, "generator/rayfleet/room/module.py", "--mutants", "99")
    assert done.returncode == 1 and "\n0 of " in done.stdout


def test_what_cannot_be_tried(project: Path) -> None:
    (project / "tests/room/test_module.py").write_text("def test():\n    assert False\n")
    done = _tried(project, "generator/rayfleet/room/module.py")
    assert "generator/rayfleet/room/module.py: its tests fail as it is, or take too long; not changed\n" in done.stdout
    done = _tried(project)
    assert done.stdout.startswith("there is no commit to compare with, as in a shallow clone: some modules of all\n")
    (project / "tests/room/test_module.py").write_text(_TEST)
    done = _tried(project, "generator/rayfleet/room/module.py", "--seconds", "0", "--mutants", "3")
    assert done.stdout.endswith("or take too long; not changed\n0 of 0 changes of 0 modules are seen by tests\n")
