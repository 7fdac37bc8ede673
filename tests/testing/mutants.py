"""Changes modules a little, one change at a time, and says which changes no test sees: ``make mutants``.

The modules are those that differ from a base commit, and of each a sample, the same in every run. A change is tried in
a process of its own, in which the changed module is imported in the place of its file, against the tests of the
module's room. No file is written.

A tool of our own: those that are well kept copy the whole tree and run all of its tests for each module first, or
start Python anew for each change, and none takes a sample of what a branch has changed within a time.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.abc
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SOURCE, TESTS = ROOT / "generator/rayfleet", ROOT / "tests"
LEAST = 60  # percent of the changes that were tried: where tests see fewer, the run fails
ENOUGH = 10  # changes, below which a percentage says nothing
_SLOWER = 5  # a change that takes so many times as long as none has no end
_PRELOADED = "ignore:Module already imported"  # before pytest was there to rewrite it

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_REMOVABLE = (ast.AugAssign, ast.Raise, ast.Continue)


class Mutant(NamedTuple):
    """A change of a module: the ``number``-th that it allows."""

    file: Path
    number: int
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.before} -> {self.after}"


# --- changes ----------------------------------------------------------------------------------------------------------


def mutants(file: Path, text: str) -> list[Mutant]:
    """Every change that a module allows."""
    found = []
    for number, (node, change) in enumerate(_changes(tree := ast.parse(text))):
        before = ast.unparse(node)
        undo = change()
        after = ast.unparse(undo.after) if undo.after else "nothing"
        found.append(Mutant(file, number, node.lineno, _short(before), _short(after)))
        undo.function()
    assert ast.unparse(tree) == ast.unparse(ast.parse(text))
    return found


def mutated(text: str, number: int) -> ast.Module:
    """A module with one change."""
    tree = ast.parse(text)
    _, change = list(_changes(tree))[number]
    change()
    return ast.fix_missing_locations(tree)


def _short(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) <= 60 else f"{line[:57]}..."


class Undo(NamedTuple):
    """How a change is taken back, and what stands there ``after`` it; None for nothing."""

    function: Callable[[], None]
    after: ast.AST | None


Change = tuple[ast.expr | ast.stmt, Callable[[], Undo]]


def _set(node: ast.AST, field: str, value: object, after: ast.AST | None = None) -> Callable[[], Undo]:
    """``after``: where it is not the node that is shown."""

    def change() -> Undo:
        old = getattr(node, field)
        setattr(node, field, value)
        return Undo(lambda: setattr(node, field, old), after or node)

    return change


def _put(rows: list[ast.stmt], index: int, value: ast.stmt) -> Callable[[], Undo]:
    def change() -> Undo:
        old, rows[index] = rows[index], value
        return Undo(lambda: rows.__setitem__(index, old), None)

    return change


def _negated(test: ast.expr) -> ast.expr:
    return ast.copy_location(ast.UnaryOp(ast.Not(), test), test)


def _changes(tree: ast.Module) -> Iterator[Change]:
    """In the order of ``ast.walk``, which the text alone decides."""
    for node in ast.walk(tree):
        yield from _of_expression(node)
        if isinstance(node, ast.If | ast.While) and "TYPE_CHECKING" not in ast.dump(node.test):
            negated = _negated(node.test)
            yield node.test, _set(node, "test", negated, negated)
        if isinstance(node, ast.Return) and not (node.value is None or _is_none(node.value)):
            yield node, _set(node, "value", ast.copy_location(ast.Constant(None), node.value))
        for rows in (getattr(node, field, None) for field in ("body", "orelse", "finalbody")):
            for index, row in enumerate(rows if isinstance(rows, list) else ()):
                call = isinstance(row, ast.Expr) and isinstance(row.value, ast.Call | ast.Yield | ast.YieldFrom)
                if call or isinstance(row, _REMOVABLE):
                    yield row, _put(rows, index, ast.copy_location(ast.Pass(), row))


def _of_expression(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARISONS:
            yield node, _set(node, "ops", [_COMPARISONS[type(operator)]()])
        case ast.BinOp(op=operator) if type(operator) in _OPERATORS and not _is_text(node):
            yield node, _set(node, "op", _OPERATORS[type(operator)]())
        case ast.BoolOp(op=operator):
            yield node, _set(node, "op", ast.Or() if isinstance(operator, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield node, _set(node, "operand", _negated(node.operand))
        case ast.IfExp():
            yield node, _set(node, "test", _negated(node.test))
        case ast.Constant(value=bool() as value):
            yield node, _set(node, "value", not value)
        case ast.Constant(value=int() | float() as value):
            yield node, _set(node, "value", value + 1)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            for part in node.generators:
                for index, test in enumerate(part.ifs):
                    others = [*part.ifs[:index], _negated(test), *part.ifs[index + 1 :]]
                    yield node, _set(part, "ifs", others)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node: ast.BinOp) -> bool:
    """Texts and types that are put together: another operator fails at once, and shows nothing."""
    sides = (node.left, node.right)
    return any(isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and side.value is None)
               or (isinstance(side, ast.Constant) and isinstance(side.value, str)) for side in sides)  # fmt: skip


# --- what is tried ----------------------------------------------------------------------------------------------------


def sample(rows: Sequence[Mutant], most: int, seed: str) -> list[Mutant]:
    """The same rows for the same seed, in the order of the file."""
    return sorted(sorted(rows, key=lambda row: _rank(f"{seed}:{row.line}:{row.before}:{row.number}"))[:most])


def some_files(files: Sequence[Path], most: int, seed: str) -> list[Path]:
    return sorted(files, key=lambda file: _rank(f"{seed}:{file.relative_to(ROOT)}"))[:most]


def _rank(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def changed(base: str) -> tuple[str, list[Path]] | None:
    """The commit compared with, and the modules that differ from it; None where it is not there. Without a ``base`` it
    is where the branch left main, or on main the commit before.
    """
    head = _git("rev-parse", "HEAD")
    found = base and _git("rev-parse", "--verify", "--quiet", f"{base}^{{commit}}")
    if not base:
        left = [_git("merge-base", "HEAD", name) for name in ("origin/main", "main")]
        found = next((commit for commit in left if commit and commit != head), "")
        found = found or _git("rev-parse", "--verify", "--quiet", "HEAD~1")
    if not head or not found:
        return None
    names = _git("diff", "--name-only", "--diff-filter=d", found, "--", SOURCE.relative_to(ROOT).as_posix()).split()
    return found[:12], [ROOT / name for name in names if name.endswith(".py")]


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, check=False, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def related_tests(file: Path) -> list[str]:
    """The tests of a module: its own first, then those of its room; none where it has none."""
    *rooms, _ = file.relative_to(SOURCE).parts
    if not rooms:
        return [path.as_posix() for path in sorted(TESTS.glob(f"test_{file.stem}.py"))]
    if rooms[0] == "cli":  # each command has a room of its own
        found = (TESTS / "verbs" / file.stem, TESTS / "verbs" / f"test_{file.stem}.py")
        return [path.as_posix() for path in found if path.exists()]
    room = TESTS / rooms[0]
    own = sorted(room.rglob(f"test_{file.stem}*.py"))
    inner = room.joinpath(*rooms[1:])
    return [path.as_posix() for path in (*own, inner if inner.is_dir() else room) if path.exists()]


# --- trying -----------------------------------------------------------------------------------------------------------


class MutatedModule(SourceFileLoader):
    """Loads a module with a change."""

    def __init__(self, name: str, file: Path, number: int) -> None:
        super().__init__(name, str(file))
        self.number = number

    def get_code(self, fullname: str) -> CodeType:
        return compile(mutated(Path(self.path).read_text(), self.number), self.path, "exec")


class MutatedFinder(importlib.abc.MetaPathFinder):
    """Finds one module changed, and leaves all others to others."""

    def __init__(self, mutant: Mutant) -> None:
        self.file = mutant.file
        parts = mutant.file.relative_to(SOURCE.parent).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self.number = mutant.number

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        loader = MutatedModule(fullname, self.file, self.number)
        return importlib.util.spec_from_file_location(fullname, self.file, loader=loader)


def start(tests: Sequence[str], mutant: Mutant | None) -> int:
    """Starts the tests in a process of its own, and returns its id; it ends with pytest's exit code."""
    if child := os.fork():
        return child
    code = 70
    try:
        os.setsid()
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        if mutant:
            sys.meta_path.insert(0, MutatedFinder(mutant))
        import pytest

        code = pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-W", _PRELOADED, *tests])
    finally:
        os._exit(code)


class Trial(NamedTuple):
    """A change that is being tried. ``until``: then it has no end."""

    mutant: Mutant
    child: int
    until: float


def ended(trial: Trial) -> int | None:
    """The exit code; None as long as it goes on. One that has no end is ended."""
    child, status = os.waitpid(trial.child, os.WNOHANG)
    if child:
        return os.waitstatus_to_exitcode(status)
    if time.monotonic() < trial.until:
        return None
    with suppress(ProcessLookupError):  # it has no group of its own yet
        os.killpg(trial.child, signal.SIGKILL)
    os.kill(trial.child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(trial.child, 0)[1])


class Tally(NamedTuple):
    """Changes that tests saw, those that they did not, and those for which there was no time."""

    seen: list[Mutant]
    survivors: list[Mutant]
    untried: list[Mutant]


def run(chosen: Sequence[tuple[Sequence[str], Sequence[Mutant], float]], at_once: int, until: float) -> Tally:
    """``chosen``: tests, the changes to try them against, and the seconds that they take without one."""
    tally = Tally([], [], [])
    waiting = [(tests, mutant, seconds) for tests, rows, seconds in chosen for mutant in rows]
    trials: list[Trial] = []
    while waiting or trials:
        if time.monotonic() > until:
            tally.untried.extend([*(mutant for _, mutant, _ in waiting), *(trial.mutant for trial in trials)])
            for trial in trials:
                ended(trial._replace(until=0))
            return tally
        while waiting and len(trials) < at_once:
            tests, mutant, seconds = waiting.pop(0)
            trials.append(Trial(mutant, start(tests, mutant), time.monotonic() + 10 + _SLOWER * seconds * at_once))
        for trial in list(trials):
            code = ended(trial)
            if code is not None:
                trials.remove(trial)
                (tally.survivors if code == 0 else tally.seen).append(trial.mutant)
        time.sleep(0.02)
    return tally


def seconds_of(tests: Sequence[str], until: float) -> float | None:
    """The seconds that tests take; None where they fail, are none, or take until then."""
    began = time.monotonic()
    trial = Trial(Mutant(ROOT, 0, 0, "", ""), start(tests, None), until)
    while (code := ended(trial)) is None:
        time.sleep(0.02)
    return time.monotonic() - began if code == 0 else None


# --- the command ------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="modules; those that were changed, without any")
    parser.add_argument("--base", default="", help="the commit to compare with")
    parser.add_argument("--modules", type=int, default=6, help="at most so many modules (6)")
    parser.add_argument("--mutants", type=int, default=10, help="at most so many changes of each (10)")
    parser.add_argument("--seconds", type=float, default=180, help="no change is begun after so many (180)")
    parser.add_argument("--seed", default="1", help="another sample")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    files = [file.resolve() for file in options.files] or _files(options.base, options.modules, options.seed)
    chosen = []
    for file in files:
        name, tests = file.relative_to(ROOT), related_tests(file)
        rows = sample(mutants(file, file.read_text()), options.mutants, options.seed)
        seconds = seconds_of(tests, began + options.seconds) if rows and tests else None
        if rows and seconds is None:
            why = "its tests fail as it is, or take too long" if tests else "no tests of its name or room"
            print(f"{name}: {why}; not changed")
        elif rows and seconds:
            chosen.append((tests, rows, seconds))
    tally = run(chosen, os.cpu_count() or 1, began + options.seconds)
    for row in sorted(tally.survivors):
        print(f"no test sees {row}")
    tried = len(tally.seen) + len(tally.survivors)
    late = f"; no time for {len(tally.untried)} more" if tally.untried else ""
    print(f"{len(tally.seen)} of {tried} changes of {len(chosen)} modules are seen by tests{late}")
    return int(tried >= ENOUGH and 100 * len(tally.seen) < LEAST * tried)


def _files(base: str, most: int, seed: str) -> list[Path]:
    found = changed(base)
    if found is None:
        print("there is no commit to compare with, as in a shallow clone: some modules of all")
        return some_files(sorted(SOURCE.rglob("*.py")), most, seed)
    commit, files = found
    rows = some_files(files, most, seed)
    more = f", {len(rows)} of them tried" if len(files) > len(rows) else ""
    print(f"{len(files)} modules differ from {commit}{more}")
    return rows


if __name__ == "__main__":
    # What all trials need, once; nothing of rayfleet, which each imports anew.
    import hypothesis  # noqa: F401
    import jsonschema  # noqa: F401
    import pytest  # noqa: F401
    import yaml  # noqa: F401

    sys.exit(main())
