"""The modules of the program, as they are written: their imports and their texts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.testing.rendering import SOURCE_ROOT


def paths() -> dict[str, Path]:
    found = {}
    for path in sorted(SOURCE_ROOT.rglob("*.py")):
        parts = path.relative_to(SOURCE_ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


NAMES = list(paths())


@cache
def modules() -> dict[str, ast.Module]:
    return {name: ast.parse(path.read_text(), str(path)) for name, path in paths().items()}


def imports(module: str) -> Iterator[str]:
    """Whole names of the modules that a module imports, wherever in it."""
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative name"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in modules() else str(node.module)


def own_imports(module: str) -> set[str]:
    return {name for name in imports(module) if name.split(".")[0] == "rayfleet"}


def texts(module: str) -> Iterator[tuple[int, str]]:
    """The strings of a module but its docstrings, each with its line."""
    tree = modules()[module]
    places = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, places) and node.body
            and isinstance(node.body[0], ast.Expr)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value
