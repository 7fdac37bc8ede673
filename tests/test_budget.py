"""What a whole run of the tests may count, and which runs are whole."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.testing import rendering
from tests.testing.processes import own_environment
from tests.testing.run_counts import BUDGET, KINDS, _counts, is_whole, over, summary

BUDGETS = dict.fromkeys(KINDS, 10)
TESTPATHS, ARGS = pytest.Config.ArgsSource.TESTPATHS, pytest.Config.ArgsSource.ARGS


def test_the_budget_has_every_kind() -> None:
    assert set(json.loads(BUDGET.read_text())) == set(KINDS)


def test_what_is_over() -> None:
    assert over(dict.fromkeys(KINDS, 10), BUDGETS) == over({}, BUDGETS) == []
    (row,) = over({**BUDGETS, "proofs": 1011}, BUDGETS)
    assert row.startswith("1,011 proofs, and the budget is 10: ")


def test_the_line_at_the_end() -> None:
    started = Counter({"git": 3, "anyscale": 1, **dict.fromkeys("abcd", 1)})
    counts = {"copies": 2, "processes": 1008}
    assert summary(counts, started) == "1,008 processes (3 git, 1 anyscale, 1 a, 1 b, 1 c), 2 copies"
    assert summary({}, Counter()) == ""


@pytest.mark.parametrize(
    ("source", "option", "whole"),
    [
        (TESTPATHS, {}, True),
        (TESTPATHS, {"keyword": "", "markexpr": "", "maxfail": 0, "slow_azure": 0.0, "lf": False}, True),
        (ARGS, {}, False),
        (TESTPATHS, {"keyword": "network"}, False),
        (TESTPATHS, {"markexpr": "sampled"}, False),
        (TESTPATHS, {"maxfail": 1}, False),
        (TESTPATHS, {"lf": True}, False),
        (TESTPATHS, {"deselect": ["x"]}, False),
        (TESTPATHS, {"hypothesis_profile": "whole"}, False),
        (TESTPATHS, {"slow_azure": 0.3}, False),
    ],
)
def test_a_part_of_the_tests_has_no_budget(source: object, option: dict[str, Any], whole: bool) -> None:
    assert is_whole(SimpleNamespace(args_source=source, option=SimpleNamespace(**option))) is whole


def test_each_kind_is_counted(tmp_path: Path) -> None:
    """A copy of folders in folders is one."""
    before = dict(_counts)
    (tmp_path / "a/b/c").mkdir(parents=True)
    shutil.copytree(tmp_path / "a", tmp_path / "d")
    list(rendering.reference().rendered())
    subprocess.run([sys.executable, "-c", ""], check=True)
    found = {kind: _counts[kind] - before.get(kind, 0) for kind in KINDS}
    assert found == {"processes": 1, "proofs": 0, "renders": 1, "copies": 1}


_CONFTEST = """\
import pytest
pytest_plugins = ["tests.testing.run_counts"]
def pytest_configure(config):
    import pathlib, tests.testing.run_counts as counts
    counts.BUDGET = pathlib.Path(__file__).parent / "budget.json"
"""
_TEST = """\
import subprocess, sys, pytest
@pytest.mark.parametrize("number", range(4))
def test(number):
    subprocess.run([sys.executable, "-c", ""], check=True)
"""


@pytest.mark.parametrize(
    ("options", "processes", "code"),
    [(["-n", "2"], 4, 0), (["-n", "2"], 3, 1), (["-n", "0"], 3, 1), (["-n", "2", "-k", "test"], 3, 0)],
)
def test_a_run_is_held_to_it(tmp_path: Path, options: list[str], processes: int, code: int) -> None:
    """The counts of all workers together."""
    (tmp_path / "conftest.py").write_text(_CONFTEST)
    (tmp_path / "tests_of_it").mkdir()
    (tmp_path / "tests_of_it/test_it.py").write_text(_TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests_of_it\n")
    (tmp_path / "budget.json").write_text(json.dumps({**dict.fromkeys(KINDS, 9), "processes": processes}))
    environment = own_environment({"PYTHONPATH": f"{rendering.SOURCE_ROOT}:{rendering.ROOT}"})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "this run: 4 processes (4 python)" in done.stdout
    assert ("over budget: 4 processes, and the budget is 3" in done.stdout) is bool(code)
